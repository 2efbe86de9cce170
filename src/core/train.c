#include "core/train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/augment.h"
#include "core/interrupt.h"
#include "core/mem.h"
#include "core/rng.h"

/* Rows that an evaluation pushes through at once. */
#define EVALUATION_BATCH 256

struct nac_trainer {
  nac_trainer_options o;
  nac_net *net;
  nac_plan *train;
  nac_plan *eval;
  nac_optimiser *optimiser;
  int32_t *order;  /* (max_rows) */
  int32_t *labels; /* of the batch at hand */
  float *targets;  /* likewise */
  nac_shift shift;
  float *shifted; /* a batch of moved images */
  int64_t outputs;
  int logits; /* whether the loss takes the value before the last layer */
};

static int make_plans(nac_trainer *t, nac_error *err)
{
  const nac_trainer_options *o = &t->o;
  int64_t eval_rows = o->max_rows < EVALUATION_BATCH ? o->max_rows : EVALUATION_BATCH;
  nac_plan_options p = {.max_batch = o->batch + 1, /* one row more may join */
                        .training = 1,
                        .reference = o->reference,
                        .piece = o->piece};
  int code = nac_plan_new(&t->train, t->net, &p, err);
  if (code == NAC_OK) {
    p.training = 0;
    p.max_batch = eval_rows > 0 ? eval_rows : 1;
    code = nac_plan_new(&t->eval, t->net, &p, err);
  }
  return code;
}

static int make_shift(nac_trainer *t, nac_error *err)
{
  const nac_shift *s = &t->shift;
  int code = t->o.shift >= 0 && t->o.shift <= 1024
               ? nac_shift_init(&t->shift, t->net, t->o.shift, err)
               : nac_fail(err, NAC_EINVAL, "images are shifted by 0 to 1024 pixels, got %lld", (long long)t->o.shift);
  if (code == NAC_OK && s->most > 0) {
    t->shifted = nac_malloc((size_t)(nac_plan_max_batch(t->train) * s->channels * s->height * s->width) *
                            sizeof *t->shifted);
    code = t->shifted == NULL ? nac_fail(err, NAC_ENOMEM, "out of memory for shifted images") : NAC_OK;
  }
  return code;
}

int nac_trainer_new(nac_trainer **out, nac_net *net, const nac_trainer_options *options, nac_error *err)
{
  nac_trainer *t;
  int code;
  int64_t rows;
  *out = NULL;
  if (options->batch < 1 || options->batch >= INT32_MAX) {
    return nac_fail(err, NAC_EINVAL, "a batch has 1 to 2^31 - 2 rows, got %lld", (long long)options->batch);
  }
  if (options->max_rows < 0 || options->max_rows > INT32_MAX) {
    return nac_fail(err, NAC_EINVAL, "data sets have 0 to 2^31 - 1 rows, got %lld", (long long)options->max_rows);
  }
  t = nac_calloc(1, sizeof *t);
  if (t == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for training");
  }
  t->o = *options;
  t->net = net;
  if (t->o.batch > t->o.max_rows && t->o.max_rows > 0) {
    t->o.batch = t->o.max_rows; /* a batch larger than the data is the whole data */
  }
  code = make_plans(t, err);
  if (code == NAC_OK) {
    code = nac_optimiser_new(&t->optimiser, net, &options->optimiser, err);
  }
  if (code == NAC_OK) {
    t->logits = nac_loss_on_logits(&t->o.loss, t->train);
    nac_plan_output(t->train, t->logits, NULL, &t->outputs);
    rows = nac_plan_max_batch(t->train);
    rows = nac_plan_max_batch(t->eval) > rows ? nac_plan_max_batch(t->eval) : rows;
    t->order = nac_malloc((size_t)t->o.max_rows * sizeof *t->order);
    t->labels = nac_malloc((size_t)rows * sizeof *t->labels);
    t->targets = nac_malloc((size_t)(rows * t->outputs) * sizeof *t->targets);
    if (t->order == NULL || t->labels == NULL || t->targets == NULL) {
      code = nac_fail(err, NAC_ENOMEM, "out of memory for training on %lld rows", (long long)t->o.max_rows);
    }
  }
  if (code == NAC_OK) {
    code = make_shift(t, err);
  }
  if (code != NAC_OK) {
    nac_trainer_free(t);
    return code;
  }
  *out = t;
  return NAC_OK;
}

