/* permute: the axes of the sample in another order; axis i of the output is axis
 * order[i] of the input, counted from 1. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/net_impl.h"
#include "kern/kern.h"

static const nac_attr_spec attrs[] = {
  {"order", NAC_LIST, NAN, 1, NAC_MAX_RANK, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static int describe(nac_describe *d, nac_error *err)
{
  int n;
  const int64_t *order = nac_layer_list(d->layer, 0, &n);
  unsigned seen = 0;
  int i;
  for (i = 0; i < n && order[i] <= d->in_rank[0]; i++) {
    seen |= 1u << (order[i] - 1);
    d->out_dim[i] = d->in_dim[0][order[i] - 1];
  }
  if (n != d->in_rank[0] || seen != (1u << n) - 1u) {
    char text[96];
    char shape[96];
    nac_shape_text(text, sizeof text, n, order);
    nac_shape_text(shape, sizeof shape, d->in_rank[0], d->in_dim[0]);
    return nac_fail(err, NAC_ESHAPE, "order %s does not name each axis of an input of shape %s once", text, shape);
  }
  return NAC_OK;
}

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_NONE, NULL);
}

/* The output's dimensions that stay apart, and how far their neighbours lie
 * apart in the input, in elements; then runs of `run` elements. */
typedef struct walk {
  int rank;
  int64_t dim[NAC_MAX_RANK];
  int64_t stride[NAC_MAX_RANK];
  int64_t run;
} walk;

static walk walk_of(const nac_step *s)
{
  int n;
  const int64_t *order = nac_layer_list(s->layer, 0, &n);
  int64_t stride[NAC_MAX_RANK];
  walk w = {.rank = 0, .run = s->blocked ? 16 : 1};
  int64_t next = w.run;
  int i;
  for (i = n - 1; i >= 0; i--) {
    stride[i] = next;
    next *= s->x_dim[0][i];
  }
  for (i = 0; i < n; i++) {
    const int64_t dim = s->x_dim[0][order[i] - 1];
    const int64_t apart = stride[order[i] - 1];
    if (w.rank > 0 && w.stride[w.rank - 1] == apart * dim) { /* goes on where the one before steps */
      w.dim[w.rank - 1] *= dim;
      w.stride[w.rank - 1] = apart;
    } else {
      w.dim[w.rank] = dim;
      w.stride[w.rank++] = apart;
    }
  }
  if (w.rank > 0 && w.stride[w.rank - 1] == w.run) {
    w.run *= w.dim[--w.rank];
  }
  return w;
}

/* Copies one sample, or one group of them, from its place in x to its place in y,
 * or back: runs of y follow one another. */
static void copy(const walk *w, const char *from, char *to, size_t size, int forward)
{
  int64_t index[NAC_MAX_RANK] = {0};
  const size_t bytes = (size_t)w->run * size;
  int64_t at = 0;
  int d = 0;
  while (d >= 0) {
    if (forward) {
      memcpy(to, from + (size_t)at * size, bytes);
      to += bytes;
    } else {
      memcpy(to + (size_t)at * size, from, bytes);
      from += bytes;
    }
    for (d = w->rank - 1; d >= 0; d--) { /* the next index, like an odometer */
      at += w->stride[d];
      if (++index[d] < w->dim[d]) {
        break;
      }
      at -= w->stride[d] * w->dim[d];
      index[d] = 0;
    }
  }
}

static void run(const nac_step *s, const void *from, void *to, int64_t r0, int64_t r1, int forward)
{
  const walk w = walk_of(s);
  const int64_t side = s->blocked ? 16 : 1;
  const size_t size = s->mode == NAC_REF_F64 ? sizeof(double) : sizeof(float);
  /* a matrix turned round */
  const int turned = s->mode == NAC_FAST && w.rank == 2 && w.run == 1 && w.stride[0] == 1 && w.stride[1] == w.dim[0];
  int64_t r;
  for (r = r0; to != NULL && r < r1; r += side) {
    const void *x = nac_row(s, from, r, s->y_len);
    void *y = nac_row_out(s, to, r, s->y_len);
    if (turned && forward) {
      nac_kern->transpose(x, y, w.dim[1], w.dim[0]);
    } else if (turned) {
      nac_kern->transpose(x, y, w.dim[0], w.dim[1]);
    } else {
      copy(&w, x, y, size, forward);
    }
  }
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  run(s, s->x[0], s->y, r0, r1, 1);
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  run(s, s->gy, s->gx[0], r0, r1, 0);
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  int n;
  const int64_t *list = nac_layer_list(layer, 0, &n);
  int order[NAC_MAX_RANK];
  int i;
  for (i = 0; i < n; i++) {
    order[i] = (int)list[i] - 1;
  }
  return nac_igraph_permute(l->graph, layer->name, nac_lower_input(l, layer, 0), order, &l->result, err);
}

const nac_kind nac_layer_permute = {
  .name = "permute",
  .attrs = attrs,
  .n_inputs = 1,
  .describe = describe,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_FOLLOWS_BLOCKED,
};
