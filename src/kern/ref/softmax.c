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
