#include "core/plan.h"

#include <string.h>

#include "core/layer/kinds.h"
#include "core/mem.h"
#include "core/plan_impl.h"

/* Bytes of activations and gradients that a piece may touch: half of a small
 * second-level cache. A constant, so that no result depends on the machine. */
#define PIECE_BYTES (512 * 1024)

static void describe_steps(nac_plan *plan)
{
  int l;
  int i;
  for (l = 0; l < plan->g.n_layers; l++) {
    nac_step *s = &plan->step[l];
    const nac_layer *layer = &plan->g.layer[l];
    s->layer = layer;
    s->mode = plan->mode;
    s->training = plan->o.training;
    s->max_batch = (plan->o.max_batch + 15) / 16 * 16;
    for (i = 0; i < layer->n_inputs; i++) {
      const nac_value *x = &plan->g.value[layer->input[i]];
      s->x_len[i] = x->n;
      s->x_dim[i] = x->dim;
      s->x_rank[i] = x->rank;
    }
    s->y_len = plan->g.value[layer->output].n;
    s->blocked = plan->g.blocked[layer->output];
  }
}

static void choose_piece(nac_plan *plan)
{
  int64_t row = 0;
  int64_t piece = plan->o.piece;
  int v;
  if (piece <= 0) {
    for (v = 0; v < plan->g.n_values; v++) {
      row += plan->g.value[v].n * (int64_t)plan->element * (plan->o.training ? 2 : 1);
    }
    piece = row > 0 ? PIECE_BYTES / row : 1;
  }
  piece = piece < 1 ? 1 : piece;
  piece = piece > INT64_C(1) << 40 ? INT64_C(1) << 40 : piece;
  plan->o.piece = (piece + 15) / 16 * 16;
}

/* Refuses what this version cannot run. */
static int check(const nac_net *net, const nac_plan_options *o, nac_error *err)
{
  int i;
  if (!nac_net_is_built(net)) {
    return nac_fail(err, NAC_EINVAL, "the net has no weights yet");
  }
  if (net->n_layers == 0) {
    return nac_fail(err, NAC_EINVAL, "the net has no layers");
  }
  if (o->max_batch < 1 || o->max_batch > INT32_MAX) {
    return nac_fail(err, NAC_EINVAL, "a batch has 1 to 2^31 - 1 rows, got %lld", (long long)o->max_batch);
  }
  for (i = 0; i < net->n_values; i++) {
    if (net->value[i].n > (INT64_C(1) << 46) / o->max_batch) {
      return nac_fail(err, NAC_ENOMEM, "out of memory: %lld rows of %lld elements", (long long)o->max_batch,
                      (long long)net->value[i].n);
    }
  }
  return NAC_OK;
}

int nac_plan_new(nac_plan **out, nac_net *net, const nac_plan_options *options, nac_error *err)
{
  nac_plan *plan;
  size_t nv;
  int code = check(net, options, err);
  *out = NULL;
  if (code != NAC_OK) {
    return code;
  }
  plan = nac_calloc(1, sizeof *plan);
  if (plan == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for a plan");
  }
  plan->net = net;
  plan->quantised = net->quantised;
  plan->o = *options;
  plan->mode = options->reference == 64 ? NAC_REF_F64 : options->reference != 0 ? NAC_REF_F32 : NAC_FAST;
  plan->element = plan->mode == NAC_REF_F64 ? sizeof(double) : sizeof(float);
  code = nac_plan_make_graph(plan, err);
  if (code != NAC_OK) {
    nac_plan_free(plan);
    return code;
  }
  nv = (size_t)plan->g.n_values;
  plan->step = nac_calloc((size_t)plan->g.n_layers, sizeof *plan->step);
  plan->folded = nac_calloc((size_t)plan->g.n_layers, sizeof *plan->folded);
  plan->act_of = nac_calloc(nv, sizeof *plan->act_of);
  plan->grad_of = nac_calloc(nv, sizeof *plan->grad_of);
  plan->again = nac_calloc(nv, 1);
  plan->act = nac_calloc(nv, sizeof *plan->act);
  plan->grad = nac_calloc(nv, sizeof *plan->grad);
  plan->tmp = nac_calloc(nv, sizeof *plan->tmp);
  if (plan->step == NULL || plan->folded == NULL || plan->act_of == NULL || plan->grad_of == NULL || plan->again == NULL || plan->act == NULL ||
      plan->grad == NULL || plan->tmp == NULL) {
    nac_plan_free(plan);
    return nac_fail(err, NAC_ENOMEM, "out of memory for a plan");
  }
  describe_steps(plan);
  choose_piece(plan);
  code = nac_plan_compile(plan, err);
  if (code != NAC_OK) {
    nac_plan_free(plan);
    return code;
  }
  *out = plan;
  return NAC_OK;
}

static void free_program(nac_program *p)
{
  nac_free(p->op);
  nac_free(p->segment);
  nac_free(p->segment_of);
}

