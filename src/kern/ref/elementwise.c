#include <math.h>

#include "kern/ref/ref.h"

void REF(map)(int func, const void *x_, void *y_, long n, double slope)
{
  const nac_real *x = x_;
  nac_real *y = y_;
  for (long i = 0; i < n; i++) {
    switch (func) {
    case REF_RELU:
      y[i] = x[i] <= 0 ? 0 : x[i];
      break;
    case REF_LEAKY_RELU:
      y[i] = x[i] <= 0 ? (nac_real)slope * x[i] : x[i];
      break;
    case REF_TANH:
      y[i] = (nac_real)tanh((double)x[i]);
      break;
    default:
      y[i] = (nac_real)(1.0 / (1.0 + exp(-(double)x[i])));
      break;
    }
  }
}

void REF(map_back)(int func, const void *y_, const void *gy_, void *gx_, long n, double slope)
{
  const nac_real *y = y_;
  const nac_real *gy = gy_;
  nac_real *gx = gx_;
  for (long i = 0; i < n; i++) {
    switch (func) {
    case REF_RELU:
      gx[i] = y[i] > 0 ? gy[i] : 0;
      break;
    case REF_LEAKY_RELU:
      gx[i] = y[i] > 0 ? gy[i] : (nac_real)slope * gy[i];
      break;
    case REF_TANH:
      gx[i] = gy[i] * (1 - y[i] * y[i]);
      break;
    default:
      gx[i] = gy[i] * y[i] * (1 - y[i]);
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
