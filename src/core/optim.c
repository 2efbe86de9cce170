#include "core/optim.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/net_impl.h"
#include "kern/kern.h"

#define MAX_SLOTS 3

struct nac_optimiser {
  nac_optimiser_options o;
  int64_t steps;          /* taken so far */
  float *slot[MAX_SLOTS]; /* NULL where the options need none */
};

static const char *const names[] = {"adam", "adamw", "sgd", "rmsprop", "adagrad", NULL};

static const char *const slots[][MAX_SLOTS] = {
  {"m", "v", "v_max"}, {"m", "v", "v_max"}, {"momentum", NULL, NULL}, {"square", "mean", "momentum"}, {"square", NULL, NULL}};

int nac_optimiser_find(const char *name)
{
  int i;
  for (i = 0; names[i] != NULL; i++) {
    if (strcmp(names[i], name) == 0) {
      return i;
    }
  }
  return -1;
}

const char *nac_optimiser_name(int i)
{
  return names[i];
}

static int wants_slot(const nac_optimiser_options *o, int slot)
{
  switch (o->kind) {
  case NAC_ADAM:
  case NAC_ADAMW:
    return slot < 2 || o->amsgrad;
  case NAC_SGD:
    return slot == 0 && o->momentum != 0;
  case NAC_ADAGRAD:
    return slot == 0;
  default:
    return slot == 0 || (slot == 1 && o->centered) || (slot == 2 && o->momentum != 0);
  }
}

static int check_options(const nac_optimiser_options *o, nac_error *err)
{
  const struct {
    const char *name;
    double value;
    double end; /* may not be reached */
  } range[] = {{"beta1", o->beta1, 1},
               {"beta2", o->beta2, 1},
               {"alpha", o->alpha, 1 + 1e-12},
               {"eps", o->eps, INFINITY},
               {"momentum", o->momentum, INFINITY},
               {"weight_decay", o->weight_decay, INFINITY},
               {"l1", o->l1, INFINITY},
               {"l2", o->l2, INFINITY},
               {"clip_norm", o->clip_norm, INFINITY},
               {"clip_value", o->clip_value, INFINITY}};
  size_t i;
  for (i = 0; i < sizeof range / sizeof *range; i++) {
    if (!(range[i].value >= 0 && range[i].value < range[i].end)) {
      return range[i].end < 2 ? nac_fail(err, NAC_EINVAL, "%s must be a number from 0 to below 1, got %g",
                                         range[i].name, range[i].value)
                              : nac_fail(err, NAC_EINVAL, "%s must be a number of 0 or more, got %g", range[i].name,
                                         range[i].value);
    }
  }
  if (!isfinite(o->dampening)) {
    return nac_fail(err, NAC_EINVAL, "dampening must be a number, got %g", o->dampening);
  }
  if (o->nesterov && (o->momentum == 0 || o->dampening != 0)) {
    return nac_fail(err, NAC_EINVAL, "nesterov needs a momentum above 0 and no dampening");
  }
  return NAC_OK;
}

int nac_optimiser_new(nac_optimiser **out, const nac_net *net, const nac_optimiser_options *options, nac_error *err)
{
  const size_t n = (size_t)net->n_elements[NAC_PARAMETER];
  nac_optimiser *o;
  int i;
  int ok;
  int code = check_options(options, err);
  *out = NULL;
  if (code != NAC_OK) {
    return code;
  }
  o = nac_calloc(1, sizeof *o);
  ok = o != NULL;
  for (i = 0; ok && i < MAX_SLOTS; i++) {
    o->o = *options;
    if (wants_slot(options, i)) {
      o->slot[i] = nac_calloc(n, sizeof *o->slot[i]);
      ok = o->slot[i] != NULL;
    }
  }
  if (!ok) {
    nac_optimiser_free(o);
    return nac_fail(err, NAC_ENOMEM, "out of memory for the optimiser of %.1f million parameters", (double)n * 1e-6);
  }
  *out = o;
  return NAC_OK;
}

void nac_optimiser_free(nac_optimiser *o)
{
  int i;
  for (i = 0; o != NULL && i < MAX_SLOTS; i++) {
    nac_free(o->slot[i]);
  }
  nac_free(o);
}

nac_optimiser_kind nac_optimiser_kind_of(const nac_optimiser *o)
{
  return o->o.kind;
}

int64_t *nac_optimiser_steps(nac_optimiser *o)
{
  return &o->steps;
}

float *nac_optimiser_slot(nac_optimiser *o, int i, const char **name)
{
  int s;
  for (s = 0; s < MAX_SLOTS; s++) {
    if (o->slot[s] != NULL && i-- == 0) {
      *name = slots[o->o.kind][s];
      return o->slot[s];
    }
  }
  return NULL;
}

