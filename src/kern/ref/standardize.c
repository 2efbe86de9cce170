#include "kern/ref/ref.h"

void REF(standardize)(const void *x_, void *y_, const void *offset_, const void *scale_, long rows, long features,
                      long inner)
{
  const nac_real *x = x_;
  nac_real *y = y_;
  const nac_real *offset = offset_;
  const nac_real *scale = scale_;
  for (long r = 0; r < rows; r++) {
    for (long c = 0; c < features; c++) {
      for (long i = 0; i < inner; i++) {
        const long at = (r * features + c) * inner + i;
        y[at] = (x[at] - offset[c]) * scale[c];
      }
    }
  }
}

void REF(standardize_back)(const void *gy_, void *gx_, const void *scale_, long rows, long features, long inner)
{
  const nac_real *gy = gy_;
  nac_real *gx = gx_;
  const nac_real *scale = scale_;
  for (long r = 0; r < rows; r++) {
    for (long c = 0; c < features; c++) {
      for (long i = 0; i < inner; i++) {
        const long at = (r * features + c) * inner + i;
        gx[at] = gy[at] * scale[c];
      }
    }
  }
}
