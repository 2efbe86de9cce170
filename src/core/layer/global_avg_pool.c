/* global_avg_pool: the mean of each channel; (channels, ...) becomes (channels). */
#include <stddef.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/pool.h"
#include "core/layer/step.h"
#include "core/net_impl.h"

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  nac_cost c = nac_cost_elements(net, layer, NAC_COST_ADD, "mean");
  c.elements -= net->value[layer->output].n;
  return c;
}

static nac_axis_view view(const nac_step *s, int64_t rows)
{
  const int64_t side = s->blocked ? 16 : 1;
  const nac_axis_view v = {rows / side * s->y_len, s->x_len[0] / s->y_len, side};
  return v;
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_reduce(s, r0, view(s, r1 - r0), NAC_MEAN);
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_reduce_back(s, r0, view(s, r1 - r0), NAC_MEAN);
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  const nac_value *x = &l->net->value[layer->input[0]];
  const int code = nac_igraph_reduce(l->graph, layer->name, nac_lower_input(l, layer, 0), NAC_ISUM, x->dim[0],
                                      x->n / x->dim[0], 1, 1, x->dim, &l->result, err);
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
