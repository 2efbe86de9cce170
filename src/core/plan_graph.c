/* The plan's own copy of the net, with the layout of every value decided and
 * layers put in where it changes. */
#include <string.h>

#include "core/layer/kinds.h"
#include "core/mem.h"
#include "core/plan_impl.h"

/* Whether a layer shall work on groups of 16 samples side by side. */
static int wants_blocked(const nac_plan *plan, const nac_layer *layer, int first_input, int is_last)
{
  const unsigned flags = layer->kind->flags;
  if (plan->mode != NAC_FAST) {
    return 0;
  }
  if ((flags & NAC_PREFERS_BLOCKED) != 0) {
    return 1;
  }
  /* The loss reads rows: a final softmax or sigmoid takes its logits so. */
  return !is_last && (flags & (NAC_FOLLOWS_BLOCKED | NAC_ALIAS)) != 0 && plan->g.blocked[first_input];
}

static int new_value(nac_graph *g, const nac_value *like, int producer, int blocked)
{
  nac_value *v = &g->value[g->n_values];
  *v = *like;
  v->q = NULL;
  v->producer = producer;
  v->n_consumers = 0;
  g->blocked[g->n_values] = (char)blocked;
  return g->n_values++;
}

/* The value in the wanted layout: itself, its twin, or a twin made now. */
static int in_layout(nac_graph *g, int value, int blocked, int *twin)
{
  nac_layer *l;
  if (g->blocked[value] == blocked) {
    return value;
  }
  if (twin[value] < 0) {
    l = &g->layer[g->n_layers];
    memset(l, 0, sizeof *l);
    l->kind = &nac_layer_relayout;
    l->n_inputs = 1;
    l->input[0] = value;
    l->output = new_value(g, &g->value[value], g->n_layers, blocked);
    g->n_layers++;
    g->value[value].n_consumers++;
    twin[value] = l->output;
  }
  return twin[value];
}

/* After a quantised value stands a layer that rounds it. */
static int rounded(nac_graph *g, int value, const nac_value *v)
{
  const nac_quantiser *q = v->q;
  nac_layer *l;
  if (q == NULL) {
    return value;
  }
  l = &g->layer[g->n_layers];
  memset(l, 0, sizeof *l);
  l->kind = &nac_layer_quantise;
  l->q = q;
  if (q->learned != NULL) {
    l->kind = &nac_layer_quantise_learned;
    l->n_params = 1;
    l->param[0] = v->step - 1;
  }
  l->n_inputs = 1;
  l->input[0] = value;
  l->output = new_value(g, &g->value[value], g->n_layers, g->blocked[value]);
  g->n_layers++;
  g->value[value].n_consumers++;
  return l->output;
}

static void copy_layer(nac_plan *plan, int index, int *place, int *twin)
{
  const nac_net *net = plan->net;
  const nac_layer *from = &net->layer[index];
  nac_graph *g = &plan->g;
  const int blocked = wants_blocked(plan, from, place[from->input[0]], index == net->n_layers - 1);
  int input[NAC_MAX_INPUTS];
  nac_layer *to;
  int i;
  for (i = 0; i < from->n_inputs; i++) {
    input[i] = in_layout(g, place[from->input[i]], blocked, twin);
  }
  to = &g->layer[g->n_layers];
  *to = *from;
  for (i = 0; i < from->n_inputs; i++) {
    to->input[i] = input[i];
    g->value[input[i]].n_consumers++;
  }
  to->output = new_value(g, &net->value[from->output], g->n_layers, blocked);
  if (index == net->n_layers - 1) {
    plan->head = g->n_layers;
  }
  g->n_layers++;
  place[from->output] = rounded(g, to->output, &net->value[from->output]);
}

static int is_quantised(const nac_net *net, const nac_layer *layer)
{
  int i;
  for (i = 0; i < layer->n_params; i++) {
    if (net->tensor[NAC_PARAMETER][layer->param[i]].q != NULL) {
      return 1;
    }
  }
  return 0;
}

/* In evaluation a batchnorm that directly follows a product with constants
 * becomes part of its weights. */
static int fold_norm(nac_plan *plan, int index, int *place)
{
  const nac_layer *layer = &plan->net->layer[index];
  const int value = place[layer->input[0]];
  const nac_layer *product;
  if (plan->o.training || plan->mode != NAC_FAST || layer->kind != &nac_layer_batchnorm ||
      !layer->kind->cost(plan->net, layer).foldable) {
    return 0;
  }
  product = &plan->g.layer[plan->g.value[value].producer];
  if (product->kind == &nac_layer_quantise || product->kind == &nac_layer_quantise_learned || is_quantised(plan->net, product) || is_quantised(plan->net, layer)) {
    return 0; /* rounding comes between them */
  }
  plan->g.norm[plan->g.value[value].producer] = index;
  place[layer->output] = rounded(&plan->g, value, &plan->net->value[layer->output]);
  return 1;
}

int nac_plan_make_graph(nac_plan *plan, nac_error *err)
{
  const nac_net *net = plan->net;
  nac_graph *g = &plan->g;
  const size_t most = 4 * (size_t)net->n_values + 2; /* for each value a layer, its rounding and their twins */
  int *place = nac_calloc((size_t)net->n_values, sizeof *place);
  int *twin = nac_calloc(most, sizeof *twin);
  size_t i;
  int l;
  g->value = nac_calloc(most, sizeof *g->value);
  g->blocked = nac_calloc(most, 1);
  g->layer = nac_calloc(most, sizeof *g->layer);
  g->norm = nac_calloc(most, sizeof *g->norm);
  if (place == NULL || twin == NULL || g->norm == NULL || g->value == NULL || g->blocked == NULL || g->layer == NULL) {
    nac_free(place);
    nac_free(twin);
    return nac_fail(err, NAC_ENOMEM, "out of memory for a plan");
  }
  for (i = 0; i < most; i++) {
    twin[i] = -1;
    g->norm[i] = -1;
  }
  plan->head = -1;
  place[0] = rounded(g, new_value(g, &net->value[0], -1, 0), &net->value[0]);
  for (l = 0; l < net->n_layers; l++) {
    if (!fold_norm(plan, l, place)) {
      copy_layer(plan, l, place, twin);
    }
  }
  g->output = in_layout(g, place[nac_net_output(net)], 0, twin);
  plan->logits = g->output;
  if (plan->head >= 0 && (strcmp(g->layer[plan->head].kind->name, "softmax") == 0 ||
                          strcmp(g->layer[plan->head].kind->name, "sigmoid") == 0)) {
    plan->logits = g->layer[plan->head].input[0];
  }
  nac_free(place);
  nac_free(twin);
  return NAC_OK;
}

void nac_plan_free_graph(nac_plan *plan)
{
  nac_free(plan->g.value);
  nac_free(plan->g.blocked);
  nac_free(plan->g.layer);
  nac_free(plan->g.norm);
}
