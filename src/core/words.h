/** A set of different words, numbered in the order they came. */
#ifndef NAC_WORDS_H
#define NAC_WORDS_H

#include <stdint.h>

#include "core/error.h"

typedef struct nac_words {
  int32_t n;
  int32_t room;   /* of `word` */
  int32_t slots;  /* of `slot`, a power of two */
  char **word;
  int32_t *slot;  /* open hash of word numbers; -1 is free */
} nac_words;

/** The number of a word, or -1. */
int32_t nac_words_find(const nac_words *words, const char *text);

/** The number of a word, which is added when it is new; -1 when memory is short. */
int32_t nac_words_add(nac_words *words, const char *text);

/** Sorts the words: as numbers when all are, else by their bytes. place[old number] = new number.
 * Returns 0 when memory is short. */
int nac_words_sort(nac_words *words, int32_t *place);

/** Frees what it holds; an all-zero struct is an empty set. */
void nac_words_free(nac_words *words);

#endif
