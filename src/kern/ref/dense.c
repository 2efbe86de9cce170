#include <stddef.h>

#include "kern/ref/ref.h"

void REF(dense)(const void *x_, const void *w_, const void *b_, void *y_, long rows, long in, long out)
{
  const nac_real *x = x_;
  const nac_real *w = w_;
  const nac_real *b = b_;
  nac_real *y = y_;
  for (long r = 0; r < rows; r++) {
    for (long o = 0; o < out; o++) {
      nac_real sum = b == NULL ? 0 : b[o];
      for (long i = 0; i < in; i++) {
        sum += x[r * in + i] * w[o * in + i];
      }
      y[r * out + o] = sum;
    }
  }
}

void REF(dense_back)(const void *x_, const void *w_, const void *gy_, void *gw_, void *gb_, void *gx_, long rows,
                     long in, long out)
{
  const nac_real *x = x_;
  const nac_real *w = w_;
  const nac_real *gy = gy_;
  nac_real *gw = gw_;
  nac_real *gb = gb_;
  nac_real *gx = gx_;
  for (long r = 0; r < rows; r++) {
    for (long i = 0; gx != NULL && i < in; i++) {
      gx[r * in + i] = 0;
    }
    for (long o = 0; o < out; o++) {
      const nac_real g = gy[r * out + o];
      if (gb != NULL) {
        gb[o] += g;
      }
      for (long i = 0; i < in; i++) {
        gw[o * in + i] += g * x[r * in + i];
        if (gx != NULL) {
          gx[r * in + i] += g * w[o * in + i];
        }
      }
    }
  }
}
