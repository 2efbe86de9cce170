/* global_avg_pool: the mean of each channel; (channels, ...) becomes (channels). */
#include <stddef.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/pool.h"
#include "core/layer/step.h"
#include "core/net_impl.h"

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_global_pool_cost(net, layer, NAC_COST_ADD, "mean");
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_reduce(s, r0, nac_global_pool_view(s, r1 - r0), NAC_MEAN);
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_reduce_back(s, r0, nac_global_pool_view(s, r1 - r0), NAC_MEAN);
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  const nac_value *x = &l->net->value[layer->input[0]];
  const int code = nac_global_pool_lower(l, layer, NAC_ISUM, err);
  return code != NAC_OK ? code : nac_lower_mean(l, layer, l->result, x->n / x->dim[0], err);
}

const nac_kind nac_layer_global_avg_pool = {
  .name = "global_avg_pool",
  .n_inputs = 1,
  .describe = nac_global_pool_describe,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_FOLLOWS_BLOCKED,
};
