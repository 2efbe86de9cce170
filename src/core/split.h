/** Splitting samples into parts that each hold the classes in proportion. */
#ifndef NAC_SPLIT_H
#define NAC_SPLIT_H

#include "core/tensor.h"

/** Deals n samples into `n_piles` piles: within each class the samples are
 * shuffled (stream (seed, "split", round)), the classes are put one behind the other,
 * and the samples are dealt like cards, one pile after the other. So sizes of
 * piles, and counts of one class in two piles, differ by at most one, and the
 * result is a function of (seed, round, labels) only.
 * label: i32 [n], any integers. pile: receives 0..n_piles-1 for each sample. */
int nac_split_deal(const int32_t *label, int64_t n, uint64_t seed, uint64_t round, int32_t n_piles,
                   int32_t *pile, nac_error *err);

/** Counts the samples of the piles that `keep` marks (n_piles entries, 0 or 1)
 * and writes their numbers, from 0 and rising, into `index` unless it is NULL. */
int64_t nac_split_pick(const int32_t *pile, int64_t n, const unsigned char *keep, int32_t n_piles, int32_t *index);

#endif
