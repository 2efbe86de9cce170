/* Kernels along one axis of arrays (outer,n,inner). */
#include <math.h>

#include "kern/ref/ref.h"

void REF(softmax)(const void *x_, void *y_, long outer, long n, long inner)
{
  for (long o = 0; o < outer * inner; o++) {
    const long at = o / inner * n * inner + o % inner;
    const nac_real *x = (const nac_real *)x_ + at;
    nac_real *y = (nac_real *)y_ + at;
    nac_real max = x[0];
    nac_real sum = 0;
    for (long i = 1; i < n; i++) {
      max = x[i * inner] > max ? x[i * inner] : max;
    }
    for (long i = 0; i < n; i++) {
      y[i * inner] = (nac_real)exp((double)(x[i * inner] - max));
      sum += y[i * inner];
    }
    for (long i = 0; i < n; i++) {
      y[i * inner] /= sum;
    }
  }
}

void REF(softmax_back)(const void *y_, const void *gy_, void *gx_, long outer, long n, long inner)
{
  for (long o = 0; o < outer * inner; o++) {
    const long at = o / inner * n * inner + o % inner;
    const nac_real *y = (const nac_real *)y_ + at;
    const nac_real *gy = (const nac_real *)gy_ + at;
    nac_real *gx = (nac_real *)gx_ + at;
    nac_real dot = 0;
    for (long i = 0; i < n * inner; i += inner) {
      dot += y[i] * gy[i];
    }
    for (long i = 0; i < n * inner; i += inner) {
      gx[i] = y[i] * (gy[i] - dot);
    }
  }
}

void REF(log_softmax)(const void *x_, void *y_, long outer, long n, long inner)
{
  for (long o = 0; o < outer * inner; o++) {
    const long at = o / inner * n * inner + o % inner;
    const nac_real *x = (const nac_real *)x_ + at;
    nac_real *y = (nac_real *)y_ + at;
    nac_real max = x[0];
    double sum = 0;
    for (long i = 1; i < n; i++) {
      max = x[i * inner] > max ? x[i * inner] : max;
    }
    for (long i = 0; i < n * inner; i += inner) {
      sum += exp((double)(x[i] - max));
    }
    for (long i = 0; i < n * inner; i += inner) {
      y[i] = x[i] - max - (nac_real)log(sum);
    }
  }
}

void REF(log_softmax_back)(const void *y_, const void *gy_, void *gx_, long outer, long n, long inner)
{
  for (long o = 0; o < outer * inner; o++) {
    const long at = o / inner * n * inner + o % inner;
    const nac_real *y = (const nac_real *)y_ + at;
    const nac_real *gy = (const nac_real *)gy_ + at;
    nac_real *gx = (nac_real *)gx_ + at;
    nac_real sum = 0;
    for (long i = 0; i < n * inner; i += inner) {
      sum += gy[i];
    }
    for (long i = 0; i < n * inner; i += inner) {
      gx[i] = gy[i] - sum * (nac_real)exp((double)y[i]);
    }
  }
}

void REF(axis_sum)(const void *x_, void *y_, double scale, long outer, long n, long inner)
{
  const nac_real *x = x_;
  nac_real *y = y_;
  for (long o = 0; o < outer; o++) {
    for (long j = 0; j < inner; j++) {
      nac_real sum = 0;
      for (long i = 0; i < n; i++) {
        sum += x[(o * n + i) * inner + j];
      }
      y[o * inner + j] = (nac_real)scale * sum;
    }
  }
}

void REF(axis_sum_back)(const void *gy_, void *gx_, double scale, long outer, long n, long inner)
{
  const nac_real *gy = gy_;
  nac_real *gx = gx_;
  for (long o = 0; o < outer; o++) {
    for (long i = 0; i < n; i++) {
      for (long j = 0; j < inner; j++) {
        gx[(o * n + i) * inner + j] = (nac_real)scale * gy[o * inner + j];
      }
    }
  }
}

void REF(axis_max)(const void *x_, void *y_, long outer, long n, long inner)
{
  const nac_real *x = x_;
  nac_real *y = y_;
  for (long o = 0; o < outer; o++) {
    for (long j = 0; j < inner; j++) {
      nac_real max = x[o * n * inner + j];
      for (long i = 1; i < n; i++) {
        const nac_real v = x[(o * n + i) * inner + j];
        max = v > max || isnan(v) ? v : max;
      }
      y[o * inner + j] = max;
    }
  }
}

void REF(axis_max_back)(const void *x_, const void *y_, const void *gy_, void *gx_, long outer, long n, long inner)
{
  const nac_real *x = x_;
  const nac_real *y = y_;
  const nac_real *gy = gy_;
  nac_real *gx = gx_;
  for (long o = 0; o < outer; o++) {
    for (long j = 0; j < inner; j++) {
      nac_real left = gy[o * inner + j];
      for (long i = 0; i < n; i++) {
        const long at = (o * n + i) * inner + j;
        const int found = !(x[at] < y[o * inner + j]);
        gx[at] = found ? left : 0;
        left = found ? 0 : left;
      }
    }
  }
}
