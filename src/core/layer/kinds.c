/* The table of layer kinds. A new kind is one file and one line here. */
#include <string.h>

#include "core/layer/kinds.h"

static const nac_kind *const kinds[] = {
  &nac_layer_dense,
  &nac_layer_conv1d,
  &nac_layer_conv2d,
  &nac_layer_batchnorm,
  &nac_layer_relu,
  &nac_layer_leaky_relu,
  &nac_layer_gelu,
  &nac_layer_silu,
  &nac_layer_elu,
  &nac_layer_softplus,
  &nac_layer_tanh,
  &nac_layer_sigmoid,
  &nac_layer_hard_tanh,
  &nac_layer_hard_sigmoid,
  &nac_layer_softmax,
  &nac_layer_log_softmax,
  &nac_layer_aggregate,
  &nac_layer_add,
  &nac_layer_layernorm,
  &nac_layer_max_pool,
  &nac_layer_avg_pool,
  &nac_layer_global_avg_pool,
  &nac_layer_global_max_pool,
  &nac_layer_mul,
  &nac_layer_scale,
  &nac_layer_matmul,
  &nac_layer_concat,
  &nac_layer_reshape,
  &nac_layer_permute,
  &nac_layer_slice,
  &nac_layer_flatten,
  &nac_layer_dropout,
  &nac_layer_identity,
  &nac_layer_standardize,
  &nac_layer_opaque,
};
#define N_KINDS ((int)(sizeof kinds / sizeof *kinds))

const nac_kind *nac_kind_find(const char *name)
{
  int i;
  for (i = 0; i < N_KINDS; i++) {
    if (strcmp(kinds[i]->name, name) == 0) {
      return kinds[i];
    }
  }
  return NULL;
}

const char *nac_kind_name(int i)
{
  return i >= 0 && i < N_KINDS ? kinds[i]->name : NULL;
}
