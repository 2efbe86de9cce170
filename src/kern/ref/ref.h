/**
 * Naive twins of the kernels, written over nac_real and compiled twice: as
 * ref_NAME_f32 and ref_NAME_f64. They are the yardstick of the specs and, in
 * double, the engine's reference mode. Arrays are passed as void * to elements
 * of that type, so that one call site serves both.
 */
#ifndef NAC_REF_H
#define NAC_REF_H

#include "kern/kern.h"
#include <stdint.h>

/* A convolution of x (rows,c,h,w) with w (o,c/groups,kh,kw) into y (rows,o,oh,ow).
 * Strides s, dilations d; `top` and `left` zeros before the first row and column. */
typedef struct ref_conv {
  int64_t c, h, w, o, oh, ow, kh, kw, sh, sw, dh, dw, top, left, groups;
} ref_conv;

#define REF_DECLARE(p)                                                                                               \
  /* y (rows,out) = x (rows,in) w^T + b, w (out,in), b (out) or NULL */                                              \
  void ref_dense_##p(const void *x, const void *w, const void *b, void *y, long rows, long in, long out);            \
  /* gw += gy^T x, gb += column sums of gy (or NULL), gx = gy w (or NULL) */                                         \
  void ref_dense_back_##p(const void *x, const void *w, const void *gy, void *gw, void *gb, void *gx, long rows,     \
                          long in, long out);                                                                        \
  /* elementwise; `func` is one of ref_func */                                                                       \
  void ref_map_##p(int func, const void *x, void *y, long n, double slope_or_alpha);                                 \
  /* v is x where the function's gradient reads x, else y */                                                         \
  void ref_map_back_##p(int func, const void *v, const void *gy, void *gx, long n, double slope_or_alpha);           \
  void ref_add2_##p(const void *a, const void *b, void *y, long n);                                                  \
  void ref_mul2_##p(const void *a, const void *b, void *y, long n);                                                  \
  void ref_scale_##p(const void *x, void *y, long n, double a);                                                      \
  /* along n of (outer,n,inner) */                                                                                   \
  void ref_softmax_##p(const void *x, void *y, long outer, long n, long inner);                                      \
  void ref_softmax_back_##p(const void *y, const void *gy, void *gx, long outer, long n, long inner);                \
  void ref_log_softmax_##p(const void *x, void *y, long outer, long n, long inner);                                  \
  void ref_log_softmax_back_##p(const void *y, const void *gy, void *gx, long outer, long n, long inner);            \
  void ref_axis_sum_##p(const void *x, void *y, double scale, long outer, long n, long inner);                       \
  void ref_axis_sum_back_##p(const void *gy, void *gx, double scale, long outer, long n, long inner);                \
  void ref_axis_max_##p(const void *x, void *y, long outer, long n, long inner);                                     \
  void ref_axis_max_back_##p(const void *x, const void *y, const void *gy, void *gx, long outer, long n,             \
                             long inner);                                                                            \
  void ref_layernorm_##p(const void *x, const void *w, const void *b, void *y, void *mean, void *inv_std,            \
                         long outer, long n, long inner, double eps);                                                \
  void ref_layernorm_back_##p(const void *x, const void *w, const void *gy, const void *mean,                        \
                              const void *inv_std, void *gw, void *gb, void *gx, long outer, long n, long inner);    \
  void ref_max_pool_##p(const void *x, void *y, long planes, const k_pool *pool);                                    \
  void ref_max_pool_back_##p(const void *x, const void *gy, void *gx, long planes, const k_pool *pool);              \
  void ref_avg_pool_##p(const void *x, void *y, long planes, const k_pool *pool);                                    \
  void ref_avg_pool_back_##p(const void *gy, void *gx, long planes, const k_pool *pool);                             \
  /* C (m,n) = A (m,k) B (k,n), A[i,p] = a[i * a_row + p * a_col], B likewise */                                     \
  void ref_matmul_##p(const void *a, long a_row, long a_col, const void *b, long b_row, long b_col, void *c,         \
                      long m, long n, long k);                                                                       \
  /* y[i] = x[i] mask[i] */                                                                                          \
  void ref_scale_by_##p(const void *x, const float *mask, void *y, long n);                                          \
  /* sums over rows of (x - shift) and its square, x (rows,channels,inner) */                                        \
  void ref_norm_sums_##p(const void *x, const void *shift, double *sum, double *sum_squares, long rows,              \
                         long channels, long inner);                                                                 \
  void ref_norm_apply_##p(const void *x, void *y, const void *scale, const void *offset, long rows, long channels,   \
                          long inner);                                                                               \
  void ref_norm_back_sums_##p(const void *x, const void *gy, const void *mean, const void *inv_std, double *sum_gy,  \
                              double *sum_gy_xhat, long rows, long channels, long inner);                            \
  void ref_norm_back_apply_##p(const void *x, const void *gy, void *gx, const void *a, const void *b, const void *d, \
                               long rows, long channels, long inner);                                                \
  void ref_cross_entropy_##p(const void *logits, const int *label, void *gx, double scale, double *loss,             \
                             long *correct, long rows, long n);                                                      \
  /* label may be NULL */                                                                                            \
  void ref_cross_entropy_soft_##p(const void *logits, const float *target, const int *label, void *gx, double scale, \
                                  double *loss, long *correct, long rows, long n);                                   \
  /* `func` is one of ref_loss; delta is huber's */                                                                  \
  void ref_error_##p(int func, const void *x, const float *t, void *gx, double scale, double delta, double *loss,    \
                     long n);                                                                                        \
  void ref_bce_##p(const void *x, const float *t, void *gx, double scale, double *loss, long *correct, long n);      \
  /* y = (x - offset) scale, x (rows,features,inner); gx = gy scale */                                               \
  void ref_standardize_##p(const void *x, void *y, const void *offset, const void *scale, long rows, long features,  \
                           long inner);                                                                              \
  void ref_standardize_back_##p(const void *gy, void *gx, const void *scale, long rows, long features, long inner);  \
  void ref_conv_##p(const ref_conv *g, const void *x, const void *w, const void *b, void *y, long rows);             \
  void ref_conv_back_##p(const ref_conv *g, const void *x, const void *w, const void *gy, void *gw, void *gb,        \
                         void *gx, long rows);                                                                       \
  void ref_add_##p(const void *x, void *y, long n);

REF_DECLARE(f32)
REF_DECLARE(f64)

enum ref_loss { REF_SQUARED, REF_ABSOLUTE, REF_HUBER };
enum ref_func {
  REF_RELU,
  REF_LEAKY_RELU,
  REF_TANH,
  REF_SIGMOID,
  REF_HARD_SIGMOID,
  REF_HARD_TANH,
  REF_ELU,
  REF_SOFTPLUS,
  REF_GELU, /* from here on the gradient reads x, before it y */
  REF_GELU_TANH,
  REF_SILU
};

/* In the twins' files: the element type and the name's ending. */
#ifdef NAC_REAL_IS_FLOAT
typedef float nac_real;
#define REF(name) ref_##name##_f32
#else
typedef double nac_real;
#define REF(name) ref_##name##_f64
#endif

#endif
