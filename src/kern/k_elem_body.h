/* Elementwise kernels: they pass once over their arrays. */
#include "kern/k_tables.h"
#include "kern/simd_rows.h"

#if VW > 4
/* y (8,8) = transpose of x (8,8), rows `ldx` and `ldy` apart */
VOP void transpose8(const float *x, long ldx, float *y, long ldy)
{
  __m256 r[8];
  __m256 t[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) {
    r[i] = _mm256_loadu_ps(x + i * ldx);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) { /* pairs of rows */
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) { /* fours */
    r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
    r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) { /* eights */
    _mm256_storeu_ps(y + i * ldy, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(y + (i + 4) * ldy, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}
#endif

VOP void transpose_part(const float *x, float *y, long rows, long cols, long i0, long i1, long j0, long j1)
{
  for (long i = i0; i < i1; i++) {
    for (long j = j0; j < j1; j++) {
      y[j * rows + i] = x[i * cols + j];
    }
  }
}

/* In blocks of 8 x 8, so that both sides use whole cache lines. */
void K(k_transpose)(const float *x, float *y, long rows, long cols)
{
  for (long i = 0; i < rows; i += 8) {
    for (long j = 0; j < cols; j += 8) {
#if VW > 4
      if (i + 8 <= rows && j + 8 <= cols) {
        transpose8(x + i * cols + j, cols, y + j * rows + i, rows);
        continue;
      }
#endif
      transpose_part(x, y, rows, cols, i, i + 8 < rows ? i + 8 : rows, j, j + 8 < cols ? j + 8 : cols);
    }
  }
}

/* Four vectors of columns at a time: one would wait for its own sums. */
void K(k_column_sum)(const float *x, float *g, long rows, long n)
{
  long j = 0;
  for (; j + 4 * VW <= n; j += 4 * VW) {
    vf s[4];
    for (int v = 0; v < 4; v++) {
      s[v] = vload(g + j + v * VW);
    }
    for (long r = 0; r < rows; r++) {
      for (int v = 0; v < 4; v++) {
        s[v] = s[v] + vload(x + r * n + j + v * VW);
      }
    }
    for (int v = 0; v < 4; v++) {
      vstore(g + j + v * VW, s[v]);
    }
  }
  for (; j < n; j += VW) {
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
