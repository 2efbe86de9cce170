/* batchnorm: y = gamma (x - mean) / sqrt(var + eps) + beta over the channels
 * (Ioffe & Szegedy 2015). Channels are the first dimension of a sample; a flat
 * sample's features. Training uses the batch's statistics (biased variance) and
 * moves the running ones by `momentum` (unbiased variance); evaluation uses the
 * running ones. */
#include <math.h>
#include <string.h>

#include "core/layer/kinds.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

enum { MOMENTUM, EPS };
enum { GAMMA, BETA };
enum { RUNNING_MEAN, RUNNING_VAR };

static const nac_attr_spec attrs[] = {
  {"momentum", NAC_REAL, 0.1, 0, 1},
  {"eps", NAC_REAL, 1e-5, 0, 1},
  {NULL, NAC_INTEGER, 0, 0, 0},
};

static int describe(nac_describe *d, nac_error *err)
{
  nac_param_spec one = {.rank = 1, .init = NAC_INIT_CONSTANT};
  if (d->in_rank[0] < 1) {
    return nac_fail(err, NAC_ESHAPE, "needs an input of at least one dimension, got a scalar");
  }
  one.dim[0] = d->in_dim[0][0];
  one.suffix = "weight";
  one.value = 1;
  d->param[GAMMA] = one;
  d->buffer[RUNNING_VAR] = one;
  d->buffer[RUNNING_VAR].suffix = "running_var";
  one.suffix = "bias";
  one.value = 0;
  d->param[BETA] = one;
  d->buffer[RUNNING_MEAN] = one;
  d->buffer[RUNNING_MEAN].suffix = "running_mean";
  d->n_params = 2;
  d->n_buffers = 2;
  return NAC_OK;
}

/* Foldable when it directly follows a product with constants that nothing else reads. */
static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  const nac_value *in = &net->value[layer->input[0]];
  nac_cost c = nac_cost_elements(net, layer, NAC_COST_SCALE_CONST, NULL);
  if (in->producer >= 0 && in->n_consumers == 1) {
    const nac_layer *before = &net->layer[in->producer];
    c.foldable = before->kind->cost(net, before).op == NAC_COST_MATMUL_CONST;
  }
  return c;
}

/* What a batch leaves behind; arrays of `channels` elements follow the struct's
 * place in memory: double sums first, then working-type vectors. */
typedef struct stats {
  double *sum;    /* forward: x - shift; backward: gy */
  double *square; /* forward: (x - shift)^2; backward: gy xhat */
  void *shift;    /* first row of the batch: any value near the mean will do */
  void *mean;
  void *inv_std;
  void *a; /* forward: scale; backward: factor of gy */
  void *b; /* forward: offset; backward: factor of x */
  void *d; /* backward: constant */
} stats;

static int64_t channels_of(const nac_step *s)
{
  return s->x_dim[0][0];
}

static int64_t inner_of(const nac_step *s)
{
  return s->x_len[0] / s->x_dim[0][0];
}

static size_t state_size(const nac_step *s)
{
  return (size_t)channels_of(s) * 8 * sizeof(double);
}

static stats stats_of(const nac_step *s)
{
  const size_t c = (size_t)channels_of(s);
  double *base = s->state;
  stats t = {.sum = base,
             .square = base + c,
             .shift = base + 2 * c,
             .mean = base + 3 * c,
             .inv_std = base + 4 * c,
             .a = base + 5 * c,
             .b = base + 6 * c,
             .d = base + 7 * c};
  return t;
}

static double get(const nac_step *s, const void *array, int64_t i)
{
  return s->mode == NAC_REF_F64 ? ((const double *)array)[i] : (double)((const float *)array)[i];
}

static void put(const nac_step *s, void *array, int64_t i, double x)
{
  if (s->mode == NAC_REF_F64) {
    ((double *)array)[i] = x;
  } else {
    ((float *)array)[i] = (float)x;
  }
}

/* Scale and offset of the evaluation form. */
static void set_scale(nac_step *s, const stats *t, int64_t c, double mean, double inv_std)
{
  const double scale = get(s, s->p[GAMMA], c) * inv_std;
  put(s, t->a, c, scale);
  put(s, t->b, c, get(s, s->p[BETA], c) - mean * scale);
}

static void prepare(nac_step *s)
{
  const stats t = stats_of(s);
  const int64_t n = channels_of(s);
  int64_t c;
  if (!s->training) {
    for (c = 0; c < n; c++) {
      const double var = get(s, s->buf[RUNNING_VAR], c);
      set_scale(s, &t, c, get(s, s->buf[RUNNING_MEAN], c), 1.0 / sqrt(var + nac_layer_attr(s->layer, EPS)));
    }
    return;
  }
  memset(t.sum, 0, 2 * (size_t)n * sizeof(double)); /* sum and square */
}

