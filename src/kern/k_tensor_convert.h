/**
 * Moving rows of elements between the four types. Strides are in elements.
 * Integer types take whole numbers in their range; a value with a fraction is
 * cut towards zero.
 */
#ifndef K_TENSOR_CONVERT_H
#define K_TENSOR_CONVERT_H

#include <stddef.h>
#include <stdint.h>

#include "kern/dtype.h"

/** y[i] = (double)x[i * step] */
void k_load_f64(nac_dtype dtype, int64_t n, const void *x, int64_t step, double *y);

/** y[i] = (float)x[i * step] */
void k_load_f32(nac_dtype dtype, int64_t n, const void *x, int64_t step, float *y);

/** y[i * step] = x[i]. Returns n, or the index of the first x that does not
 * fit the type (NaN never fits an integer type); rows before it are stored. */
int64_t k_store_f64(nac_dtype dtype, int64_t n, const double *x, void *y, int64_t step);

/** y[i * y_step] = x[i * x_step] for elements of `size` bytes (1, 4 or 8). */
void k_copy(size_t size, int64_t n, const void *x, int64_t x_step, void *y, int64_t y_step);

#endif
