/* Elementwise kernels, softmax, batch normalisation, cross-entropy and
 * optimiser steps: everything that passes once over its arrays. */
#include <math.h>
#include <stddef.h>

#include "kern/k_tables.h"
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

void K(k_transpose)(const float *x, float *y, long rows, long cols)
{
  long i;
  long j;
  for (i = 0; i < rows; i += 4) { /* blocks of 4 x 4, so that both sides use whole cache lines */
    for (j = 0; j < cols; j += 4) {
      const long ie = i + 4 < rows ? i + 4 : rows;
      const long je = j + 4 < cols ? j + 4 : cols;
#if VW > 4
      if (ie - i == 4 && je - j == 4) {
        __m128 a = _mm_loadu_ps(x + i * cols + j);
        __m128 b = _mm_loadu_ps(x + (i + 1) * cols + j);
        __m128 c = _mm_loadu_ps(x + (i + 2) * cols + j);
        __m128 d = _mm_loadu_ps(x + (i + 3) * cols + j);
        _MM_TRANSPOSE4_PS(a, b, c, d);
        _mm_storeu_ps(y + j * rows + i, a);
        _mm_storeu_ps(y + (j + 1) * rows + i, b);
        _mm_storeu_ps(y + (j + 2) * rows + i, c);
        _mm_storeu_ps(y + (j + 3) * rows + i, d);
        continue;
      }
#endif
      for (long p = i; p < ie; p++) {
        for (long q = j; q < je; q++) {
          y[q * rows + p] = x[p * cols + q];
        }
      }
    }
  }
}

void K(k_column_sum)(const float *x, float *g, long rows, long n)
{
  long j;
  for (j = 0; j < n; j += VW) {
    const long lanes = lanes_of(n, j);
    vf s = vload_n(g + j, lanes);
    for (long r = 0; r < rows; r++) {
      s = s + vload_n(x + r * n + j, lanes);
    }
    vstore_n(g + j, s, lanes);
  }
}

void K(k_relu)(const float *x, float *y, long n)
{
  const vf zero = vset1(0.0f);
  MAP(x, y, n, vmax(zero, v)); /* in this order a NaN stays a NaN */
}

void K(k_relu_back)(const float *y, const float *gy, float *gx, long n)
{
  const vf zero = vset1(0.0f);
  MAP2(y, gy, gx, n, vselect_gt(v, zero, w, zero));
}

void K(k_leaky_relu)(const float *x, float *y, long n, float slope)
{
  const vf zero = vset1(0.0f);
  const vf s = vset1(slope);
  MAP(x, y, n, vselect_gt(v, zero, v, s * v));
}

void K(k_leaky_relu_back)(const float *y, const float *gy, float *gx, long n, float slope)
{
  const vf zero = vset1(0.0f);
  const vf s = vset1(slope);
  MAP2(y, gy, gx, n, vselect_gt(v, zero, w, s * w));
}

void K(k_tanh)(const float *x, float *y, long n)
{
  MAP(x, y, n, vtanh(v));
}

void K(k_tanh_back)(const float *y, const float *gy, float *gx, long n)
{
  const vf one = vset1(1.0f);
  MAP2(y, gy, gx, n, w * (one - v * v));
}

void K(k_sigmoid)(const float *x, float *y, long n)
{
  MAP(x, y, n, vsigmoid(v));
}

void K(k_sigmoid_back)(const float *y, const float *gy, float *gx, long n)
{
  const vf one = vset1(1.0f);
  MAP2(y, gy, gx, n, w * v * (one - v));
}

void K(k_exp)(const float *x, float *y, long n)
{
  MAP(x, y, n, vexp(v));
}

void K(k_add)(const float *x, float *y, long n)
{
  MAP2(x, y, y, n, v + w);
}

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

void K(k_softmax)(const float *x, float *y, long rows, long n)
{
  for (long r = 0; r < rows; r++, x += n, y += n) {
    const float sum = row_exp(x, y, n, row_max(x, n));
    const vf scale = vset1(1.0f / sum);
    MAP(y, y, n, v * scale);
  }
}

void K(k_softmax_back)(const float *y, const float *gy, float *gx, long rows, long n)
{
  for (long r = 0; r < rows; r++, y += n, gy += n, gx += n) {
    vf s = vset1(0.0f);
    vf dot;
    for (long j = 0; j < n; j += VW) {
      const long lanes = lanes_of(n, j);
      s = vfma(vload_n(y + j, lanes), vload_n(gy + j, lanes), s);
    }
    dot = vset1(vsum(s));
    MAP2(y, gy, gx, n, v * (w - dot));
  }
}

void K(k_cross_entropy)(const float *logits, const int *label, float *gx, float scale, double *loss, long *correct,
                        long rows, long n)
{
  double total = *loss;
  long right = *correct;
  for (long r = 0; r < rows; r++, logits += n) {
    const float max = row_max(logits, n);
    const float sum = row_exp(logits, gx, n, max);
    const int y = label[r];
    long first = 0;
    total += (double)logf(sum) - (double)(logits[y] - max);
    while (first < y && logits[first] < max) {
      first++;
    }
    right += first == y && logits[y] >= max;
    if (gx != NULL) {
      const vf a = vset1(scale / sum);
      MAP(gx, gx, n, v * a);
      gx[y] -= scale;
      gx += n;
    }
  }
  *loss = total;
  *correct = right;
}

