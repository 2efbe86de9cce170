/* leaky_relu: y = x for x > 0, slope x otherwise. The slope is positive, so that the
 * sign of y is that of x and backward needs no x. */
#include <stddef.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/step.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

static const nac_attr_spec attrs[] = {
  {"slope", NAC_REAL, 0.01, 1e-6, 1, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_COMPARE, NULL);
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_map_with(s, r0, r1, nac_kern->leaky_relu, REF_LEAKY_RELU);
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_map_with_back(s, r0, r1, nac_kern->leaky_relu_back, REF_LEAKY_RELU);
}

/* The slope is at most 1: y is the larger of x and slope x. */
static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  const int x = nac_lower_input(l, layer, 0);
  int low;
  const int code = nac_igraph_scale(l->graph, layer->name, x, 1, 1, &layer->attr[0], NULL, 1, &low, err);
  return code != NAC_OK ? code : nac_igraph_max(l->graph, layer->name, x, low, &l->result, err);
}

const nac_kind nac_layer_leaky_relu = {
  .name = "leaky_relu",
  .attrs = attrs,
  .n_inputs = 1,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_Y | NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED | NAC_CHEAP,
};
