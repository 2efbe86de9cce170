/* What a loss is. Private to src/core. */
#ifndef NAC_LOSS_IMPL_H
#define NAC_LOSS_IMPL_H

#include "core/loss.h"
#include "core/plan_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

/* A batch in front of a loss. */
typedef struct nac_loss_batch {
  nac_mode mode;
  const void *y; /* (n, len) of the mode's type */
  void *g;       /* likewise, or NULL */
  int64_t n;
  int64_t len;
  const nac_answers *answers;
} nac_loss_batch;

struct nac_loss_kind {
  const char *name;
  const char *head;   /* kind of the last layer that is left out, or NULL */
  const char *option; /* its number, or NULL */
  double otherwise;
  double least; /* bounds of the number */
  double most;
  int closed; /* whether `least` itself is allowed */
  enum { LABEL_NONE, LABEL_BINARY, LABEL_CLASS } labels;
  int probabilities; /* what targets are: 0 = any numbers, 1 = not negative, 2 = in [0, 1] */
  int weighted;      /* whether classes may have weights */
  /* NULL: targets are used as they are. Else writes row r's target. */
  void (*target)(const nac_loss *loss, const nac_data *data, int64_t row, int64_t outputs, float *to);
  void (*run)(const nac_loss *loss, const nac_loss_batch *b, nac_score *score);
};

extern const nac_loss_kind nac_loss_cross_entropy;
extern const nac_loss_kind nac_loss_bce;
extern const nac_loss_kind nac_loss_mse;
extern const nac_loss_kind nac_loss_l1;
extern const nac_loss_kind nac_loss_huber;
extern const nac_loss_kind nac_loss_smooth_l1;

#endif
