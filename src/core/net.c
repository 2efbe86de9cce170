#include "core/net.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/net_impl.h"

/* No value and no parameter has more elements: keeps all sums of sizes far from overflow. */
#define MAX_ELEMENTS (INT64_C(1) << 48)

/* A batch of values has one dimension more than a sample. */
#define MAX_SAMPLE_RANK (NAC_MAX_RANK - 1)

static int out_of_memory(nac_error *err, const char *what)
{
  return nac_fail(err, NAC_ENOMEM, "out of memory for %s", what);
}

/* Appends one zeroed entry to an array of `n` entries; grows one by one, nets are small. */
static void *append(void **array, int *n, size_t size)
{
  char *bigger = nac_realloc(*array, (size_t)(*n + 1) * size);
  if (bigger == NULL) {
    return NULL;
  }
  *array = bigger;
  memset(bigger + (size_t)*n * size, 0, size);
  return bigger + (size_t)(*n)++ * size;
}

/* Product of the dimensions, or -1 when one is below 1 or the product too large. */
static int64_t count(int rank, const int64_t *dim)
{
  int64_t n = 1;
  int i;
  for (i = 0; i < rank; i++) {
    if (dim[i] < 1 || n > MAX_ELEMENTS / dim[i]) {
      return -1;
    }
    n *= dim[i];
  }
  return n;
}

static int add_value(nac_net *net, int rank, const int64_t *dim, int producer, nac_error *err)
{
  nac_value *v;
  const int64_t n = rank >= 0 && rank <= MAX_SAMPLE_RANK ? count(rank, dim) : -1;
  if (n < 0) {
    char shape[96];
    nac_shape_text(shape, sizeof shape, rank, dim);
    return nac_fail(err, NAC_ESHAPE,
                    "shape %s is not possible: at most %d dimensions, each at least 1, at most 2^48 elements", shape,
                    MAX_SAMPLE_RANK);
  }
  v = append((void **)&net->value, &net->n_values, sizeof *v);
  if (v == NULL) {
    return out_of_memory(err, "a net");
  }
  v->rank = rank;
  memcpy(v->dim, dim, (size_t)rank * sizeof *dim);
  v->n = n;
  v->producer = producer;
  return NAC_OK;
}

int nac_net_new(nac_net **out, int rank, const int64_t *dim, nac_error *err)
{
  nac_net *net = nac_calloc(1, sizeof *net);
  int code;
  *out = NULL;
  if (net == NULL) {
    return out_of_memory(err, "a net");
  }
  code = add_value(net, rank, dim, -1, err);
  if (code != NAC_OK) {
    nac_net_free(net);
    return nac_fail_in(err, code, "input");
  }
  *out = net;
  return NAC_OK;
}

void nac_net_free(nac_net *net)
{
  int i;
  int role;
  if (net == NULL) {
    return;
  }
  for (i = 0; i < net->n_values; i++) {
    nac_quantiser_free(net->value[i].q);
  }
  for (i = 0; i < net->n_layers; i++) {
    if (net->layer[i].call.release != NULL) {
      net->layer[i].call.release(net->layer[i].call.data);
    }
    nac_free(net->layer[i].name);
    nac_free(net->layer[i].group);
  }
  for (role = 0; role < 2; role++) {
    for (i = 0; i < net->n_tensors[role]; i++) {
      nac_free(net->tensor[role][i].name);
      nac_free(net->tensor[role][i].mask);
      nac_quantiser_free(net->tensor[role][i].q);
    }
    nac_free(net->tensor[role]);
    nac_free(net->block[role]);
  }
  nac_free(net->value);
  nac_free(net->layer);
  nac_free(net);
}

static int add_tensor(nac_net *net, nac_role role, const char *layer_name, const nac_param_spec *spec, nac_error *err)
{
  char name[200];
  nac_parameter *p;
  const int64_t n = count(spec->rank, spec->dim);
  if (n < 0) {
    return nac_fail(err, NAC_ESHAPE, "%s has more than 2^48 elements", spec->suffix);
  }
  p = append((void **)&net->tensor[role], &net->n_tensors[role], sizeof *p);
  if (p == NULL) {
    return out_of_memory(err, "a net");
  }
  snprintf(name, sizeof name, "%s.%s", layer_name, spec->suffix);
  p->name = nac_strdup(name);
  if (p->name == NULL) {
    return out_of_memory(err, "a net");
  }
  p->rank = spec->rank;
  memcpy(p->dim, spec->dim, sizeof p->dim);
  p->n = n;
  p->offset = net->n_elements[role];
  p->spec = *spec;
  net->n_elements[role] += n;
  return NAC_OK;
}

int nac_net_add_parameter(nac_net *net, const char *name, const nac_param_spec *spec, nac_error *err)
{
  return add_tensor(net, NAC_PARAMETER, name, spec, err);
}

