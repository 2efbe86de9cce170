/* Losses of the difference between output and target: mse, l1, huber, smooth_l1. */
#include "core/loss/loss_impl.h"

/* Adds `factor` times the mean error, whose kind is `func` (one of ref_loss). */
static void run(int func, double delta, double factor, const nac_loss_batch *b, nac_score *score)
{
  const int64_t n = b->n * b->len;
  const double scale = factor / (double)n;
  const float *t = b->answers->target;
  double sum = 0;
  if (b->mode == NAC_REF_F64) {
    ref_error_f64(func, b->y, t, b->g, scale, delta, &sum, n);
  } else if (b->mode != NAC_FAST) {
    ref_error_f32(func, b->y, t, b->g, scale, delta, &sum, n);
  } else if (func == REF_SQUARED) {
    nac_kern->squared_error(b->y, t, b->g, (float)scale, &sum, n);
  } else if (func == REF_ABSOLUTE) {
    nac_kern->absolute_error(b->y, t, b->g, (float)scale, &sum, n);
  } else {
    nac_kern->huber(b->y, t, b->g, (float)scale, (float)delta, &sum, n);
  }
  score->loss += factor * sum / (double)b->len;
}

static void run_mse(const nac_loss *loss, const nac_loss_batch *b, nac_score *score)
{
  (void)loss;
  run(REF_SQUARED, 0, 1, b, score);
}

static void run_l1(const nac_loss *loss, const nac_loss_batch *b, nac_score *score)
{
  (void)loss;
  run(REF_ABSOLUTE, 0, 1, b, score);
}

static void run_huber(const nac_loss *loss, const nac_loss_batch *b, nac_score *score)
{
  run(REF_HUBER, loss->option, 1, b, score);
}

static void run_smooth_l1(const nac_loss *loss, const nac_loss_batch *b, nac_score *score)
{
  run(REF_HUBER, loss->option, 1 / loss->option, b, score);
}

const nac_loss_kind nac_loss_mse = {.name = "mse", .run = run_mse};
const nac_loss_kind nac_loss_l1 = {.name = "l1", .run = run_l1};
const nac_loss_kind nac_loss_huber = {
  .name = "huber", .option = "delta", .otherwise = 1, .most = 1e30, .run = run_huber};
const nac_loss_kind nac_loss_smooth_l1 = {
  .name = "smooth_l1", .option = "beta", .otherwise = 1, .most = 1e30, .run = run_smooth_l1};
