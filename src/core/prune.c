#include "core/prune.h"

#include <stdlib.h>

#include "core/mem.h"

typedef struct item {
  float size;
  int64_t index;
} item;

/* By size; equal ones in their order. */
static int compare(const void *a, const void *b)
{
  const item *x = a;
  const item *y = b;
  if (x->size != y->size) {
    return x->size < y->size ? -1 : 1;
  }
  return x->index < y->index ? -1 : x->index > y->index;
}

int nac_prune_least(const float *size, const int32_t *width, uint8_t *keep, int64_t n, int64_t count, nac_error *err)
{
  item *left = nac_malloc((size_t)(n > 0 ? n : 1) * sizeof *left);
  int64_t n_left = 0;
  int64_t gone = 0;
  int64_t i;
  if (left == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for the order of %lld weights", (long long)n);
  }
  for (i = 0; i < n; i++) {
    if (keep[i] != 0) {
      left[n_left].size = size[i];
      left[n_left++].index = i;
    }
  }
  qsort(left, (size_t)n_left, sizeof *left, compare);
  for (i = 0; i < n_left && gone < count; i++) {
    const int64_t wide = width != NULL ? width[left[i].index] : 1;
    if (gone + wide - count > count - gone) {
      break; /* further away with it than without it */
    }
    keep[left[i].index] = 0;
    gone += wide;
  }
  nac_free(left);
  return NAC_OK;
}
