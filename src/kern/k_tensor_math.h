/**
 * Elementwise kernels over contiguous rows, in both precisions, and the matrix
 * product in double.
 * Outputs may be an input's own memory, except for the matrix product.
 */
#ifndef K_TENSOR_MATH_H
#define K_TENSOR_MATH_H

#include <stdint.h>

typedef enum nac_unary {
  NAC_NEG,
  NAC_ABS,
  NAC_SIGN,
  NAC_RELU,
  NAC_FLOOR,
  NAC_CEIL,
  NAC_ROUND, /* halves to even, as IEEE rounds */
  NAC_EXP,   /* this one and those after it always give floats */
  NAC_LOG,
  NAC_SQRT,
  NAC_TANH,
  NAC_SIGMOID
} nac_unary;

typedef enum nac_binary {
  NAC_ADD,
  NAC_SUB,
  NAC_MUL,
  NAC_MIN, /* NaN where either is NaN */
  NAC_MAX,
  NAC_IDIV, /* rounded down, as Lua's // */
  NAC_MOD,  /* sign of the divisor, as Lua's % */
  NAC_DIV,  /* always float */
  NAC_POW,
  NAC_GT, /* this one and those after it give u8 */
  NAC_LT,
  NAC_GE,
  NAC_LE,
  NAC_EQ,
  NAC_NE
} nac_binary;

/** y[i] = op(x[i]) */
void k_unary_f32(nac_unary op, int64_t n, const float *x, float *y);
void k_unary_f64(nac_unary op, int64_t n, const double *x, double *y);

/** y[i] = a[i] op b[i] */
void k_binary_f32(nac_binary op, int64_t n, const float *a, const float *b, float *y);
void k_binary_f64(nac_binary op, int64_t n, const double *a, const double *b, double *y);

#endif
