#include <math.h>

#include "kern/ref/ref.h"

static double normal_cdf(double x)
{
  return 0.5 * erfc(-x * 0.70710678118654752440);
}

/* The argument of the tanh in gelu's approximation (Hendrycks & Gimpel 2016), and its slope. */
static double gelu_argument(double x, double *slope)
{
  const double a = 0.79788456080286535588; /* sqrt(2 / pi) */
  *slope = a * (1 + 3 * 0.044715 * x * x);
  return a * (x + 0.044715 * x * x * x);
}

static double sigmoid(double x)
{
  return 1.0 / (1.0 + exp(-x));
}

static double value(int func, double x, double a)
{
  double slope;
  switch (func) {
  case REF_TANH:
    return tanh(x);
  case REF_SIGMOID:
    return sigmoid(x);
  case REF_GELU:
    return x * normal_cdf(x);
  case REF_GELU_TANH:
    return 0.5 * x * (1 + tanh(gelu_argument(x, &slope)));
  case REF_SILU:
    return x * sigmoid(x);
  case REF_HARD_SIGMOID:
    return isnan(x) ? x : fmin(1, fmax(0, x / 6 + 0.5));
  case REF_HARD_TANH:
    return isnan(x) ? x : fmin(1, fmax(-1, x));
  case REF_ELU:
    return x > 0 ? x : a * expm1(x);
  default: /* REF_SOFTPLUS */
    return fmax(x, 0) + log1p(exp(-fabs(x)));
  }
}

/* dy/dx from x or from y, see ref_func. */
static double derivative(int func, double v, double a)
{
  double inner;
  double t;
  switch (func) {
  case REF_TANH:
    return 1 - v * v;
  case REF_SIGMOID:
    return v * (1 - v);
  case REF_GELU:
    return normal_cdf(v) + v * exp(-0.5 * v * v) * 0.39894228040143267794;
  case REF_GELU_TANH:
    t = tanh(gelu_argument(v, &inner));
    return 0.5 * (1 + t) + 0.5 * v * (1 - t * t) * inner;
  case REF_SILU:
    t = sigmoid(v);
    return t * (1 + v * (1 - t));
  case REF_HARD_SIGMOID:
    return v > 0 && v < 1 ? 1.0 / 6 : 0;
  case REF_HARD_TANH:
    return v > -1 && v < 1 ? 1 : 0;
  case REF_ELU:
    return v > 0 ? 1 : v + a;
  default: /* REF_SOFTPLUS */
    return -expm1(-v);
  }
}

void REF(map)(int func, const void *x_, void *y_, long n, double slope_or_alpha)
{
  const nac_real *x = x_;
  nac_real *y = y_;
  for (long i = 0; i < n; i++) {
    switch (func) {
    case REF_RELU:
      y[i] = x[i] <= 0 ? 0 : x[i];
      break;
    case REF_LEAKY_RELU:
      y[i] = x[i] <= 0 ? (nac_real)slope_or_alpha * x[i] : x[i];
      break;
    default:
      y[i] = (nac_real)value(func, (double)x[i], slope_or_alpha);
      break;
    }
  }
}

void REF(map_back)(int func, const void *v_, const void *gy_, void *gx_, long n, double slope_or_alpha)
{
  const nac_real *v = v_;
  const nac_real *gy = gy_;
  nac_real *gx = gx_;
  for (long i = 0; i < n; i++) {
    switch (func) {
    case REF_RELU:
      gx[i] = v[i] > 0 ? gy[i] : 0;
      break;
    case REF_LEAKY_RELU:
      gx[i] = v[i] > 0 ? gy[i] : (nac_real)slope_or_alpha * gy[i];
      break;
    default:
      gx[i] = gy[i] * (nac_real)derivative(func, (double)v[i], slope_or_alpha);
      break;
    }
  }
}

void REF(scale_by)(const void *x_, const float *mask, void *y_, long n)
{
  const nac_real *x = x_;
  nac_real *y = y_;
  for (long i = 0; i < n; i++) {
    y[i] = x[i] * (nac_real)mask[i];
  }
}

void REF(add)(const void *x_, void *y_, long n)
{
  const nac_real *x = x_;
  nac_real *y = y_;
  for (long i = 0; i < n; i++) {
    y[i] += x[i];
  }
}

void REF(add2)(const void *a_, const void *b_, void *y_, long n)
{
  const nac_real *a = a_;
  const nac_real *b = b_;
  nac_real *y = y_;
  for (long i = 0; i < n; i++) {
    y[i] = a[i] + b[i];
  }
}

void REF(mul2)(const void *a_, const void *b_, void *y_, long n)
{
  const nac_real *a = a_;
  const nac_real *b = b_;
  nac_real *y = y_;
  for (long i = 0; i < n; i++) {
    y[i] = a[i] * b[i];
  }
}

void REF(scale)(const void *x_, void *y_, long n, double a)
{
  const nac_real *x = x_;
  nac_real *y = y_;
  for (long i = 0; i < n; i++) {
    y[i] = (nac_real)a * x[i];
  }
}
