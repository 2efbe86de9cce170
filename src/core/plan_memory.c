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

/* Room for `rows` rows in whole groups of 16 (the blocked layout), in whole cache lines. */
static int64_t bytes_of_rows(const nac_plan *plan, int value, int64_t rows)
{
  const int64_t bytes = (rows + 15) / 16 * 16 * plan->g.value[value].n * (int64_t)plan->element;
  return (bytes + 63) / 64 * 64;
}

int64_t nac_plan_bytes_of_piece(const nac_plan *plan, int value)
{
  const int64_t rows = plan->o.max_batch < plan->o.piece ? plan->o.max_batch : plan->o.piece;
  return bytes_of_rows(plan, value, rows);
}

static void extend(nac_span *s, int when)
{
  s->from = when < s->from ? when : s->from;
  s->to = when > s->to ? when : s->to;
}

/* The moments of a plan's life, counted through both programs: segments, or (to
 * place what lives in one segment only) the layers' runs one by one. */
typedef struct moments {
  const nac_plan *plan;
  int by_layer;
} moments;

static int at_loss(const moments *m)
{
  return m->by_layer ? m->plan->g.n_layers : m->plan->forward.n_segments;
}

static int at_end(const moments *m)
{
  return at_loss(m) + (m->by_layer ? m->plan->g.n_layers : m->plan->backward.n_segments);
}

/* When a layer's forward or backward ends and begins (a reduce lies one segment
 * before its run). */
static int forward_end(const moments *m, int layer)
{
  return m->by_layer ? layer : m->plan->forward.segment_of[layer];
}

static int forward_begin(const moments *m, int layer)
{
  const int cut = m->plan->o.training && m->plan->step[layer].layer->kind->forward_reduce != NULL;
  return forward_end(m, layer) - (cut && !m->by_layer);
}

static int backward_end(const moments *m, int layer)
{
  return m->by_layer ? 2 * m->plan->g.n_layers - layer : at_loss(m) + 1 + m->plan->backward.segment_of[layer];
}

static int backward_begin(const moments *m, int layer)
{
  const int cut = m->plan->step[layer].layer->kind->backward_reduce != NULL;
  return backward_end(m, layer) - (cut && !m->by_layer);
}

/* When each activation is alive: made, read forward, and read backward where
 * the kind says so. The loss (between the programs) reads the outputs. */
static void live_activations(const moments *m, nac_span *span)
{
  const nac_plan *plan = m->plan;
  const nac_graph *g = &plan->g;
  int l;
  int i;
  extend(&span[plan->act_of[0]], 0);
  for (l = 0; l < g->n_layers; l++) {
    const nac_layer *layer = &g->layer[l];
    nac_span *y = &span[plan->act_of[layer->output]];
    extend(y, forward_end(m, l));
    for (i = 0; i < layer->n_inputs; i++) {
      nac_span *x = &span[plan->act_of[layer->input[i]]];
      extend(x, forward_begin(m, l));
      extend(x, forward_end(m, l));
      if (plan->o.training && (layer->kind->flags & NAC_NEEDS_X) != 0) {
        extend(x, backward_end(m, l));
      }
    }
    if (plan->o.training && (layer->kind->flags & NAC_NEEDS_Y) != 0) {
      extend(y, backward_end(m, l));
    }
  }
  extend(&span[plan->act_of[g->output]], at_loss(m));
  extend(&span[plan->act_of[plan->logits]], at_loss(m));
}

