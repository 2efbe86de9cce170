/* Kernels along one axis of arrays (outer,n,inner): softmax and reductions.
 * Along the last axis (inner = 1) a row lies in vectors; elsewhere vectors lie
 * across `inner` and the axis is walked in steps. */
#include <math.h>

#include "kern/k_tables.h"
#include "kern/simd_rows.h"

VOP float row_sum(const float *x, long n)
{
  vf s = vset1(0.0f);
  for (long j = 0; j < n; j += VW) {
    s = s + vload_n(x + j, lanes_of(n, j));
  }
  return vsum(s);
}

VOP vf column_max(const float *x, long n, long inner, long lanes)
{
  vf m = vload_n(x, lanes);
  for (long i = 1; i < n; i++) {
    m = vmax_nan(m, vload_n(x + i * inner, lanes));
  }
  return m;
}

VOP vf column_sum(const float *x, long n, long inner, long lanes)
{
  vf s = vset1(0.0f);
  for (long i = 0; i < n; i++) {
    s = s + vload_n(x + i * inner, lanes);
  }
  return s;
}

static void softmax_row(const float *x, float *y, long n)
{
  const vf scale = vset1(1.0f / row_exp(x, y, n, row_max(x, n)));
  MAP(y, y, n, v * scale);
}

void K(k_softmax)(const float *x, float *y, long outer, long n, long inner)
{
  for (long o = 0; o < outer; o++, x += n * inner, y += n * inner) {
    if (inner == 1) {
      softmax_row(x, y, n);
      continue;
    }
    for (long j = 0; j < inner; j += VW) {
      const long lanes = lanes_of(inner, j);
      const vf max = column_max(x + j, n, inner, lanes);
      vf s = vset1(0.0f);
      for (long i = 0; i < n; i++) {
        const vf e = vexp(vload_n(x + i * inner + j, lanes) - max);
        s = s + e;
        vstore_n(y + i * inner + j, e, lanes);
      }
      s = vset1(1.0f) / s;
      for (long i = 0; i < n; i++) {
        vstore_n(y + i * inner + j, s * vload_n(y + i * inner + j, lanes), lanes);
      }
    }
  }
}

void K(k_softmax_back)(const float *y, const float *gy, float *gx, long outer, long n, long inner)
{
  for (long o = 0; o < outer; o++, y += n * inner, gy += n * inner, gx += n * inner) {
    if (inner == 1) {
      vf s = vset1(0.0f);
      for (long j = 0; j < n; j += VW) {
        const long lanes = lanes_of(n, j);
        s = vfma(vload_n(y + j, lanes), vload_n(gy + j, lanes), s);
      }
      s = vset1(vsum(s));
      MAP2(y, gy, gx, n, v * (w - s));
      continue;
    }
    for (long j = 0; j < inner; j += VW) {
      const long lanes = lanes_of(inner, j);
      vf s = vset1(0.0f);
      for (long i = j; i < n * inner; i += inner) {
        s = vfma(vload_n(y + i, lanes), vload_n(gy + i, lanes), s);
      }
      for (long i = j; i < n * inner; i += inner) {
        vstore_n(gx + i, vload_n(y + i, lanes) * (vload_n(gy + i, lanes) - s), lanes);
      }
    }
  }
}

void K(k_log_softmax)(const float *x, float *y, long outer, long n, long inner)
{
  for (long o = 0; o < outer; o++, x += n * inner, y += n * inner) {
    if (inner == 1) {
      const float max = row_max(x, n);
      const vf m = vset1(max);
      const vf s = vset1(logf(row_exp(x, NULL, n, max)));
      MAP(x, y, n, (v - m) - s);
      continue;
    }
    for (long j = 0; j < inner; j += VW) {
      const long lanes = lanes_of(inner, j);
      const vf max = column_max(x + j, n, inner, lanes);
      float sum[VW];
      vf s = vset1(0.0f);
      for (long i = j; i < n * inner; i += inner) {
        s = s + vexp(vload_n(x + i, lanes) - max);
      }
      vstore(sum, s);
      for (long l = 0; l < VW; l++) {
        sum[l] = logf(sum[l]);
      }
      s = vload(sum);
      for (long i = j; i < n * inner; i += inner) {
        vstore_n(y + i, (vload_n(x + i, lanes) - max) - s, lanes);
      }
    }
  }
}

