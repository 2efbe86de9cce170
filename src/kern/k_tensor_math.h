/**
 * Elementwise and matrix kernels over contiguous rows, in both precisions.
 * Outputs may be an input's own memory, except for the matrix product.
 */
#ifndef K_TENSOR_MATH_H
#define K_TENSOR_MATH_H

#include <stdint.h>

#include "core/tensor_math.h"

/** y[i] = op(x[i]) */
void k_unary_f32(nac_unary op, int64_t n, const float *x, float *y);
void k_unary_f64(nac_unary op, int64_t n, const double *x, double *y);

/** y[i] = a[i] op b[i] */
void k_binary_f32(nac_binary op, int64_t n, const float *a, const float *b, float *y);
void k_binary_f64(nac_binary op, int64_t n, const double *a, const double *b, double *y);

/** c (m,n) = a (m,k) b (k,n) */
void k_matmul_f32(int64_t m, int64_t n, int64_t k, const float *a, const float *b, float *c);
void k_matmul_f64(int64_t m, int64_t n, int64_t k, const double *a, const double *b, double *c);

#endif
