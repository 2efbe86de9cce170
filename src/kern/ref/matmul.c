/* Product of two matrices by strides. */
#include "kern/ref/ref.h"

void REF(matmul)(const void *a_, long a_row, long a_col, const void *b_, long b_row, long b_col, void *c_, long m,
                 long n, long k)
{
  const nac_real *a = a_;
  const nac_real *b = b_;
  nac_real *c = c_;
  for (long i = 0; i < m; i++) {
    for (long j = 0; j < n; j++) {
      nac_real sum = 0;
      for (long p = 0; p < k; p++) {
        sum += a[i * a_row + p * a_col] * b[p * b_row + j * b_col];
      }
      c[i * n + j] = sum;
    }
  }
}
