/**
 * Optimisers over a net's parameters, with PyTorch's semantics. L1 and L2 act
 * on weights only (not on biases, normalisation or buffers): they add
 * l1 sign(w) and l2 w to the gradient, and are not part of the reported loss.
 */
#ifndef NAC_OPTIM_H
#define NAC_OPTIM_H

#include "core/net.h"

typedef struct nac_optimiser nac_optimiser;

typedef enum nac_optimiser_kind { NAC_ADAM, NAC_SGD } nac_optimiser_kind;

typedef struct nac_optimiser_options {
  nac_optimiser_kind kind;
  double beta1, beta2, eps; /* adam; usually .9, .999, 1e-8 */
  double momentum;          /* sgd */
  int nesterov;             /* sgd */
  double l1, l2;
} nac_optimiser_options;

/** The kind of that name ("adam", "sgd"), or -1. */
int nac_optimiser_find(const char *name);

int nac_optimiser_new(nac_optimiser **out, const nac_net *net, const nac_optimiser_options *options, nac_error *err);
void nac_optimiser_free(nac_optimiser *o);

/** One step with learning rate `lr` along `gradients` (all parameters, in the
 * order of the net's block). Pruned elements stay zero. */
void nac_optimiser_step(nac_optimiser *o, nac_net *net, const float *gradients, double lr);

#endif
