/* concat: two to four values joined along one axis of the sample; their other
 * dimensions are equal. */
#include <stddef.h>
#include <string.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/step.h"
#include "core/net_impl.h"

static const nac_attr_spec attrs[] = {
  {"axis", NAC_INTEGER, 1, -NAC_MAX_RANK, NAC_MAX_RANK, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static int describe(nac_describe *d, nac_error *err)
{
  const int n = d->layer->n_inputs;
  int axis;
  int i;
  int k;
  const int code = nac_describe_axis(d, (int64_t)nac_layer_attr(d->layer, 0), &axis, err);
  if (code != NAC_OK) {
    return code;
  }
  for (i = 1; i < n; i++) {
    int fits = d->in_rank[i] == d->in_rank[0];
    for (k = 0; fits && k < d->in_rank[0]; k++) {
      fits = k == axis || d->in_dim[i][k] == d->in_dim[0][k];
    }
    if (!fits) {
      char first[96];
      char other[96];
      nac_shape_text(first, sizeof first, d->in_rank[0], d->in_dim[0]);
      nac_shape_text(other, sizeof other, d->in_rank[i], d->in_dim[i]);
      return nac_fail(err, NAC_ESHAPE, "cannot join %s and %s along axis %d: their other dimensions differ", first,
                      other, axis + 1);
    }
    d->out_dim[axis] += d->in_dim[i][axis];
  }
  return NAC_OK;
}

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_NONE, NULL);
}

/* Copies input i's share of every outer index between x (dense) and y. */
static void copy(nac_step *s, int64_t r0, int64_t r1, int forward)
{
  const nac_axis_view v = nac_step_axis(s, 0, r1 - r0);
  const size_t size = s->mode == NAC_REF_F64 ? sizeof(double) : sizeof(float);
  const size_t whole = (size_t)((r1 - r0) * s->y_len / v.outer) * size;
  char *y = forward ? nac_row_out(s, s->y, r0, s->y_len) : NULL;
  const char *gy = forward ? NULL : nac_row(s, s->gy, r0, s->y_len);
  size_t at = 0;
  int i;
  for (i = 0; i < s->layer->n_inputs; i++) {
    const size_t bytes = (size_t)((r1 - r0) * s->x_len[i] / v.outer) * size;
    const char *x = nac_row(s, s->x[i], r0, s->x_len[i]);
    char *gx = forward ? NULL : nac_row_out(s, s->gx[i], r0, s->x_len[i]);
    int64_t o;
    for (o = 0; forward && o < v.outer; o++) {
      memcpy(y + (size_t)o * whole + at, x + (size_t)o * bytes, bytes);
    }
    for (o = 0; gx != NULL && o < v.outer; o++) {
      memcpy(gx + (size_t)o * bytes, gy + (size_t)o * whole + at, bytes);
    }
    at += bytes;
  }
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  copy(s, r0, r1, 1);
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  copy(s, r0, r1, 0);
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  int64_t outer;
  int64_t n;
  int64_t inner;
  const int axis = nac_lower_axis(l, layer, 0, &outer, &n, &inner);
  int x[NAC_MAX_INPUTS];
  int i;
  for (i = 0; i < layer->n_inputs; i++) {
    x[i] = nac_lower_input(l, layer, i);
  }
  return nac_igraph_concat(l->graph, layer->name, layer->n_inputs, x, axis, &l->result, err);
}

const nac_kind nac_layer_concat = {
  .name = "concat",
  .attrs = attrs,
  .n_inputs = 2,
  .max_inputs = NAC_MAX_INPUTS,
  .describe = describe,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_FOLLOWS_BLOCKED,
};
