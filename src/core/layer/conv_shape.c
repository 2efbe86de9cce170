/* Attributes, shapes, parameters and cost of conv1d and conv2d. */
#include "core/layer/conv_shape.h"

#include <math.h>
#include <string.h>

#include "core/net_impl.h"

const nac_attr_spec nac_conv_attrs[] = {
  {"channels", NAC_INTEGER, NAN, 1, 1 << 24, NULL},
  {"kernel", NAC_LIST, NAN, 1, 255, NULL},
  {"stride", NAC_LIST, 1, 1, 255, NULL},
  {"dilation", NAC_LIST, 1, 1, 255, NULL},
  {"padding", NAC_LIST, 0, 0, 255, NULL},
  {"same", NAC_FLAG, 0, 0, 1, NULL},
  {"groups", NAC_INTEGER, 1, 1, 1 << 24, NULL},
  {"bias", NAC_FLAG, 1, 0, 1, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

/* A list of one number holds for every dimension. */
static int spread(const nac_layer *layer, int attr, int dims, int64_t *out, nac_error *err)
{
  int n;
  int i;
  const int64_t *list = nac_layer_list(layer, attr, &n);
  if (n != 1 && n != dims) {
    return nac_fail(err, NAC_EINVAL, "attribute '%s' has %d numbers; 1 or %d expected", nac_conv_attrs[attr].name, n,
                    dims);
  }
  for (i = 0; i < dims; i++) {
    out[i] = list[n == 1 ? 0 : i];
  }
  return NAC_OK;
}

/* Output length and padding before the first element, along one dimension.
 * "same" pads as little as gives ceil(in / stride), the odd one behind
 * (TensorFlow's rule); otherwise `padding` on both sides. */
static int64_t output_length(int64_t in, int64_t k, int64_t stride, int64_t dilation, int64_t padding, int same,
                             int64_t *before)
{
  const int64_t span = (k - 1) * dilation + 1;
  if (same) {
    const int64_t out = (in + stride - 1) / stride;
    const int64_t total = (out - 1) * stride + span - in;
    *before = total > 0 ? total / 2 : 0;
    return out;
  }
  *before = padding;
  return in + 2 * padding < span ? 0 : (in + 2 * padding - span) / stride + 1;
}

int nac_conv_shape(ref_conv *g, const nac_layer *layer, const int64_t *dim, int rank, nac_error *err)
{
  const int dims = rank - 1;
  int64_t k[2] = {1, 1};
  int64_t s[2] = {1, 1};
  int64_t d[2] = {1, 1};
  int64_t p[2] = {0, 0};
  const int same = nac_layer_attr(layer, NAC_CONV_SAME) != 0;
  const int at = 2 - dims; /* one-dimensional: the second of (height, width) */
  int code = spread(layer, NAC_CONV_KERNEL, dims, k + at, err);
  memset(g, 0, sizeof *g);
  if (code == NAC_OK) {
    code = spread(layer, NAC_CONV_STRIDE, dims, s + at, err);
  }
  if (code == NAC_OK) {
    code = spread(layer, NAC_CONV_DILATION, dims, d + at, err);
  }
  if (code == NAC_OK) {
    code = spread(layer, NAC_CONV_PADDING, dims, p + at, err);
  }
  if (code != NAC_OK) {
    return code;
  }
  if (same && (p[0] != 0 || p[1] != 0)) {
    return nac_fail(err, NAC_EINVAL, "has its padding from 'same' or from 'padding', not from both");
  }
  g->c = dim[0];
  g->h = dims == 2 ? dim[1] : 1;
  g->w = dim[dims];
  g->o = (int64_t)nac_layer_attr(layer, NAC_CONV_CHANNELS);
  g->groups = (int64_t)nac_layer_attr(layer, NAC_CONV_GROUPS);
  g->kh = k[0];
  g->kw = k[1];
  g->sh = s[0];
  g->sw = s[1];
  g->dh = d[0];
  g->dw = d[1];
  g->oh = output_length(g->h, g->kh, g->sh, g->dh, p[0], same && dims == 2, &g->top);
  g->ow = output_length(g->w, g->kw, g->sw, g->dw, p[1], same, &g->left);
  if (g->c % g->groups != 0 || g->o % g->groups != 0) {
    return nac_fail(err, NAC_ESHAPE, "%lld input and %lld output channels do not divide into %lld groups",
                    (long long)g->c, (long long)g->o, (long long)g->groups);
  }
  if (g->oh < 1 || g->ow < 1) {
    return nac_fail(err, NAC_ESHAPE, "a kernel of %lldx%lld does not fit into %lldx%lldx%lld", (long long)g->kh,
                    (long long)g->kw, (long long)g->c, (long long)g->h, (long long)g->w);
  }
  return NAC_OK;
}

/* W (channels, input channels / groups, kernel), b (channels), uniform in
 * +-1/sqrt(fan_in) (as PyTorch's convolutions). */
int nac_conv_describe(nac_describe *d, nac_error *err)
{
  const int dims = strcmp(d->layer->kind->name, "conv2d") == 0 ? 2 : 1;
  ref_conv g;
  int64_t fan_in;
  double bound;
  int code;
  if (d->in_rank[0] != dims + 1) {
    char got[96];
    nac_shape_text(got, sizeof got, d->in_rank[0], d->in_dim[0]);
    return nac_fail(err, NAC_ESHAPE, "needs samples of (channels, %s), got %s", dims == 2 ? "height, width" : "length",
                    got);
  }
  code = nac_conv_shape(&g, d->layer, d->in_dim[0], d->in_rank[0], err);
  if (code != NAC_OK) {
    return code;
  }
  d->out_dim[0] = g.o;
  d->out_dim[1] = dims == 2 ? g.oh : g.ow;
  d->out_dim[dims] = g.ow;
  fan_in = g.c / g.groups * g.kh * g.kw;
  bound = 1.0 / sqrt((double)fan_in);
  d->param[0] = (nac_param_spec){.suffix = "weight",
                                 .rank = dims + 2,
                                 .dim = {g.o, g.c / g.groups, dims == 2 ? g.kh : g.kw, g.kw},
                                 .init = NAC_INIT_UNIFORM,
                                 .value = bound,
                                 .decayed = 1};
  d->n_params = 1;
  if (nac_layer_attr(d->layer, NAC_CONV_BIAS) != 0) {
    d->param[1] = (nac_param_spec){.suffix = "bias", .rank = 1, .dim = {g.o}, .init = NAC_INIT_UNIFORM, .value = bound};
    d->n_params = 2;
  }
  return NAC_OK;
}

nac_cost nac_conv_cost(const nac_net *net, const nac_layer *layer)
{
  const nac_value *in = &net->value[layer->input[0]];
  nac_cost c = {.op = NAC_COST_MATMUL_CONST, .weight = layer->param[0], .bias = layer->n_params > 1};
  ref_conv g;
  (void)nac_conv_shape(&g, layer, in->dim, in->rank, NULL); /* it was checked when the layer was added */
  c.positions = g.oh * g.ow;
  c.fan_in = g.c / g.groups * g.kh * g.kw;
  c.fan_out = g.o;
  return c;
}
