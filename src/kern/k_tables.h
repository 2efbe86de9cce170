/* Prototypes of every kernel for every instruction set. */
#ifndef NAC_K_TABLES_H
#define NAC_K_TABLES_H

#include "kern/kern.h"

#define K_DECLARE(isa)                                                                                               \
  void k_gemm_##isa(long m, long n, long k, const float *a, long a_row, long a_col, const float *b, long ldb,        \
                    float *c, long ldc, k_start start, const float *bias);                                           \
  void k_gemm_f64_##isa(long m, long n, long k, const double *a, const double *b, double *c);                        \
  void k_transpose_##isa(const float *x, float *y, long rows, long cols);                                            \
  void k_column_sum_##isa(const float *x, float *g, long rows, long n);                                              \
  void k_relu_##isa(const float *x, float *y, long n);                                                               \
  void k_relu_back_##isa(const float *y, const float *gy, float *gx, long n);                                        \
  void k_leaky_relu_##isa(const float *x, float *y, long n, float slope);                                            \
  void k_leaky_relu_back_##isa(const float *y, const float *gy, float *gx, long n, float slope);                     \
  void k_tanh_##isa(const float *x, float *y, long n);                                                               \
  void k_tanh_back_##isa(const float *y, const float *gy, float *gx, long n);                                        \
  void k_sigmoid_##isa(const float *x, float *y, long n);                                                            \
  void k_sigmoid_back_##isa(const float *y, const float *gy, float *gx, long n);                                     \
  void k_exp_##isa(const float *x, float *y, long n);                                                                \
  void k_add_##isa(const float *x, float *y, long n);                                                                \
  void k_gelu_##isa(const float *x, float *y, long n);                                                               \
  void k_gelu_back_##isa(const float *x, const float *gy, float *gx, long n);                                        \
  void k_gelu_tanh_##isa(const float *x, float *y, long n);                                                          \
  void k_gelu_tanh_back_##isa(const float *x, const float *gy, float *gx, long n);                                   \
  void k_silu_##isa(const float *x, float *y, long n);                                                               \
  void k_silu_back_##isa(const float *x, const float *gy, float *gx, long n);                                        \
  void k_hard_sigmoid_##isa(const float *x, float *y, long n);                                                       \
  void k_hard_sigmoid_back_##isa(const float *y, const float *gy, float *gx, long n);                                \
  void k_hard_tanh_##isa(const float *x, float *y, long n);                                                          \
  void k_hard_tanh_back_##isa(const float *y, const float *gy, float *gx, long n);                                   \
  void k_elu_##isa(const float *x, float *y, long n, float alpha);                                                   \
  void k_elu_back_##isa(const float *y, const float *gy, float *gx, long n, float alpha);                            \
  void k_softplus_##isa(const float *x, float *y, long n);                                                           \
  void k_softplus_back_##isa(const float *y, const float *gy, float *gx, long n);                                    \
  void k_add2_##isa(const float *a, const float *b, float *y, long n);                                               \
  void k_mul2_##isa(const float *a, const float *b, float *y, long n);                                               \
  void k_scale_##isa(const float *x, float *y, long n, float a);                                                     \
  void k_softmax_##isa(const float *x, float *y, long outer, long n, long inner);                                    \
  void k_softmax_back_##isa(const float *y, const float *gy, float *gx, long outer, long n, long inner);             \
  void k_log_softmax_##isa(const float *x, float *y, long outer, long n, long inner);                                \
  void k_log_softmax_back_##isa(const float *y, const float *gy, float *gx, long outer, long n, long inner);         \
  void k_axis_sum_##isa(const float *x, float *y, float scale, long outer, long n, long inner);                      \
  void k_axis_sum_back_##isa(const float *gy, float *gx, float scale, long outer, long n, long inner);               \
  void k_axis_max_##isa(const float *x, float *y, long outer, long n, long inner);                                   \
  void k_axis_max_back_##isa(const float *x, const float *y, const float *gy, float *gx, long outer, long n,         \
                             long inner);                                                                            \
  void k_norm_sums_##isa(const float *x, const float *shift, double *sum, double *sum_squares, long rows,            \
                         long c, long inner);                                                                        \
  void k_norm_apply_##isa(const float *x, float *y, const float *scale, const float *offset, long rows, long c,      \
                          long inner);                                                                               \
  void k_norm_back_sums_##isa(const float *x, const float *gy, const float *mean, const float *inv_std,              \
                              double *sum_gy, double *sum_gy_xhat, long rows, long c, long inner);                   \
  void k_norm_back_apply_##isa(const float *x, const float *gy, float *gx, const float *a, const float *b,           \
                               const float *d, long rows, long c, long inner);                                       \
  void k_layernorm_##isa(const float *x, const float *w, const float *b, float *y, float *mean, float *inv_std,      \
                         long outer, long n, long inner, float eps);                                                 \
  void k_layernorm_back_##isa(const float *x, const float *w, const float *gy, const float *mean,                    \
                              const float *inv_std, float *gw, float *gb, float *gx, long outer, long n,             \
                              long inner);                                                                           \
  void k_max_pool_##isa(const float *x, float *y, long planes, const k_pool *pool);                                  \
  void k_max_pool_back_##isa(const float *x, const float *y, const float *gy, float *gx, long planes,                \
                             const k_pool *pool);                                                                    \
  void k_avg_pool_##isa(const float *x, float *y, long planes, const k_pool *pool);                                  \
  void k_avg_pool_back_##isa(const float *gy, float *gx, long planes, const k_pool *pool);                           \
  void k_cross_entropy_##isa(const float *logits, const int *label, float *gx, float scale, double *loss,            \
                             long *correct, long rows, long n);                                                      \
  void k_cross_entropy_soft_##isa(const float *logits, const float *target, const int *label, float *gx,             \
                                  float scale, double *loss, long *correct, long rows, long n);                      \
  void k_squared_error_##isa(const float *x, const float *t, float *gx, float scale, double *loss, long n);          \
  void k_absolute_error_##isa(const float *x, const float *t, float *gx, float scale, double *loss, long n);         \
  void k_huber_##isa(const float *x, const float *t, float *gx, float scale, float delta, double *loss, long n);     \
  void k_bce_##isa(const float *x, const float *t, float *gx, float scale, double *loss, long *correct, long n);     \
  double k_sum_squares_##isa(const float *x, long n);                                                                \
  void k_clip_##isa(float *x, long n, float limit, float scale);                                                     \
  void k_adam_##isa(float *p, const float *g, float *m, float *v, float *v_max, long n, const k_adam *options);      \
  void k_sgd_##isa(float *p, const float *g, float *momentum, long n, const k_sgd *options);                         \
  void k_rmsprop_##isa(float *p, const float *g, float *square, float *mean, float *momentum, long n,                \
                       const k_rmsprop *options);                                                                    \
  void k_taps16_##isa(const k_taps *t, const int32_t *w, const int32_t *bias, const int32_t *x, int32_t *y);        \
  long k_narrow_##isa(const int32_t *x, int32_t *y, long n, const k_narrow *k);                                      \
  long k_to_format_##isa(const float *x, float *y, long n, const k_quantiser *q);                                    \
  void k_quantise_##isa(const float *x, float *y, long n, const k_quantiser *q);                                     \
  void k_quantise_back_##isa(const float *x, const float *gy, float *gx, long n, float min, float max);              \
  double k_step_back_##isa(const float *x, const float *y, const float *gy, long n, float min, float max);           \
  void k_conv_forward_##isa(const k_conv *c, const float *w, const float *bias, const float *x, float *y);           \
  void k_conv_weights_##isa(const k_conv *c, const float *gy, const float *x, float *gw, float *gb);                 \
  void k_product16_##isa(const k_product *d, const float *a, const float *b, float *y);

K_DECLARE(avx512)
K_DECLARE(avx2)
K_DECLARE(portable)

#endif
