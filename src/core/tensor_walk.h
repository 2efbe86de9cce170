/**
 * Walking over the elements of up to four tensors of one shape at once: the
 * dimensions that can be are merged, and each step gives one row of `n`
 * elements with a stride per tensor. Private to src/core/tensor_*.c.
 *
 *   nac_walk w;
 *   nac_walk_start(&w, rank, dim);                   the shape of the walk
 *   nac_walk_add(&w, t); ...                          0: t, 1: ...
 *   for (nac_walk_begin(&w); w.n > 0; nac_walk_next(&w)) { w.at[0], w.step[0] }
 */
#ifndef NAC_TENSOR_WALK_H
#define NAC_TENSOR_WALK_H

#include "core/tensor.h"

#define NAC_WALK_MAX 4

typedef struct nac_walk {
  int64_t n;                  /* elements in this row; 0 when the walk is over */
  char *at[NAC_WALK_MAX];     /* first element of the row, per tensor */
  int64_t step[NAC_WALK_MAX]; /* from element to element of the row, in elements */
  int n_tensors;
  int rank; /* of the outer dimensions, after merging */
  int64_t dim[NAC_MAX_RANK + 1];
  int64_t index[NAC_MAX_RANK + 1];
  int64_t stride[NAC_WALK_MAX][NAC_MAX_RANK + 1]; /* in elements */
  size_t size[NAC_WALK_MAX];                      /* bytes of one element */
} nac_walk;

/** Begins the description of a walk over a shape. */
void nac_walk_start(nac_walk *w, int rank, const int64_t *dim);

/** Adds a tensor whose shape broadcasts to that of the walk (the caller has
 * checked it). */
void nac_walk_add(nac_walk *w, const nac_tensor *t);

/** Goes to the first row. */
void nac_walk_begin(nac_walk *w);

/** Goes to the next row, or sets w->n to 0. */
void nac_walk_next(nac_walk *w);

/** The shape that a and b broadcast to (sizes equal or 1, aligned at the last
 * dimension). Fails naming both shapes. */
int nac_broadcast_shape(int *rank, int64_t *dim, const nac_tensor *a, const nac_tensor *b, nac_error *err);

/** Whether t broadcasts to `dim`. */
int nac_broadcasts_to(const nac_tensor *t, int rank, const int64_t *dim);

/** Whether writing through `dst` may change what a later read of `src` sees:
 * they overlap, but not element on element. */
int nac_tensor_clashes(const nac_tensor *dst, const nac_tensor *src);

#endif