void nac_trainer_free(nac_trainer *t)
{
  if (t != NULL) {
    nac_plan_free(t->train);
    nac_plan_free(t->eval);
    nac_optimiser_free(t->optimiser);
    nac_free(t->order);
    nac_free(t->labels);
    nac_free(t->targets);
    nac_free(t->shifted);
    nac_free(t);
  }
}

static int check_data(const nac_trainer *t, const nac_data *data, nac_error *err)
{
  if (data->n < 1) {
    return nac_fail(err, NAC_EINVAL, "the data have no rows");
  }
  if (data->n > t->o.max_rows) {
    return nac_fail(err, NAC_EINVAL, "%lld rows, but the trainer was made for %lld", (long long)data->n,
                    (long long)t->o.max_rows);
  }
  return nac_loss_check(&t->o.loss, data, t->outputs, err);
}

/* Batch statistics of one row say nothing: refused rather than trained on. */
static int check_two_rows(const nac_trainer *t, const nac_data *data, nac_error *err)
{
  if (nac_plan_needs_two_rows(t->train) && (t->o.batch < 2 || data->n < 2)) {
    return nac_fail(err, NAC_EINVAL, "batch normalisation is trained on batches of at least 2 rows, got %s of 1",
                    data->n < 2 ? "data" : "batches");
  }
  return NAC_OK;
}

/* A last step may spoil the parameters without any loss that shows it. */
static int check_parameters(const nac_net *net, int64_t epoch, nac_error *err)
{
  int i;
  for (i = 0; i < nac_net_n_tensors(net, NAC_PARAMETER); i++) {
    const nac_net_tensor p = nac_net_get(net, NAC_PARAMETER, i);
    float spoilt = 0; /* 0 x is NaN for a NaN or an infinity */
    int64_t e;
    for (e = 0; e < p.n; e++) {
      spoilt += 0.0f * p.data[e];
    }
    if (isnan(spoilt)) {
      return nac_fail(err, NAC_ENAN, "parameter %s is not finite after epoch %lld", p.name, (long long)epoch);
    }
  }
  return NAC_OK;
}

/* Rows of the batch that starts at `at`. */
static int64_t batch_rows(const nac_trainer *t, int64_t at, int64_t n)
{
  const int64_t left = n - at;
  if (left <= t->o.batch || (left == t->o.batch + 1 && nac_plan_needs_two_rows(t->train))) {
    return left;
  }
  return t->o.batch;
}

int64_t nac_trainer_steps(const nac_trainer *t, int64_t n)
{
  int64_t at = 0;
  int64_t steps = 0;
  for (; at < n; at += batch_rows(t, at, n)) {
    steps++;
  }
  return steps;
}

/* One step on rows order[0..n). */
static int train_batch(nac_trainer *t, const nac_data *data, const int32_t *order, int64_t n, uint64_t step, double lr,
                       nac_score *score, nac_error *err)
{
  nac_answers answers;
  if (t->shift.most > 0) {
    nac_shift_rows(&t->shift, data->x, order, n, t->o.seed, step >> 32, (uint64_t)data->piece << 32, t->shifted);
    nac_plan_set_input(t->train, t->shifted, NULL, n);
  } else {
    nac_plan_set_input(t->train, data->x, order, n);
  }
  answers = nac_loss_answers(&t->o.loss, data, order, 0, n, t->outputs, t->labels, t->targets);
  nac_plan_load(t->train);
  nac_plan_forward(t->train, n, t->o.seed, step);
  if (nac_plan_failure(t->train) != NULL) {
    return nac_fail(err, nac_plan_failure(t->train)->code, "%s", nac_plan_failure(t->train)->text);
  }
  nac_loss_run(&t->o.loss, t->train, &answers, n, score);
  if (!isfinite(score->loss)) {
    return nac_fail(err, NAC_ENAN, "loss is %s", isnan(score->loss) ? "nan" : "infinite");
  }
  nac_plan_backward(t->train, n, t->logits);
  if (nac_plan_failure(t->train) != NULL) {
    return nac_fail(err, nac_plan_failure(t->train)->code, "%s", nac_plan_failure(t->train)->text);
  }
  return nac_optimiser_step(t->optimiser, t->net, nac_plan_gradients(t->train), lr, err);
}

/* Numbers of one sample. */
static int64_t sample_size(const nac_net *net)
{
  const int64_t *dim;
  int rank = nac_net_value_shape(net, 0, &dim);
  int64_t n = 1;
  while (rank > 0) {
    n *= dim[--rank];
  }
  return n;
}

