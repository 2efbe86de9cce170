/* aggregate: mean, sum or maximum along one axis of the sample, which goes: a
 * set (L,F) becomes (F). The maximum's gradient goes to the first of equals. */
#include <stddef.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/step.h"
#include "core/net_impl.h"

enum { FUNC, AXIS };

static const char *const funcs[] = {"mean", "max", "sum", NULL}; /* as nac_reduction */

static const nac_attr_spec attrs[] = {
  {"func", NAC_WORD, NAC_MEAN, 0, 0, funcs},
  {"axis", NAC_INTEGER, 1, -NAC_MAX_RANK, NAC_MAX_RANK, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static nac_reduction func_of(const nac_layer *layer)
{
  return (nac_reduction)nac_layer_attr(layer, FUNC);
}

static int describe(nac_describe *d, nac_error *err)
{
  int axis;
  int i;
  const int code = nac_describe_axis(d, (int64_t)nac_layer_attr(d->layer, AXIS), &axis, err);
  if (code != NAC_OK) {
    return code;
  }
  for (i = axis; i + 1 < d->in_rank[0]; i++) {
    d->out_dim[i] = d->in_dim[0][i + 1];
  }
  d->out_rank = d->in_rank[0] - 1;
  return NAC_OK;
}

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  const nac_reduction func = func_of(layer);
  nac_cost c = nac_cost_elements(net, layer, func == NAC_MAX ? NAC_COST_MAX : NAC_COST_ADD, funcs[func]);
  c.elements -= net->value[layer->output].n;
  return c;
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_reduce(s, r0, nac_step_axis(s, AXIS, r1 - r0), func_of(s->layer));
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_reduce_back(s, r0, nac_step_axis(s, AXIS, r1 - r0), func_of(s->layer));
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  const nac_reduction func = func_of(layer);
  const int64_t *dim;
  const int rank = nac_lower_shape(l, layer, &dim);
  int64_t outer;
  int64_t n;
  int64_t inner;
  int code;
  (void)nac_lower_axis(l, layer, AXIS, &outer, &n, &inner);
  code = nac_igraph_reduce(l->graph, layer->name, nac_lower_input(l, layer, 0),
                           func == NAC_MAX ? NAC_IMAX : NAC_ISUM, outer, n, inner, rank, dim, &l->result, err);
  return code != NAC_OK || func != NAC_MEAN ? code : nac_lower_mean(l, layer, l->result, n, err);
}

const nac_kind nac_layer_aggregate = {
  .name = "aggregate",
  .attrs = attrs,
  .n_inputs = 1,
  .describe = describe,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_X | NAC_NEEDS_Y | NAC_FOLLOWS_BLOCKED,
};
