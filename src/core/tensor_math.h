/**
 * Arithmetic on tensors.
 *
 * Broadcasting: shapes are aligned at the last dimension; sizes must be equal
 * or 1.
 *
 * Types of results (promotion):
 *  - u8 counts as i32 in arithmetic; i32 < f32 < f64, the higher one wins;
 *  - division, power, mean, var, std and the functions exp, log, sqrt, tanh,
 *    sigmoid give floats: f32 from integers;
 *  - comparisons give u8: 1 where true, 0 where not, 0 for NaN (1 for "ne");
 *  - max, min, and joining tensors keep the type;
 *  - an integer result that does not fit its type is an error, never wrapped;
 *  - in place, an integer tensor takes integer results only.
 * f32 is computed in f32, all else in double; sums are added up in double.
 *
 * Functions that make a tensor set *out to NULL when they fail.
 */
#ifndef NAC_TENSOR_MATH_H
#define NAC_TENSOR_MATH_H

#include "core/rng.h"
#include "core/tensor.h"
#include "kern/k_tensor_math.h" /* nac_unary, nac_binary */

typedef enum nac_reduction {
  NAC_SUM,
  NAC_MEAN,
  NAC_VAR,
  NAC_STD,
  NAC_REDUCE_MAX, /* NaN if there is one */
  NAC_REDUCE_MIN,
  NAC_ARGMAX, /* the first of equals; the first NaN if there is one */
  NAC_ARGMIN
} nac_reduction;

/** A number as an operand: a tensor of rank 0 that needs no memory. */
typedef struct nac_scalar {
  nac_tensor tensor;
  nac_storage storage;
  double room; /* its one element */
} nac_scalar;

/** Fills `s` and returns its tensor: `value` as an operand beside a tensor of
 * type `beside`, which it does not raise; only a fraction (is_integer = 0)
 * beside an integer tensor counts as f32. */
const nac_tensor *nac_scalar_set(nac_scalar *s, double value, int is_integer, nac_dtype beside);

/** op(t) elementwise. */
int nac_tensor_unary(nac_tensor **out, nac_unary op, const nac_tensor *t, nac_error *err);

/** dst = op(dst). */
int nac_tensor_unary_in_place(nac_tensor *dst, nac_unary op, nac_error *err);

/** a op b elementwise, broadcast. */
int nac_tensor_binary(nac_tensor **out, nac_binary op, const nac_tensor *a, const nac_tensor *b, nac_error *err);

/** dst = dst op b; b is broadcast to dst's shape. They may overlap. */
int nac_tensor_binary_in_place(nac_tensor *dst, nac_binary op, const nac_tensor *b, nac_error *err);

/** Settings of a reduction; all zero is a good default. */
typedef struct nac_reduce_options {
  int keep;           /* leave the reduced dimension in place, with size 1 */
  double correction;  /* var, std: divide by n - correction (0: population, 1: sample) */
  int64_t index_base; /* argmax, argmin: what the first position is called */
} nac_reduce_options;

/** Reduces one dimension. max, min, argmax, argmin of no elements fail; the
 * mean of none is NaN. */
int nac_tensor_reduce(nac_tensor **out, nac_reduction op, const nac_tensor *t, int axis,
                      const nac_reduce_options *options, nac_error *err);

/** Reduces all elements, in row-major order, to one number. */
int nac_tensor_reduce_all(double *out, nac_reduction op, const nac_tensor *t, const nac_reduce_options *options,
                          nac_error *err);

/** Matrix product, f32 or f64 (integers become f32): [m,k] x [k,n]; a batch
 * [b,m,k] with [b,k,n] or [k,n]; a vector is a row on the left, a column on
 * the right, and its dimension goes away. */
int nac_tensor_matmul(nac_tensor **out, const nac_tensor *a, const nac_tensor *b, nac_error *err);

/** Joins tensors along a dimension that exists; other sizes must agree. */
int nac_tensor_concat(nac_tensor **out, int n, nac_tensor *const *list, int axis, nac_error *err);

/** Joins tensors of equal shape along a new dimension `axis`. */
int nac_tensor_stack(nac_tensor **out, int n, nac_tensor *const *list, int axis, nac_error *err);

/** Copies rows t[index[0] - base], t[index[1] - base], ...; `index` is a vector
 * of i32 or u8. Fails on a row that is not there. */
int nac_tensor_rows(nac_tensor **out, const nac_tensor *t, const nac_tensor *index, int64_t base, nac_error *err);

/** Whether |a - b| <= atol + rtol |b| for all elements and shapes are equal;
 * with both 0: exact equality. NaN equals nothing. */
int nac_tensor_allclose(const nac_tensor *a, const nac_tensor *b, double rtol, double atol);

/** Whether there is neither NaN nor infinity in t. */
int nac_tensor_isfinite(const nac_tensor *t);

/** n numbers first, first + step, ... */
int nac_tensor_arange(nac_tensor **out, nac_dtype dtype, double first, double step, int64_t n, nac_error *err);

/** Fills the contiguous t with uniform numbers of [lo, hi). */
int nac_tensor_fill_uniform(nac_tensor *t, nac_rng *rng, double lo, double hi, nac_error *err);

/** Fills the contiguous t with normal numbers. */
int nac_tensor_fill_normal(nac_tensor *t, nac_rng *rng, double mean, double sd, nac_error *err);

/** Readable text of t, for the REPL: type and shape, then aligned numbers; of
 * large tensors the corners. The text comes from nac_malloc. */
int nac_tensor_text(char **text, const nac_tensor *t, nac_error *err);

#endif
