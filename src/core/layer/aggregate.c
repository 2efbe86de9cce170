/* aggregate: mean, sum or maximum along one axis of the sample, which goes: a
 * set (L,F) becomes (F). The maximum's gradient goes to the first of equals. */
#include <stddef.h>
#include <string.h>

#include "core/layer/kinds.h"
#include "core/layer/step.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

enum { FUNC, AXIS };
enum { MEAN, MAX, SUM };

static const char *const funcs[] = {"mean", "max", "sum", NULL};

static const nac_attr_spec attrs[] = {
  {"func", NAC_WORD, MEAN, 0, 0, funcs},
  {"axis", NAC_INTEGER, 1, -NAC_MAX_RANK, NAC_MAX_RANK, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static int func_of(const nac_layer *layer)
{
  return (int)nac_layer_attr(layer, FUNC);
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
  const int func = func_of(layer);
  nac_cost c = nac_cost_elements(net, layer, func == MAX ? NAC_COST_MAX : NAC_COST_ADD, funcs[func]);
  c.elements -= net->value[layer->output].n;
  return c;
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  const nac_axis_view v = nac_step_axis(s, AXIS, r1 - r0);
  const double scale = func_of(s->layer) == MEAN ? 1.0 / (double)v.n : 1.0;
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  if (func_of(s->layer) == MAX) {
    if (s->mode == NAC_FAST) {
      nac_kern->axis_max(x, y, v.outer, v.n, v.inner);
    } else {
      NAC_TWIN(s, axis_max)(x, y, v.outer, v.n, v.inner);
    }
  } else if (s->mode == NAC_FAST) {
    nac_kern->axis_sum(x, y, (float)scale, v.outer, v.n, v.inner);
  } else {
    NAC_TWIN(s, axis_sum)(x, y, scale, v.outer, v.n, v.inner);
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  const nac_axis_view v = nac_step_axis(s, AXIS, r1 - r0);
  const double scale = func_of(s->layer) == MEAN ? 1.0 / (double)v.n : 1.0;
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  const void *y = nac_row(s, s->y, r0, s->y_len);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  void *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  if (gx == NULL) {
    return;
  }
  if (func_of(s->layer) == MAX) {
    if (s->mode == NAC_FAST) {
      nac_kern->axis_max_back(x, y, gy, gx, v.outer, v.n, v.inner);
    } else {
      NAC_TWIN(s, axis_max_back)(x, y, gy, gx, v.outer, v.n, v.inner);
    }
  } else if (s->mode == NAC_FAST) {
    nac_kern->axis_sum_back(gy, gx, (float)scale, v.outer, v.n, v.inner);
  } else {
    NAC_TWIN(s, axis_sum_back)(gy, gx, scale, v.outer, v.n, v.inner);
  }
}

const nac_kind nac_layer_aggregate = {
  .name = "aggregate",
  .attrs = attrs,
  .n_inputs = 1,
  .describe = describe,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .flags = NAC_NEEDS_X | NAC_NEEDS_Y | NAC_FOLLOWS_BLOCKED,
};
