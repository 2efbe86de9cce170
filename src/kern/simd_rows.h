/* Passes over arrays in vectors, and reductions of a row: what the elementwise
 * bodies share. */
#ifndef NAC_SIMD_ROWS_H
#define NAC_SIMD_ROWS_H

#include <math.h>
#include <stddef.h>

#include "kern/simd.h"

/* y[i] = expr of the vector `v` at x[i], whole vectors first, then the rest. */
#define MAP(x, y, n, expr)                 \
  do {                                     \
    long i_ = 0;                           \
    for (; i_ + VW <= (n); i_ += VW) {     \
      const vf v = vload((x) + i_);        \
      vstore((y) + i_, (expr));            \
    }                                      \
    if (i_ < (n)) {                        \
      const vf v = vload_n((x) + i_, (n)-i_); \
      vstore_n((y) + i_, (expr), (n)-i_);  \
    }                                      \
  } while (0)

/* z[i] = expr of the vectors `v` at x[i] and `w` at y[i]. */
#define MAP2(x, y, z, n, expr)                \
  do {                                        \
    long i_ = 0;                              \
    for (; i_ + VW <= (n); i_ += VW) {        \
      const vf v = vload((x) + i_);           \
      const vf w = vload((y) + i_);           \
      vstore((z) + i_, (expr));               \
    }                                         \
    if (i_ < (n)) {                           \
      const vf v = vload_n((x) + i_, (n)-i_); \
      const vf w = vload_n((y) + i_, (n)-i_); \
      vstore_n((z) + i_, (expr), (n)-i_);     \
    }                                         \
  } while (0)

VOP long lanes_of(long n, long j) { return n - j < VW ? n - j : VW; }

VOP vf vfill(vf x, long lanes, vf other) { return lanes == VW ? x : vfill_from(x, lanes, other); }

/* The largest of n > 0 numbers (any NaN may be passed over). */
VOP float row_max(const float *x, long n)
{
  const vf low = vset1(-INFINITY);
  vf m = low;
  for (long j = 0; j < n; j += VW) {
    const long lanes = lanes_of(n, j);
    m = vmax(m, vfill(vload_n(x + j, lanes), lanes, low));
  }
  return vhmax(m);
}

/* y = exp(x - max); returns the sum. */
VOP float row_exp(const float *x, float *y, long n, float max)
{
  const vf zero = vset1(0.0f);
  const vf m = vset1(max);
  vf s = zero;
  for (long j = 0; j < n; j += VW) {
    const long lanes = lanes_of(n, j);
    const vf e = vfill(vexp(vload_n(x + j, lanes) - m), lanes, zero);
    s = s + e;
    if (y != NULL) {
      vstore_n(y + j, e, lanes);
    }
  }
  return vsum(s);
}

#endif