static void live_gradients(const moments *m, nac_span *span, nac_span *spare)
{
  const nac_plan *plan = m->plan;
  const nac_graph *g = &plan->g;
  int l;
  int i;
  for (l = 0; l < g->n_layers; l++) {
    const nac_layer *layer = &g->layer[l];
    if (plan->grad_of[layer->output] >= 0) {
      extend(&span[plan->grad_of[layer->output]], backward_begin(m, l));
      extend(&span[plan->grad_of[layer->output]], backward_end(m, l));
    }
    for (i = 0; i < layer->n_inputs; i++) {
      if (plan->grad_of[layer->input[i]] >= 0) {
        extend(&span[plan->grad_of[layer->input[i]]], backward_end(m, l));
        extend(&spare[layer->input[i]], backward_end(m, l));
      }
    }
  }
  extend(&span[plan->grad_of[g->output]], at_loss(m));
  extend(&span[plan->grad_of[plan->logits]], at_loss(m));
  if (plan->grad_of[0] >= 0) { /* read after the last segment */
    extend(&span[plan->grad_of[0]], at_end(m));
  }
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

/* The arrays of a plan: by value its activation, its gradient, and its gradients
 * that wait to be added. */
typedef struct arrays {
  int n;
  nac_span *whole; /* (3n) arrays of all rows */
  nac_span *piece; /* (3n) arrays of the piece at hand; each array has bytes here or there */
} arrays;

static void clear_spans(arrays *a)
{
  int i;
  for (i = 0; i < 3 * a->n; i++) {
    a->whole[i] = a->piece[i] = (nac_span){.from = 1 << 30, .to = -1, .offset = -1};
  }
}

static void live(const nac_plan *plan, int by_layer, int n, nac_span *span)
{
  const moments m = {plan, by_layer};
  live_activations(&m, span);
  if (plan->o.training) {
    live_gradients(&m, span + n, span + 2 * n);
  }
}

/* Whether something outside the programs reads or writes a value: the loss, the user. */
static int seen_from_outside(const nac_plan *plan, int i)
{
  const int n = plan->g.n_values;
  const int v = i % n;
  if (i < n) {
    return v == plan->act_of[0] || v == plan->act_of[plan->g.output] || v == plan->act_of[plan->logits];
  }
  return v == plan->grad_of[0] || v == plan->grad_of[plan->g.output] || v == plan->grad_of[plan->logits];
}

/* What is made again needs room whenever a piece is at work. */
static void keep(nac_plan *plan, nac_span *s)
{
  extend(s, 0);
  extend(s, at_end(&(moments){plan, 1}));
}

/* What lives within one segment needs no more room than a piece, and stays in
 * the cache; gradients that wait to be added always do. */
static void measure(nac_plan *plan, arrays *a)
{
  const int n = a->n;
  int i;
  live(plan, 0, n, a->whole);
  live(plan, 1, n, a->piece);
  if (plan->o.training) {
    nac_plan_choose_again(plan, a->whole);
  }
  for (i = 0; i < 2 * n; i++) {
    const int v = i % n;
    if ((i < n ? plan->act_of : plan->grad_of)[v] != v) {
      continue;
    }
    if (i < n && plan->again[i]) {
      a->piece[i].bytes = nac_plan_bytes_of_piece(plan, v);
      keep(plan, &a->piece[i]);
    } else if (a->whole[i].from == a->whole[i].to && !seen_from_outside(plan, i)) {
      a->piece[i].bytes = nac_plan_bytes_of_piece(plan, v);
    } else {
      a->whole[i].bytes = bytes_of_rows(plan, v, plan->o.max_batch);
    }
  }
  for (i = 0; i < n; i++) {
    a->piece[2 * n + i].bytes = plan->grad_of[i] >= 0 ? spares(&plan->g, i) * nac_plan_bytes_of_piece(plan, i) : 0;
  }
}

static void *place(const nac_plan *plan, const arrays *a, int i)
{
  if (a->piece[i].bytes > 0) {
    return plan->pieces + a->piece[i].offset;
  }
  return a->whole[i].bytes > 0 ? plan->arena + a->whole[i].offset : NULL;
}

static int allocate_arena(nac_plan *plan, nac_error *err)
{
  const int n = plan->g.n_values;
  nac_span *spans = nac_calloc((size_t)(6 * n), sizeof *spans);
  arrays a = {n, spans, spans + 3 * n};
  int v;
  if (spans == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for a plan");
  }
  clear_spans(&a);
  measure(plan, &a);
  plan->arena_bytes = nac_arena_layout(a.whole, 3 * n);
  plan->pieces_bytes = nac_arena_layout(a.piece, 3 * n);
  plan->arena = nac_malloc((size_t)plan->arena_bytes);
  plan->pieces = nac_malloc((size_t)plan->pieces_bytes);
  if (plan->arena == NULL || plan->pieces == NULL) {
    nac_free(spans);
    return nac_fail(err, NAC_ENOMEM, "out of memory: a batch of %lld rows takes %.2f GB of activations",
                    (long long)plan->o.max_batch, (double)nac_plan_bytes(plan) * 1e-9);
  }
  for (v = 0; v < n; v++) {
    plan->act[v] = place(plan, &a, plan->act_of[v]);
    plan->grad[v] = plan->grad_of[v] >= 0 ? place(plan, &a, n + plan->grad_of[v]) : NULL;
    plan->tmp[v] = place(plan, &a, 2 * n + v);
  }
  nac_free(spans);
  return NAC_OK;
}

/* Memory of parameters and gradients in the plan's precision. */
static int allocate_parameters(nac_plan *plan, nac_error *err)
{
  const size_t np = (size_t)plan->net->n_elements[NAC_PARAMETER];
  const size_t nb = (size_t)plan->net->n_elements[NAC_BUFFER];
  const int wide = plan->mode == NAC_REF_F64;
  int quantised = 0;
  int i;
  for (i = 0; i < plan->net->n_tensors[NAC_PARAMETER]; i++) {
    quantised = quantised || (!wide && plan->net->tensor[NAC_PARAMETER][i].q != NULL);
  }
  if (quantised) {
    plan->q32 = nac_calloc(np, sizeof(float));
  }
  if (plan->o.training) {
    plan->g32 = nac_calloc(np, sizeof(float));
  }
  if (wide) {
    plan->w64 = nac_calloc(np, sizeof(double));
    plan->b64 = nac_calloc(nb, sizeof(double));
    plan->g64 = plan->o.training ? nac_calloc(np, sizeof(double)) : NULL;
    plan->x64 = plan->o.training ? nac_calloc(np, sizeof(double)) : NULL;
  }
  if ((quantised && plan->q32 == NULL) || (plan->o.training && plan->g32 == NULL) || (wide && (plan->w64 == NULL || plan->b64 == NULL)) ||
      (wide && plan->o.training && (plan->g64 == NULL || plan->x64 == NULL))) {
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
    if (plan->w64 == NULL && net->tensor[NAC_PARAMETER][layer->param[i]].q != NULL) {
      s->p[i] = plan->q32 + at;
    }
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

/* A pointer into the arrays of pieces has to follow the piece. */
static void follow(nac_plan *plan, void *pointer, int64_t len)
{
  char *at;
  memcpy(&at, pointer, sizeof at);
  if (at != NULL && at >= plan->pieces && at < plan->pieces + plan->pieces_bytes) {
    plan->follower[plan->n_followers++] = (nac_follower){pointer, at, len * (int64_t)plan->element};
  }
}

int nac_plan_find_followers(nac_plan *plan, nac_error *err)
{
  const size_t most = (size_t)plan->g.n_layers * (2 + 2 * NAC_MAX_INPUTS) + 2 * (size_t)plan->backward.n_ops;
  int l;
  int i;
  plan->follower = nac_calloc(most, sizeof *plan->follower);
  plan->reader = nac_calloc((size_t)plan->g.n_layers * NAC_MAX_INPUTS, sizeof *plan->reader);
  if (plan->follower == NULL || plan->reader == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for a plan");
  }
  for (l = 0; l < plan->g.n_layers; l++) {
    nac_step *s = &plan->step[l];
    for (i = 0; i < s->layer->n_inputs; i++) {
      follow(plan, &s->x[i], s->x_len[i]);
      follow(plan, &s->gx[i], s->x_len[i]);
      if (plan->act_of[s->layer->input[i]] == 0) {
        plan->reader[plan->n_readers++] = &s->x[i];
      }
    }
    follow(plan, &s->y, s->y_len);
    follow(plan, &s->gy, s->y_len);
  }
  for (i = 0; i < plan->backward.n_ops; i++) {
    nac_op *op = &plan->backward.op[i];
    if (op->what == OP_COPY || op->what == OP_ADD) {
      follow(plan, &op->src, op->len);
      follow(plan, &op->dst, op->len);
    }
  }
  return NAC_OK;
}