/* Takes the parameters and buffers of the layer called `share`. */
static int share_tensors(const nac_net *net, nac_layer *layer, const char *share, const nac_describe *d,
                         nac_error *err)
{
  const nac_layer *from = NULL;
  int i;
  for (i = 0; i < net->n_layers - 1; i++) {
    from = strcmp(net->layer[i].name, share) == 0 ? &net->layer[i] : from;
  }
  if (from == NULL || from->kind != layer->kind || from->n_params != d->n_params || from->n_buffers != d->n_buffers) {
    return nac_fail(err, NAC_EINVAL, "cannot share the parameters of '%s'", share);
  }
  for (i = 0; i < d->n_params; i++) {
    const nac_parameter *p = &net->tensor[NAC_PARAMETER][from->param[i]];
    if (p->rank != d->param[i].rank || memcmp(p->dim, d->param[i].dim, (size_t)p->rank * sizeof *p->dim) != 0) {
      char mine[96];
      char theirs[96];
      nac_shape_text(mine, sizeof mine, d->param[i].rank, d->param[i].dim);
      nac_shape_text(theirs, sizeof theirs, p->rank, p->dim);
      return nac_fail(err, NAC_ESHAPE, "needs a %s of %s, but shares one of %s with '%s'", d->param[i].suffix, mine,
                      theirs, share);
    }
    layer->param[i] = from->param[i];
  }
  for (i = 0; i < d->n_buffers; i++) {
    layer->buffer[i] = from->buffer[i];
  }
  return NAC_OK;
}

/* Runs the kind's describe and takes over what it declares. */
static int describe(nac_net *net, nac_layer *layer, const char *share, nac_error *err)
{
  nac_describe d;
  int i;
  int code;
  memset(&d, 0, sizeof d);
  d.layer = layer;
  for (i = 0; i < layer->n_inputs; i++) {
    d.in_rank[i] = net->value[layer->input[i]].rank;
    d.in_dim[i] = net->value[layer->input[i]].dim;
  }
  if (layer->n_inputs > 0) { /* a kind that does not say keeps its first input's shape */
    d.out_rank = d.in_rank[0];
    memcpy(d.out_dim, d.in_dim[0], sizeof d.out_dim);
  }
  code = layer->kind->describe != NULL ? layer->kind->describe(&d, err) : NAC_OK;
  if (code == NAC_OK && share != NULL) {
    code = share_tensors(net, layer, share, &d, err);
  }
  for (i = 0; code == NAC_OK && share == NULL && i < d.n_params; i++) {
    layer->param[i] = net->n_tensors[NAC_PARAMETER];
    code = add_tensor(net, NAC_PARAMETER, layer->name, &d.param[i], err);
  }
  for (i = 0; code == NAC_OK && share == NULL && i < d.n_buffers; i++) {
    layer->buffer[i] = net->n_tensors[NAC_BUFFER];
    code = add_tensor(net, NAC_BUFFER, layer->name, &d.buffer[i], err);
  }
  layer->n_params = d.n_params;
  layer->n_buffers = d.n_buffers;
  layer->output = net->n_values;
  return code != NAC_OK ? code : add_value(net, d.out_rank, d.out_dim, net->n_layers - 1, err);
}

static int check_inputs(const nac_net *net, nac_layer *layer, const int *inputs, int n_inputs, nac_error *err)
{
  int i;
  const int least = layer->kind->n_inputs;
  const int most = layer->kind->max_inputs > 0 ? layer->kind->max_inputs : least;
  if (n_inputs < least || n_inputs > most) {
    return least == most
             ? nac_fail(err, NAC_EINVAL, "takes %d input%s, got %d", least, least == 1 ? "" : "s", n_inputs)
             : nac_fail(err, NAC_EINVAL, "takes %d to %d inputs, got %d", least, most, n_inputs);
  }
  for (i = 0; i < n_inputs; i++) {
    if (inputs[i] < 0 || inputs[i] >= net->n_values) {
      return nac_fail(err, NAC_EINVAL, "input %d is not a value of this net", i + 1);
    }
    layer->input[i] = inputs[i];
  }
  layer->n_inputs = n_inputs;
  return NAC_OK;
}

/* Whether a layer before the newest has that name. */
static int has_layer(const nac_net *net, const char *name)
{
  int i;
  for (i = 0; i < net->n_layers - 1; i++) {
    if (strcmp(net->layer[i].name, name) == 0) {
      return 1;
    }
  }
  return 0;
}

