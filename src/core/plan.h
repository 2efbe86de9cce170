/**
 * A plan: a net made ready to run on batches of up to `max_batch` rows.
 *
 * Shapes are known before the first step, so all activations and gradients lie
 * in one arena that is laid out by liveness when the plan is made; running it
 * allocates nothing. The layers are cut into segments where a layer needs the
 * whole batch first (the statistics of batchnorm); inside a segment the batch
 * passes in pieces of rows that stay in the cache. Results are equal for every
 * piece size.
 *
 * A plan reads and trains the net's own parameters; it must not outlive the net.
 */
#ifndef NAC_PLAN_H
#define NAC_PLAN_H

#include "core/net.h"

typedef struct nac_plan nac_plan;

typedef struct nac_plan_options {
  int64_t max_batch;   /* rows, at least 1 */
  int training;        /* batch statistics, dropout and gradients */
  int reference;       /* naive kernels: 0 no, 32 in float, 64 in double */
  int input_gradient;  /* also compute the gradient of the input */
  int64_t piece;       /* rows a piece, rounded up to a multiple of 16; 0 = by the cache */
} nac_plan_options;

/** Makes a plan for a net that has its weights. Fails when the net has no
 * layers or a quantiser, or when memory is short (the text says how much). */
int nac_plan_new(nac_plan **out, nac_net *net, const nac_plan_options *options, nac_error *err);
void nac_plan_free(nac_plan *plan);

/** Bytes of the activations and gradients. */
int64_t nac_plan_bytes(const nac_plan *plan);
int64_t nac_plan_max_batch(const nac_plan *plan);
int64_t nac_plan_piece(const nac_plan *plan);
/** Number of forward segments. */
int nac_plan_n_segments(const nac_plan *plan);
/** Whether a layer computes statistics over the batch while training: such a
 * batch needs two rows. */
int nac_plan_needs_two_rows(const nac_plan *plan);
/** Whether the arrays of this plan hold doubles (reference = 64). */
int nac_plan_is_double(const nac_plan *plan);

/** Copies `n` rows of float samples, source row order[i] (or i when order is
 * NULL) to row i of the input. */
void nac_plan_set_input(nac_plan *plan, const float *x, const int32_t *order, int64_t n);

/** Has nac_plan_forward read its input where it lies: `n` rows of float samples
 * that stay there until the pass is over. Only plans that evaluate do so; others
 * copy, as nac_plan_set_input does. */
void nac_plan_lend_input(nac_plan *plan, const float *x, int64_t n);

/** Takes up the net's present parameters. To be called after they change and
 * before nac_plan_forward. */
void nac_plan_load(nac_plan *plan);

/** Runs the layers on the first `n` rows of the input. `seed` and `step` give
 * the random streams of dropout. */
void nac_plan_forward(nac_plan *plan, int64_t n, uint64_t seed, uint64_t step);

/** The value before a final softmax or sigmoid if `logits`, else the output; and room for
 * its gradient (NULL in evaluation plans). */
void *nac_plan_output(nac_plan *plan, int logits, void **gradient, int64_t *len);

/** Propagates the gradient that was put into nac_plan_output's (for the same
 * `logits`), after nac_plan_forward on the same rows. */
void nac_plan_backward(nac_plan *plan, int64_t n, int logits);

/** Gradients of all parameters after nac_plan_backward, in the order and
 * offsets of the net's block, as floats. */
float *nac_plan_gradients(nac_plan *plan);

/** Gradient of parameter `id` as it was computed (double if is_double). */
const void *nac_plan_gradient(const nac_plan *plan, int id);

/** Gradient of the input, or NULL when it was not asked for. */
const void *nac_plan_input_gradient(const nac_plan *plan);

/** What went wrong in the last forward pass or since, NULL when nothing did: a
 * layer that runs the user's own function failed, or the net was quantised anew
 * after the plan had been made. The plan's outputs and
 * gradients are then of no meaning. */
const nac_error *nac_plan_failure(const nac_plan *plan);

/** Starts timing every layer, from zero. Timing itself costs about 50 ns a
 * layer and piece. */
int nac_plan_profile(nac_plan *plan, nac_error *err);

typedef struct nac_profile_row {
  const char *name; /* the layer's; NULL where the plan changes the layout */
  const char *kind;
  double forward;   /* seconds since nac_plan_profile */
  double backward;
  int64_t flop;     /* of a sample's forward pass: 2 a product of matrices' multiply-add, else 0 */
  int64_t elements; /* of a sample, read and written by the forward pass */
} nac_profile_row;

/** The i-th layer as the plan runs it. Returns 0 past the end. */
int nac_plan_profile_row(const nac_plan *plan, int i, nac_profile_row *row);

#endif
