/**
 * Losses, on the outputs of a plan.
 *
 *   cross_entropy  mean over rows of -log softmax(logits)[label]; labels from 0
 *   mse            mean over rows and outputs of (y - target)^2
 */
#ifndef NAC_LOSS_H
#define NAC_LOSS_H

#include "core/plan.h"

typedef enum nac_loss { NAC_CROSS_ENTROPY, NAC_MSE } nac_loss;

/** The loss of that name, or -1. */
int nac_loss_find(const char *name);

/** "cross_entropy" or "mse"; NULL past the last. */
const char *nac_loss_name(int loss);

/** What was learnt from some rows: sums, so that batches can be added up. */
typedef struct nac_score {
  double loss;   /* sum over rows of the row's loss */
  long correct;  /* rows whose largest logit is the label's (cross_entropy) */
  int64_t rows;
} nac_score;

/** Adds the losses of the plan's first `n` outputs to `score`. In a training
 * plan also writes the gradient of the batch's mean loss. `label` (n) serves
 * cross_entropy, `target` (n, outputs) mse. */
void nac_loss_run(nac_loss loss, nac_plan *plan, const int32_t *label, const float *target, int64_t n,
                  nac_score *score);

#endif
