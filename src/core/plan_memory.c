/* Where a plan's activations and gradients lie. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/plan_impl.h"

int64_t nac_arena_layout(nac_span *span, int n)
{
  int64_t total = 0;
  int placed;
  for (placed = 0; placed < n; placed++) {
    int best = -1;
    int i;
    int moved = 1;
    int64_t at = 0;
    for (i = 0; i < n; i++) {
      if (span[i].offset < 0 && (best < 0 || span[i].bytes > span[best].bytes)) {
        best = i;
      }
    }
    while (moved) { /* past every placed span that is alive together with it */
      moved = 0;
      for (i = 0; i < n; i++) {
        if (span[i].offset >= 0 && span[i].from <= span[best].to && span[best].from <= span[i].to &&
            at < span[i].offset + span[i].bytes && span[i].offset < at + span[best].bytes) {
          at = span[i].offset + span[i].bytes;
          moved = 1;
        }
      }
    }
    span[best].offset = at;
    total = at + span[best].bytes > total ? at + span[best].bytes : total;
  }
  return total;
}

/* Room for whole groups of 16 rows (the blocked layout), in whole cache lines. */
int64_t nac_plan_bytes_of(const nac_plan *plan, int value)
{
  const int64_t bytes = (plan->o.max_batch + 15) / 16 * 16 * plan->g.value[value].n * (int64_t)plan->element;
  return (bytes + 63) / 64 * 64;
}

static void extend(nac_span *s, int when)
{
  s->from = when < s->from ? when : s->from;
  s->to = when > s->to ? when : s->to;
}

/* Segment, through both programs, in which a layer's forward or backward ends
 * and begins (a reduce lies one segment before its run). */
static int forward_end(const nac_plan *plan, int layer)
{
  return plan->forward.segment_of[layer];
}

static int forward_begin(const nac_plan *plan, int layer)
{
  const int cut = plan->o.training && plan->step[layer].layer->kind->forward_reduce != NULL;
  return plan->forward.segment_of[layer] - cut;
}

static int backward_end(const nac_plan *plan, int layer)
{
  return plan->forward.n_segments + 1 + plan->backward.segment_of[layer];
}

static int backward_begin(const nac_plan *plan, int layer)
{
  const int cut = plan->step[layer].layer->kind->backward_reduce != NULL;
  return backward_end(plan, layer) - cut;
}

/* When each activation is alive: made, read forward, and read backward where
 * the kind says so. The loss (between the programs) reads the outputs. */
static void live_activations(const nac_plan *plan, nac_span *span)
{
  const nac_graph *g = &plan->g;
  const int loss = plan->forward.n_segments;
  int l;
  int i;
  extend(&span[plan->act_of[0]], 0);
  for (l = 0; l < g->n_layers; l++) {
    const nac_layer *layer = &g->layer[l];
    nac_span *y = &span[plan->act_of[layer->output]];
    extend(y, forward_end(plan, l));
    for (i = 0; i < layer->n_inputs; i++) {
      nac_span *x = &span[plan->act_of[layer->input[i]]];
      extend(x, forward_begin(plan, l));
      extend(x, forward_end(plan, l));
      if (plan->o.training && (layer->kind->flags & NAC_NEEDS_X) != 0) {
        extend(x, backward_end(plan, l));
      }
    }
    if (plan->o.training && (layer->kind->flags & NAC_NEEDS_Y) != 0) {
      extend(y, backward_end(plan, l));
    }
  }
  extend(&span[plan->act_of[g->output]], loss);
  extend(&span[plan->act_of[plan->logits]], loss);
}

static void live_gradients(const nac_plan *plan, nac_span *span)
{
  const nac_graph *g = &plan->g;
  const int loss = plan->forward.n_segments;
  const int end = loss + plan->backward.n_segments;
  int l;
  int i;
  for (l = 0; l < g->n_layers; l++) {
    const nac_layer *layer = &g->layer[l];
    if (plan->grad_of[layer->output] >= 0) {
      extend(&span[plan->grad_of[layer->output]], backward_begin(plan, l));
      extend(&span[plan->grad_of[layer->output]], backward_end(plan, l));
    }
    for (i = 0; i < layer->n_inputs; i++) {
      if (plan->grad_of[layer->input[i]] >= 0) {
        extend(&span[plan->grad_of[layer->input[i]]], backward_end(plan, l));
      }
    }
  }
  extend(&span[plan->grad_of[g->output]], loss);
  extend(&span[plan->grad_of[plan->logits]], loss);
  if (plan->grad_of[0] >= 0) { /* read after the last segment */
    extend(&span[plan->grad_of[0]], end);
  }
}

/* Adds one array of the arena: `bytes`, alive at every moment until extended. */
static void new_span(nac_span *span, int64_t bytes)
{
  *span = (nac_span){.bytes = bytes, .from = 1 << 30, .to = -1, .offset = -1};
}

/* Gradients of a value that wait to be added: none with one reader, else the
 * most that one layer makes. */
static int64_t spares(const nac_graph *g, int value)
{
  int64_t most = 0;
  int l;
  int i;
  for (l = 0; g->value[value].n_consumers > 1 && l < g->n_layers; l++) {
    int64_t times = 0;
    for (i = 0; i < g->layer[l].n_inputs; i++) {
      times += g->layer[l].input[i] == value;
    }
    most = times > most ? times : most;
  }
  return most;
}

