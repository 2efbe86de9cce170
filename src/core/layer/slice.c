/* slice: the elements first..last (counted from 1, negative from the end) along
 * one axis of the sample. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/step.h"
#include "core/net_impl.h"

enum { AXIS, FIRST, LAST };

static const nac_attr_spec attrs[] = {
  {"axis", NAC_INTEGER, 1, -NAC_MAX_RANK, NAC_MAX_RANK, NULL},
  {"first", NAC_INTEGER, 1, -1e15, 1e15, NULL},
  {"last", NAC_INTEGER, -1, -1e15, 1e15, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

/* An end of the slice, counted from 0. */
static int64_t end_of(const nac_layer *layer, int attr, int64_t n)
{
  const int64_t given = (int64_t)nac_layer_attr(layer, attr);
  return given < 0 ? n + given : given - 1;
}

static int describe(nac_describe *d, nac_error *err)
{
  int axis;
  int64_t n;
  int64_t first;
  int64_t last;
  const int code = nac_describe_axis(d, (int64_t)nac_layer_attr(d->layer, AXIS), &axis, err);
  if (code != NAC_OK) {
    return code;
  }
  n = d->in_dim[0][axis];
  first = end_of(d->layer, FIRST, n);
  last = end_of(d->layer, LAST, n);
  if (first < 0 || last >= n || first > last) {
    char shape[96];
    nac_shape_text(shape, sizeof shape, d->in_rank[0], d->in_dim[0]);
    return nac_fail(err, NAC_ESHAPE, "elements %" PRId64 " to %" PRId64 " of axis %d, but an input of shape %s has %" PRId64,
                    first + 1, last + 1, axis + 1, shape, n);
  }
  d->out_dim[axis] = last - first + 1;
  return NAC_OK;
}

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_NONE, NULL);
}

/* One copy an outer index: `bytes` from `skip` on in every `whole` of x. */
typedef struct part {
  size_t whole, skip, bytes;
  int64_t outer;
} part;

static part part_of(const nac_step *s, int64_t rows)
{
  const size_t size = s->mode == NAC_REF_F64 ? sizeof(double) : sizeof(float);
  const nac_axis_view v = nac_step_axis(s, AXIS, rows);
  const int64_t first = end_of(s->layer, FIRST, v.n);
  const part p = {.whole = (size_t)(v.n * v.inner) * size,
                  .skip = (size_t)(first * v.inner) * size,
                  .bytes = (size_t)((end_of(s->layer, LAST, v.n) - first + 1) * v.inner) * size,
                  .outer = v.outer};
  return p;
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  const part p = part_of(s, r1 - r0);
  const char *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  char *y = nac_row_out(s, s->y, r0, s->y_len);
  int64_t o;
  for (o = 0; o < p.outer; o++, x += p.whole, y += p.bytes) {
    memcpy(y, x + p.skip, p.bytes);
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  const part p = part_of(s, r1 - r0);
  const char *gy = nac_row(s, s->gy, r0, s->y_len);
  char *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  int64_t o;
  for (o = 0; gx != NULL && o < p.outer; o++, gx += p.whole, gy += p.bytes) {
    memset(gx, 0, p.skip);
    memcpy(gx + p.skip, gy, p.bytes);
    memset(gx + p.skip + p.bytes, 0, p.whole - p.skip - p.bytes);
  }
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  int64_t outer;
  int64_t n;
  int64_t inner;
  const int axis = nac_lower_axis(l, layer, AXIS, &outer, &n, &inner);
  const int64_t first = end_of(layer, FIRST, n);
  return nac_igraph_slice(l->graph, layer->name, nac_lower_input(l, layer, 0), axis, first,
                          end_of(layer, LAST, n) - first + 1, &l->result, err);
}

const nac_kind nac_layer_slice = {
  .name = "slice",
  .attrs = attrs,
  .n_inputs = 1,
  .describe = describe,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_FOLLOWS_BLOCKED,
};
