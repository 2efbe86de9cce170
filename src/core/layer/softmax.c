/* softmax: y = exp(x) / sum exp(x) along one axis of the sample, the last by default. */
#include <stddef.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/step.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

static const nac_attr_spec attrs[] = {
  {"axis", NAC_INTEGER, -1, -NAC_MAX_RANK, NAC_MAX_RANK, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static int describe(nac_describe *d, nac_error *err)
{
  int axis;
  return nac_describe_axis(d, (int64_t)nac_layer_attr(d->layer, 0), &axis, err);
}

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  const nac_value *in = &net->value[layer->input[0]];
  const int axis = (int)layer->attr[0];
  nac_cost c = nac_cost_elements(net, layer, NAC_COST_SOFTMAX, "softmax");
  c.positions = in->n / in->dim[axis < 0 ? in->rank + axis : axis - 1];
  return c;
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  const nac_axis_view v = nac_step_axis(s, 0, r1 - r0);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  if (s->mode == NAC_FAST) {
    nac_kern->softmax(x, y, v.outer, v.n, v.inner);
  } else {
    NAC_TWIN(s, softmax)(x, y, v.outer, v.n, v.inner);
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  const nac_axis_view v = nac_step_axis(s, 0, r1 - r0);
  const void *y = nac_row(s, s->y, r0, s->y_len);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  void *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  if (gx == NULL) {
    return;
  }
  if (s->mode == NAC_FAST) {
    nac_kern->softmax_back(y, gy, gx, v.outer, v.n, v.inner);
  } else {
    NAC_TWIN(s, softmax_back)(y, gy, gx, v.outer, v.n, v.inner);
  }
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
  .attrs = attrs,
  .n_inputs = 1,
  .describe = describe,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_Y | NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED,
};