/* Adds the lanes of two float vectors to double sums. */
VOP void spill(vf a, vf b, double *sum_a, double *sum_b, long lanes)
{
  float ta[VW];
  float tb[VW];
  vstore(ta, a);
  vstore(tb, b);
  for (long l = 0; l < lanes; l++) {
    sum_a[l] += (double)ta[l];
    sum_b[l] += (double)tb[l];
  }
}

#define NORM_ROWS 16 /* rows that are summed in float before they go to double */

void K(k_norm_sums)(const float *x, const float *shift, double *sum, double *sum_squares, long rows, long c)
{
  for (long r = 0; r < rows; r += NORM_ROWS) {
    const long re = r + NORM_ROWS < rows ? r + NORM_ROWS : rows;
    for (long j = 0; j < c; j += VW) {
      const long lanes = lanes_of(c, j);
      const vf k = vload_n(shift + j, lanes);
      vf s = vset1(0.0f);
      vf q = vset1(0.0f);
      for (long i = r; i < re; i++) {
        const vf d = vload_n(x + i * c + j, lanes) - k;
        s = s + d;
        q = vfma(d, d, q);
      }
      spill(s, q, sum + j, sum_squares + j, lanes);
    }
  }
}

void K(k_norm_apply)(const float *x, float *y, const float *scale, const float *offset, long rows, long c)
{
  for (long j = 0; j < c; j += VW) {
    const long lanes = lanes_of(c, j);
    const vf a = vload_n(scale + j, lanes);
    const vf b = vload_n(offset + j, lanes);
    for (long i = 0; i < rows; i++) {
      vstore_n(y + i * c + j, vfma(a, vload_n(x + i * c + j, lanes), b), lanes);
    }
  }
}

void K(k_norm_back_sums)(const float *x, const float *gy, const float *mean, const float *inv_std, double *sum_gy,
                         double *sum_gy_xhat, long rows, long c)
{
  for (long r = 0; r < rows; r += NORM_ROWS) {
    const long re = r + NORM_ROWS < rows ? r + NORM_ROWS : rows;
    for (long j = 0; j < c; j += VW) {
      const long lanes = lanes_of(c, j);
      const vf m = vload_n(mean + j, lanes);
      const vf is = vload_n(inv_std + j, lanes);
      vf s = vset1(0.0f);
      vf q = vset1(0.0f);
      for (long i = r; i < re; i++) {
        const vf g = vload_n(gy + i * c + j, lanes);
        s = s + g;
        q = vfma(g, (vload_n(x + i * c + j, lanes) - m) * is, q);
      }
      spill(s, q, sum_gy + j, sum_gy_xhat + j, lanes);
    }
  }
}

void K(k_norm_back_apply)(const float *x, const float *gy, float *gx, const float *a, const float *b, const float *d,
                          long rows, long c)
{
  for (long j = 0; j < c; j += VW) {
    const long lanes = lanes_of(c, j);
    const vf va = vload_n(a + j, lanes);
    const vf vb = vload_n(b + j, lanes);
    const vf vd = vload_n(d + j, lanes);
    for (long i = 0; i < rows; i++) {
      const vf t = vfma(vb, vload_n(x + i * c + j, lanes), vd);
      vstore_n(gx + i * c + j, vfma(va, vload_n(gy + i * c + j, lanes), t), lanes);
    }
  }
}

/* g + l2 p + l1 sign(p) */
VOP vf regularised(vf g, vf p, vf l1, vf l2)
{
  const vf zero = vset1(0.0f);
  const vf sign = vselect_gt(p, zero, l1, vselect_gt(zero, p, zero - l1, zero));
  return vfma(l2, p, g) + sign;
}

void K(k_adam)(float *p, const float *g, float *m, float *v, long n, const k_adam *o)
{
  const vf l1 = vset1(o->l1);
  const vf l2 = vset1(o->l2);
  const vf b1 = vset1(o->beta1);
  const vf b2 = vset1(o->beta2);
  const vf c1 = vset1(o->rest1);
  const vf c2 = vset1(o->rest2);
  const vf root = vset1(o->root);
  const vf eps = vset1(o->eps);
  const vf step = vset1(o->step);
  for (long i = 0; i < n; i += VW) {
    const long lanes = lanes_of(n, i);
    const vf vp = vload_n(p + i, lanes);
    const vf vg = regularised(vload_n(g + i, lanes), vp, l1, l2);
    const vf vm = vfma(b1, vload_n(m + i, lanes), c1 * vg);
    const vf vv = vfma(b2, vload_n(v + i, lanes), c2 * vg * vg);
    vstore_n(m + i, vm, lanes);
    vstore_n(v + i, vv, lanes);
    vstore_n(p + i, vp - step * vm / vfma(vsqrt(vv), root, eps), lanes);
  }
}

void K(k_sgd)(float *p, const float *g, float *momentum, long n, const k_sgd *o)
{
  const vf l1 = vset1(o->l1);
  const vf l2 = vset1(o->l2);
  const vf lr = vset1(o->lr);
  const vf mu = vset1(o->first ? 0.0f : o->momentum);
  const vf ahead = vset1(o->nesterov ? o->momentum : 0.0f);
  for (long i = 0; i < n; i += VW) {
    const long lanes = lanes_of(n, i);
    const vf vp = vload_n(p + i, lanes);
    const vf vg = regularised(vload_n(g + i, lanes), vp, l1, l2);
    vf step = vg;
    if (o->momentum != 0.0f) {
      const vf vm = vfma(mu, vload_n(momentum + i, lanes), vg);
      vstore_n(momentum + i, vm, lanes);
      step = o->nesterov ? vfma(ahead, vm, vg) : vm;
    }
    vstore_n(p + i, vp - lr * step, lanes);
  }
}
