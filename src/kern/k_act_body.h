/* Activations beyond relu, tanh and sigmoid, and the elementwise kernels of two values. */
#include "kern/k_tables.h"
#include "kern/simd_rows.h"

/* exp(x) - 1 for x <= 0 without cancellation near 0 (vexp's polynomial). */
VOP vf vexpm1_negative(vf x)
{
  vf p = vset1(1.9875691500e-4f);
  p = vfma(p, x, vset1(1.3981999507e-3f));
  p = vfma(p, x, vset1(8.3334519073e-3f));
  p = vfma(p, x, vset1(4.1665795894e-2f));
  p = vfma(p, x, vset1(1.6666665459e-1f));
  p = vfma(p, x, vset1(5.0000001201e-1f));
  p = vfma(p, x * x, x);
  return vselect_gt(x, vset1(-0.34f), p, vexp(x) - vset1(1.0f));
}

/* log(1 + u) for 0 <= u <= 1: 2 artanh(u / (2 + u)) by its series; the first
 * term left out is below 2e-8 of the result. */
VOP vf vlog1p_unit(vf u)
{
  const vf s = u / (u + vset1(2.0f));
  const vf z = s * s;
  vf p = vset1(2.0f / 13);
  p = vfma(p, z, vset1(2.0f / 11));
  p = vfma(p, z, vset1(2.0f / 9));
  p = vfma(p, z, vset1(2.0f / 7));
  p = vfma(p, z, vset1(2.0f / 5));
  p = vfma(p, z, vset1(2.0f / 3));
  return s * vfma(p, z, vset1(2.0f));
}

/* exp(-z^2) to *e and erfc(z) = exp(-z^2) t P(t), t = 1 / (1 + .4 z), for z >= 0:
 * the form of Abramowitz & Stegun 7.1.26 with a polynomial of degree 8,
 * interpolated at Chebyshev points; its relative error is below 9e-8, in float
 * the result's below 1e-6 for z < 2, growing with z^2 as that of exp(-z^2). */
VOP vf verfc_positive(vf z, vf *e)
{
  const vf one = vset1(1.0f);
  const vf t = one / vfma(z, vset1(0.4f), one);
  vf p = vset1(0.0371425456418f);
  p = vfma(p, t, vset1(-0.120625773549f));
  p = vfma(p, t, vset1(0.0439547230252f));
  p = vfma(p, t, vset1(0.132941190297f));
  p = vfma(p, t, vset1(0.049292164127f));
  p = vfma(p, t, vset1(0.206098876666f));
  p = vfma(p, t, vset1(0.198708328312f));
  p = vfma(p, t, vset1(0.226878755428f));
  p = vfma(p, t, vset1(0.225609224298f));
  *e = vexp(vset1(0.0f) - z * z);
  return *e * (t * p);
}

/* The standard normal distribution function at x; its density, times
 * sqrt(2 pi), to *e. Exact in the lower tail too. */
VOP vf vnormal(vf x, vf *e)
{
  const vf zero = vset1(0.0f);
  const vf tail = vset1(0.5f) * verfc_positive(vset1(0.70710678118654752f) * vmax(x, zero - x), e);
  return vselect_gt(x, zero, vset1(1.0f) - tail, tail);
}

void K(k_gelu)(const float *x, float *y, long n)
{
  vf e;
  MAP(x, y, n, v * vnormal(v, &e));
}

VOP vf gelu_slope(vf x)
{
  vf e;
  const vf p = vnormal(x, &e);
  return vfma(x * vset1(0.39894228040143268f), e, p);
}

void K(k_gelu_back)(const float *x, const float *gy, float *gx, long n)
{
  MAP2(x, gy, gx, n, w * gelu_slope(v));
}

/* .5 x (1 + tanh u) = x sigmoid(2 u), 2 u = 2 sqrt(2 / pi) (x + .044715 x^3) */
#define GELU_A 1.5957691216057308f
#define GELU_B 0.071354816272600249f /* GELU_A * .044715 */

