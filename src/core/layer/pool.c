#include "core/layer/pool.h"

#include "core/igraph/lower.h"
#include "core/net_impl.h"

/* Entry i of `n` that a list gives: its own, or its only one. */
static int64_t entry(const nac_layer *layer, int attr, int i)
{
  int n;
  const int64_t *list = nac_layer_list(layer, attr, &n);
  return list[n == 1 ? 0 : i];
}

static k_pool window_of(const nac_layer *layer, int rank, const int64_t *dim)
{
  const int flat = rank == 2; /* (channels, length) is an image of height 1 */
  k_pool p = {.h = flat ? 1 : dim[1], .w = dim[rank - 1], .kh = 1, .sh = 1, .side = 1, .include_pad = 1};
  const int last = flat ? 0 : 1;
  if (!flat) {
    p.kh = entry(layer, NAC_POOL_SIZE, 0);
    p.sh = entry(layer, NAC_POOL_STRIDE, 0);
    p.sh = p.sh > 0 ? p.sh : p.kh;
    p.ph = entry(layer, NAC_POOL_PADDING, 0);
  }
  p.kw = entry(layer, NAC_POOL_SIZE, last);
  p.sw = entry(layer, NAC_POOL_STRIDE, last);
  p.sw = p.sw > 0 ? p.sw : p.kw;
  p.pw = entry(layer, NAC_POOL_PADDING, last);
  p.oh = (p.h + 2 * p.ph - p.kh) / p.sh + 1;
  p.ow = (p.w + 2 * p.pw - p.kw) / p.sw + 1;
  return p;
}

int nac_pool_describe(nac_describe *d, nac_error *err)
{
  static const char *const names[] = {"size", "stride", "padding"};
  char shape[96];
  k_pool p;
  int a;
  nac_shape_text(shape, sizeof shape, d->in_rank[0], d->in_dim[0]);
  if (d->in_rank[0] != 2 && d->in_rank[0] != 3) {
    return nac_fail(err, NAC_ESHAPE, "needs (channels, length) or (channels, height, width), got %s", shape);
  }
  for (a = 0; a < NAC_POOL_OWN; a++) {
    int n;
    nac_layer_list(d->layer, a, &n);
    if (n != 1 && n != d->in_rank[0] - 1) {
      return nac_fail(err, NAC_EINVAL, "attribute '%s' takes one number, or %d for an input of %s, got %d", names[a],
                      d->in_rank[0] - 1, shape, n);
    }
  }
  p = window_of(d->layer, d->in_rank[0], d->in_dim[0]);
  if (2 * p.ph > p.kh || 2 * p.pw > p.kw) {
    return nac_fail(err, NAC_EINVAL, "attribute 'padding' is at most half of the size");
  }
  if (p.h + 2 * p.ph < p.kh || p.w + 2 * p.pw < p.kw) {
    return nac_fail(err, NAC_ESHAPE, "a window of %ldx%ld does not fit into an input of %s", p.kh, p.kw, shape);
  }
  if (d->in_rank[0] == 3) {
    d->out_dim[1] = p.oh;
  }
  d->out_dim[d->out_rank - 1] = p.ow;
  return NAC_OK;
}

k_pool nac_pool_of(const nac_step *s, int64_t r0, int64_t r1, long *planes)
{
  k_pool p = window_of(s->layer, s->x_rank[0], s->x_dim[0]);
  p.side = s->blocked ? 16 : 1;
  *planes = (r1 - r0) / p.side * s->x_dim[0][0];
  return p;
}

nac_cost nac_pool_cost(const nac_net *net, const nac_layer *layer, nac_cost_op op, const char *func)
{
  const nac_value *in = &net->value[layer->input[0]];
  const k_pool p = window_of(layer, in->rank, in->dim);
  nac_cost c = nac_cost_elements(net, layer, op, func);
  c.elements = net->value[layer->output].n * (p.kh * p.kw - 1);
  return c;
}

int nac_global_pool_describe(nac_describe *d, nac_error *err)
{
  if (d->in_rank[0] < 2) {
    char shape[96];
    nac_shape_text(shape, sizeof shape, d->in_rank[0], d->in_dim[0]);
    return nac_fail(err, NAC_ESHAPE, "needs (channels, length) or (channels, height, width), got %s", shape);
  }
  d->out_rank = 1;
  return NAC_OK;
}

nac_axis_view nac_global_pool_view(const nac_step *s, int64_t rows)
{
  const int64_t side = s->blocked ? 16 : 1;
  const nac_axis_view v = {rows / side * s->y_len, s->x_len[0] / s->y_len, side};
  return v;
}

nac_cost nac_global_pool_cost(const nac_net *net, const nac_layer *layer, nac_cost_op op, const char *func)
{
  nac_cost c = nac_cost_elements(net, layer, op, func);
  c.elements -= net->value[layer->output].n;
  return c;
}

int nac_global_pool_lower(nac_lower *l, const nac_layer *layer, nac_ihow how, nac_error *err)
{
  const nac_value *x = &l->net->value[layer->input[0]];
  return nac_igraph_reduce(l->graph, layer->name, nac_lower_input(l, layer, 0), how, x->dim[0], x->n / x->dim[0], 1, 1,
                           x->dim, &l->result, err);
}

int nac_pool_lower(nac_lower *l, const nac_layer *layer, nac_ihow how, nac_iwindow *w, nac_error *err)
{
  const nac_value *in = &l->net->value[layer->input[0]];
  const k_pool p = window_of(layer, in->rank, in->dim);
  const nac_iwindow made = {.c = in->dim[0], .h = p.h, .w = p.w, .o = in->dim[0], .oh = p.oh, .ow = p.ow, .kh = p.kh,
                            .kw = p.kw, .sh = p.sh, .sw = p.sw, .dh = 1, .dw = 1, .top = p.ph, .left = p.pw,
                            .groups = in->dim[0]};
  const int64_t *dim;
  const int rank = nac_lower_shape(l, layer, &dim);
  if (w != NULL) {
    *w = made;
  }
  return nac_igraph_window(l->graph, layer->name, nac_lower_input(l, layer, 0), how, &made, rank, dim, &l->result, err);
}

/* Of k places from `first` on, those in [0, n). */
static int64_t inside(int64_t first, int64_t k, int64_t n)
{
  const int64_t last = first + k < n ? first + k : n;
  return last - (first > 0 ? first : 0);
}

int64_t nac_pool_inside(const nac_iwindow *w, int64_t i)
{
  return inside(i / w->ow % w->oh * w->sh - w->top, w->kh, w->h) * inside(i % w->ow * w->sw - w->left, w->kw, w->w);
}