static int allocate_arena(nac_plan *plan, nac_error *err)
{
  const nac_graph *g = &plan->g;
  const int n = g->n_values;
  nac_span *span = nac_calloc((size_t)(3 * n), sizeof *span);
  int v;
  if (span == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for a plan");
  }
  for (v = 0; v < n; v++) {
    new_span(&span[v], plan->act_of[v] == v ? nac_plan_bytes_of(plan, v) : 0);
    new_span(&span[n + v], plan->grad_of[v] == v ? nac_plan_bytes_of(plan, v) : 0);
    new_span(&span[2 * n + v], plan->grad_of[v] >= 0 ? spares(&plan->g, v) * nac_plan_bytes_of(plan, v) : 0);
    extend(&span[2 * n + v], 0);
    extend(&span[2 * n + v], 1 << 29); /* rare: kept throughout */
  }
  live_activations(plan, span);
  if (plan->o.training) {
    live_gradients(plan, span + n);
  }
  plan->arena_bytes = nac_arena_layout(span, 3 * n);
  plan->arena = nac_malloc((size_t)plan->arena_bytes);
  if (plan->arena == NULL) {
    nac_free(span);
    return nac_fail(err, NAC_ENOMEM, "out of memory: a batch of %lld rows takes %.2f GB of activations",
                    (long long)plan->o.max_batch, (double)plan->arena_bytes * 1e-9);
  }
  for (v = 0; v < n; v++) {
    plan->act[v] = plan->arena + span[plan->act_of[v]].offset;
    plan->grad[v] = plan->grad_of[v] >= 0 ? plan->arena + span[n + plan->grad_of[v]].offset : NULL;
    plan->tmp[v] = span[2 * n + v].bytes > 0 ? plan->arena + span[2 * n + v].offset : NULL;
  }
  nac_free(span);
  return NAC_OK;
}

/* Memory of parameters and gradients in the plan's precision. */
static int allocate_parameters(nac_plan *plan, nac_error *err)
{
  const size_t np = (size_t)plan->net->n_elements[NAC_PARAMETER];
  const size_t nb = (size_t)plan->net->n_elements[NAC_BUFFER];
  const int wide = plan->mode == NAC_REF_F64;
  if (plan->o.training) {
    plan->g32 = nac_calloc(np, sizeof(float));
  }
  if (wide) {
    plan->w64 = nac_calloc(np, sizeof(double));
    plan->b64 = nac_calloc(nb, sizeof(double));
    plan->g64 = plan->o.training ? nac_calloc(np, sizeof(double)) : NULL;
  }
  if ((plan->o.training && plan->g32 == NULL) || (wide && (plan->w64 == NULL || plan->b64 == NULL)) ||
      (wide && plan->o.training && plan->g64 == NULL)) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for the gradients of %.1f million parameters", (double)np * 1e-6);
  }
  return NAC_OK;
}

static int bind_step(nac_plan *plan, int l, nac_error *err)
{
  nac_step *s = &plan->step[l];
  const nac_layer *layer = s->layer;
  const nac_net *net = plan->net;
  size_t bytes;
  int i;
  for (i = 0; i < layer->n_inputs; i++) {
    s->x[i] = plan->act[layer->input[i]];
    s->gx[i] = plan->grad[layer->input[i]]; /* plan_program.c redirects later readers of a value */
  }
  s->y = plan->act[layer->output];
  s->gy = plan->grad[layer->output];
  for (i = 0; i < layer->n_params; i++) {
    const int64_t at = net->tensor[NAC_PARAMETER][layer->param[i]].offset;
    s->p[i] = plan->w64 != NULL ? (void *)(plan->w64 + at) : (void *)(net->block[NAC_PARAMETER] + at);
    if (plan->o.training) {
      s->gp[i] = plan->g64 != NULL ? (void *)(plan->g64 + at) : (void *)(plan->g32 + at);
    }
  }
  for (i = 0; i < layer->n_buffers; i++) {
    const int64_t at = net->tensor[NAC_BUFFER][layer->buffer[i]].offset;
    s->buf[i] = plan->b64 != NULL ? (void *)(plan->b64 + at) : (void *)(net->block[NAC_BUFFER] + at);
  }
  if (plan->g.norm[l] >= 0 && nac_plan_new_fold(plan, l, err) != NAC_OK) {
    return NAC_ENOMEM;
  }
  bytes = layer->kind->state_size != NULL ? layer->kind->state_size(s) : 0;
  if (bytes > 0) {
    s->state = nac_malloc(bytes);
    if (s->state == NULL) {
      return nac_fail(err, NAC_ENOMEM, "out of memory for layer '%s'", layer->name);
    }
  }
  return NAC_OK;
}

int nac_plan_allocate(nac_plan *plan, nac_error *err)
{
  int code = allocate_arena(plan, err);
  int l;
  if (code == NAC_OK) {
    code = allocate_parameters(plan, err);
  }
  for (l = 0; code == NAC_OK && l < plan->g.n_layers; l++) {
    code = bind_step(plan, l, err);
  }
  return code;
}
