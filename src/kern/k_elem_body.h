/* Elementwise kernels: they pass once over their arrays. */
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
