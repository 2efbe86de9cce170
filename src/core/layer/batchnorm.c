/* batchnorm: y = gamma (x - mean) / sqrt(var + eps) + beta, with mean and
 * variance of each channel (Ioffe & Szegedy 2015). Channels lie along `axis` of
 * a sample: the first by default (channels first; a flat sample's features); -1
 * for the features of a set (L,F), 1 for its positions. Training uses the batch's statistics (biased variance) and
 * moves the running ones by `momentum` (unbiased variance); evaluation uses the
 * running ones. */
#include <math.h>
#include <string.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/step.h"
#include "core/mem.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

enum { MOMENTUM, EPS, AXIS };
enum { GAMMA, BETA };
enum { RUNNING_MEAN, RUNNING_VAR };

static const nac_attr_spec attrs[] = {
  {"momentum", NAC_REAL, 0.1, 0, 1, NULL},
  {"eps", NAC_REAL, 1e-5, 0, 1, NULL},
  {"axis", NAC_INTEGER, 1, -NAC_MAX_RANK, NAC_MAX_RANK, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static int describe(nac_describe *d, nac_error *err)
{
  nac_param_spec one = {.rank = 1, .init = NAC_INIT_CONSTANT};
  int axis;
  const int code = nac_describe_axis(d, (int64_t)nac_layer_attr(d->layer, AXIS), &axis, err);
  if (code != NAC_OK) {
    return code;
  }
  one.dim[0] = d->in_dim[0][axis];
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

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  const int axis = (int)layer->attr[AXIS];
  nac_cost c = nac_cost_elements(net, layer, NAC_COST_SCALE_CONST, NULL);
  c.foldable =
    nac_cost_foldable(net, layer, axis < 0 ? net->value[layer->input[0]].rank + axis : axis - 1);
  return c;
}

void nac_batchnorm_form(const nac_net *net, const nac_layer *layer, int64_t c, double *scale, double *offset)
{
  const float *gamma = nac_net_get(net, NAC_PARAMETER, layer->param[GAMMA]).data;
  const float *beta = nac_net_get(net, NAC_PARAMETER, layer->param[BETA]).data;
  const float *mean = nac_net_get(net, NAC_BUFFER, layer->buffer[RUNNING_MEAN]).data;
  const float *var = nac_net_get(net, NAC_BUFFER, layer->buffer[RUNNING_VAR]).data;
  *scale = (double)gamma[c] / sqrt((double)var[c] + layer->attr[EPS]);
  *offset = (double)beta[c] - (double)mean[c] * *scale;
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
  return nac_step_axis(s, AXIS, 16).n;
}

static double values_a_channel(const nac_step *s)
{
  const int64_t each = s->x_len[0] / channels_of(s);
  return (double)(s->batch * each);
}

/* In the blocked layout the batch may end inside a group of 16 samples. */
static int64_t lanes_in_last_group(const nac_step *s)
{
  return s->blocked ? s->batch % 16 : 0;
}

/* The channel of the i-th run of 16 floats of a group. */
static int64_t channel_at(const nac_axis_view *group, int64_t i)
{
  return i * 16 / group->inner % group->n;
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

static void sums_of_last_group(nac_step *s, const stats *t)
{
  const nac_axis_view v = nac_step_axis(s, AXIS, 16);
  const float *x = nac_row(s, s->x[0], s->batch / 16 * 16, s->x_len[0]);
  int64_t i;
  int64_t l;
  for (i = 0; i < s->x_len[0]; i++) {
    const int64_t c = channel_at(&v, i);
    for (l = 0; l < s->batch % 16; l++) {
      const double d = (double)x[i * 16 + l] - get(s, t->shift, c);
      t->sum[c] += d;
      t->square[c] += d * d;
    }
  }
}

static void forward_reduce(nac_step *s, int64_t r0, int64_t r1)
{
  const stats t = stats_of(s);
  /* a group at a time: the sums must not depend on how many come at once */
  const int64_t step = s->blocked ? 16 : r1 - r0;
  const nac_axis_view v = nac_step_axis(s, AXIS, step);
  int64_t c;
  int64_t r;
  if (r0 == 0) {
    for (c = 0; c < v.n; c++) {
      put(s, t.shift, c, get(s, s->x[0], c * v.inner));
    }
  }
  for (r = r0; r + step <= r1 && r + step <= s->batch; r += step) {
    const void *x = nac_row(s, s->x[0], r, s->x_len[0]);
    if (s->mode == NAC_FAST) {
      nac_kern->norm_sums(x, t.shift, t.sum, t.square, v.outer, v.n, v.inner);
    } else {
      NAC_TWIN(s, norm_sums)(x, t.shift, t.sum, t.square, v.outer, v.n, v.inner);
    }
  }
  if (lanes_in_last_group(s) > 0 && r1 > s->batch) {
    sums_of_last_group(s, &t);
  }
}

static void forward_finish(nac_step *s)
{
  const stats t = stats_of(s);
  const double count = values_a_channel(s);
  const double momentum = nac_layer_attr(s->layer, MOMENTUM);
  const double eps = nac_layer_attr(s->layer, EPS);
  const int64_t n = channels_of(s);
  int64_t c;
  for (c = 0; c < n; c++) {
    const double d = t.sum[c] / count;
    const double mean = get(s, t.shift, c) + d;
    double var = t.square[c] / count - d * d;
    double unbiased;
    double inv_std;
    var = var < 0 ? 0 : var; /* rounding; a NaN stays one */
    unbiased = count > 1 ? var * count / (count - 1) : var;
    inv_std = 1.0 / sqrt(var + eps);
    put(s, t.mean, c, mean);
    put(s, t.inv_std, c, inv_std);
    set_scale(s, &t, c, mean, inv_std);
    put(s, s->buf[RUNNING_MEAN], c, (1 - momentum) * get(s, s->buf[RUNNING_MEAN], c) + momentum * mean);
    put(s, s->buf[RUNNING_VAR], c, (1 - momentum) * get(s, s->buf[RUNNING_VAR], c) + momentum * unbiased);
  }
  memset(t.sum, 0, 2 * (size_t)n * sizeof(double)); /* for the backward pass */
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  const stats t = stats_of(s);
  const nac_axis_view v = nac_step_axis(s, AXIS, r1 - r0);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  if (s->mode == NAC_FAST) {
    nac_kern->norm_apply(x, y, t.a, t.b, v.outer, v.n, v.inner);
  } else {
    NAC_TWIN(s, norm_apply)(x, y, t.a, t.b, v.outer, v.n, v.inner);
  }
}

static void back_sums_of_last_group(nac_step *s, const stats *t)
{
  const nac_axis_view v = nac_step_axis(s, AXIS, 16);
  const float *x = nac_row(s, s->x[0], s->batch / 16 * 16, s->x_len[0]);
  const float *gy = nac_row(s, s->gy, s->batch / 16 * 16, s->y_len);
  int64_t i;
  int64_t l;
  for (i = 0; i < s->x_len[0]; i++) {
    const int64_t c = channel_at(&v, i);
    for (l = i * 16; l < i * 16 + s->batch % 16; l++) {
      t->sum[c] += (double)gy[l];
      t->square[c] += (double)gy[l] * ((double)x[l] - get(s, t->mean, c)) * get(s, t->inv_std, c);
    }
  }
}

static void backward_reduce(nac_step *s, int64_t r0, int64_t r1)
{
  const stats t = stats_of(s);
  const int64_t step = s->blocked ? 16 : r1 - r0;
  const nac_axis_view v = nac_step_axis(s, AXIS, step);
  int64_t r;
  for (r = r0; r + step <= r1 && r + step <= s->batch; r += step) {
    const void *x = nac_row(s, s->x[0], r, s->x_len[0]);
    const void *gy = nac_row(s, s->gy, r, s->y_len);
    if (s->mode == NAC_FAST) {
      nac_kern->norm_back_sums(x, gy, t.mean, t.inv_std, t.sum, t.square, v.outer, v.n, v.inner);
    } else {
      NAC_TWIN(s, norm_back_sums)(x, gy, t.mean, t.inv_std, t.sum, t.square, v.outer, v.n, v.inner);
    }
  }
  if (lanes_in_last_group(s) > 0 && r1 > s->batch) {
    back_sums_of_last_group(s, &t);
  }
}

/* gx = gamma inv_std (gy - mean(gy) - xhat mean(gy xhat)), written as a gy + b x + d. */
static void backward_finish(nac_step *s)
{
  const stats t = stats_of(s);
  const double count = values_a_channel(s);
  const int64_t n = channels_of(s);
  int64_t c;
  for (c = 0; c < n; c++) {
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

/* The samples that the last group lacks have no gradient. */
static void clear_padding(nac_step *s)
{
  float *gx = nac_row_out(s, s->gx[0], s->batch / 16 * 16, s->x_len[0]);
  const int64_t used = s->batch % 16;
  int64_t i;
  for (i = 0; i < s->x_len[0]; i++) {
    memset(gx + i * 16 + used, 0, (size_t)(16 - used) * sizeof *gx);
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  const stats t = stats_of(s);
  const nac_axis_view v = nac_step_axis(s, AXIS, r1 - r0);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  void *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  if (gx == NULL) {
    return;
  }
  if (s->mode == NAC_FAST) {
    nac_kern->norm_back_apply(x, gy, gx, t.a, t.b, t.d, v.outer, v.n, v.inner);
  } else {
    NAC_TWIN(s, norm_back_apply)(x, gy, gx, t.a, t.b, t.d, v.outer, v.n, v.inner);
  }
  if (lanes_in_last_group(s) > 0 && r1 > s->batch) {
    clear_padding(s);
  }
}

/* A scale and an offset a channel; quant.prepare folds it into the product before. */
static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  int64_t outer;
  int64_t n;
  int64_t inner;
  double *form;
  int64_t c;
  int code;
  if (l->net->tensor[NAC_PARAMETER][layer->param[GAMMA]].q != NULL ||
      l->net->tensor[NAC_PARAMETER][layer->param[BETA]].q != NULL) {
    return nac_fail(err, NAC_EINVAL,
                    "layer '%s': a batchnorm with number formats on its parameters has no integer form; fold it into "
                    "the layer before it, or take the formats away",
                    layer->name);
  }
  (void)nac_lower_axis(l, layer, AXIS, &outer, &n, &inner);
  form = nac_malloc(2 * (size_t)n * sizeof *form);
  if (form == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for layer '%s'", layer->name);
  }
  for (c = 0; c < n; c++) {
    nac_batchnorm_form(l->net, layer, c, &form[c], &form[n + c]);
  }
  code = nac_igraph_scale(l->graph, layer->name, nac_lower_input(l, layer, 0), n, inner, form, form + n, 0, &l->result,
                          err);
  nac_free(form);
  return code;
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
  .lower = lower,
  .flags = NAC_NEEDS_X | NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED | NAC_CHEAP,
};
