/**
 * Quantisers: number formats on the elements of a value or a parameter. Applied
 * to floats they give the nearest numbers of the format, as floats ("fake
 * quantisation"); backward, gradients pass where the number was in range and
 * stop where it saturated (straight-through estimator with clipping; Bengio et
 * al. 2013, Courbariaux et al. 2016).
 */
#ifndef NAC_QUANTISER_H
#define NAC_QUANTISER_H

#include "core/quant/format.h"

typedef struct nac_quantiser {
  int64_t n;          /* formats; element e of the tensor has format (e / inner) % n */
  int64_t inner;      /* so n = 1 is one for all, n = elements, inner = 1 one each */
  nac_format *format; /* (n) */
  double *scale;      /* NULL, or (n) steps of W-bit integers that are no powers of two: for training
                         only; I is then of no meaning */
  const float *learned; /* (n) steps that are trained, in the memory of their parameter; or NULL */
  int is_free;          /* learned steps are used as they are, for training only; else each is rounded to the nearest
                           power of two, and the formats' integer bits follow */
} nac_quantiser;

/** A quantiser of its own with copies of the formats and of the scales (NULL: none). Fails on a format that
 * is none, n or inner below 1, and a scale that is not positive or not finite. */
int nac_quantiser_new(nac_quantiser **out, int64_t n, int64_t inner, const nac_format *format, const double *scale,
                      nac_error *err);
void nac_quantiser_free(nac_quantiser *q);

/** Makes the steps learned ones: `steps` (n) must outlive q. Fails where numbers out of range do not saturate. */
int nac_quantiser_learn(nac_quantiser *q, const float *steps, int is_free, nac_error *err);

/** Brings the formats up to date with learned steps that are powers of two. */
void nac_quantiser_follow(nac_quantiser *q);

/** Whether a step is no power of two. */
int nac_quantiser_is_scaled(const nac_quantiser *q);

/** Least and greatest number and the step of format i. */
double nac_quantiser_min(const nac_quantiser *q, int64_t i);
double nac_quantiser_max(const nac_quantiser *q, int64_t i);
double nac_quantiser_step(const nac_quantiser *q, int64_t i);

/** y = the numbers nearest to x, for `rows` tensors of `len` elements of
 * `lanes` floats each (1, or 16 in the blocked layout). y may be x. Exact for
 * formats of up to 24 bits; wider ones round to float. */
void nac_quantiser_apply(const nac_quantiser *q, const float *x, float *y, int64_t rows, int64_t len, int lanes);

/** gx = gy where x was in range, else 0 (SAT, SAT_SYM, SAT_ZERO); gx = gy for
 * WRAP. gx may be gy. */
void nac_quantiser_back(const nac_quantiser *q, const float *x, const float *gy, float *gx, int64_t rows,
                        int64_t len, int lanes);

/** Adds to gs (n) the gradients of learned steps, where y came of x (Esser et al. 2020, arXiv:1902.08153, eq. 3): the sum
 * of gy times (y - x) / step in range and times the least or greatest integer out of it, times 1 / sqrt(elements
 * of a sample that share the step x greatest integer). */
void nac_quantiser_step_back(const nac_quantiser *q, const float *x, const float *y, const float *gy, float *gs,
                             int64_t rows, int64_t len, int lanes);
void nac_quantiser_step_back_f64(const nac_quantiser *q, const double *x, const double *y, const double *gy, double *gs,
                                 int64_t rows, int64_t len);

/** Rounding and its gradient in double, element by element. */
void nac_quantiser_apply_f64(const nac_quantiser *q, const double *x, double *y, int64_t rows, int64_t len);
void nac_quantiser_back_f64(const nac_quantiser *q, const double *x, const double *gy, double *gx, int64_t rows,
                            int64_t len);

#endif
