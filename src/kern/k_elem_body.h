/* Elementwise kernels, softmax and batch normalisation: layers that pass once
 * over their arrays. */
#include "kern/k_tables.h"
#include "kern/simd_rows.h"

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
