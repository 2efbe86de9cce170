/**
 * Tensors: a shape and strides over a reference-counted storage. Views
 * (slices, transposes, reshapes) share the storage and cost no copy.
 *
 * Memory: nac_tensor_new returns a tensor that owns a new storage; views add a
 * reference; nac_tensor_free drops the tensor and the storage with its last
 * reference. Dimensions and indices count from 0 in C.
 */
#ifndef NAC_TENSOR_H
#define NAC_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "kern/dtype.h"

#define NAC_MAX_RANK 8

typedef struct nac_storage {
  int64_t refs;
  size_t bytes;
  void *data; /* right behind this header, or somebody else's when borrowed */
  int borrowed;
  void (*owner_free)(void *owner); /* of borrowed memory; may be NULL */
  void *owner;
} nac_storage;

typedef struct nac_tensor {
  nac_storage *storage;
  nac_dtype dtype;
  int rank;                     /* 0 is a scalar */
  int64_t dim[NAC_MAX_RANK];    /* elements along each dimension, >= 0 */
  int64_t stride[NAC_MAX_RANK]; /* in elements; 0 along an expanded dimension */
  int64_t offset;               /* first element, in elements from data */
} nac_tensor;

/** Bytes of one element. */
size_t nac_dtype_size(nac_dtype dtype);

/** "f32", "f64", "i32" or "u8". */
const char *nac_dtype_name(nac_dtype dtype);

/** A new contiguous tensor, uninitialised. Fails on a negative dimension, a
 * rank above NAC_MAX_RANK, and a size that overflows or cannot be had. */
int nac_tensor_new(nac_tensor **out, nac_dtype dtype, int rank, const int64_t *dim, nac_error *err);

/** A tensor over memory that somebody else owns; `owner_free(owner)` is called
 * when the last view of it is gone (may be NULL). */
int nac_tensor_wrap(nac_tensor **out, nac_dtype dtype, int rank, const int64_t *dim, void *data,
                    void (*owner_free)(void *owner), void *owner, nac_error *err);

/** Another tensor over the same storage, with the same shape. */
int nac_tensor_view(nac_tensor **out, const nac_tensor *t, nac_error *err);

/** Drops the tensor; the storage goes with its last reference. NULL allowed. */
void nac_tensor_free(nac_tensor *t);

/** Drops one reference to a storage; whoever raises `refs` calls it. */
void nac_storage_release(nac_storage *storage);

/** Number of elements. */
int64_t nac_tensor_numel(const nac_tensor *t);

/** Whether elements lie one after another in row-major order. */
int nac_tensor_is_contiguous(const nac_tensor *t);

/** A contiguous copy converted to `dtype` (also when t already is that). */
int nac_tensor_convert(nac_tensor **out, const nac_tensor *t, nac_dtype dtype, nac_error *err);

/** Address of the first element. Elements follow the strides. */
void *nac_tensor_data(const nac_tensor *t);

/** Writes "8x64" (or "scalar") into `text`. */
void nac_shape_text(char *text, size_t size, int rank, const int64_t *dim);

/** Room that nac_shape_text never needs more of. */
#define NAC_SHAPE_TEXT 200

/** *axis = the axis that `dim` names: 0..rank-1, negative from the end
 * (-1 is the last). Fails outside of that. */
int nac_tensor_axis(int *axis, const nac_tensor *t, int64_t dim, nac_error *err);

/* --- Views: share the storage, copy nothing ------------------------------ */

/** Elements [first, first + count) along `axis`. */
int nac_tensor_slice(nac_tensor **out, const nac_tensor *t, int axis, int64_t first, int64_t count,
                     nac_error *err);

/** Element `i` along `axis`, which goes away. */
int nac_tensor_select(nac_tensor **out, const nac_tensor *t, int axis, int64_t i, nac_error *err);

/** Axes a and b exchanged. */
int nac_tensor_transpose(nac_tensor **out, const nac_tensor *t, int a, int b, nac_error *err);

/** Dimensions of size 1 (and new ones in front) stretched to `dim`, with
 * stride 0; writing to the result is refused where that matters. */
int nac_tensor_expand(nac_tensor **out, const nac_tensor *t, int rank, const int64_t *dim, nac_error *err);

/** The same elements under another shape; one entry may be -1 and is worked
 * out. A view where t is contiguous, a copy otherwise. */
int nac_tensor_reshape(nac_tensor **out, const nac_tensor *t, int rank, const int64_t *dim, nac_error *err);

/** A view of t if it is contiguous, a contiguous copy otherwise. */
int nac_tensor_contiguous(nac_tensor **out, const nac_tensor *t, nac_error *err);

/* --- Elements ------------------------------------------------------------ */

/** Copies `src`, broadcast to dst's shape and converted to its type, into dst.
 * The two may overlap. */
int nac_tensor_copy(nac_tensor *dst, const nac_tensor *src, nac_error *err);

/** Sets every element; fails when the value does not fit the type. */
int nac_tensor_fill(nac_tensor *t, double value, nac_error *err);

/** The element at `index` (one entry a dimension, from 0, in range). */
double nac_tensor_get(const nac_tensor *t, const int64_t *index);

/** Sets it; fails when the value does not fit the type. */
int nac_tensor_set(nac_tensor *t, const int64_t *index, double value, nac_error *err);

/** Fails when two elements of t are one (an expanded view): it cannot be written. */
int nac_tensor_check_writable(const nac_tensor *t, nac_error *err);

#endif
