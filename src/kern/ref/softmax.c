#include <math.h>
#include <stddef.h>

#include "kern/ref/ref.h"

void REF(softmax)(const void *x_, void *y_, long rows, long n)
{
  const nac_real *x = x_;
  nac_real *y = y_;
  for (long r = 0; r < rows; r++, x += n, y += n) {
    nac_real max = x[0];
    nac_real sum = 0;
    for (long i = 1; i < n; i++) {
      max = x[i] > max ? x[i] : max;
    }
    for (long i = 0; i < n; i++) {
      y[i] = (nac_real)exp((double)(x[i] - max));
      sum += y[i];
    }
    for (long i = 0; i < n; i++) {
      y[i] /= sum;
    }
  }
}

void REF(softmax_back)(const void *y_, const void *gy_, void *gx_, long rows, long n)
{
  const nac_real *y = y_;
  const nac_real *gy = gy_;
  nac_real *gx = gx_;
  for (long r = 0; r < rows; r++, y += n, gy += n, gx += n) {
    nac_real dot = 0;
    for (long i = 0; i < n; i++) {
      dot += y[i] * gy[i];
    }
    for (long i = 0; i < n; i++) {
      gx[i] = y[i] * (gy[i] - dot);
    }
  }
}

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

void REF(squared_error)(const void *y_, const float *target, void *gx_, double scale, double *loss, long n)
{
  const nac_real *y = y_;
  nac_real *gx = gx_;
  for (long i = 0; i < n; i++) {
    const nac_real d = y[i] - (nac_real)target[i];
    *loss += (double)(d * d);
    if (gx != NULL) {
      gx[i] = (nac_real)(2.0 * scale) * d;
    }
  }
}
