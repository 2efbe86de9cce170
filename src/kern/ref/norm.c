#include <math.h>
#include <stddef.h>

#include "kern/ref/ref.h"

/* x[r][c][i] of (rows,channels,inner) */
#define AT(r, c, i) (((r) * channels + (c)) * inner + (i))

void REF(norm_sums)(const void *x_, const void *shift_, double *sum, double *sum_squares, long rows, long channels,
                    long inner)
{
  const nac_real *x = x_;
  const nac_real *shift = shift_;
  for (long r = 0; r < rows; r++) {
    for (long c = 0; c < channels; c++) {
      for (long i = 0; i < inner; i++) {
        const double d = (double)x[AT(r, c, i)] - (double)shift[c];
        sum[c] += d;
        sum_squares[c] += d * d;
      }
    }
  }
}

void REF(norm_apply)(const void *x_, void *y_, const void *scale_, const void *offset_, long rows, long channels,
                     long inner)
{
  const nac_real *x = x_;
  nac_real *y = y_;
  const nac_real *scale = scale_;
  const nac_real *offset = offset_;
  for (long r = 0; r < rows; r++) {
    for (long c = 0; c < channels; c++) {
      for (long i = 0; i < inner; i++) {
        y[AT(r, c, i)] = scale[c] * x[AT(r, c, i)] + offset[c];
      }
    }
  }
}

void REF(norm_back_sums)(const void *x_, const void *gy_, const void *mean_, const void *inv_std_, double *sum_gy,
                         double *sum_gy_xhat, long rows, long channels, long inner)
{
  const nac_real *x = x_;
  const nac_real *gy = gy_;
  const nac_real *mean = mean_;
  const nac_real *inv_std = inv_std_;
  for (long r = 0; r < rows; r++) {
    for (long c = 0; c < channels; c++) {
      for (long i = 0; i < inner; i++) {
        const long at = AT(r, c, i);
        sum_gy[c] += (double)gy[at];
        sum_gy_xhat[c] += (double)(gy[at] * (x[at] - mean[c]) * inv_std[c]);
      }
    }
  }
}

void REF(norm_back_apply)(const void *x_, const void *gy_, void *gx_, const void *a_, const void *b_, const void *d_,
                          long rows, long channels, long inner)
{
  const nac_real *x = x_;
  const nac_real *gy = gy_;
  nac_real *gx = gx_;
  const nac_real *a = a_;
  const nac_real *b = b_;
  const nac_real *d = d_;
  for (long r = 0; r < rows; r++) {
    for (long c = 0; c < channels; c++) {
      for (long i = 0; i < inner; i++) {
        const long at = AT(r, c, i);
        gx[at] = a[c] * gy[at] + b[c] * x[at] + d[c];
      }
    }
  }
}

void REF(layernorm)(const void *x_, const void *w_, const void *b_, void *y_, void *mean_, void *inv_std_, long outer,
                    long n, long inner, double eps)
{
  const nac_real *w = w_;
  const nac_real *b = b_;
  nac_real *mean = mean_;
  nac_real *inv_std = inv_std_;
  for (long o = 0; o < outer * inner; o++) {
    const long first = o / inner * n * inner + o % inner;
    const nac_real *x = (const nac_real *)x_ + first;
    nac_real *y = (nac_real *)y_ + first;
    double sum = 0;
    double squares = 0;
    for (long i = 0; i < n; i++) {
      sum += (double)x[i * inner];
    }
    for (long i = 0; i < n; i++) {
      const double d = (double)x[i * inner] - sum / (double)n;
      squares += d * d;
    }
    mean[o] = (nac_real)(sum / (double)n);
    inv_std[o] = (nac_real)(1.0 / sqrt(squares / (double)n + eps));
    for (long i = 0; i < n; i++) {
      y[i * inner] = (x[i * inner] - mean[o]) * inv_std[o] * w[i] + b[i];
    }
  }
}

void REF(layernorm_back)(const void *x_, const void *w_, const void *gy_, const void *mean_, const void *inv_std_,
                         void *gw_, void *gb_, void *gx_, long outer, long n, long inner)
{
  const nac_real *w = w_;
  const nac_real *mean = mean_;
  const nac_real *inv_std = inv_std_;
  nac_real *gw = gw_;
  nac_real *gb = gb_;
  for (long o = 0; o < outer * inner; o++) {
    const long first = o / inner * n * inner + o % inner;
    const nac_real *x = (const nac_real *)x_ + first;
    const nac_real *gy = (const nac_real *)gy_ + first;
    double sum = 0;
    double dot = 0;
    for (long i = 0; i < n; i++) {
      const nac_real xhat = (x[i * inner] - mean[o]) * inv_std[o];
      gw[i] += gy[i * inner] * xhat;
      gb[i] += gy[i * inner];
      sum += (double)(gy[i * inner] * w[i]);
      dot += (double)(gy[i * inner] * w[i] * xhat);
    }
    for (long i = 0; gx_ != NULL && i < n; i++) {
      const nac_real xhat = (x[i * inner] - mean[o]) * inv_std[o];
      ((nac_real *)gx_)[first + i * inner] =
        inv_std[o] * (gy[i * inner] * w[i] - (nac_real)(sum / (double)n) - xhat * (nac_real)(dot / (double)n));
    }
  }
}
