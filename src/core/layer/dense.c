/* dense: y = x W^T + b over the last axis. W (units, fan_in), b (units).
 * Initial values: uniform in +-1/sqrt(fan_in), weight and bias (He et al. 2015
 * with a = sqrt(5), as PyTorch's Linear). */
#include <math.h>
#include <string.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

enum { UNITS, BIAS };

static const nac_attr_spec attrs[] = {
  {"units", NAC_INTEGER, NAN, 1, 1 << 24, NULL},
  {"bias", NAC_FLAG, 1, 0, 1, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static int describe(nac_describe *d, nac_error *err)
{
  const int64_t units = (int64_t)nac_layer_attr(d->layer, UNITS);
  int64_t fan_in;
  double bound;
  if (d->in_rank[0] < 1) {
    return nac_fail(err, NAC_ESHAPE, "needs an input of at least one dimension, got a scalar");
  }
  fan_in = d->in_dim[0][d->in_rank[0] - 1];
  bound = 1.0 / sqrt((double)fan_in);
  d->out_dim[d->out_rank - 1] = units;
  d->param[0] = (nac_param_spec){.suffix = "weight",
                                 .rank = 2,
                                 .dim = {units, fan_in},
                                 .init = NAC_INIT_UNIFORM,
                                 .value = bound,
                                 .decayed = 1};
  d->n_params = 1;
  if (nac_layer_attr(d->layer, BIAS) != 0) {
    d->param[1] =
      (nac_param_spec){.suffix = "bias", .rank = 1, .dim = {units}, .init = NAC_INIT_UNIFORM, .value = bound};
    d->n_params = 2;
  }
  return NAC_OK;
}

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  const nac_value *in = &net->value[layer->input[0]];
  const int64_t fan_in = in->dim[in->rank - 1];
  nac_cost c = {.op = NAC_COST_MATMUL_CONST, .weight = layer->param[0]};
  c.positions = in->n / fan_in;
  c.fan_in = fan_in;
  c.fan_out = (int64_t)layer->attr[UNITS];
  c.out_axis = in->rank - 1;
  c.bias = layer->n_params > 1;
  return c;
}

static int64_t fan_in_of(const nac_step *s)
{
  return s->x_dim[0][s->x_rank[0] - 1];
}

static int64_t units_of(const nac_step *s)
{
  return (int64_t)nac_layer_attr(s->layer, UNITS);
}

/* With few inputs and more units the weights' gradient is summed as its
 * transpose, whose rows fill the vectors. */
static int sums_transpose(const nac_step *s)
{
  return fan_in_of(s) <= 8 && fan_in_of(s) < units_of(s);
}

/* The forward product reads W by columns: a transposed copy, made once a batch;
 * behind it room for the gradient's transpose. */
static size_t state_size(const nac_step *s)
{
  const int64_t n = fan_in_of(s) * units_of(s) * (s->training && sums_transpose(s) ? 2 : 1);
  return s->mode == NAC_FAST ? (size_t)n * sizeof(float) : 0;
}

static void prepare(nac_step *s)
{
  if (s->mode == NAC_FAST) {
    nac_kern->transpose(s->p[0], s->state, units_of(s), fan_in_of(s));
  }
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  const int64_t in = fan_in_of(s);
  const int64_t out = units_of(s);
  const int64_t rows = (r1 - r0) * (s->x_len[0] / in);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  if (s->mode == NAC_FAST) {
    nac_kern->gemm(rows, out, in, x, in, 1, s->state, out, y, out, s->p[1] != NULL ? K_BIAS : K_ZERO, s->p[1]);
  } else {
    NAC_TWIN(s, dense)(x, s->p[0], s->p[1], y, rows, in, out);
  }
}

/* gW (out,in) += gy^T x; the same sums in the same order either way. */
static void add_weights(nac_step *s, const float *x, const float *gy, int64_t rows, int64_t in, int64_t out)
{
  if (sums_transpose(s)) {
    float *turned = (float *)s->state + in * out;
    nac_kern->transpose(s->gp[0], turned, out, in);
    nac_kern->gemm(in, out, rows, x, 1, in, gy, out, turned, out, K_ACCUMULATE, NULL);
    nac_kern->transpose(turned, s->gp[0], in, out);
  } else {
    nac_kern->gemm(out, in, rows, gy, 1, out, x, in, s->gp[0], in, K_ACCUMULATE, NULL);
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  const int64_t in = fan_in_of(s);
  const int64_t out = units_of(s);
  const int64_t rows = (r1 - r0) * (s->x_len[0] / in);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  void *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  if (s->mode != NAC_FAST) {
    NAC_TWIN(s, dense_back)(x, s->p[0], gy, s->gp[0], s->gp[1], gx, rows, in, out);
    return;
  }
  add_weights(s, x, gy, rows, in, out);
  if (s->gp[1] != NULL) {
    nac_kern->column_sum(gy, s->gp[1], rows, out);
  }
  if (gx != NULL) {
    nac_kern->gemm(rows, in, out, gy, out, 1, s->p[0], in, gx, in, K_ZERO, NULL);
  }
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  nac_iconst c;
  int code = nac_lower_constants(l, layer, &c, err);
  if (code == NAC_OK) {
    code = nac_igraph_matmul_const(l->graph, layer->name, nac_lower_input(l, layer, 0), (int64_t)layer->attr[UNITS], &c,
                                   &l->result, err);
  }
  nac_lower_free_constants(&c);
  return code;
}

const nac_kind nac_layer_dense = {
  .name = "dense",
  .attrs = attrs,
  .n_inputs = 1,
  .describe = describe,
  .cost = cost,
  .state_size = state_size,
  .prepare = prepare,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_X,
};
