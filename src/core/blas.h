/**
 * OpenBLAS, opened at run time. It reads its core type when it is loaded, and
 * Debian's 0.3.21 takes new processors for old ones and then runs at half
 * speed; so the type is set first and the library opened with dlopen. One BLAS
 * thread always: parallelism comes from workers. The engine's own products of
 * small matrices (kern/k_gemm_body.h) do not need it; it serves double
 * precision and comparisons.
 */
#ifndef NAC_BLAS_H
#define NAC_BLAS_H

#include "core/error.h"

/** Opens the library, once. Fails when there is none, with a hint. */
int nac_blas_open(nac_error *err);

/** What the library calls itself and its core; NULL before nac_blas_open. */
const char *nac_blas_library(void);
const char *nac_blas_core(void);

/** C (m,n) = A (m,k) B (k,n), row-major and contiguous. Only after a successful
 * nac_blas_open. */
void nac_blas_sgemm(int m, int n, int k, const float *a, const float *b, float *c);
void nac_blas_dgemm(int m, int n, int k, const double *a, const double *b, double *c);

#endif
