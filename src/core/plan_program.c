/* The order of work in a plan: which layer runs when, where the batch must be
 * complete before going on, and which values share memory. */
#include <string.h>

#include "core/mem.h"
#include "core/plan_impl.h"

/* Values that may lie in one place. y lies on x when the layer changes nothing
 * (flatten), or works in place and nobody else needs x. */
static void share_activations(nac_plan *plan)
{
  const nac_graph *g = &plan->g;
  int l;
  plan->act_of[0] = 0;
  for (l = 0; l < g->n_layers; l++) {
    const nac_layer *layer = &g->layer[l];
    const unsigned flags = layer->kind->flags;
    const int x = layer->input[0];
    const int y = layer->output;
    const int in_place = (flags & NAC_IN_PLACE) != 0 && !(plan->o.training && (flags & NAC_NEEDS_X) != 0);
    int shared = (flags & NAC_ALIAS) != 0;
    if (!shared && in_place && g->value[x].n_consumers == 1 && x != plan->logits) {
      int v = x; /* through aliases to the value that was really computed */
      int alone = 1;
      while (g->value[v].producer >= 0 && (g->layer[g->value[v].producer].kind->flags & NAC_ALIAS) != 0) {
        v = g->layer[g->value[v].producer].input[0];
        alone = alone && g->value[v].n_consumers == 1;
      }
      shared = alone && g->value[v].producer >= 0 &&
               !(plan->o.training && (g->layer[g->value[v].producer].kind->flags & NAC_NEEDS_Y) != 0);
    }
    plan->act_of[y] = shared ? plan->act_of[x] : y;
  }
}

#define NOT_WANTED (-1)
#define BEHIND_PARAMETER (-2) /* wanted if the output lies behind it, too */

/* A value wants a gradient when a parameter lies before it and the output
 * behind it: one pass forward, one back. */
static void want_gradients(nac_plan *plan)
{
  const nac_graph *g = &plan->g;
  int l;
  int i;
  int v;
  for (v = 0; v < g->n_values; v++) {
    plan->grad_of[v] = NOT_WANTED;
  }
  if (!plan->o.training) {
    return;
  }
  plan->grad_of[0] = plan->o.input_gradient ? BEHIND_PARAMETER : NOT_WANTED;
  for (l = 0; l < g->n_layers; l++) {
    const nac_layer *layer = &g->layer[l];
    int wanted = layer->n_params > 0;
    for (i = 0; i < layer->n_inputs; i++) {
      wanted = wanted || plan->grad_of[layer->input[i]] == BEHIND_PARAMETER;
    }
    plan->grad_of[layer->output] = wanted ? BEHIND_PARAMETER : NOT_WANTED;
  }
  plan->grad_of[g->output] = g->output; /* also without any parameter */
  plan->grad_of[plan->logits] = plan->logits;
  for (l = g->n_layers - 1; l >= 0; l--) {
    const nac_layer *layer = &g->layer[l];
    for (i = 0; plan->grad_of[layer->output] >= 0 && i < layer->n_inputs; i++) {
      if (plan->grad_of[layer->input[i]] == BEHIND_PARAMETER) {
        plan->grad_of[layer->input[i]] = layer->input[i];
      }
    }
  }
  for (v = 0; v < g->n_values; v++) { /* dead ends */
    plan->grad_of[v] = plan->grad_of[v] < 0 ? NOT_WANTED : plan->grad_of[v];
  }
}

/* gx lies on gy where the layer allows and x has no other reader. */
static void share_gradients(nac_plan *plan)
{
  const nac_graph *g = &plan->g;
  int l;
  for (l = g->n_layers - 1; l >= 0; l--) {
    const nac_layer *layer = &g->layer[l];
    const int x = layer->input[0];
    if ((layer->kind->flags & (NAC_ALIAS | NAC_IN_PLACE)) != 0 && g->value[x].n_consumers == 1 && x != 0 &&
        x != plan->logits && plan->grad_of[x] >= 0 && plan->grad_of[layer->output] >= 0) {
      plan->grad_of[x] = plan->grad_of[layer->output];
    }
  }
}

static int new_program(nac_program *p, const nac_graph *g)
{
  p->op = nac_calloc((size_t)g->n_layers * (2 + NAC_MAX_INPUTS), sizeof *p->op);
  p->segment = nac_calloc((size_t)g->n_layers + 1, sizeof *p->segment);
  p->segment_of = nac_calloc((size_t)g->n_layers, sizeof *p->segment_of);
  p->n_segments = 1;
  if (p->segment != NULL) {
    p->segment[0].finish = -1;
  }
  return p->op != NULL && p->segment != NULL && p->segment_of != NULL;
}

static void push(nac_program *p, nac_op op)
{
  p->op[p->n_ops++] = op;
  p->segment[p->n_segments - 1].last = p->n_ops;
}

