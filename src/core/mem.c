#define _POSIX_C_SOURCE 200809L
#include "core/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each block is preceded by one cache line that remembers its size and where
 * its memory begins. The alignment is made here: up to version 2.37, glibc's
 * aligned_alloc leaves what was freed lying about, and the pieces of streamed
 * data took ten times the memory that was in use. */
#define HEADER 64

typedef struct header {
  size_t bytes;
  void *raw;
} header;

static nac_mem_stats stats;
static uint64_t fail_countdown;

static header *header_of(void *block)
{
  return (header *)(void *)((char *)block - HEADER);
}

/* Linux promises memory that it does not have and kills the process when it is
 * touched; so more than the machine's memory is refused at once. */
static size_t machine_bytes(void)
{
  static size_t bytes;
  if (bytes == 0) {
    long pages = sysconf(_SC_PHYS_PAGES);
    long page = sysconf(_SC_PAGESIZE);
    bytes = pages > 0 && page > 0 ? (size_t)pages * (size_t)page : SIZE_MAX / 2;
  }
  return bytes;
}

static int refused(size_t bytes)
{
  if (fail_countdown > 0 && --fail_countdown == 0) {
    return 1;
  }
  if (bytes > machine_bytes() || stats.live > machine_bytes() - bytes) {
    return 1;
  }
  return stats.budget != 0 && bytes > stats.budget - (stats.live < stats.budget ? stats.live : stats.budget);
}

void *nac_malloc(size_t bytes)
{
  char *raw;
  header *h;
  if (refused(bytes)) {
    return NULL;
  }
  raw = malloc(bytes + HEADER + 63);
  if (raw == NULL) {
    return NULL;
  }
  h = (header *)(void *)(raw + (64 - (uintptr_t)raw % 64) % 64);
  h->bytes = bytes;
  h->raw = raw;
  stats.n_alloc++;
  stats.live += bytes;
  if (stats.live > stats.peak) {
    stats.peak = stats.live;
  }
  return (char *)h + HEADER;
}

void *nac_calloc(size_t count, size_t size)
{
  void *block;
  if (size != 0 && count > SIZE_MAX / size) {
    return NULL;
  }
  block = nac_malloc(count * size);
  if (block != NULL) {
    memset(block, 0, count * size);
  }
  return block;
}

void *nac_realloc(void *block, size_t bytes)
{
  void *bigger;
  size_t old;
  if (block == NULL) {
    return nac_malloc(bytes);
  }
  old = header_of(block)->bytes;
  bigger = nac_malloc(bytes);
  if (bigger == NULL) {
    return NULL;
  }
  memcpy(bigger, block, old < bytes ? old : bytes);
  nac_free(block);
  return bigger;
}

void nac_free(void *block)
{
  if (block != NULL) {
    header *h = header_of(block);
    stats.live -= h->bytes;
    free(h->raw);
  }
}

char *nac_strdup(const char *text)
{
  size_t n = strlen(text) + 1;
  char *copy = nac_malloc(n);
  if (copy != NULL) {
    memcpy(copy, text, n);
  }
  return copy;
}

nac_mem_stats nac_mem_get_stats(void)
{
  return stats;
}

void nac_mem_set_budget(size_t bytes)
{
  stats.budget = bytes;
}

void nac_mem_fail_after(uint64_t n)
{
  fail_countdown = n;
}
