/* softmax: y = exp(x) / sum exp(x) along one axis of the sample, the last by default. */
#include <stddef.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/softmax.h"
#include "core/layer/step.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

const nac_attr_spec nac_softmax_attrs[] = {
  {"axis", NAC_INTEGER, -1, -NAC_MAX_RANK, NAC_MAX_RANK, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

int nac_softmax_describe(nac_describe *d, nac_error *err)
{
  int axis;
  return nac_describe_axis(d, (int64_t)nac_layer_attr(d->layer, 0), &axis, err);
}

nac_cost nac_softmax_cost(const nac_net *net, const nac_layer *layer, const char *table)
{
  const nac_value *in = &net->value[layer->input[0]];
  const int axis = (int)layer->attr[0];
  nac_cost c = nac_cost_elements(net, layer, NAC_COST_SOFTMAX, table);
  c.positions = in->n / in->dim[axis < 0 ? in->rank + axis : axis - 1];
  return c;
}

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_softmax_cost(net, layer, "softmax");
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_along(s, 0, r0, r1, nac_kern->softmax, NAC_TWIN(s, softmax));
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_along_back(s, 0, r0, r1, nac_kern->softmax_back, NAC_TWIN(s, softmax_back));
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  int64_t outer;
  int64_t n;
  int64_t inner;
  (void)nac_lower_axis(l, layer, 0, &outer, &n, &inner);
  return nac_igraph_softmax(l->graph, layer->name, nac_lower_input(l, layer, 0), outer, n, inner, l->out, &l->result,
                            err);
}

const nac_kind nac_layer_softmax = {
  .name = "softmax",
  .attrs = nac_softmax_attrs,
  .n_inputs = 1,
  .describe = nac_softmax_describe,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_Y | NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED,
};
