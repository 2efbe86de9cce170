/* Values that are computed again in every segment that reads them, a piece at a
 * time, instead of being stored for the whole batch: where a pass through memory
 * costs more than the arithmetic (rectifiers, the application of batchnorm,
 * products with few inputs). Bits are the same either way. */
#include <string.h>

#include "core/layer/kinds.h"
#include "core/mem.h"
#include "core/plan_impl.h"

/* What is stored stays in the cache if it is less than this. A constant, as the
 * size of pieces. */
#define STORED_BYTES (1024 * 1024)

/* Products of a vector with so few elements cost less than storing the result. */
#define FEW_INPUTS 8

static int is_cheap(const nac_graph *g, const nac_layer *layer)
{
  const nac_value *x = &g->value[layer->input[0]];
  if (layer->kind == &nac_layer_dense) {
    return x->dim[x->rank - 1] <= FEW_INPUTS;
  }
  return (layer->kind->flags & (NAC_CHEAP | NAC_ALIAS)) != 0;
}

/* Whether a value can be had in segment `when`: it is stored until then, or
 * made again of such values. */
static int available(const nac_plan *plan, const nac_span *whole, int root, int when)
{
  const nac_graph *g = &plan->g;
  int l;
  int i;
  if (!plan->again[root]) {
    return whole[root].to >= when;
  }
  for (l = 0; l < g->n_layers; l++) {
    for (i = 0; plan->act_of[g->layer[l].output] == root && i < g->layer[l].n_inputs; i++) {
      const int x = plan->act_of[g->layer[l].input[i]];
      if (x != root && !available(plan, whole, x, when)) {
        return 0;
      }
    }
  }
  return 1;
}

/* All layers that work on the value's memory are cheap and of one segment. */
static int made_cheaply(const nac_plan *plan, int root)
{
  const nac_graph *g = &plan->g;
  int segment = -1;
  int l;
  for (l = 0; l < g->n_layers; l++) {
    if (plan->act_of[g->layer[l].output] == root) {
      const int s = plan->forward.segment_of[l];
      if (!is_cheap(g, &g->layer[l]) || (segment >= 0 && s != segment)) {
        return 0;
      }
      segment = s;
    }
  }
  return segment >= 0;
}

void nac_plan_choose_again(nac_plan *plan, const nac_span *whole)
{
  const nac_graph *g = &plan->g;
  int64_t stored = 0;
  int v;
  for (v = 0; v < g->n_values; v++) {
    if (plan->act_of[v] == v && whole[v].from < whole[v].to) {
      stored += g->value[v].n * plan->o.max_batch * (int64_t)plan->element;
    }
  }
  for (v = 1; stored > STORED_BYTES && v < g->n_values; v++) { /* what a value is made of comes before it */
    if (plan->act_of[v] == v && whole[v].from < whole[v].to && v != plan->act_of[g->output] &&
        v != plan->act_of[plan->logits] && made_cheaply(plan, v)) {
      plan->again[v] = 1;
      plan->again[v] = (char)available(plan, whole, v, whole[v].to);
    }
  }
}

/* A program while ops are put into it, and which values are there in the segment at hand. */
typedef struct writer {
  const nac_plan *plan;
  nac_op *op;
  int n_ops;
  char *fresh; /* by value */
} writer;

static void make_again(writer *w, int root)
{
  const nac_graph *g = &w->plan->g;
  int l;
  int i;
  if (!w->plan->again[root] || w->fresh[root]) {
    return;
  }
  w->fresh[root] = 1;
  for (l = 0; l < g->n_layers; l++) {
    if (w->plan->act_of[g->layer[l].output] == root) {
      for (i = 0; i < g->layer[l].n_inputs; i++) {
        make_again(w, w->plan->act_of[g->layer[l].input[i]]);
      }
      w->op[w->n_ops++] = (nac_op){.what = OP_AGAIN, .step = l};
    }
  }
}

/* Makes what an op reads, and takes note of what it writes. */
static void before(writer *w, const nac_op *op, int forward)
{
  const nac_layer *layer = op->step >= 0 ? &w->plan->g.layer[op->step] : NULL;
  int i;
  if (layer == NULL) {
    return;
  }
  for (i = 0; i < layer->n_inputs && (forward || (layer->kind->flags & NAC_NEEDS_X) != 0); i++) {
    make_again(w, w->plan->act_of[layer->input[i]]);
  }
  if (!forward && (layer->kind->flags & NAC_NEEDS_Y) != 0) {
    make_again(w, w->plan->act_of[layer->output]);
  }
  if (forward && op->what == OP_RUN) {
    w->fresh[w->plan->act_of[layer->output]] = 1;
  }
}

int nac_plan_insert_again(nac_plan *plan, nac_program *p, int forward, nac_error *err)
{
  const size_t most = (size_t)p->n_ops + (size_t)p->n_segments * (size_t)plan->g.n_layers;
  writer w = {.plan = plan};
  int s;
  int o;
  w.op = nac_calloc(most, sizeof *w.op);
  w.fresh = nac_calloc((size_t)plan->g.n_values, 1);
  if (w.op == NULL || w.fresh == NULL) {
    nac_free(w.op);
    nac_free(w.fresh);
    return nac_fail(err, NAC_ENOMEM, "out of memory for a plan");
  }
  for (s = 0; s < p->n_segments; s++) {
    const nac_segment seg = p->segment[s];
    p->segment[s].first = w.n_ops;
    memset(w.fresh, 0, (size_t)plan->g.n_values);
    for (o = seg.first; o < seg.last; o++) {
      before(&w, &p->op[o], forward);
      w.op[w.n_ops++] = p->op[o];
    }
    p->segment[s].last = w.n_ops;
  }
  nac_free(w.fresh);
  nac_free(p->op);
  p->op = w.op;
  p->n_ops = w.n_ops;
  return NAC_OK;
}
