/**
 * Steps of reductions over a row of doubles. Result j is kept at [j * step]:
 * step 1 reduces many rows at once, each element into a result of its own;
 * step 0 reduces the whole row into one.
 */
#ifndef K_TENSOR_REDUCE_H
#define K_TENSOR_REDUCE_H

#include <stdint.h>

/** sum[j * step] += x[j] */
void k_sum(int64_t n, const double *x, double *sum, int step);

/** sum[j * step] += (x[j] - mean[j * step])^2 */
void k_sum_squares(int64_t n, const double *x, const double *mean, double *sum, int step);

/** Keeps in best[j * step] the greatest of sign * x so far, and in where[j *
 * step] its position: `first` + j * advance. A NaN beats all; of equals the
 * first stays. where < 0: nothing yet. */
void k_best(int64_t n, const double *x, double sign, int64_t first, int64_t advance, double *best, int64_t *where,
            int step);

/** y[j] = x[j] / by */
void k_divide(int64_t n, const double *x, double by, double *y);

/** y[j] = sqrt(x[j]) */
void k_sqrt(int64_t n, const double *x, double *y);

/** y[j] = x[j] + add */
void k_shift(int64_t n, const int64_t *x, int64_t add, double *y);

/** Whether |a - b| <= atol + rtol |b| for all; equal infinities are close. */
int k_allclose(int64_t n, const double *a, const double *b, double rtol, double atol);

/** Whether all are finite. */
int k_isfinite(int64_t n, const double *x);

#endif
