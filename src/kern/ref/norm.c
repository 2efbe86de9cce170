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