void nac_plan_free(nac_plan *plan)
{
  int l;
  if (plan == NULL) {
    return;
  }
  for (l = 0; plan->step != NULL && l < plan->g.n_layers; l++) {
    nac_free(plan->step[l].state);
    if (plan->folded != NULL) {
      nac_free(plan->folded[l]);
    }
  }
  nac_free(plan->folded);
  free_program(&plan->forward);
  free_program(&plan->backward);
  nac_free(plan->step);
  nac_free(plan->act_of);
  nac_free(plan->grad_of);
  nac_free(plan->again);
  nac_free(plan->act);
  nac_free(plan->grad);
  nac_free(plan->tmp);
  nac_free(plan->arena);
  nac_free(plan->pieces);
  nac_free(plan->follower);
  nac_free(plan->reader);
  nac_free(plan->g32);
  nac_free(plan->q32);
  nac_free(plan->g64);
  nac_free(plan->w64);
  nac_free(plan->b64);
  nac_free(plan->x64);
  nac_free(plan->seconds);
  nac_plan_free_graph(plan);
  nac_free(plan);
}

int64_t nac_plan_bytes(const nac_plan *plan)
{
  return plan->arena_bytes + plan->pieces_bytes;
}

int64_t nac_plan_max_batch(const nac_plan *plan)
{
  return plan->o.max_batch;
}

int64_t nac_plan_piece(const nac_plan *plan)
{
  return plan->o.piece;
}

int nac_plan_n_segments(const nac_plan *plan)
{
  return plan->forward.n_segments;
}

int nac_plan_needs_two_rows(const nac_plan *plan)
{
  return plan->o.training && plan->forward.n_segments > 1;
}

int nac_plan_is_double(const nac_plan *plan)
{
  return plan->mode == NAC_REF_F64;
}

static void read_from(nac_plan *plan, const void *x)
{
  int i;
  for (i = 0; i < plan->n_readers; i++) {
    *plan->reader[i] = x;
  }
}

void nac_plan_lend_input(nac_plan *plan, const float *x, int64_t n)
{
  if (plan->o.training || plan->mode == NAC_REF_F64 || plan->act_of[plan->g.output] == 0 ||
      plan->act_of[plan->logits] == 0) {
    nac_plan_set_input(plan, x, NULL, n);
  } else {
    read_from(plan, x);
  }
}

void nac_plan_set_input(nac_plan *plan, const float *x, const int32_t *order, int64_t n)
{
  const int64_t len = plan->g.value[0].n;
  int64_t r;
  int64_t i;
  read_from(plan, plan->act[0]);
  for (r = 0; r < n; r++) {
    const float *row = x + (order != NULL ? order[r] : r) * len;
    if (plan->mode == NAC_REF_F64) {
      double *to = (double *)plan->act[0] + r * len;
      for (i = 0; i < len; i++) {
        to[i] = (double)row[i];
      }
    } else {
      memcpy((float *)plan->act[0] + r * len, row, (size_t)len * sizeof(float));
    }
  }
}

/* Quantised parameters are rounded into the plan's own copies. */
static void round_parameters(nac_plan *plan)
{
  const nac_net *net = plan->net;
  int i;
  for (i = 0; i < net->n_tensors[NAC_PARAMETER]; i++) {
    const nac_parameter *p = &net->tensor[NAC_PARAMETER][i];
    if (p->q != NULL && plan->w64 != NULL) {
      nac_quantiser_apply_f64(p->q, plan->w64 + p->offset, plan->w64 + p->offset, 1, p->n);
    } else if (p->q != NULL) {
      nac_quantiser_apply(p->q, net->block[NAC_PARAMETER] + p->offset, plan->q32 + p->offset, 1, p->n, 1);
    }
  }
}

/* Gradients of a parameter's learned steps, from that of its rounded numbers. */
static void learn_steps(nac_plan *plan, const nac_parameter *p)
{
  const float *w = plan->net->block[NAC_PARAMETER] + p->offset;
  const int64_t at = plan->net->tensor[NAC_PARAMETER][p->step - 1].offset;
  int64_t e;
  if (plan->g64 == NULL) {
    nac_quantiser_step_back(p->q, w, plan->q32 + p->offset, plan->g32 + p->offset, plan->g32 + at, 1, p->n, 1);
    return;
  }
  for (e = 0; e < p->n; e++) { /* w64 is rounded already; the net holds what was rounded */
    plan->x64[e] = (double)w[e];
  }
  nac_quantiser_step_back_f64(p->q, plan->x64, plan->w64 + p->offset, plan->g64 + p->offset, plan->g64 + at, 1, p->n);
}

