/* Running a plan's programs, and telling how long each layer takes. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <time.h>

#include "core/mem.h"
#include "core/plan_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Adds the time since `start` to a layer; additions of gradients go to none. */
static void charge(nac_plan *plan, int layer, int forward, double start)
{
  if (plan->seconds != NULL && layer >= 0) {
    plan->seconds[2 * layer + !forward] += now() - start;
  }
}

static void run_op(nac_plan *plan, const nac_op *op, int forward, int64_t r0, int64_t r1)
{
  if (op->step >= 0) {
    nac_step *s = &plan->step[op->step];
    const nac_kind *kind = s->layer->kind;
    nac_row_fn *run = forward || op->what == OP_AGAIN ? (op->what == OP_REDUCE ? kind->forward_reduce : kind->forward)
                                                      : (op->what == OP_REDUCE ? kind->backward_reduce : kind->backward);
    if (run != NULL) {
      run(s, r0, s->blocked ? (r1 + 15) / 16 * 16 : r1);
    }
    return;
  }
  if (op->blocked) {
    r1 = (r1 + 15) / 16 * 16;
  }
  {
    const size_t at = (size_t)(r0 * op->len) * plan->element;
    const int64_t n = (r1 - r0) * op->len;
    if (op->what == OP_COPY) {
      memcpy((char *)op->dst + at, (const char *)op->src + at, (size_t)n * plan->element);
    } else if (plan->mode == NAC_REF_F64) {
      ref_add_f64((const char *)op->src + at, (char *)op->dst + at, n);
    } else {
      nac_kern->add((const float *)op->src + r0 * op->len, (float *)op->dst + r0 * op->len, n);
    }
  }
}

static void follow_piece(nac_plan *plan, int64_t r0)
{
  int i;
  for (i = 0; r0 != plan->following && i < plan->n_followers; i++) {
    const nac_follower *f = &plan->follower[i];
    const uintptr_t at = (uintptr_t)f->array - (uintptr_t)(r0 * f->row);
    void *p = (void *)at; /* rows from r0 on lie in the array */
    memcpy(f->pointer, &p, sizeof p);
  }
  plan->following = r0;
}

void nac_plan_run(nac_plan *plan, const nac_program *p, int forward, int64_t n, int skip)
{
  int s;
  for (s = 0; s < p->n_segments; s++) {
    const nac_segment *seg = &p->segment[s];
    int64_t r0;
    for (r0 = 0; r0 < n; r0 += plan->o.piece) {
      const int64_t r1 = r0 + plan->o.piece < n ? r0 + plan->o.piece : n;
      int o;
      follow_piece(plan, r0);
      for (o = seg->first; o < seg->last; o++) {
        if (p->op[o].step < skip) {
          const double start = plan->seconds != NULL ? now() : 0;
          run_op(plan, &p->op[o], forward, r0, r1);
          charge(plan, p->op[o].step, forward, start);
        }
      }
    }
    if (seg->finish >= 0 && seg->finish < skip) {
      const nac_kind *kind = plan->step[seg->finish].layer->kind;
      const double start = plan->seconds != NULL ? now() : 0;
      (forward ? kind->forward_finish : kind->backward_finish)(&plan->step[seg->finish]);
      charge(plan, seg->finish, forward, start);
    }
  }
}

int nac_plan_profile(nac_plan *plan, nac_error *err)
{
  const size_t n = (size_t)plan->g.n_layers * 2;
  nac_free(plan->seconds);
  plan->seconds = nac_calloc(n, sizeof *plan->seconds);
  return plan->seconds == NULL ? nac_fail(err, NAC_ENOMEM, "out of memory for a profile") : NAC_OK;
}

int nac_plan_profile_row(const nac_plan *plan, int i, nac_profile_row *row)
{
  const nac_graph *g = &plan->g;
  const nac_layer *layer;
  int k;
  if (i < 0 || i >= g->n_layers || plan->seconds == NULL) {
    return 0;
  }
  layer = &g->layer[i];
  memset(row, 0, sizeof *row);
  row->name = layer->name;
  row->kind = layer->kind->name;
  row->forward = plan->seconds[2 * i];
  row->backward = plan->seconds[2 * i + 1];
  row->elements = g->value[layer->output].n;
  for (k = 0; k < layer->n_inputs; k++) {
    row->elements += g->value[layer->input[k]].n;
  }
  if (layer->kind->cost != NULL) {
    for (k = 0; k < plan->net->n_layers && plan->net->layer[k].name != layer->name; k++) {
    }
    if (k < plan->net->n_layers) {
      const nac_cost c = layer->kind->cost(plan->net, &plan->net->layer[k]);
      row->flop = 2 * c.positions * c.fan_in * c.fan_out;
    }
  }
  return 1;
}
