#include "core/igraph/lower.h"

#include <math.h>
#include <string.h>

#include "core/layer/kinds.h"
#include "core/mem.h"
#include "core/net_impl.h"

int nac_lower_input(const nac_lower *l, const nac_layer *layer, int i)
{
  return l->value[layer->input[i]];
}

int nac_lower_shape(const nac_lower *l, const nac_layer *layer, const int64_t **dim)
{
  *dim = l->net->value[layer->output].dim;
  return l->net->value[layer->output].rank;
}

int nac_lower_axis(const nac_lower *l, const nac_layer *layer, int attr, int64_t *outer, int64_t *n, int64_t *inner)
{
  const nac_value *v = &l->net->value[layer->input[0]];
  const int given = (int)layer->attr[attr];
  const int axis = given < 0 ? v->rank + given : given - 1;
  int i;
  *outer = 1;
  *inner = 1;
  for (i = 0; i < v->rank; i++) {
    *outer *= i < axis ? v->dim[i] : 1;
    *inner *= i > axis ? v->dim[i] : 1;
  }
  *n = v->dim[axis];
  return axis;
}

/* "parameter 'dense1.weight'" or "the output of layer 'relu1'", for errors. */
static void place_text(const nac_net *net, nac_place place, int id, char *text, size_t size)
{
  text[0] = '\0';
  if (place == NAC_ON_PARAMETER) {
    strncat(text, "parameter '", size - 1);
    strncat(text, net->tensor[NAC_PARAMETER][id].name, size - strlen(text) - 2);
    strncat(text, "'", size - strlen(text) - 1);
  } else if (net->value[id].producer < 0) {
    strncat(text, "the net's input", size - 1);
  } else {
    strncat(text, "the output of layer '", size - 1);
    strncat(text, net->layer[net->value[id].producer].name, size - strlen(text) - 2);
    strncat(text, "'", size - strlen(text) - 1);
  }
}

static int check_scale(const nac_net *net, nac_place place, int id, const nac_quantiser *q, nac_error *err)
{
  char where[160];
  if (q == NULL || !nac_quantiser_is_scaled(q)) {
    return NAC_OK;
  }
  place_text(net, place, id, where, sizeof where);
  return nac_fail(err, NAC_EINVAL,
                  "%s has the scale %g, which has no integer form: give it a number format (a power-of-two scale; "
                  "quant.settle rounds learned steps to one) and train on",
                  where, nac_quantiser_step(q, 0));
}

static int missing(const nac_net *net, nac_place place, int id, nac_error *err)
{
  char where[160];
  place_text(net, place, id, where, sizeof where);
  return nac_fail(err, NAC_EINVAL, "%s has no number format: net:quantise gives it one", where);
}

/* A parameter as raw values with the binary point of its finest format; pruned elements are 0. */
static int constants_of(const nac_net *net, int id, int64_t **raw, int64_t *n, int *fraction, nac_error *err)
{
  const nac_parameter *p = &net->tensor[NAC_PARAMETER][id];
  const float *data = net->block[NAC_PARAMETER] + p->offset;
  const nac_quantiser *q = p->q;
  int64_t i;
  int code;
  if (q == NULL) {
    return missing(net, NAC_ON_PARAMETER, id, err);
  }
  code = check_scale(net, NAC_ON_PARAMETER, id, q, err);
  if (code != NAC_OK) {
    return code;
  }
  *n = p->n;
  *fraction = q->format[0].width - q->format[0].integer;
  for (i = 1; i < q->n; i++) {
    const int other = q->format[i].width - q->format[i].integer;
    *fraction = other > *fraction ? other : *fraction;
  }
  *raw = nac_malloc((size_t)p->n * sizeof **raw);
  if (*raw == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for '%s'", p->name);
  }
  for (i = 0; i < p->n; i++) {
    const nac_format *f = &q->format[i / q->inner % q->n];
    const int pruned = p->mask != NULL && p->mask[i] == 0;
    const nac_wide v = pruned ? 0 : nac_format_quantise(f, (double)data[i], NULL);
    const int up = *fraction - (f->width - f->integer);
    if (!pruned && !isfinite(data[i])) {
      return nac_fail(err, NAC_ENAN, "parameter '%s' holds a number that is not finite", p->name);
    }
    if (v != 0 && nac_ibits(v, v) + up > 63) {
      return nac_fail(err, NAC_EINVAL, "parameter '%s' needs %d bits to have one binary point; at most 63 are supported",
                      p->name, nac_ibits(v, v) + up);
    }
    (*raw)[i] = v != 0 ? (int64_t)v * ((int64_t)1 << up) : 0;
  }
  return NAC_OK;
}

int nac_lower_constants(const nac_lower *l, const nac_layer *layer, nac_iconst *c, nac_error *err)
{
  int code;
  memset(c, 0, sizeof *c);
  code = constants_of(l->net, layer->param[0], &c->weight, &c->n_weights, &c->weight_fraction, err);
  if (code == NAC_OK && layer->n_params > 1) {
    code = constants_of(l->net, layer->param[1], &c->offset, &c->n_offsets, &c->offset_fraction, err);
  }
  return code;
}

void nac_lower_free_constants(nac_iconst *c)
{
  nac_free(c->weight);
  nac_free(c->offset);
}

int nac_lower_table(nac_lower *l, const nac_layer *layer, int func, double a, nac_error *err)
{
  return nac_igraph_table(l->graph, layer->name, nac_lower_input(l, layer, 0), func, a, l->out, &l->result, err);
}

