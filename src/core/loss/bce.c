#include "core/loss/loss_impl.h"

static void target(const nac_loss *loss, const nac_data *data, int64_t row, int64_t outputs, float *to)
{
  int64_t i;
  (void)loss;
  for (i = 0; i < outputs; i++) {
    to[i] = data->label != NULL ? (float)data->label[row] : data->target[row * outputs + i];
  }
}

static void run(const nac_loss *loss, const nac_loss_batch *b, nac_score *score)
{
  const int64_t n = b->n * b->len;
  const double scale = 1.0 / (double)n;
  double sum = 0;
  (void)loss;
  if (b->mode == NAC_FAST) {
    nac_kern->bce(b->y, b->answers->target, b->g, (float)scale, &sum, &score->correct, n);
  } else if (b->mode == NAC_REF_F64) {
    ref_bce_f64(b->y, b->answers->target, b->g, scale, &sum, &score->correct, n);
  } else {
    ref_bce_f32(b->y, b->answers->target, b->g, scale, &sum, &score->correct, n);
  }
  score->judged += n;
  score->loss += sum / (double)b->len;
}

const nac_loss_kind nac_loss_bce = {
  .name = "bce_with_logits",
  .head = "sigmoid",
  .labels = LABEL_BINARY,
  .probabilities = 2,
  .target = target,
  .run = run,
};
