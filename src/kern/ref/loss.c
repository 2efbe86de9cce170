#include <math.h>
#include <stddef.h>

#include "kern/ref/ref.h"

void REF(cross_entropy)(const void *logits_, const int *label, void *gx_, double scale, double *loss, long *correct,
                        long rows, long n)
{
  const nac_real *x = logits_;
  nac_real *gx = gx_;
  for (long r = 0; r < rows; r++, x += n) {
    const int y = label[r];
    long best = 0;
    double sum = 0;
    for (long i = 1; i < n; i++) {
      best = x[i] > x[best] ? i : best;
    }
    for (long i = 0; i < n; i++) {
      sum += exp((double)(x[i] - x[best]));
    }
    *loss += log(sum) - (double)(x[y] - x[best]);
    *correct += best == y;
    if (gx != NULL) {
      for (long i = 0; i < n; i++) {
        const double p = exp((double)(x[i] - x[best])) / sum;
        gx[i] = (nac_real)(scale * (p - (i == y)));
      }
      gx += n;
    }
  }
}

static long first_largest(const nac_real *x, long n)
{
  long best = 0;
  for (long i = 1; i < n; i++) {
    best = x[i] > x[best] ? i : best;
  }
  return best;
}

void REF(cross_entropy_soft)(const void *logits_, const float *target, const int *label, void *gx_, double scale,
                             double *loss, long *correct, long rows, long n)
{
  const nac_real *x = logits_;
  nac_real *gx = gx_;
  for (long r = 0; r < rows; r++, x += n, target += n) {
    const long best = first_largest(x, n);
    long truth = 0;
    double sum = 0;
    double mass = 0;
    for (long i = 0; i < n; i++) {
      sum += exp((double)(x[i] - x[best]));
      mass += (double)target[i];
      truth = target[i] > target[truth] ? i : truth;
    }
    for (long i = 0; i < n; i++) {
      *loss += (double)target[i] * (log(sum) - (double)(x[i] - x[best]));
      if (gx != NULL) {
        const double p = exp((double)(x[i] - x[best])) / sum;
        gx[r * n + i] = (nac_real)(scale * (p * mass - (double)target[i]));
      }
    }
    *correct += best == (label != NULL ? label[r] : truth);
  }
}

void REF(error)(int func, const void *x_, const float *t, void *gx_, double scale, double delta, double *loss, long n)
{
  const nac_real *x = x_;
  nac_real *gx = gx_;
  for (long i = 0; i < n; i++) {
    const double d = (double)(x[i] - (nac_real)t[i]);
    const double a = fabs(d);
    double term;
    double slope;
    if (func == REF_SQUARED) {
      term = d * d;
      slope = 2 * d;
    } else if (func == REF_ABSOLUTE || a > delta) {
      const double width = func == REF_ABSOLUTE ? 1 : delta;
      term = func == REF_ABSOLUTE ? a : delta * (a - delta / 2);
      slope = d > 0 ? width : d < 0 ? -width : d; /* NaN stays NaN */
    } else {
      term = d * d / 2;
      slope = d;
    }
    *loss += term;
    if (gx != NULL) {
      gx[i] = (nac_real)(scale * slope);
    }
  }
}

void REF(bce)(const void *x_, const float *t, void *gx_, double scale, double *loss, long *correct, long n)
{
  const nac_real *x = x_;
  nac_real *gx = gx_;
  for (long i = 0; i < n; i++) {
    const double z = (double)x[i];
    const double y = (double)t[i];
    *loss += (z > 0 ? z : 0) - z * y + log1p(exp(-fabs(z)));
    *correct += (z > 0) == (y > 0.5);
    if (gx != NULL) {
      gx[i] = (nac_real)(scale * (1 / (1 + exp(-z)) - y));
    }
  }
}
