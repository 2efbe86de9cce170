#include "kern/k_tensor_math.h"

#define real float
#include "kern/k_tensor_math_body.h"

void k_unary_f32(nac_unary op, int64_t n, const float *x, float *y)
{
  unary(op, n, x, y);
}

void k_binary_f32(nac_binary op, int64_t n, const float *a, const float *b, float *y)
{
  binary(op, n, a, b, y);
}