static void step_adam(nac_optimiser *o, float *p, const float *g, int64_t at, int64_t n, float l1, double l2, double lr)
{
  const nac_optimiser_options *a = &o->o;
  const double t = (double)o->steps;
  const int decoupled = a->kind == NAC_ADAMW;
  const k_adam k = {.step = (float)(lr / (1.0 - pow(a->beta1, t))),
                    .root = (float)(1.0 / sqrt(1.0 - pow(a->beta2, t))),
                    .beta1 = (float)a->beta1,
                    .beta2 = (float)a->beta2,
                    .rest1 = (float)(1.0 - a->beta1),
                    .rest2 = (float)(1.0 - a->beta2),
                    .eps = (float)a->eps,
                    .keep = decoupled ? (float)(1.0 - lr * a->weight_decay) : 1.0f,
                    .l2 = (float)(decoupled ? l2 : l2 + a->weight_decay),
                    .l1 = l1};
  nac_kern->adam(p + at, g + at, o->slot[0] + at, o->slot[1] + at, o->slot[2] != NULL ? o->slot[2] + at : NULL, n,
                 &k);
}

static void step_sgd(nac_optimiser *o, float *p, const float *g, int64_t at, int64_t n, float l1, double l2, double lr)
{
  const k_sgd k = {.lr = (float)lr,
                   .momentum = (float)o->o.momentum,
                   .rest = o->steps == 1 ? 1.0f : (float)(1.0 - o->o.dampening),
                   .nesterov = o->o.nesterov,
                   .l2 = (float)(l2 + o->o.weight_decay),
                   .l1 = l1};
  nac_kern->sgd(p + at, g + at, o->slot[0] != NULL ? o->slot[0] + at : NULL, n, &k);
}

/* Adagrad is RMSprop whose squares are summed instead of averaged. */
static void step_rmsprop(nac_optimiser *o, float *p, const float *g, int64_t at, int64_t n, float l1, double l2,
                         double lr)
{
  const int sum = o->o.kind == NAC_ADAGRAD;
  const k_rmsprop k = {.lr = (float)lr,
                       .alpha = sum ? 1.0f : (float)o->o.alpha,
                       .rest = sum ? 1.0f : (float)(1.0 - o->o.alpha),
                       .eps = (float)o->o.eps,
                       .momentum = (float)o->o.momentum,
                       .l2 = (float)(l2 + o->o.weight_decay),
                       .l1 = l1};
  nac_kern->rmsprop(p + at, g + at, o->slot[0] + at, o->slot[1] != NULL ? o->slot[1] + at : NULL,
                    o->slot[2] != NULL ? o->slot[2] + at : NULL, n, &k);
}

/* Parameters [at, at + n), which are decayed or are not. */
static void step_range(nac_optimiser *o, float *p, const float *g, int64_t at, int64_t n, int decayed, double lr)
{
  const float l1 = decayed ? (float)o->o.l1 : 0.0f;
  const double l2 = decayed ? o->o.l2 : 0.0;
  if (o->o.kind == NAC_SGD) {
    step_sgd(o, p, g, at, n, l1, l2, lr);
  } else if (o->o.kind == NAC_RMSPROP || o->o.kind == NAC_ADAGRAD) {
    step_rmsprop(o, p, g, at, n, l1, l2, lr);
  } else {
    step_adam(o, p, g, at, n, l1, l2, lr);
  }
}

static void apply_masks(nac_net *net, float *p)
{
  int i;
  int64_t e;
  for (i = 0; i < net->n_tensors[NAC_PARAMETER]; i++) {
    const nac_parameter *t = &net->tensor[NAC_PARAMETER][i];
    for (e = 0; t->mask != NULL && e < t->n; e++) {
      if (t->mask[e] == 0) {
        p[t->offset + e] = 0.0f;
      }
    }
  }
}

/* Elements first, then the norm of all; 1e-6 is PyTorch's guard against norm 0. */
static int clip(const nac_optimiser_options *o, float *g, int64_t n, nac_error *err)
{
  if (o->clip_value > 0) {
    nac_kern->clip(g, n, (float)o->clip_value, 1.0f);
  }
  if (o->clip_norm > 0) {
    const double norm = sqrt(nac_kern->sum_squares(g, n));
    if (!isfinite(norm)) {
      return nac_fail(err, NAC_ENAN, "the norm of the gradient is %s", isnan(norm) ? "nan" : "infinite");
    }
    if (o->clip_norm < norm + 1e-6) {
      nac_kern->clip(g, n, INFINITY, (float)(o->clip_norm / (norm + 1e-6)));
    }
  }
  return NAC_OK;
}

int nac_optimiser_step(nac_optimiser *o, nac_net *net, float *gradients, double lr, nac_error *err)
{
  const nac_parameter *t = net->tensor[NAC_PARAMETER];
  const int n = net->n_tensors[NAC_PARAMETER];
  float *p = net->block[NAC_PARAMETER];
  const int plain = o->o.l1 == 0 && o->o.l2 == 0;
  int i = 0;
  int code = clip(&o->o, gradients, net->n_elements[NAC_PARAMETER], err);
  if (code != NAC_OK) {
    return code;
  }
  o->steps++;
  while (i < n) { /* runs of parameters that are treated alike */
    const int64_t at = t[i].offset;
    const int decayed = t[i].spec.decayed;
    while (i < n && (plain || t[i].spec.decayed == decayed)) {
      i++;
    }
    step_range(o, p, gradients, at, (i < n ? t[i].offset : net->n_elements[NAC_PARAMETER]) - at, decayed, lr);
  }
  apply_masks(net, p);
  return NAC_OK;
}
