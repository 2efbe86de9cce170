/* elu: y = x for x > 0, alpha (exp(x) - 1) otherwise (Clevert, Unterthiner &
 * Hochreiter 2015). alpha is positive, so that the sign of y is that of x. */
#include <stddef.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/step.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

static const nac_attr_spec attrs[] = {
  {"alpha", NAC_REAL, 1, 1e-6, 1e6, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_TABLE, "elu");
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_map_with(s, r0, r1, nac_kern->elu, REF_ELU);
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_map_with_back(s, r0, r1, nac_kern->elu_back, REF_ELU);
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  return nac_lower_table(l, layer, REF_ELU, layer->attr[0], err);
}

const nac_kind nac_layer_elu = {
  .name = "elu",
  .attrs = attrs,
  .n_inputs = 1,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_Y | NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED | NAC_CHEAP,
};
