#include "kern/k_tensor_math.h"

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
