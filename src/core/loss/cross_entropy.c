#include "core/loss/loss_impl.h"

/* w[c] ((1 - s) t[c] + s / classes), t one-hot for labels */
static void target(const nac_loss *loss, const nac_data *data, int64_t row, int64_t classes, float *to)
{
  const double spread = loss->option / (double)classes;
  int64_t c;
  for (c = 0; c < classes; c++) {
    const double t = data->label != NULL ? (double)(data->label[row] == c) : (double)data->target[row * classes + c];
    const double w = loss->class_weights != NULL ? (double)loss->class_weights[c] : 1.0;
    to[c] = (float)(w * ((1.0 - loss->option) * t + spread));
  }
}

static void run(const nac_loss *loss, const nac_loss_batch *b, nac_score *score)
{
  const nac_answers *a = b->answers;
  const double scale = a->weight > 0 ? 1.0 / a->weight : 0.0; /* a batch of classes without weight teaches nothing */
  (void)loss;
  score->judged += b->n;
  if (a->target == NULL) {
    if (b->mode == NAC_FAST) {
      nac_kern->cross_entropy(b->y, a->label, b->g, (float)scale, &score->loss, &score->correct, b->n, b->len);
    } else if (b->mode == NAC_REF_F64) {
      ref_cross_entropy_f64(b->y, a->label, b->g, scale, &score->loss, &score->correct, b->n, b->len);
    } else {
      ref_cross_entropy_f32(b->y, a->label, b->g, scale, &score->loss, &score->correct, b->n, b->len);
    }
  } else if (b->mode == NAC_FAST) {
    nac_kern->cross_entropy_soft(b->y, a->target, a->label, b->g, (float)scale, &score->loss, &score->correct, b->n,
                                 b->len);
  } else if (b->mode == NAC_REF_F64) {
    ref_cross_entropy_soft_f64(b->y, a->target, a->label, b->g, scale, &score->loss, &score->correct, b->n, b->len);
  } else {
    ref_cross_entropy_soft_f32(b->y, a->target, a->label, b->g, scale, &score->loss, &score->correct, b->n, b->len);
  }
}

const nac_loss_kind nac_loss_cross_entropy = {
  .name = "cross_entropy",
  .head = "softmax",
  .option = "label_smoothing",
  .least = 0,
  .most = 1,
  .closed = 1,
  .labels = LABEL_CLASS,
  .probabilities = 1,
  .weighted = 1,
  .target = target,
  .run = run,
};
