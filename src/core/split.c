#include "core/split.h"

#include "core/mem.h"
#include "core/rng.h"

/* Sorts `order` by label, keeping the order of equal labels: least significant
 * byte first, so that any labels take four passes. */
static void sort_by_label(int32_t *order, int32_t *other, const int32_t *label, int64_t n)
{
  int shift;
  int64_t i;
  for (shift = 0; shift < 32; shift += 8) {
    int64_t start[257] = {0};
    int32_t *swap;
    for (i = 0; i < n; i++) {
      start[(((uint32_t)label[i] ^ 0x80000000u) >> shift & 255) + 1]++;
    }
    for (i = 0; i < 256; i++) {
      start[i + 1] += start[i];
    }
    for (i = 0; i < n; i++) {
      int32_t sample = order[i];
      other[start[((uint32_t)label[sample] ^ 0x80000000u) >> shift & 255]++] = sample;
    }
    swap = order;
    order = other;
    other = swap;
  } /* four passes: the result is back in the first array */
}

int nac_split_deal(const int32_t *label, int64_t n, uint64_t seed, uint64_t round, int32_t n_piles,
                   int32_t *pile, nac_error *err)
{
  nac_rng rng = nac_rng_stream(seed, "split", round, 0);
  int32_t *order;
  int64_t i;
  if (n_piles < 1 || n < 0 || n > INT32_MAX) {
    return nac_fail(err, NAC_EINVAL, "cannot deal %lld samples into %d piles", (long long)n, (int)n_piles);
  }
  order = nac_calloc(2 * (size_t)n + 1, sizeof *order);
  if (order == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory while splitting %lld samples", (long long)n);
  }
  nac_rng_permutation(&rng, order, (size_t)n);
  sort_by_label(order, order + n, label, n);
  for (i = 0; i < n; i++) {
    pile[order[i]] = (int32_t)(i % n_piles);
  }
  nac_free(order);
  return NAC_OK;
}

int64_t nac_split_pick(const int32_t *pile, int64_t n, const unsigned char *keep, int32_t n_piles, int32_t *index)
{
  int64_t count = 0;
  int64_t i;
  for (i = 0; i < n; i++) {
    if (pile[i] >= 0 && pile[i] < n_piles && keep[pile[i]]) {
      if (index != NULL) {
        index[count] = (int32_t)i;
      }
      count++;
    }
  }
  return count;
}
