#include "kern/k_tensor_reduce.h"

#include <math.h>

void k_sum(int64_t n, const double *x, double *sum, int step)
{
  int64_t j;
  if (step == 0) {
    double s = *sum;
    for (j = 0; j < n; j++) {
      s += x[j];
    }
    *sum = s;
  } else {
    for (j = 0; j < n; j++) {
      sum[j] += x[j];
    }
  }
}

void k_sum_squares(int64_t n, const double *x, const double *mean, double *sum, int step)
{
  int64_t j;
  if (step == 0) {
    double s = *sum;
    for (j = 0; j < n; j++) {
      s += (x[j] - *mean) * (x[j] - *mean);
    }
    *sum = s;
  } else {
    for (j = 0; j < n; j++) {
      sum[j] += (x[j] - mean[j]) * (x[j] - mean[j]);
    }
  }
}

void k_best(int64_t n, const double *x, double sign, int64_t first, int64_t advance, double *best, int64_t *where,
            int step)
{
  int64_t j;
  for (j = 0; j < n; j++) {
    int64_t k = j * step;
    double candidate = sign * x[j];
    if (where[k] < 0 || candidate > best[k] || (isnan(candidate) && !isnan(best[k]))) {
      best[k] = candidate;
      where[k] = first + j * advance;
    }
  }
}

void k_divide(int64_t n, const double *x, double by, double *y)
{
  int64_t j;
  for (j = 0; j < n; j++) {
    y[j] = x[j] / by;
  }
}

void k_sqrt(int64_t n, const double *x, double *y)
{
  int64_t j;
  for (j = 0; j < n; j++) {
    y[j] = sqrt(x[j]);
  }
}

void k_shift(int64_t n, const int64_t *x, int64_t add, double *y)
{
  int64_t j;
  for (j = 0; j < n; j++) {
    y[j] = (double)(x[j] + add);
  }
}

int k_allclose(int64_t n, const double *a, const double *b, double rtol, double atol)
{
  int64_t j;
  for (j = 0; j < n; j++) {
    if (!(a[j] == b[j] || fabs(a[j] - b[j]) <= atol + rtol * fabs(b[j])) || (isinf(b[j]) && a[j] != b[j])) {
      return 0;
    }
  }
  return 1;
}

int k_isfinite(int64_t n, const double *x)
{
  int64_t j;
  for (j = 0; j < n; j++) {
    if (!isfinite(x[j])) {
      return 0;
    }
  }
  return 1;
}
