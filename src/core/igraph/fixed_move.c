/* Operations that only move elements: reshape, permute, slice, concat. */
#include <string.h>

#include "core/igraph/fixed.h"

int nac_iop_moves(nac_iop_kind kind)
{
  return kind == NAC_IOP_RESHAPE || kind == NAC_IOP_PERMUTE || kind == NAC_IOP_SLICE || kind == NAC_IOP_CONCAT;
}

/* order[] holds the rank's axes, dim the output's dimensions. */
static void permute(const nac_iop *op, const char *x, char *y, size_t size)
{
  const int rank = (int)op->outer;
  int64_t index[NAC_MAX_RANK] = {0};
  int64_t at = 0;
  int d = 0;
  while (d >= 0) {
    memcpy(y, x + (size_t)at * size, size);
    y += size;
    for (d = rank - 1; d >= 0; d--) { /* the next index, like an odometer */
      at += op->stride[d];
      if (++index[d] < op->dim[d]) {
        break;
      }
      at -= op->stride[d] * op->dim[d];
      index[d] = 0;
    }
  }
}

void nac_fixed_move(const nac_iop *op, const void *const *x, void *y, size_t size)
{
  char *to = y;
  int64_t o;
  int k;
  switch (op->kind) {
  case NAC_IOP_RESHAPE:
    memcpy(y, x[0], (size_t)op->n * size);
    break;
  case NAC_IOP_PERMUTE:
    permute(op, x[0], y, size);
    break;
  default: /* NAC_IOP_SLICE, NAC_IOP_CONCAT */
    for (o = 0; o < op->outer; o++) {
      for (k = 0; k < op->n_inputs; k++) {
        const size_t bytes = (size_t)op->share[k] * size;
        const int64_t from = op->kind == NAC_IOP_SLICE ? o * op->n + op->first : o * op->share[k];
        memcpy(to, (const char *)x[k] + (size_t)from * size, bytes);
        to += bytes;
      }
    }
    break;
  }
}