int nac_lower_same(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  const int x = nac_lower_input(l, layer, 0);
  const int64_t *dim;
  const int rank = nac_lower_shape(l, layer, &dim);
  const nac_ivalue *v = nac_igraph_value(l->graph, x);
  l->result = x;
  if (rank == v->rank && memcmp(dim, v->dim, (size_t)rank * sizeof *dim) == 0) {
    return NAC_OK;
  }
  return nac_igraph_reshape(l->graph, layer->name, x, rank, dim, &l->result, err);
}

int nac_lower_mean(nac_lower *l, const nac_layer *layer, int x, int64_t n, nac_error *err)
{
  const double share = 1.0 / (double)n;
  return nac_igraph_scale(l->graph, layer->name, x, 1, 1, &share, NULL, 1, &l->result, err);
}

/* One layer, then the rounding of its output. */
static int lower_layer(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  int code;
  l->out = l->net->value[layer->output].q;
  code = check_scale(l->net, NAC_ON_VALUE, layer->output, l->out, err);
  if (code != NAC_OK) {
    return code;
  }
  if (layer->kind->lower == NULL) {
    return nac_fail(err, NAC_EINVAL, "layer '%s': %s has no integer form; %s", layer->name, layer->kind->name,
                    layer->kind->instead != NULL ? layer->kind->instead : "build the net without it");
  }
  code = layer->kind->lower(l, layer, err);
  if (code != NAC_OK) {
    return code;
  }
  l->value[layer->output] = l->result;
  if (l->out != NULL && !nac_igraph_is_rounded(l->graph, l->result, layer->name)) {
    code = nac_igraph_requantise(l->graph, layer->name, l->result, l->out, &l->value[layer->output], err);
  }
  return code;
}

/* The input in raw units, in the format it arrives in; then rounded to the net's own, where it has one. */
static int lower_raw_input(nac_lower *l, const nac_format *input, nac_error *err)
{
  const nac_value *in = &l->net->value[0];
  nac_quantiser *raw;
  int code = check_scale(l->net, NAC_ON_VALUE, 0, in->q, err);
  if (code == NAC_OK) {
    code = nac_quantiser_new(&raw, 1, 1, input, NULL, err);
  }
  if (code != NAC_OK) {
    return code;
  }
  code = nac_igraph_input(l->graph, in->rank, in->dim, raw, 1, 1, NULL, NULL, &l->value[0], err);
  nac_quantiser_free(raw);
  if (code == NAC_OK && in->q != NULL) {
    code = nac_igraph_requantise(l->graph, "input", l->value[0], in->q, &l->value[0], err);
  }
  return code;
}

/* The input, rounded. A standardize layer that alone reads it and whose result is rounded is done on
 * the way in: it brings raw units into the range of the formats, which hardware gets. Returns in
 * *first the layer to go on with. */
static int lower_input(nac_lower *l, int *first, nac_error *err)
{
  const nac_net *net = l->net;
  const nac_value *in = &net->value[0];
  const nac_layer *layer = net->n_layers > 0 ? &net->layer[0] : NULL;
  const nac_quantiser *q = in->q;
  const float *offset = NULL;
  const float *scale = NULL;
  int64_t n = 1;
  int64_t inner = 1;
  int code;
  int to = 0;
  *first = 0;
  if (q == NULL && layer != NULL && layer->kind == &nac_layer_standardize && layer->input[0] == 0 &&
      in->n_consumers == 1 && net->value[layer->output].q != NULL) {
    to = layer->output;
    q = net->value[to].q;
    nac_standardize_form(net, layer, &n, &inner, &offset, &scale);
    *first = 1;
  }
  code = check_scale(net, NAC_ON_VALUE, to, q, err);
  if (code == NAC_OK && q == NULL) {
    return missing(net, NAC_ON_VALUE, 0, err);
  }
  return code != NAC_OK ? code : nac_igraph_input(l->graph, in->rank, in->dim, q, n, inner, offset, scale, &l->value[to], err);
}

/* Whether the last layer is the head of a classifier without a number format: outputs are then the logits. */
static int has_head(const nac_net *net)
{
  const nac_layer *last = net->n_layers > 0 ? &net->layer[net->n_layers - 1] : NULL;
  return last != NULL && net->value[last->output].q == NULL &&
         (last->kind == &nac_layer_softmax || last->kind == &nac_layer_log_softmax || last->kind == &nac_layer_sigmoid);
}

static int lower_all(nac_lower *l, const nac_format *input, nac_error *err)
{
  const int head = has_head(l->net);
  const int n = l->net->n_layers - head;
  int i = 0;
  int code = input != NULL ? lower_raw_input(l, input, err) : lower_input(l, &i, err);
  for (; code == NAC_OK && i < n; i++) {
    code = lower_layer(l, &l->net->layer[i], err);
  }
  if (code == NAC_OK) {
    nac_igraph_set_output(l->graph, l->value[head ? l->net->layer[n].input[0] : nac_net_output(l->net)]);
  }
  return code;
}

int nac_lower_net(nac_igraph **out, const nac_net *net, const nac_format *input, nac_error *err)
{
  nac_lower l = {.net = net};
  int code;
  *out = NULL;
  if (!nac_net_is_built(net)) {
    return nac_fail(err, NAC_EINVAL, "the net has no weights: arch:build() makes them");
  }
  nac_net_follow_steps(net);
  code = nac_igraph_new(&l.graph, err);
  if (code != NAC_OK) {
    return code;
  }
  l.value = nac_calloc((size_t)net->n_values, sizeof *l.value);
  code = l.value != NULL ? lower_all(&l, input, err) : nac_fail(err, NAC_ENOMEM, "out of memory for an integer graph");
  nac_free(l.value);
  if (code != NAC_OK) {
    nac_igraph_free(l.graph);
    return code;
  }
  *out = l.graph;
  return NAC_OK;
}