/* Adds a layer's run, with a cut before it when it reduces over the batch. */
static void push_layer(nac_program *p, int layer, int reduces)
{
  if (reduces) {
    push(p, (nac_op){.what = OP_REDUCE, .step = layer});
    p->segment[p->n_segments - 1].finish = layer;
    p->segment[p->n_segments] = (nac_segment){.first = p->n_ops, .last = p->n_ops, .finish = -1};
    p->n_segments++;
  }
  push(p, (nac_op){.what = OP_RUN, .step = layer});
  p->segment_of[layer] = p->n_segments - 1;
}

static void forward_program(nac_plan *plan)
{
  int l;
  for (l = 0; l < plan->g.n_layers; l++) {
    const nac_kind *kind = plan->g.layer[l].kind;
    push_layer(&plan->forward, l, plan->o.training && kind->forward_reduce != NULL);
  }
}

static void backward_program(nac_plan *plan)
{
  int l;
  for (l = plan->g.n_layers - 1; l >= 0; l--) {
    const nac_layer *layer = &plan->g.layer[l];
    if (plan->grad_of[layer->output] >= 0) {
      push_layer(&plan->backward, l, layer->kind->backward_reduce != NULL);
    }
  }
}

/* Where input i of a step writes its gradient when that value has one already:
 * beside what the same layer writes for the same value. */
static void *spare(const nac_plan *plan, const nac_step *step, int i)
{
  const int x = step->layer->input[i];
  int64_t at = 0;
  int k;
  for (k = 0; k < i; k++) {
    at += step->layer->input[k] == x ? nac_plan_bytes_of_piece(plan, x) : 0;
  }
  return (char *)plan->tmp[x] + at;
}

/* The first layer that writes a gradient (the last in forward order) writes it
 * in place; each further one writes to `tmp`, which is then added. Aliases with
 * memory of their own are copied. Rewrites the program with those ops. */
static int join_gradients(nac_plan *plan, nac_error *err)
{
  nac_program *p = &plan->backward;
  const nac_graph *g = &plan->g;
  nac_program old = *p;
  char *written = nac_calloc((size_t)g->n_values, 1);
  int s;
  int o;
  int i;
  p->op = nac_calloc((size_t)g->n_layers * (2 + NAC_MAX_INPUTS), sizeof *p->op);
  if (written == NULL || p->op == NULL) {
    nac_free(written);
    nac_free(p->op);
    p->op = old.op;
    return nac_fail(err, NAC_ENOMEM, "out of memory for a plan");
  }
  p->n_ops = 0;
  for (s = 0; s < p->n_segments; s++) {
    const nac_segment seg = p->segment[s];
    p->segment[s].first = p->n_ops;
    for (o = seg.first; o < seg.last; o++) {
      nac_step *step = &plan->step[old.op[o].step];
      p->op[p->n_ops++] = old.op[o];
      for (i = 0; old.op[o].what == OP_RUN && i < step->layer->n_inputs; i++) {
        const int x = step->layer->input[i];
        if (plan->grad_of[x] < 0) {
          continue;
        }
        if (written[x]) {
          step->gx[i] = spare(plan, step, i);
        }
        if ((step->layer->kind->flags & NAC_ALIAS) != 0 && step->gx[i] != step->gy) {
          p->op[p->n_ops++] =
            (nac_op){.what = OP_COPY, .step = -1, .src = step->gy, .dst = step->gx[i], .len = step->y_len,
                     .blocked = g->blocked[x]};
        }
        if (written[x]) {
          p->op[p->n_ops++] =
            (nac_op){.what = OP_ADD, .step = -1, .src = step->gx[i], .dst = plan->grad[x], .len = step->x_len[i],
                     .blocked = g->blocked[x]};
        }
        written[x] = 1;
      }
    }
    p->segment[s].last = p->n_ops;
  }
  nac_free(old.op);
  nac_free(written);
  return NAC_OK;
}

int nac_plan_compile(nac_plan *plan, nac_error *err)
{
  int code;
  if (!new_program(&plan->forward, &plan->g) || !new_program(&plan->backward, &plan->g)) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for a plan");
  }
  share_activations(plan);
  want_gradients(plan);
  if (plan->o.training) {
    share_gradients(plan);
  }
  forward_program(plan);
  if (plan->o.training) {
    backward_program(plan);
  }
  code = nac_plan_allocate(plan, err);
  if (code == NAC_OK && plan->o.training) {
    code = join_gradients(plan, err);
    code = code == NAC_OK ? nac_plan_insert_again(plan, &plan->forward, 1, err) : code;
    code = code == NAC_OK ? nac_plan_insert_again(plan, &plan->backward, 0, err) : code;
  }
  return code == NAC_OK ? nac_plan_find_followers(plan, err) : code;
}
