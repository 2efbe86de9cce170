/**
 * Training: one call runs one epoch, another scores a data set. What happens
 * between epochs (schedules, early stopping, reports) is Lua's business.
 */
#ifndef NAC_TRAIN_H
#define NAC_TRAIN_H

#include "core/loss.h"
#include "core/optim.h"

typedef struct nac_trainer nac_trainer;

typedef struct nac_trainer_options {
  nac_loss loss;
  int64_t batch;    /* rows a step */
  int64_t max_rows; /* of the data sets that will come */
  uint64_t seed;    /* of the order of rows and of dropout */
  int reference;    /* see nac_plan_options */
  int64_t piece;    /* likewise */
  int64_t shift;    /* pixels by which images are moved at random, anew each epoch */
  nac_optimiser_options optimiser;
} nac_trainer_options;

/** Allocates all that training needs; epochs allocate nothing. */
int nac_trainer_new(nac_trainer **out, nac_net *net, const nac_trainer_options *options, nac_error *err);
void nac_trainer_free(nac_trainer *t);

/** Steps of an epoch on `n` rows. */
int64_t nac_trainer_steps(const nac_trainer *t, int64_t n);

/** Trains on all rows once, in an order drawn from (seed, epoch, piece), with one
 * learning rate (n_lr = 1) or one a step. The last partial batch is trained
 * too; a single row left over joins the batch before it where batch statistics
 * need two. With data->first and data->steps only some of the steps are made: a piece that
 * is trained in several calls is trained as in one. Fails with NAC_ENAN at the first batch whose loss (or gradient,
 * where its norm is clipped) is not finite and for parameters that are not finite
 * at the end, NAC_EINTR when the user interrupts, NAC_EINVAL for answers that the
 * loss cannot take and for batches of one row where statistics need two;
 * parameters are then those of the last completed step. */
int nac_trainer_epoch(nac_trainer *t, const nac_data *data, int64_t epoch, const double *lr, int64_t n_lr,
                      nac_score *score, nac_error *err);

/** Scores all rows with the net in its evaluation form. */
int nac_trainer_evaluate(nac_trainer *t, const nac_data *data, nac_score *score, nac_error *err);

/** The optimiser, whose state is saved and restored with the net's to go on
 * with an interrupted training. */
nac_optimiser *nac_trainer_optimiser(nac_trainer *t);

#endif
