#include "core/loss.h"

#include <math.h>
#include <string.h>

#include "core/loss/loss_impl.h"

static const nac_loss_kind *const kinds[] = {
  &nac_loss_cross_entropy, &nac_loss_bce, &nac_loss_mse, &nac_loss_l1, &nac_loss_huber, &nac_loss_smooth_l1, NULL};

nac_loss nac_loss_find(const char *name)
{
  nac_loss loss = {.kind = NULL};
  int i;
  if (strcmp(name, "mae") == 0) {
    name = nac_loss_l1.name;
  }
  for (i = 0; kinds[i] != NULL; i++) {
    if (strcmp(kinds[i]->name, name) == 0) {
      loss.kind = kinds[i];
      loss.option = kinds[i]->otherwise;
    }
  }
  return loss;
}

const char *nac_loss_name(int i)
{
  return kinds[i] != NULL ? kinds[i]->name : NULL;
}

const char *nac_loss_kind_name(const nac_loss *loss)
{
  return loss->kind->name;
}

const char *nac_loss_option(const nac_loss *loss, double *least, double *most, int *closed)
{
  *least = loss->kind->least;
  *most = loss->kind->most;
  *closed = loss->kind->closed;
  return loss->kind->option;
}

int nac_loss_takes_weights(const nac_loss *loss)
{
  return loss->kind->weighted;
}

int nac_loss_takes_labels(const nac_loss *loss, int64_t outputs)
{
  return loss->kind->labels == LABEL_CLASS || (loss->kind->labels == LABEL_BINARY && outputs == 1);
}

int nac_loss_on_logits(const nac_loss *loss, const nac_plan *plan)
{
  return loss->kind->head != NULL && plan->logits != plan->g.output &&
         strcmp(plan->g.layer[plan->head].kind->name, loss->kind->head) == 0;
}

static int check_labels(const nac_loss *loss, const nac_data *data, int64_t outputs, nac_error *err)
{
  const int binary = loss->kind->labels == LABEL_BINARY;
  const int64_t end = binary ? 2 : outputs;
  int64_t i;
  for (i = 0; i < data->n; i++) {
    if (binary && (data->label[i] < 0 || data->label[i] >= end)) {
      return nac_fail(err, NAC_EINVAL, "label %d of row %lld is neither 0 nor 1", (int)data->label[i],
                      (long long)i + 1);
    }
    if (data->label[i] < 0 || data->label[i] >= end) {
      return nac_fail(err, NAC_EINVAL, "label %d of row %lld is outside 0..%lld, the outputs of the net%s",
                      (int)data->label[i], (long long)i + 1, (long long)end - 1,
                      outputs == 1 ? "; a net of one output is trained with bce_with_logits" : "");
    }
  }
  return NAC_OK;
}

static int check_targets(const nac_loss *loss, const nac_data *data, int64_t outputs, nac_error *err)
{
  const double most = loss->kind->probabilities == 2 ? 1.0 : (double)INFINITY;
  int64_t i;
  for (i = 0; loss->kind->probabilities != 0 && i < data->n * outputs; i++) {
    if (!(data->target[i] >= 0.0f && (double)data->target[i] <= most)) {
      return nac_fail(err, NAC_EINVAL, "target %g of row %lld is no probability; %s takes numbers from 0 to 1",
                      (double)data->target[i], (long long)(i / outputs) + 1, loss->kind->name);
    }
  }
  return NAC_OK;
}

int nac_loss_check(const nac_loss *loss, const nac_data *data, int64_t outputs, nac_error *err)
{
  if (loss->class_weights != NULL && loss->n_class_weights != outputs) {
    return nac_fail(err, NAC_EINVAL, "%lld class weights for a net of %lld outputs", (long long)loss->n_class_weights,
                    (long long)outputs);
  }
  return data->label != NULL ? check_labels(loss, data, outputs, err) : check_targets(loss, data, outputs, err);
}

/* Whether labels are read as they are, without a target made of them. */
static int plain_labels(const nac_loss *loss, const nac_data *data)
{
  return data->label != NULL && loss->kind->labels == LABEL_CLASS && loss->option == 0 && loss->class_weights == NULL;
}

nac_answers nac_loss_answers(const nac_loss *loss, const nac_data *data, const int32_t *order, int64_t first,
                             int64_t n, int64_t outputs, int32_t *labels, float *targets)
{
  nac_answers a = {.label = data->label != NULL ? labels : NULL, .weight = (double)n};
  const int plain = plain_labels(loss, data);
  int64_t r;
  if (data->label != NULL && loss->class_weights != NULL) {
    a.weight = 0;
  }
  for (r = 0; r < n; r++) {
    const int64_t row = order != NULL ? order[r] : first + r;
    if (data->label != NULL) {
      labels[r] = data->label[row];
      a.weight += loss->class_weights != NULL ? (double)loss->class_weights[labels[r]] : 0.0;
    }
    if (!plain && loss->kind->target != NULL) {
      loss->kind->target(loss, data, row, outputs, targets + r * outputs);
    } else if (!plain) {
      memcpy(targets + r * outputs, data->target + row * outputs, (size_t)outputs * sizeof *targets);
    }
  }
  a.target = plain ? NULL : targets;
  return a;
}

void nac_loss_run(const nac_loss *loss, nac_plan *plan, const nac_answers *answers, int64_t n, nac_score *score)
{
  nac_loss_batch b = {.mode = plan->mode, .n = n, .answers = answers};
  b.y = nac_plan_output(plan, nac_loss_on_logits(loss, plan), &b.g, &b.len);
  score->rows += n;
  score->weight += answers->weight;
  loss->kind->run(loss, &b, score);
}
