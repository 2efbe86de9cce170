/**
 * Training: one call runs one epoch, another scores a data set. What happens
 * between epochs (schedules, early stopping, reports) is Lua's business.
 */
#ifndef NAC_TRAIN_H
#define NAC_TRAIN_H

#include "core/loss.h"
#include "core/optim.h"

/** Rows of samples and what they should give. The memory is the caller's. */
typedef struct nac_data {
  const float *x; /* (n, elements of the net's input) */
  const int32_t *label; /* (n), for cross_entropy */
  const float *target;  /* (n, outputs), for mse */
  int64_t n;
} nac_data;

typedef struct nac_trainer nac_trainer;

typedef struct nac_trainer_options {
  nac_loss loss;
  int64_t batch;    /* rows a step */
  int64_t max_rows; /* of the data sets that will come */
  uint64_t seed;    /* of the order of rows and of dropout */
  int reference;    /* see nac_plan_options */
  int64_t piece;    /* likewise */
  nac_optimiser_options optimiser;
} nac_trainer_options;

/** Allocates all that training needs; epochs allocate nothing. */
int nac_trainer_new(nac_trainer **out, nac_net *net, const nac_trainer_options *options, nac_error *err);
void nac_trainer_free(nac_trainer *t);

/** Trains on all rows once, in an order drawn from (seed, epoch). The last
 * partial batch is trained too; a single row left over joins the batch before
 * it where batch statistics need two. Fails with NAC_ENAN at the first batch
 * whose loss is not finite and for parameters that are not finite at the end,
 * NAC_EINTR when the user interrupts, NAC_EINVAL for a label outside the
 * outputs and for batches of one row where statistics need two; parameters are
 * then those of the last completed step. */
int nac_trainer_epoch(nac_trainer *t, const nac_data *data, int64_t epoch, double lr, nac_score *score,
                      nac_error *err);

/** Scores all rows with the net in its evaluation form. */
int nac_trainer_evaluate(nac_trainer *t, const nac_data *data, nac_score *score, nac_error *err);

#endif
