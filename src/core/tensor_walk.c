#include "core/tensor_walk.h"

#include <string.h>

void nac_walk_start(nac_walk *w, int rank, const int64_t *dim)
{
  memset(w, 0, sizeof *w);
  w->rank = rank;
  if (rank > 0) {
    memcpy(w->dim, dim, (size_t)rank * sizeof *dim);
  }
}

void nac_walk_add(nac_walk *w, const nac_tensor *t)
{
  int k = w->n_tensors++;
  int shift = w->rank - t->rank;
  int d;
  for (d = 0; d < t->rank; d++) {
    w->stride[k][d + shift] = t->dim[d] == 1 ? 0 : t->stride[d];
  }
  w->size[k] = nac_dtype_size(t->dtype);
  w->at[k] = nac_tensor_data(t);
}

/* Dimension d can join d+1 when, for every tensor, a step along d is dim[d+1]
 * steps along d+1. */
static int can_merge(const nac_walk *w, int d)
{
  int k;
  for (k = 0; k < w->n_tensors; k++) {
    if (w->stride[k][d] != w->stride[k][d + 1] * w->dim[d + 1]) {
      return 0;
    }
  }
  return 1;
}

static void drop(nac_walk *w, int d)
{
  int k;
  int e;
  for (e = d; e + 1 < w->rank; e++) {
    w->dim[e] = w->dim[e + 1];
    for (k = 0; k < w->n_tensors; k++) {
      w->stride[k][e] = w->stride[k][e + 1];
    }
  }
  w->rank--;
}

void nac_walk_begin(nac_walk *w)
{
  int d;
  int k;
  for (d = 0; d < w->rank; d++) {
    if (w->dim[d] == 0) {
      w->n = 0;
      return;
    }
  }
  for (d = w->rank - 1; d >= 0; d--) {
    if (w->dim[d] == 1) {
      drop(w, d);
    }
  }
  for (d = w->rank - 2; d >= 0; d--) {
    if (can_merge(w, d)) {
      w->dim[d + 1] *= w->dim[d];
      drop(w, d);
    }
  }
  memset(w->index, 0, sizeof w->index);
  if (w->rank == 0) {
    w->n = 1;
    return;
  }
  w->rank--; /* the last dimension is the row */
  w->n = w->dim[w->rank];
  for (k = 0; k < w->n_tensors; k++) {
    w->step[k] = w->stride[k][w->rank];
  }
}

void nac_walk_next(nac_walk *w)
{
  int d;
  int k;
  for (d = w->rank - 1; d >= 0; d--) {
    int64_t back = 0;
    if (++w->index[d] == w->dim[d]) {
      w->index[d] = 0;
      back = w->dim[d];
    }
    for (k = 0; k < w->n_tensors; k++) {
      w->at[k] += (1 - back) * w->stride[k][d] * (int64_t)w->size[k];
    }
    if (back == 0) {
      return;
    }
  }
  w->n = 0;
}

int nac_broadcast_shape(int *rank, int64_t *dim, const nac_tensor *a, const nac_tensor *b, nac_error *err)
{
  int d;
  *rank = a->rank > b->rank ? a->rank : b->rank;
  for (d = 1; d <= *rank; d++) { /* from the last dimension */
    int64_t na = d <= a->rank ? a->dim[a->rank - d] : 1;
    int64_t nb = d <= b->rank ? b->dim[b->rank - d] : 1;
    if (na != nb && na != 1 && nb != 1) {
      char sa[NAC_SHAPE_TEXT];
      char sb[NAC_SHAPE_TEXT];
      nac_shape_text(sa, sizeof sa, a->rank, a->dim);
      nac_shape_text(sb, sizeof sb, b->rank, b->dim);
      return nac_fail(err, NAC_ESHAPE, "cannot broadcast %s with %s", sa, sb);
    }
    dim[*rank - d] = na == 1 ? nb : na;
  }
  return NAC_OK;
}

int nac_broadcasts_to(const nac_tensor *t, int rank, const int64_t *dim)
{
  int d;
  if (t->rank > rank) {
    return 0;
  }
  for (d = 1; d <= t->rank; d++) {
    if (t->dim[t->rank - d] != dim[rank - d] && t->dim[t->rank - d] != 1) {
      return 0;
    }
  }
  return 1;
}

/* The addresses [*first, *end) that t reaches into; not told apart by storage,
 * because memory that is borrowed may be borrowed twice. */
static void extent(const nac_tensor *t, uintptr_t *first, uintptr_t *end)
{
  uintptr_t size = nac_dtype_size(t->dtype);
  int d;
  *first = (uintptr_t)nac_tensor_data(t);
  *end = *first + size;
  for (d = 0; d < t->rank; d++) {
    if (t->dim[d] == 0) {
      *end = *first;
      return;
    }
    *end += (uintptr_t)((t->dim[d] - 1) * t->stride[d]) * size; /* strides are never negative */
  }
}

int nac_tensor_clashes(const nac_tensor *dst, const nac_tensor *src)
{
  uintptr_t first[2];
  uintptr_t end[2];
  int d;
  extent(dst, &first[0], &end[0]);
  extent(src, &first[1], &end[1]);
  if (end[0] <= first[1] || end[1] <= first[0]) {
    return 0;
  }
  if (first[0] != first[1] || dst->rank != src->rank || dst->dtype != src->dtype) {
    return 1;
  }
  for (d = 0; d < dst->rank; d++) {
    if (dst->dim[d] != src->dim[d] || (dst->dim[d] > 1 && dst->stride[d] != src->stride[d])) {
      return 1;
    }
  }
  return 0;
}
