/* gelu: y = x Phi(x), Phi the normal distribution function; `approximate` takes
 * .5 x (1 + tanh(sqrt(2/pi) (x + .044715 x^3))) (Hendrycks & Gimpel 2016). */
#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/step.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

static const nac_attr_spec attrs[] = {
  {"approximate", NAC_FLAG, 0, 0, 1, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static int is_approximate(const nac_layer *layer)
{
  return nac_layer_attr(layer, 0) != 0;
}

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_TABLE, is_approximate(layer) ? "gelu_tanh" : "gelu");
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  if (is_approximate(s->layer)) {
    nac_step_map(s, r0, r1, nac_kern->gelu_tanh, REF_GELU_TANH);
  } else {
    nac_step_map(s, r0, r1, nac_kern->gelu, REF_GELU);
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  if (is_approximate(s->layer)) {
    nac_step_map_back(s, r0, r1, nac_kern->gelu_tanh_back, REF_GELU_TANH);
  } else {
    nac_step_map_back(s, r0, r1, nac_kern->gelu_back, REF_GELU);
  }
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  return nac_lower_table(l, layer, is_approximate(layer) ? REF_GELU_TANH : REF_GELU, 0, err);
}

const nac_kind nac_layer_gelu = {
  .name = "gelu",
  .attrs = attrs,
  .n_inputs = 1,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_X | NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED | NAC_CHEAP,
};
