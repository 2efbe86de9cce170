#include "kern/k_tensor_math.h"

#include <string.h>

#define real double
#include "kern/k_tensor_math_body.h"

void k_unary_f64(nac_unary op, int64_t n, const double *x, double *y)
{
  unary(op, n, x, y);
}

void k_binary_f64(nac_binary op, int64_t n, const double *a, const double *b, double *y)
{
  binary(op, n, a, b, y);
}

/* Rows of c are built from rows of b, which stay in cache for a block of k. */
#define BLOCK 64

void k_matmul_f64(int64_t m, int64_t n, int64_t k, const double *a, const double *b, double *c)
{
  int64_t p0;
  int64_t i;
  int64_t p;
  int64_t j;
  if (m * n > 0) {
    memset(c, 0, (size_t)(m * n) * sizeof *c);
  }
  for (p0 = 0; p0 < k; p0 += BLOCK) {
    int64_t p1 = p0 + BLOCK < k ? p0 + BLOCK : k;
    for (i = 0; i < m; i++) {
      double *restrict row = c + i * n;
      for (p = p0; p < p1; p++) {
        const double factor = a[i * k + p];
        const double *restrict from = b + p * n;
        for (j = 0; j < n; j++) {
          row[j] += factor * from[j];
        }
      }
    }
  }
}