static void forward_reduce(nac_step *s, int64_t r0, int64_t r1)
{
  const stats t = stats_of(s);
  const int64_t n = channels_of(s);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  int64_t c;
  if (r0 == 0) {
    for (c = 0; c < n; c++) {
      put(s, t.shift, c, get(s, s->x[0], c * inner_of(s)));
    }
  }
  if (s->mode == NAC_FAST && inner_of(s) == 1) {
    nac_kern->norm_sums(x, t.shift, t.sum, t.square, r1 - r0, n);
  } else {
    NAC_TWIN(s, norm_sums)(x, t.shift, t.sum, t.square, r1 - r0, n, inner_of(s));
  }
}

static void forward_finish(nac_step *s)
{
  const stats t = stats_of(s);
  const double count = (double)(s->batch * inner_of(s));
  const double momentum = nac_layer_attr(s->layer, MOMENTUM);
  int64_t c;
  for (c = 0; c < channels_of(s); c++) {
    const double d = t.sum[c] / count;
    const double mean = get(s, t.shift, c) + d;
    double var = t.square[c] / count - d * d;
    double unbiased;
    double inv_std;
    var = var < 0 ? 0 : var; /* rounding; a NaN stays one */
    unbiased = count > 1 ? var * count / (count - 1) : var;
    inv_std = 1.0 / sqrt(var + nac_layer_attr(s->layer, EPS));
    put(s, t.mean, c, mean);
    put(s, t.inv_std, c, inv_std);
    set_scale(s, &t, c, mean, inv_std);
    put(s, s->buf[RUNNING_MEAN], c, (1 - momentum) * get(s, s->buf[RUNNING_MEAN], c) + momentum * mean);
    put(s, s->buf[RUNNING_VAR], c, (1 - momentum) * get(s, s->buf[RUNNING_VAR], c) + momentum * unbiased);
  }
  memset(t.sum, 0, 2 * (size_t)channels_of(s) * sizeof(double)); /* for the backward pass */
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  const stats t = stats_of(s);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  if (s->mode == NAC_FAST && inner_of(s) == 1) {
    nac_kern->norm_apply(x, y, t.a, t.b, r1 - r0, channels_of(s));
  } else {
    NAC_TWIN(s, norm_apply)(x, y, t.a, t.b, r1 - r0, channels_of(s), inner_of(s));
  }
}

static void backward_reduce(nac_step *s, int64_t r0, int64_t r1)
{
  const stats t = stats_of(s);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  if (s->mode == NAC_FAST && inner_of(s) == 1) {
    nac_kern->norm_back_sums(x, gy, t.mean, t.inv_std, t.sum, t.square, r1 - r0, channels_of(s));
  } else {
    NAC_TWIN(s, norm_back_sums)(x, gy, t.mean, t.inv_std, t.sum, t.square, r1 - r0, channels_of(s), inner_of(s));
  }
}

/* gx = gamma inv_std (gy - mean(gy) - xhat mean(gy xhat)), written as a gy + b x + d. */
static void backward_finish(nac_step *s)
{
  const stats t = stats_of(s);
  const double count = (double)(s->batch * inner_of(s));
  int64_t c;
  for (c = 0; c < channels_of(s); c++) {
    const double inv_std = get(s, t.inv_std, c);
    const double a = get(s, s->p[GAMMA], c) * inv_std;
    const double b = -a * inv_std * t.square[c] / count;
    put(s, s->gp[GAMMA], c, get(s, s->gp[GAMMA], c) + t.square[c]);
    put(s, s->gp[BETA], c, get(s, s->gp[BETA], c) + t.sum[c]);
    put(s, t.a, c, a);
    put(s, t.b, c, b);
    put(s, t.d, c, -a * t.sum[c] / count - b * get(s, t.mean, c));
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  const stats t = stats_of(s);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  void *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  if (gx == NULL) {
    return;
  }
  if (s->mode == NAC_FAST && inner_of(s) == 1) {
    nac_kern->norm_back_apply(x, gy, gx, t.a, t.b, t.d, r1 - r0, channels_of(s));
  } else {
    NAC_TWIN(s, norm_back_apply)(x, gy, gx, t.a, t.b, t.d, r1 - r0, channels_of(s), inner_of(s));
  }
}

const nac_kind nac_layer_batchnorm = {
  .name = "batchnorm",
  .attrs = attrs,
  .n_inputs = 1,
  .describe = describe,
  .cost = cost,
  .state_size = state_size,
  .prepare = prepare,
  .forward_reduce = forward_reduce,
  .forward_finish = forward_finish,
  .forward = forward,
  .backward_reduce = backward_reduce,
  .backward_finish = backward_finish,
  .backward = backward,
  .flags = NAC_NEEDS_X,
};