static int all_finite(const float *x, int64_t n)
{
  int64_t i = 0;
  while (i < n && isfinite(x[i])) {
    i++;
  }
  return i == n;
}

/* Says so in `text` when a batch without a finite loss has a sample or an answer that is not. */
static void blame_data(const nac_trainer *t, const nac_data *data, const int32_t *order, int64_t n, char *text,
                       size_t size)
{
  const int64_t inputs = sample_size(t->net);
  int64_t i;
  text[0] = '\0';
  for (i = 0; i < n; i++) {
    const int answer = data->target != NULL && !all_finite(data->target + order[i] * t->outputs, t->outputs);
    if (answer || !all_finite(data->x + order[i] * inputs, inputs)) {
      snprintf(text, size, "; %s %lld of the data holds a number that is not finite", answer ? "answer" : "sample",
               (long long)order[i] + 1);
      return;
    }
  }
}

int nac_trainer_epoch(nac_trainer *t, const nac_data *data, int64_t epoch, const double *lr, int64_t n_lr,
                      nac_score *score, nac_error *err)
{
  nac_rng rng = nac_rng_stream(t->o.seed, "order of rows", (uint64_t)epoch, (uint64_t)data->piece);
  const int64_t end = data->steps > 0 ? data->first + data->steps : INT64_MAX;
  int64_t at = 0;
  int64_t batch = 0;
  int code = check_data(t, data, err);
  memset(score, 0, sizeof *score);
  if (code == NAC_OK) {
    code = check_two_rows(t, data, err);
  }
  if (code == NAC_OK && n_lr != 1 && n_lr != nac_trainer_steps(t, data->n)) {
    code = nac_fail(err, NAC_EINVAL, "%lld learning rates for an epoch of %lld steps", (long long)n_lr,
                    (long long)nac_trainer_steps(t, data->n));
  }
  if (code != NAC_OK) {
    return code;
  }
  nac_rng_permutation(&rng, t->order, (size_t)data->n);
  while (at < data->n && batch < data->first) {
    at += batch_rows(t, at, data->n);
    batch++;
  }
  while (at < data->n && batch < end) {
    const int64_t n = batch_rows(t, at, data->n);
    const uint64_t step = ((uint64_t)epoch << 32) + ((uint64_t)data->piece << 20) + (uint64_t)batch;
    const double rate = lr[n_lr == 1 ? 0 : batch];
    nac_error why;
    batch++;
    code = train_batch(t, data, t->order + at, n, step, rate, score, &why);
    if (code != NAC_OK) {
      char blame[80] = "";
      if (code == NAC_ENAN) {
        blame_data(t, data, t->order + at, n, blame, sizeof blame);
      }
      return nac_fail(err, code, "%s at epoch %lld, batch %lld (learning rate %g)%s", why.text, (long long)epoch,
                      (long long)batch, rate, blame);
    }
    at += n;
    if (nac_interrupted()) {
      return nac_fail(err, NAC_EINTR, "interrupted at epoch %lld, batch %lld", (long long)epoch, (long long)batch);
    }
  }
  return check_parameters(t->net, epoch, err);
}

int nac_trainer_evaluate(nac_trainer *t, const nac_data *data, nac_score *score, nac_error *err)
{
  const int64_t len = nac_plan_max_batch(t->eval);
  const int64_t inputs = sample_size(t->net);
  int64_t at;
  int code = check_data(t, data, err);
  memset(score, 0, sizeof *score);
  if (code != NAC_OK) {
    return code;
  }
  nac_plan_load(t->eval);
  for (at = 0; at < data->n; at += len) {
    const int64_t n = at + len < data->n ? len : data->n - at;
    nac_answers answers;
    nac_plan_lend_input(t->eval, data->x + at * inputs, n);
    nac_plan_forward(t->eval, n, 0, 0);
    if (nac_plan_failure(t->eval) != NULL) {
      return nac_fail(err, nac_plan_failure(t->eval)->code, "%s", nac_plan_failure(t->eval)->text);
    }
    answers = nac_loss_answers(&t->o.loss, data, NULL, at, n, t->outputs, t->labels, t->targets);
    nac_loss_run(&t->o.loss, t->eval, &answers, n, score);
    if (nac_interrupted()) {
      return nac_fail(err, NAC_EINTR, "interrupted while scoring");
    }
  }
  return NAC_OK;
}

nac_optimiser *nac_trainer_optimiser(nac_trainer *t)
{
  return t->optimiser;
}