static int name_layer(const nac_net *net, nac_layer *layer, const char *name, const char *group, nac_error *err)
{
  char made[160];
  int i;
  if (name == NULL) {
    int number = 1;
    for (i = 0; i < net->n_layers - 1; i++) {
      number += net->layer[i].kind == layer->kind;
    }
    do { /* past names that the user gave */
      snprintf(made, sizeof made, "%s%d", layer->kind->name, number++);
    } while (has_layer(net, made));
    name = made;
  }
  if (name[0] == '\0' || strlen(name) > 120) {
    return nac_fail(err, NAC_EINVAL, "a layer's name has 1 to 120 characters");
  }
  if (has_layer(net, name)) {
    return nac_fail(err, NAC_EINVAL, "there are two layers called '%s'", name);
  }
  layer->name = nac_strdup(name);
  layer->group = group != NULL ? nac_strdup(group) : NULL;
  return layer->name == NULL || (group != NULL && layer->group == NULL) ? out_of_memory(err, "a net") : NAC_OK;
}

/* Takes the newest layer back, with what it declared from `first` tensors on. */
static void remove_layer(nac_net *net, const int *first)
{
  nac_layer *layer = &net->layer[--net->n_layers];
  int role;
  nac_free(layer->name);
  nac_free(layer->group);
  for (role = 0; role < 2; role++) {
    while (net->n_tensors[role] > first[role]) {
      const nac_parameter *p = &net->tensor[role][--net->n_tensors[role]];
      net->n_elements[role] -= p->name != NULL ? p->n : 0; /* counted last, after the name */
      nac_free(p->name);
    }
  }
}

int nac_net_add(nac_net *net, const char *kind, const char *name, const char *group, const char *share,
                const nac_attr *attrs, int n_attrs, const int *inputs, int n_inputs, int *output, nac_error *err)
{
  nac_layer *layer;
  char where[300];
  int code;
  int i;
  const nac_kind *k = nac_kind_find(kind);
  const int first[2] = {net->n_tensors[0], net->n_tensors[1]};
  if (net->block[NAC_PARAMETER] != NULL) {
    return nac_fail(err, NAC_EINVAL, "this net has its weights already; layers are added before");
  }
  if (k == NULL) {
    return nac_fail(err, NAC_EINVAL, "unknown layer kind '%s'", kind);
  }
  layer = append((void **)&net->layer, &net->n_layers, sizeof *layer);
  if (layer == NULL) {
    return out_of_memory(err, "a net");
  }
  layer->kind = k;
  code = name_layer(net, layer, name, group, err);
  if (code == NAC_OK) {
    code = nac_layer_set_attrs(layer, attrs, n_attrs, err);
  }
  if (code == NAC_OK) {
    code = check_inputs(net, layer, inputs, n_inputs, err);
  }
  if (code == NAC_OK) {
    code = describe(net, layer, share, err);
  }
  if (code != NAC_OK) {
    snprintf(where, sizeof where, "layer %d '%.120s'", net->n_layers, layer->name != NULL ? layer->name : kind);
    remove_layer(net, first);
    return nac_fail_in(err, code, where);
  }
  for (i = 0; i < n_inputs; i++) {
    net->value[inputs[i]].n_consumers++;
  }
  *output = layer->output;
  return NAC_OK;
}

static void draw(const nac_parameter *p, float *data, uint64_t seed)
{
  nac_rng rng = nac_rng_stream(seed, p->name, 0, 0);
  int64_t i;
  for (i = 0; i < p->n; i++) {
    data[i] = (float)(p->spec.init == NAC_INIT_CONSTANT ? p->spec.value
                                                        : p->spec.value * (2.0 * nac_rng_uniform(&rng) - 1.0));
  }
}

int nac_net_init(nac_net *net, uint64_t seed, nac_error *err)
{
  int role;
  int i;
  for (role = 0; role < 2; role++) {
    const size_t bytes = (size_t)net->n_elements[role] * sizeof(float);
    if (net->block[role] == NULL) {
      net->block[role] = nac_malloc(bytes);
    }
    if (net->block[role] == NULL && net->n_tensors[role] == 0) {
      return out_of_memory(err, "a net");
    }
    if (net->block[role] == NULL) {
      int largest = 0;
      for (i = 1; i < net->n_tensors[role]; i++) {
        largest = net->tensor[role][i].n > net->tensor[role][largest].n ? i : largest;
      }
      return nac_fail(err, NAC_ENOMEM, "out of memory: the net's %s take %.1f GB, %s alone %.1f GB",
                      role == NAC_PARAMETER ? "parameters" : "buffers", (double)bytes / 1e9, net->tensor[role][largest].name,
                      (double)net->tensor[role][largest].n * 4e-9);
    }
    for (i = 0; i < net->n_tensors[role]; i++) {
      draw(&net->tensor[role][i], net->block[role] + net->tensor[role][i].offset, seed);
    }
  }
  return NAC_OK;
}

void nac_net_set_callback(nac_net *net, int layer, const nac_callback *callback)
{
  net->layer[layer].call = *callback;
}
