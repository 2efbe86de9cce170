/* standardize: y = (x - offset) scale, one offset and scale a feature. Both are
 * buffers: computed from the data that are fitted (core/scaling.h), never
 * trained, stored with the net, so that the net takes raw units. `axis` is the
 * axis of a sample that holds the features: 1 the first, -1 the last; 0 gives
 * every element of a sample its own. */
#include <stddef.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/mem.h"
#include "core/net_impl.h"
#include "kern/ref/ref.h"

enum { AXIS };
enum { OFFSET, SCALE };

static const nac_attr_spec attrs[] = {
  {"axis", NAC_INTEGER, -1, -NAC_MAX_RANK, NAC_MAX_RANK, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

/* Features of a sample of this shape, and elements behind each in a row of
 * them; 0 when the sample has no such axis. */
static int64_t features_of(const nac_layer *layer, int rank, const int64_t *dim, int64_t *inner)
{
  const int given = (int)nac_layer_attr(layer, AXIS);
  const int axis = given > 0 ? given - 1 : rank + given;
  int64_t n = 1;
  int i;
  *inner = 1;
  if (given != 0 && (axis < 0 || axis >= rank)) {
    return 0;
  }
  for (i = given == 0 ? 0 : axis + 1; i < rank; i++) {
    n *= dim[i];
  }
  *inner = given == 0 ? 1 : n;
  return given == 0 ? n : dim[axis];
}

static int describe(nac_describe *d, nac_error *err)
{
  nac_param_spec one = {.rank = 1, .init = NAC_INIT_CONSTANT};
  int64_t inner;
  one.dim[0] = features_of(d->layer, d->in_rank[0], d->in_dim[0], &inner);
  if (one.dim[0] < 1) {
    return nac_fail(err, NAC_ESHAPE, "axis %d is not one of the %d axes of a sample (1 is the first, -1 the last, 0 all)",
                    (int)nac_layer_attr(d->layer, AXIS), d->in_rank[0]);
  }
  one.suffix = "offset";
  d->buffer[OFFSET] = one;
  one.suffix = "scale";
  one.value = 1;
  d->buffer[SCALE] = one;
  d->n_buffers = 2;
  return NAC_OK;
}

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_SCALE_CONST, NULL);
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  int64_t inner;
  const int64_t n = features_of(s->layer, s->x_rank[0], s->x_dim[0], &inner);
  const long blocks = (long)((r1 - r0) * (s->x_len[0] / (n * inner)));
  NAC_TWIN(s, standardize)
  (nac_row(s, s->x[0], r0, s->x_len[0]), nac_row_out(s, s->y, r0, s->y_len), s->buf[OFFSET], s->buf[SCALE], blocks,
   (long)n, (long)inner);
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  int64_t inner;
  const int64_t n = features_of(s->layer, s->x_rank[0], s->x_dim[0], &inner);
  const long blocks = (long)((r1 - r0) * (s->x_len[0] / (n * inner)));
  if (s->gx[0] != NULL) {
    NAC_TWIN(s, standardize_back)
    (nac_row(s, s->gy, r0, s->y_len), nac_row_out(s, s->gx[0], r0, s->x_len[0]), s->buf[SCALE], blocks, (long)n,
     (long)inner);
  }
}

void nac_standardize_form(const nac_net *net, const nac_layer *layer, int64_t *n, int64_t *inner,
                          const float **offset, const float **scale)
{
  const nac_value *in = &net->value[layer->input[0]];
  *n = features_of(layer, in->rank, in->dim, inner);
  *offset = nac_net_get(net, NAC_BUFFER, layer->buffer[OFFSET]).data;
  *scale = nac_net_get(net, NAC_BUFFER, layer->buffer[SCALE]).data;
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  const float *offset;
  const float *scale;
  double *form;
  int64_t inner;
  int64_t n;
  int64_t i;
  int code;
  nac_standardize_form(l->net, layer, &n, &inner, &offset, &scale);
  form = nac_malloc(2 * (size_t)n * sizeof *form);
  if (form == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for layer '%s'", layer->name);
  }
  for (i = 0; i < n; i++) {
    form[i] = (double)scale[i];
    form[n + i] = -(double)offset[i] * (double)scale[i];
  }
  code =
    nac_igraph_standardise(l->graph, layer->name, nac_lower_input(l, layer, 0), n, inner, form, form + n, &l->result, err);
  nac_free(form);
  return code;
}

const nac_kind nac_layer_standardize = {
  .name = "standardize",
  .attrs = attrs,
  .n_inputs = 1,
  .describe = describe,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_IN_PLACE | NAC_CHEAP,
};
