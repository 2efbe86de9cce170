/**
 * Losses, on the outputs of a plan. Where a net ends in the head that belongs
 * to a loss (softmax, sigmoid), the loss takes the logits before it.
 *
 *   cross_entropy    head softmax. Labels from 0: mean over rows of
 *                    -w[y] log softmax(logits)[y], divided by the mean of w[y].
 *                    Targets (rows, outputs), one-hot or probabilities: mean over
 *                    rows of -sum_c w[c] t[c] log softmax(logits)[c]. Smoothing s
 *                    turns the target t into (1 - s) t + s / classes. (What
 *                    PyTorch's CrossEntropyLoss does.)
 *   bce_with_logits  head sigmoid. Mean over rows and outputs of
 *                    -t log sigmoid(z) - (1 - t) log(1 - sigmoid(z)), t in [0, 1];
 *                    with one output also labels 0 and 1.
 *   mse, l1          mean over rows and outputs of d^2 and |d|, d = y - t
 *   huber            of d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2)
 *   smooth_l1        huber with delta = beta, divided by beta
 *
 * A loss is a row of the table in loss.c; src/core/loss/ holds their code.
 */
#ifndef NAC_LOSS_H
#define NAC_LOSS_H

#include "core/plan.h"

typedef struct nac_loss_kind nac_loss_kind;

/** A loss and its settings. */
typedef struct nac_loss {
  const nac_loss_kind *kind;
  double option;              /* huber's delta, smooth_l1's beta, cross_entropy's label_smoothing */
  const float *class_weights; /* cross_entropy: one a class, or NULL; the caller's memory */
  int64_t n_class_weights;
} nac_loss;

/** Rows of samples and what they should give. The memory is the caller's. */
typedef struct nac_data {
  const float *x;       /* (n, elements of the net's input) */
  const int32_t *label; /* (n), or NULL */
  const float *target;  /* (n, outputs), or NULL */
  int64_t n;
  int64_t piece;        /* which piece of an epoch that comes in several, from 0 */
  int64_t first;        /* training begins with this step of the piece, from 0, ... */
  int64_t steps;        /* ... and makes so many; 0 = all that are left */
} nac_data;

/** The answers of a batch, as its loss reads them. */
typedef struct nac_answers {
  const int32_t *label; /* (n) or NULL */
  const float *target;  /* (n, outputs) or NULL */
  double weight;        /* of all rows: what the sum of their losses is divided by */
} nac_answers;

/** What was learnt from some rows: sums, so that batches can be added up. */
typedef struct nac_score {
  double loss;   /* sum over rows of the row's loss; the mean is loss / weight */
  double weight; /* rows, or their class weights */
  long correct;  /* right answers */
  long judged;   /* of so many; 0 for losses that know no right and wrong */
  int64_t rows;
} nac_score;

/** The loss of that name (also "mae" for "l1") with its default settings;
 * kind is NULL if there is none. */
nac_loss nac_loss_find(const char *name);

/** The i-th name, or NULL past the last. */
const char *nac_loss_name(int i);

const char *nac_loss_kind_name(const nac_loss *loss);

/** The name of a loss's number among its settings ("delta"), or NULL; and the
 * bounds it must lie between, `least` itself allowed if `closed`. */
const char *nac_loss_option(const nac_loss *loss, double *least, double *most, int *closed);

/** Whether class_weights mean something to the loss. */
int nac_loss_takes_weights(const nac_loss *loss);

/** Whether the loss can read labels from a net with that many outputs. */
int nac_loss_takes_labels(const nac_loss *loss, int64_t outputs);

/** Whether the loss takes the value before the last layer of this plan. */
int nac_loss_on_logits(const nac_loss *loss, const nac_plan *plan);

/** Fails with NAC_EINVAL and the row for labels outside the outputs, for
 * targets that a loss of probabilities cannot take, and for class weights that
 * are not one an output. */
int nac_loss_check(const nac_loss *loss, const nac_data *data, int64_t outputs, nac_error *err);

/** The answers of rows order[0..n) (of rows first .. first + n - 1 if `order`
 * is NULL). `labels` (n) and `targets` (n, outputs) are room for them. */
nac_answers nac_loss_answers(const nac_loss *loss, const nac_data *data, const int32_t *order, int64_t first,
                             int64_t n, int64_t outputs, int32_t *labels, float *targets);

/** Adds the losses of the plan's first `n` outputs to `score`. In a training
 * plan also writes the gradient of the batch's mean loss. */
void nac_loss_run(const nac_loss *loss, nac_plan *plan, const nac_answers *answers, int64_t n, nac_score *score);

#endif
