/**
 * Optimisers over a net's parameters, with PyTorch's semantics:
 *
 *   sgd      momentum, dampening (none at the first step), Nesterov's form
 *   adam     betas, eps, amsgrad (Reddi, Kale & Kumar 2018); weight_decay
 *            is added to the gradient
 *   adamw    the same with decoupled weight_decay: w shrinks by lr weight_decay
 *   rmsprop  alpha, eps, momentum, centered
 *   adagrad  eps (Duchi, Hazan & Singer 2011); squares are summed from 0 on
 *
 * weight_decay acts on all parameters, as PyTorch's does. l1 and l2 act on
 * weights only (not on biases or normalisation): they add l1 sign(w) and l2 w to
 * the gradient and are not part of the reported loss. Gradients are clipped
 * before either, first each element to clip_value, then all together to the
 * norm clip_norm.
 */
#ifndef NAC_OPTIM_H
#define NAC_OPTIM_H

#include "core/net.h"

typedef struct nac_optimiser nac_optimiser;

typedef enum nac_optimiser_kind { NAC_ADAM, NAC_ADAMW, NAC_SGD, NAC_RMSPROP, NAC_ADAGRAD } nac_optimiser_kind;

typedef struct nac_optimiser_options {
  nac_optimiser_kind kind;
  double beta1, beta2;     /* adam, adamw; usually .9, .999 */
  int amsgrad;             /* adam, adamw */
  double alpha;            /* rmsprop; usually .99 */
  int centered;            /* rmsprop */
  double eps;              /* adam, adamw, rmsprop; usually 1e-8; adagrad 1e-10 */
  double momentum;         /* sgd, rmsprop; 0 = none */
  double dampening;        /* sgd */
  int nesterov;            /* sgd; needs momentum and no dampening */
  double weight_decay;
  double l1, l2;
  double clip_norm, clip_value; /* 0 = none */
} nac_optimiser_options;

/** The kind of that name, or -1. */
int nac_optimiser_find(const char *name);

/** The i-th name, in the order of nac_optimiser_kind, or NULL past the last. */
const char *nac_optimiser_name(int i);

/** Fails with NAC_EINVAL and the name of an option that is out of range. */
int nac_optimiser_new(nac_optimiser **out, const nac_net *net, const nac_optimiser_options *options, nac_error *err);
void nac_optimiser_free(nac_optimiser *o);

/** One step with learning rate `lr` along `gradients` (all parameters, in the
 * order of the net's block; clipped in place). Pruned elements stay zero. Fails
 * with NAC_ENAN, and no step, when gradients whose norm is to be clipped are not
 * finite. */
int nac_optimiser_step(nac_optimiser *o, nac_net *net, float *gradients, double lr, nac_error *err);

nac_optimiser_kind nac_optimiser_kind_of(const nac_optimiser *o);

/** What an optimiser remembers: the number of steps taken and some arrays of
 * one float a parameter. With both copied to another optimiser of the same
 * options the next step is the same, bit for bit. */
int64_t *nac_optimiser_steps(nac_optimiser *o);

/** The i-th array and its name ("m", "v", "momentum", ...); NULL past the last. */
float *nac_optimiser_slot(nac_optimiser *o, int i, const char **name);

#endif
