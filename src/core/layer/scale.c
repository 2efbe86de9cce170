/* scale: y = value x, for constants like 1 / sqrt(d). */
#include <math.h>
#include <stddef.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

static const nac_attr_spec attrs[] = {
  {"value", NAC_REAL, NAN, -1e30, 1e30, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  nac_cost c = nac_cost_elements(net, layer, NAC_COST_SCALE_CONST, NULL);
  c.foldable = nac_cost_foldable(net, layer, -1);
  return c;
}

static void scale(const nac_step *s, const void *x, void *y, int64_t n)
{
  const double value = nac_layer_attr(s->layer, 0);
  if (y == NULL) {
    return;
  }
  if (s->mode == NAC_FAST) {
    nac_kern->scale(x, y, n, (float)value);
  } else {
    NAC_TWIN(s, scale)(x, y, n, value);
  }
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  scale(s, nac_row(s, s->x[0], r0, s->y_len), nac_row_out(s, s->y, r0, s->y_len), (r1 - r0) * s->y_len);
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  scale(s, nac_row(s, s->gy, r0, s->y_len), nac_row_out(s, s->gx[0], r0, s->y_len), (r1 - r0) * s->y_len);
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  return nac_igraph_scale(l->graph, layer->name, nac_lower_input(l, layer, 0), 1, 1, &layer->attr[0], NULL, 1,
                          &l->result, err);
}

const nac_kind nac_layer_scale = {
  .name = "scale",
  .attrs = attrs,
  .n_inputs = 1,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED | NAC_CHEAP,
};
