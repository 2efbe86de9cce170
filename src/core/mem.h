/**
 * Counted memory. Every block of the engine comes from here, so that a trial
 * can be given a budget, specs can count allocations (none inside an epoch)
 * and a debug run can make the n-th allocation fail.
 *
 * Blocks are aligned to 64 bytes (one cache line, one AVX-512 register).
 * Not thread-safe: the engine is single-threaded, parallelism is processes.
 */
#ifndef NAC_MEM_H
#define NAC_MEM_H

#include <stddef.h>
#include <stdint.h>

typedef struct nac_mem_stats {
  size_t live;      /* bytes in use now */
  size_t peak;      /* most bytes ever in use */
  size_t budget;    /* limit in bytes; 0 = none */
  uint64_t n_alloc; /* allocations since the start */
} nac_mem_stats;

/** `bytes` of uninitialised memory, or NULL when the system, the budget or an
 * injected failure refuses. Zero bytes give a valid block. */
void *nac_malloc(size_t bytes);

/** `count * size` zeroed bytes; NULL also when the product overflows. */
void *nac_calloc(size_t count, size_t size);

/** Grows or shrinks a block, keeping its content; NULL leaves it untouched. */
void *nac_realloc(void *block, size_t bytes);

/** Returns a block; NULL is allowed. */
void nac_free(void *block);

/** A copy of `text`, or NULL. */
char *nac_strdup(const char *text);

/** The counters as they stand. */
nac_mem_stats nac_mem_get_stats(void);

/** Refuses to go above `bytes` in use from now on; 0 lifts the limit. */
void nac_mem_set_budget(size_t bytes);

/** Makes the `n`-th allocation from now fail, once (1 = the next one); 0 turns
 * it off. For specs of the error paths. */
void nac_mem_fail_after(uint64_t n);

#endif
