#include "core/words.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/number.h"

static uint32_t hash(const char *text)
{
  uint32_t h = 2166136261u; /* FNV-1a */
  for (; *text != '\0'; text++) {
    h = (h ^ (unsigned char)*text) * 16777619u;
  }
  return h;
}

/* The slot that holds the word, or the free one where it belongs. */
static int32_t slot_of(const nac_words *words, const char *text)
{
  uint32_t i = hash(text) & (uint32_t)(words->slots - 1);
  while (words->slot[i] >= 0 && strcmp(words->word[words->slot[i]], text) != 0) {
    i = (i + 1) & (uint32_t)(words->slots - 1);
  }
  return (int32_t)i;
}

int32_t nac_words_find(const nac_words *words, const char *text)
{
  return words->slots > 0 ? words->slot[slot_of(words, text)] : -1;
}

static void fill_slots(nac_words *words)
{
  int32_t i;
  memset(words->slot, 0xff, (size_t)words->slots * sizeof *words->slot);
  for (i = 0; i < words->n; i++) {
    words->slot[slot_of(words, words->word[i])] = i;
  }
}

static int grow(nac_words *words)
{
  const int32_t room = words->room > 0 ? 2 * words->room : 16;
  char **word = nac_realloc(words->word, (size_t)room * sizeof *word);
  int32_t *slot;
  if (word == NULL) {
    return 0;
  }
  words->word = word;
  slot = nac_realloc(words->slot, 2 * (size_t)room * sizeof *slot);
  if (slot == NULL) {
    return 0;
  }
  words->slot = slot;
  words->room = room;
  words->slots = 2 * room; /* at most half full */
  fill_slots(words);
  return 1;
}

int32_t nac_words_add(nac_words *words, const char *text)
{
  int32_t found = nac_words_find(words, text);
  char *copy;
  if (found >= 0) {
    return found;
  }
  if (words->n == words->room && !grow(words)) {
    return -1;
  }
  copy = nac_strdup(text);
  if (copy == NULL) {
    return -1;
  }
  words->slot[slot_of(words, text)] = words->n;
  words->word[words->n] = copy;
  return words->n++;
}

static int by_bytes(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static int by_number(const void *a, const void *b)
{
  double x = 0;
  double y = 0;
  nac_number_parse(*(char *const *)a, &x);
  nac_number_parse(*(char *const *)b, &y);
  return x < y ? -1 : x > y ? 1 : by_bytes(a, b);
}

int nac_words_sort(nac_words *words, int32_t *place)
{
  char **before = nac_malloc((size_t)words->n * sizeof *before);
  int numbers = 1;
  double x;
  int32_t i;
  if (before == NULL) {
    return 0;
  }
  for (i = 0; i < words->n; i++) {
    numbers = numbers && nac_number_parse(words->word[i], &x);
    before[i] = words->word[i];
  }
  if (words->n > 0) {
    qsort(words->word, (size_t)words->n, sizeof *words->word, numbers ? by_number : by_bytes);
    fill_slots(words);
  }
  for (i = 0; i < words->n; i++) {
    place[i] = nac_words_find(words, before[i]);
  }
  nac_free(before);
  return 1;
}

void nac_words_free(nac_words *words)
{
  int32_t i;
  for (i = 0; i < words->n; i++) {
    nac_free(words->word[i]);
  }
  nac_free(words->word);
  nac_free(words->slot);
  memset(words, 0, sizeof *words);
}
