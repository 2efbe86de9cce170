/* The kernel tables and the choice among them. */
#include "kern/kern.h"

#include <stddef.h>
#include <string.h>

#include "kern/k_tables.h"

#define TABLE(isa)                                                                                             \
  {                                                                                                            \
    .name = #isa, .gemm = k_gemm_##isa, .gemm_f64 = k_gemm_f64_##isa, .transpose = k_transpose_##isa,          \
    .column_sum = k_column_sum_##isa,                                                                          \
    .relu = k_relu_##isa, .relu_back = k_relu_back_##isa, .leaky_relu = k_leaky_relu_##isa,                    \
    .leaky_relu_back = k_leaky_relu_back_##isa, .tanh = k_tanh_##isa, .tanh_back = k_tanh_back_##isa,          \
    .sigmoid = k_sigmoid_##isa, .sigmoid_back = k_sigmoid_back_##isa, .exp = k_exp_##isa,                      \
    .add = k_add_##isa, .gelu = k_gelu_##isa, .gelu_back = k_gelu_back_##isa,                                  \
    .gelu_tanh = k_gelu_tanh_##isa, .gelu_tanh_back = k_gelu_tanh_back_##isa, .silu = k_silu_##isa,            \
    .silu_back = k_silu_back_##isa, .hard_sigmoid = k_hard_sigmoid_##isa,                                      \
    .hard_sigmoid_back = k_hard_sigmoid_back_##isa, .hard_tanh = k_hard_tanh_##isa,                            \
    .hard_tanh_back = k_hard_tanh_back_##isa, .elu = k_elu_##isa, .elu_back = k_elu_back_##isa,                \
    .softplus = k_softplus_##isa, .softplus_back = k_softplus_back_##isa, .add2 = k_add2_##isa,                \
    .mul2 = k_mul2_##isa, .scale = k_scale_##isa, .softmax = k_softmax_##isa,                                  \
    .softmax_back = k_softmax_back_##isa, .log_softmax = k_log_softmax_##isa,                                  \
    .log_softmax_back = k_log_softmax_back_##isa, .axis_sum = k_axis_sum_##isa,                                \
    .axis_sum_back = k_axis_sum_back_##isa, .axis_max = k_axis_max_##isa,                                      \
    .axis_max_back = k_axis_max_back_##isa, .norm_sums = k_norm_sums_##isa,                                    \
    .norm_apply = k_norm_apply_##isa, .norm_back_sums = k_norm_back_sums_##isa,                                \
    .norm_back_apply = k_norm_back_apply_##isa, .layernorm = k_layernorm_##isa,                                \
    .layernorm_back = k_layernorm_back_##isa, .max_pool = k_max_pool_##isa,                                    \
    .max_pool_back = k_max_pool_back_##isa, .avg_pool = k_avg_pool_##isa,                                      \
    .avg_pool_back = k_avg_pool_back_##isa, .cross_entropy = k_cross_entropy_##isa,                            \
    .cross_entropy_soft = k_cross_entropy_soft_##isa, .squared_error = k_squared_error_##isa,                  \
    .absolute_error = k_absolute_error_##isa, .huber = k_huber_##isa, .bce = k_bce_##isa,                      \
    .sum_squares = k_sum_squares_##isa, .clip = k_clip_##isa, .adam = k_adam_##isa, .sgd = k_sgd_##isa,        \
    .rmsprop = k_rmsprop_##isa, .taps16 = k_taps16_##isa, .narrow = k_narrow_##isa, .quantise = k_quantise_##isa, .quantise_back = k_quantise_back_##isa, \
    .step_back = k_step_back_##isa, .to_format = k_to_format_##isa, \
    .conv_forward = k_conv_forward_##isa,                                          \
    .conv_weights = k_conv_weights_##isa, .product16 = k_product16_##isa                                       \
  }

/* Best first. */
static const nac_kernels tables[] = {
#if defined __x86_64__
  TABLE(avx512),
  TABLE(avx2),
#endif
  TABLE(portable),
};
#define N_TABLES ((int)(sizeof tables / sizeof *tables))

const nac_kernels *nac_kern = &tables[N_TABLES - 1];

static int cpu_has(const char *name)
{
#if defined __x86_64__
  if (strcmp(name, "avx512") == 0) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  }
  if (strcmp(name, "avx2") == 0) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  }
#endif
  return strcmp(name, "portable") == 0;
}

const char *nac_kern_available(int i)
{
  int t;
  for (t = 0; t < N_TABLES; t++) {
    if (cpu_has(tables[t].name) && i-- == 0) {
      return tables[t].name;
    }
  }
  return NULL;
}

int nac_kern_use(const char *name)
{
  int t;
  for (t = 0; t < N_TABLES; t++) {
    if (cpu_has(tables[t].name) && (name == NULL || strcmp(name, tables[t].name) == 0)) {
      nac_kern = &tables[t];
      return 0;
    }
  }
  return -1;
}
