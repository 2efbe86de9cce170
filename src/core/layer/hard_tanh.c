/* hard_tanh: y = x, cut to [-1, 1]. The slope is 1 strictly between. */
#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/step.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_COMPARE, NULL);
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_map(s, r0, r1, nac_kern->hard_tanh, REF_HARD_TANH);
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_map_back(s, r0, r1, nac_kern->hard_tanh_back, REF_HARD_TANH);
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  return nac_igraph_clamp(l->graph, layer->name, nac_lower_input(l, layer, 0), -1, 1, &l->result, err);
}

const nac_kind nac_layer_hard_tanh = {
  .name = "hard_tanh",
  .n_inputs = 1,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_Y | NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED | NAC_CHEAP,
};