/* Gradients stop where a parameter lies outside its format. */
static void clip_gradients(nac_plan *plan)
{
  const nac_net *net = plan->net;
  int i;
  for (i = 0; i < net->n_tensors[NAC_PARAMETER]; i++) {
    const nac_parameter *p = &net->tensor[NAC_PARAMETER][i];
    if (p->q != NULL && p->q->learned != NULL) {
      learn_steps(plan, p);
    }
    if (p->q != NULL && plan->g64 != NULL) {
      int64_t e;
      for (e = 0; e < p->n; e++) { /* w64 is rounded already; the net holds what was rounded */
        const double w = (double)net->block[NAC_PARAMETER][p->offset + e];
        double *g = &plan->g64[p->offset + e];
        const int64_t f = e / p->q->inner % p->q->n;
        if (p->q->format[f].overflow != NAC_WRAP &&
            (w < nac_quantiser_min(p->q, f) || w > nac_quantiser_max(p->q, f))) {
          *g = 0;
        }
      }
    } else if (p->q != NULL) {
      float *g = plan->g32 + p->offset;
      nac_quantiser_back(p->q, net->block[NAC_PARAMETER] + p->offset, g, g, 1, p->n, 1);
    }
  }
}

/* Whether the net's quantisers are those that the plan was made for. */
static int is_current(const nac_plan *plan)
{
  return plan->quantised == plan->net->quantised;
}

void nac_plan_load(nac_plan *plan)
{
  const nac_net *net = plan->net;
  const nac_graph *g = &plan->g;
  int64_t i;
  int l;
  if (!is_current(plan)) {
    return; /* nac_plan_forward fails */
  }
  nac_net_follow_steps(net);
  if (plan->mode == NAC_REF_F64) {
    for (i = 0; i < net->n_elements[NAC_PARAMETER]; i++) {
      plan->w64[i] = (double)net->block[NAC_PARAMETER][i];
    }
    for (i = 0; i < net->n_elements[NAC_BUFFER]; i++) {
      plan->b64[i] = (double)net->block[NAC_BUFFER][i];
    }
  }
  round_parameters(plan);
  for (l = 0; l < g->n_layers; l++) {
    if (plan->folded[l] != NULL) {
      nac_plan_fold(plan, l);
    }
    if (g->layer[l].kind->prepare != NULL) {
      g->layer[l].kind->prepare(&plan->step[l]);
    }
  }
}

void nac_plan_forward(nac_plan *plan, int64_t n, uint64_t seed, uint64_t step)
{
  const nac_net *net = plan->net;
  uint64_t place = 0; /* of a layer in the net: no draw depends on layouts */
  int64_t i;
  int l;
  plan->failure.code = NAC_OK;
  if (!is_current(plan)) {
    nac_fail(&plan->failure, NAC_EINVAL, "quantisers of the net have changed since this plan was made; make a new one");
    return;
  }
  for (l = 0; l < plan->g.n_layers; l++) {
    plan->step[l].batch = n;
    plan->step[l].failure = &plan->failure;
    if (plan->o.training && plan->g.layer[l].kind != &nac_layer_relayout) {
      plan->step[l].rng = nac_rng_stream(seed, "layer", place++, step);
    }
  }
  plan->net->running++;
  nac_plan_run(plan, &plan->forward, 1, n, plan->g.n_layers);
  plan->net->running--;
  if (plan->mode == NAC_REF_F64 && plan->o.training) { /* running statistics go back to the net */
    for (i = 0; i < net->n_elements[NAC_BUFFER]; i++) {
      net->block[NAC_BUFFER][i] = (float)plan->b64[i];
    }
  }
}

const nac_error *nac_plan_failure(const nac_plan *plan)
{
  return plan->failure.code != NAC_OK ? &plan->failure : NULL;
}

void *nac_plan_output(nac_plan *plan, int logits, void **gradient, int64_t *len)
{
  const int v = logits ? plan->logits : plan->g.output;
  if (gradient != NULL) {
    *gradient = plan->grad[v];
  }
  *len = plan->g.value[v].n;
  return plan->act[v];
}

void nac_plan_backward(nac_plan *plan, int64_t n, int logits)
{
  const int64_t np = plan->net->n_elements[NAC_PARAMETER];
  const int stop = logits && plan->logits != plan->g.output ? plan->head : plan->g.n_layers;
  int64_t i;
  memset(plan->g32, 0, (size_t)np * sizeof *plan->g32);
  if (plan->g64 != NULL) {
    memset(plan->g64, 0, (size_t)np * sizeof *plan->g64);
  }
  if (!is_current(plan)) {
    nac_fail(&plan->failure, NAC_EINVAL, "quantisers of the net have changed since the forward pass");
    return;
  }
  plan->net->running++;
  nac_plan_run(plan, &plan->backward, 0, n, stop);
  plan->net->running--;
  clip_gradients(plan);
  for (i = 0; plan->g64 != NULL && i < np; i++) {
    plan->g32[i] = (float)plan->g64[i];
  }
}

float *nac_plan_gradients(nac_plan *plan)
{
  return plan->g32;
}

const void *nac_plan_gradient(const nac_plan *plan, int id)
{
  const int64_t at = plan->net->tensor[NAC_PARAMETER][id].offset;
  return plan->g64 != NULL ? (const void *)(plan->g64 + at) : (const void *)(plan->g32 + at);
}

const void *nac_plan_input_gradient(const nac_plan *plan)
{
  return plan->grad[0];
}
