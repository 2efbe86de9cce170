#include "core/optim.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/net_impl.h"
#include "kern/kern.h"

struct nac_optimiser {
  nac_optimiser_options o;
  int64_t steps; /* taken so far */
  float *m;      /* adam: first moment; sgd: momentum */
  float *v;      /* adam: second moment */
};

int nac_optimiser_find(const char *name)
{
  if (strcmp(name, "adam") == 0) {
    return NAC_ADAM;
  }
  return strcmp(name, "sgd") == 0 ? NAC_SGD : -1;
}

int nac_optimiser_new(nac_optimiser **out, const nac_net *net, const nac_optimiser_options *options, nac_error *err)
{
  const size_t n = (size_t)net->n_elements[NAC_PARAMETER];
  nac_optimiser *o = nac_calloc(1, sizeof *o);
  *out = NULL;
  if (o != NULL) {
    o->o = *options;
    o->m = nac_calloc(n, sizeof *o->m);
    o->v = options->kind == NAC_ADAM ? nac_calloc(n, sizeof *o->v) : NULL;
  }
  if (o == NULL || o->m == NULL || (options->kind == NAC_ADAM && o->v == NULL)) {
    nac_optimiser_free(o);
    return nac_fail(err, NAC_ENOMEM, "out of memory for the optimiser of %.1f million parameters", (double)n * 1e-6);
  }
  *out = o;
  return NAC_OK;
}

void nac_optimiser_free(nac_optimiser *o)
{
  if (o != NULL) {
    nac_free(o->m);
    nac_free(o->v);
    nac_free(o);
  }
}

/* Parameters [at, at + n), which are decayed or are not. */
static void step_range(nac_optimiser *o, float *p, const float *g, int64_t at, int64_t n, int decayed, double lr)
{
  const float l1 = decayed ? (float)o->o.l1 : 0.0f;
  const float l2 = decayed ? (float)o->o.l2 : 0.0f;
  if (o->o.kind == NAC_ADAM) {
    const double t = (double)o->steps;
    const k_adam k = {.step = (float)(lr / (1.0 - pow(o->o.beta1, t))),
                      .root = (float)(1.0 / sqrt(1.0 - pow(o->o.beta2, t))),
                      .beta1 = (float)o->o.beta1,
                      .beta2 = (float)o->o.beta2,
                      .rest1 = (float)(1.0 - o->o.beta1),
                      .rest2 = (float)(1.0 - o->o.beta2),
                      .eps = (float)o->o.eps,
                      .l2 = l2,
                      .l1 = l1};
    nac_kern->adam(p + at, g + at, o->m + at, o->v + at, n, &k);
  } else {
    const k_sgd k = {.lr = (float)lr,
                     .momentum = (float)o->o.momentum,
                     .l2 = l2,
                     .l1 = l1,
                     .nesterov = o->o.nesterov,
                     .first = o->steps == 1};
    nac_kern->sgd(p + at, g + at, o->m + at, n, &k);
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

void nac_optimiser_step(nac_optimiser *o, nac_net *net, const float *gradients, double lr)
{
  const nac_parameter *t = net->tensor[NAC_PARAMETER];
  const int n = net->n_tensors[NAC_PARAMETER];
  float *p = net->block[NAC_PARAMETER];
  const int plain = o->o.l1 == 0 && o->o.l2 == 0;
  int i = 0;
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
}