VOP vf gelu_tanh_gate(vf x)
{
  return vsigmoid(x * vfma(x * x, vset1(GELU_B), vset1(GELU_A)));
}

VOP vf gelu_tanh_slope(vf x)
{
  const vf s = gelu_tanh_gate(x);
  const vf du = vfma(x * x, vset1(3.0f * GELU_B), vset1(GELU_A));
  return vfma(x * s * (vset1(1.0f) - s), du, s);
}

void K(k_gelu_tanh)(const float *x, float *y, long n)
{
  MAP(x, y, n, v * gelu_tanh_gate(v));
}

void K(k_gelu_tanh_back)(const float *x, const float *gy, float *gx, long n)
{
  MAP2(x, gy, gx, n, w * gelu_tanh_slope(v));
}

VOP vf silu_slope(vf x)
{
  const vf s = vsigmoid(x);
  return vfma(x * s, vset1(1.0f) - s, s);
}

void K(k_silu)(const float *x, float *y, long n)
{
  MAP(x, y, n, v * vsigmoid(v));
}

void K(k_silu_back)(const float *x, const float *gy, float *gx, long n)
{
  MAP2(x, gy, gx, n, w * silu_slope(v));
}

void K(k_hard_sigmoid)(const float *x, float *y, long n)
{
  const vf zero = vset1(0.0f);
  const vf one = vset1(1.0f);
  MAP(x, y, n, vmin(one, vmax(zero, vfma(v, vset1(1.0f / 6), vset1(0.5f)))));
}

void K(k_hard_sigmoid_back)(const float *y, const float *gy, float *gx, long n)
{
  const vf zero = vset1(0.0f);
  const vf sixth = vset1(1.0f / 6);
  MAP2(y, gy, gx, n, vselect_gt(v, zero, vselect_gt(vset1(1.0f), v, w * sixth, zero), zero));
}

void K(k_hard_tanh)(const float *x, float *y, long n)
{
  MAP(x, y, n, vmin(vset1(1.0f), vmax(vset1(-1.0f), v)));
}

void K(k_hard_tanh_back)(const float *y, const float *gy, float *gx, long n)
{
  const vf zero = vset1(0.0f);
  MAP2(y, gy, gx, n, vselect_gt(v, vset1(-1.0f), vselect_gt(vset1(1.0f), v, w, zero), zero));
}

void K(k_elu)(const float *x, float *y, long n, float alpha)
{
  const vf zero = vset1(0.0f);
  const vf a = vset1(alpha);
  MAP(x, y, n, vselect_gt(v, zero, v, a * vexpm1_negative(vmin(zero, v))));
}

void K(k_elu_back)(const float *y, const float *gy, float *gx, long n, float alpha)
{
  const vf zero = vset1(0.0f);
  const vf a = vset1(alpha);
  MAP2(y, gy, gx, n, vselect_gt(v, zero, w, w * (v + a)));
}

VOP vf softplus(vf x)
{
  const vf zero = vset1(0.0f);
  const vf a = vmax(x, zero - x);
  return vmax(zero, x) + vlog1p_unit(vexp(zero - a));
}

void K(k_softplus)(const float *x, float *y, long n)
{
  MAP(x, y, n, softplus(v));
}

/* sigmoid(x) = 1 - exp(-y) */
void K(k_softplus_back)(const float *y, const float *gy, float *gx, long n)
{
  const vf zero = vset1(0.0f);
  MAP2(y, gy, gx, n, (zero - w) * vexpm1_negative(zero - v));
}

void K(k_add2)(const float *a, const float *b, float *y, long n)
{
  MAP2(a, b, y, n, v + w);
}

void K(k_mul2)(const float *a, const float *b, float *y, long n)
{
  MAP2(a, b, y, n, v * w);
}

void K(k_scale)(const float *x, float *y, long n, float a)
{
  const vf s = vset1(a);
  MAP(x, y, n, s * v);
}
