/* layernorm: y = w xhat + b, xhat with mean 0 and variance 1 in every sample (Ba,
 * Kiros & Hinton 2016, eq. 3): over its last `rank` dimensions (1: features of
 * each position; 0: the whole sample), w and b of their shape; or, where `axis`
 * is given, along that one (1: over the channels of each pixel). */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/step.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

enum { RANK, AXIS, EPS };
enum { WEIGHT, SHIFT };

static const nac_attr_spec attrs[] = {
  {"rank", NAC_INTEGER, 1, 0, NAC_MAX_RANK, NULL},
  {"axis", NAC_INTEGER, 0, -NAC_MAX_RANK, NAC_MAX_RANK, NULL}, /* 0 = not given */
  {"eps", NAC_REAL, 1e-5, 0, 1, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static int describe(nac_describe *d, nac_error *err)
{
  nac_param_spec one = {.suffix = "weight", .init = NAC_INIT_CONSTANT, .value = 1};
  const int given = (int)nac_layer_attr(d->layer, RANK);
  const int rank = given > 0 ? given : d->in_rank[0];
  if (nac_layer_attr(d->layer, AXIS) != 0) {
    int axis;
    const int code = nac_describe_axis(d, (int64_t)nac_layer_attr(d->layer, AXIS), &axis, err);
    if (code != NAC_OK) {
      return code;
    }
    one.rank = 1;
    one.dim[0] = d->in_dim[0][axis];
  } else if (rank > d->in_rank[0] || rank == 0) {
    char shape[96];
    nac_shape_text(shape, sizeof shape, d->in_rank[0], d->in_dim[0]);
    return nac_fail(err, NAC_ESHAPE, "rank %d, but the input of shape %s has %d dimensions", given, shape,
                    d->in_rank[0]);
  } else {
    one.rank = rank;
    memcpy(one.dim, d->in_dim[0] + d->in_rank[0] - rank, (size_t)rank * sizeof *one.dim);
  }
  d->param[WEIGHT] = one;
  d->param[SHIFT] = one;
  d->param[SHIFT].suffix = "bias";
  d->param[SHIFT].value = 0;
  d->n_params = 2;
  return NAC_OK;
}

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  const nac_parameter *weight = &net->tensor[NAC_PARAMETER][layer->param[WEIGHT]];
  nac_cost c = nac_cost_elements(net, layer, NAC_COST_LAYERNORM, NULL);
  c.positions = c.elements / weight->n;
  return c;
}

static nac_axis_view view(const nac_step *s, int64_t rows)
{
  const int64_t side = s->blocked ? 16 : 1;
  const int given = (int)nac_layer_attr(s->layer, RANK);
  nac_axis_view v = {.outer = rows / side, .n = 1, .inner = side};
  int i;
  if (nac_layer_attr(s->layer, AXIS) != 0) {
    return nac_step_axis(s, AXIS, rows);
  }
  for (i = 0; i < s->x_rank[0]; i++) {
    if (given == 0 || i >= s->x_rank[0] - given) {
      v.n *= s->x_dim[0][i];
    } else {
      v.outer *= s->x_dim[0][i];
    }
  }
  return v;
}

/* Mean and 1 / standard deviation of every row, in the step's type. */
static int64_t positions_of(const nac_step *s)
{
  const nac_axis_view v = view(s, 16);
  return v.outer * v.inner / 16;
}

static size_t state_size(const nac_step *s)
{
  return (size_t)((s->max_batch + 15) / 16 * 16 * positions_of(s)) * 2 * sizeof(double);
}

static void *mean_of(const nac_step *s, int64_t r)
{
  return nac_row_out(s, s->state, r, positions_of(s));
}

static void *inv_std_of(const nac_step *s, int64_t r)
{
  return nac_row_out(s, mean_of(s, (s->max_batch + 15) / 16 * 16), r, positions_of(s));
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  const nac_axis_view v = view(s, r1 - r0);
  const double eps = nac_layer_attr(s->layer, EPS);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  if (s->mode == NAC_FAST) {
    nac_kern->layernorm(x, s->p[WEIGHT], s->p[SHIFT], y, mean_of(s, r0), inv_std_of(s, r0), v.outer, v.n, v.inner,
                        (float)eps);
  } else {
    NAC_TWIN(s, layernorm)
    (x, s->p[WEIGHT], s->p[SHIFT], y, mean_of(s, r0), inv_std_of(s, r0), v.outer, v.n, v.inner, eps);
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  const nac_axis_view v = view(s, r1 - r0);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  void *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  if (s->mode == NAC_FAST) {
    nac_kern->layernorm_back(x, s->p[WEIGHT], gy, mean_of(s, r0), inv_std_of(s, r0), s->gp[WEIGHT], s->gp[SHIFT], gx,
                             v.outer, v.n, v.inner);
  } else {
    NAC_TWIN(s, layernorm_back)
    (x, s->p[WEIGHT], gy, mean_of(s, r0), inv_std_of(s, r0), s->gp[WEIGHT], s->gp[SHIFT], gx, v.outer, v.n, v.inner);
  }
}

/* x to mean 0 and variance 1, then a scale and an offset of its own for each element, exactly. */
static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  const nac_parameter *weight = &l->net->tensor[NAC_PARAMETER][layer->param[WEIGHT]];
  int64_t outer;
  int64_t n = weight->n;
  int64_t inner = 1;
  nac_iconst c;
  int x;
  int code;
  if (layer->attr[AXIS] != 0) {
    (void)nac_lower_axis(l, layer, AXIS, &outer, &n, &inner);
  } else {
    outer = l->net->value[layer->input[0]].n / n;
  }
  code = nac_igraph_normalise(l->graph, layer->name, nac_lower_input(l, layer, 0), layer->attr[EPS], outer, n, inner, &x,
                              err);
  if (code != NAC_OK) {
    return code;
  }
  code = nac_lower_constants(l, layer, &c, err);
  if (code == NAC_OK) {
    code = nac_igraph_affine(l->graph, layer->name, x, inner, &c, &l->result, err);
  }
  nac_lower_free_constants(&c);
  return code;
}

const nac_kind nac_layer_layernorm = {
  .name = "layernorm",
  .attrs = attrs,
  .n_inputs = 1,
  .describe = describe,
  .cost = cost,
  .state_size = state_size,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_X | NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED,
};