void K(k_log_softmax_back)(const float *y, const float *gy, float *gx, long outer, long n, long inner)
{
  for (long o = 0; o < outer; o++, y += n * inner, gy += n * inner, gx += n * inner) {
    if (inner == 1) {
      const vf s = vset1(row_sum(gy, n));
      MAP2(y, gy, gx, n, w - s * vexp(v));
      continue;
    }
    for (long j = 0; j < inner; j += VW) {
      const long lanes = lanes_of(inner, j);
      const vf s = column_sum(gy + j, n, inner, lanes);
      for (long i = j; i < n * inner; i += inner) {
        vstore_n(gx + i, vload_n(gy + i, lanes) - s * vexp(vload_n(y + i, lanes)), lanes);
      }
    }
  }
}

void K(k_axis_sum)(const float *x, float *y, float scale, long outer, long n, long inner)
{
  const vf a = vset1(scale);
  for (long o = 0; o < outer; o++, x += n * inner, y += inner) {
    if (inner == 1) {
      *y = scale * row_sum(x, n);
      continue;
    }
    for (long j = 0; j < inner; j += VW) {
      const long lanes = lanes_of(inner, j);
      vstore_n(y + j, a * column_sum(x + j, n, inner, lanes), lanes);
    }
  }
}

void K(k_axis_sum_back)(const float *gy, float *gx, float scale, long outer, long n, long inner)
{
  const vf a = vset1(scale);
  for (long o = 0; o < outer; o++, gy += inner, gx += n * inner) {
    if (inner == 1) {
      const vf g = vset1(scale * *gy);
      for (long j = 0; j < n; j += VW) {
        vstore_n(gx + j, g, lanes_of(n, j));
      }
      continue;
    }
    for (long j = 0; j < inner; j += VW) {
      const long lanes = lanes_of(inner, j);
      const vf g = a * vload_n(gy + j, lanes);
      for (long i = j; i < n * inner; i += inner) {
        vstore_n(gx + i, g, lanes);
      }
    }
  }
}

/* The largest of n > 0 numbers; NaN if one of them is. */
VOP float row_max_nan(const float *x, long n)
{
  long nans = 0;
  for (long i = 0; i < n; i++) {
    nans += isnan(x[i]) != 0;
  }
  return nans > 0 ? NAN : row_max(x, n);
}

void K(k_axis_max)(const float *x, float *y, long outer, long n, long inner)
{
  for (long o = 0; o < outer; o++, x += n * inner, y += inner) {
    if (inner == 1) {
      *y = row_max_nan(x, n);
      continue;
    }
    for (long j = 0; j < inner; j += VW) {
      const long lanes = lanes_of(inner, j);
      vstore_n(y + j, column_max(x + j, n, inner, lanes), lanes);
    }
  }
}

/* The first element that is not below y takes the gradient. */
void K(k_axis_max_back)(const float *x, const float *y, const float *gy, float *gx, long outer, long n, long inner)
{
  const vf zero = vset1(0.0f);
  for (long o = 0; o < outer; o++, x += n * inner, gx += n * inner, y += inner, gy += inner) {
    if (inner == 1) {
      long i = 0;
      for (long j = 0; j < n; j += VW) {
        vstore_n(gx + j, zero, lanes_of(n, j));
      }
      while (i < n - 1 && x[i] < *y) {
        i++;
      }
      gx[i] = *gy;
      continue;
    }
    for (long j = 0; j < inner; j += VW) {
      const long lanes = lanes_of(inner, j);
      const vf max = vload_n(y + j, lanes);
      vf left = vload_n(gy + j, lanes);
      for (long i = j; i < n * inner; i += inner) {
        const vf v = vload_n(x + i, lanes);
        vstore_n(gx + i, vselect_gt(max, v, zero, left), lanes);
        left = vselect_gt(max, v, left, zero);
      }
    }
  }
}
