#include "core/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

int64_t nac_metric_classes(int64_t outputs)
{
  return outputs == 1 ? 2 : outputs;
}

static int check_row(const float *row, int32_t label, int64_t r, int64_t outputs, nac_error *err)
{
  const int64_t classes = nac_metric_classes(outputs);
  int64_t i;
  if (label < 0 || label >= classes) {
    return nac_fail(err, NAC_EINVAL, "label %d of row %lld is outside 0..%lld", (int)label, (long long)r + 1,
                    (long long)classes - 1);
  }
  for (i = 0; i < outputs; i++) {
    if (isnan(row[i])) {
      return nac_fail(err, NAC_EINVAL, "score %lld of row %lld is nan", (long long)i + 1, (long long)r + 1);
    }
  }
  return NAC_OK;
}

int nac_metric_top_k(const float *scores, const int32_t *label, int64_t n, int64_t outputs, int64_t k, int64_t *right,
                     nac_error *err)
{
  int64_t r;
  int64_t i;
  *right = 0;
  for (r = 0; r < n; r++, scores += outputs) {
    int64_t before = 0;
    const int code = check_row(scores, label[r], r, outputs, err);
    if (code != NAC_OK) {
      return code;
    }
    for (i = 0; i < outputs; i++) {
      before += scores[i] > scores[label[r]] || (scores[i] == scores[label[r]] && i < label[r]);
    }
    *right += before < k;
  }
  return NAC_OK;
}

int nac_metric_confusion(const float *scores, const int32_t *label, int64_t n, int64_t outputs, double threshold,
                         int32_t *counts, nac_error *err)
{
  const int64_t classes = nac_metric_classes(outputs);
  int64_t r;
  int64_t i;
  memset(counts, 0, (size_t)(classes * classes) * sizeof *counts);
  for (r = 0; r < n; r++, scores += outputs) {
    int64_t predicted = 0;
    const int code = check_row(scores, label[r], r, outputs, err);
    if (code != NAC_OK) {
      return code;
    }
    if (outputs == 1) {
      predicted = (double)scores[0] > threshold;
    }
    for (i = 1; i < outputs; i++) {
      predicted = scores[i] > scores[predicted] ? i : predicted;
    }
    counts[label[r] * classes + predicted]++;
  }
  return NAC_OK;
}

typedef struct scored {
  float score;
  int positive;
} scored;

static int descending(const void *a, const void *b)
{
  const float x = ((const scored *)a)->score;
  const float y = ((const scored *)b)->score;
  return (x < y) - (x > y);
}

/* The points of rows sorted by descending score; returns their number. */
static int64_t trace(const scored *row, int64_t n, double *fpr, double *tpr, double *threshold, double *auc)
{
  double positives = 0;
  double above = 0;   /* positives with a higher score */
  double beyond = 0;  /* negatives likewise */
  double area = 0;
  double negatives;
  int64_t points = 1;
  int64_t i;
  for (i = 0; i < n; i++) {
    positives += row[i].positive;
  }
  negatives = (double)n - positives;
  fpr[0] = 0;
  tpr[0] = 0;
  threshold[0] = INFINITY;
  for (i = 0; i < n; points++) {
    const float score = row[i].score;
    double equal = 0;
    double others = 0;
    for (; i < n && row[i].score == score; i++) {
      equal += row[i].positive;
      others += !row[i].positive;
    }
    area += others * (above + equal / 2);
    above += equal;
    beyond += others;
    fpr[points] = negatives > 0 ? beyond / negatives : 0;
    tpr[points] = positives > 0 ? above / positives : 0;
    threshold[points] = (double)score;
  }
  *auc = positives > 0 && negatives > 0 ? area / (positives * negatives) : (double)NAN;
  return points;
}

int nac_metric_roc(const float *scores, const int32_t *label, int64_t n, int64_t outputs, int64_t class, double *fpr,
                   double *tpr, double *threshold, int64_t *points, double *auc, nac_error *err)
{
  scored *row = nac_malloc((size_t)n * sizeof *row);
  int64_t r;
  if (row == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for sorting %lld scores", (long long)n);
  }
  for (r = 0; r < n; r++) {
    const int code = check_row(scores + r * outputs, label[r], r, outputs, err);
    if (code != NAC_OK) {
      nac_free(row);
      return code;
    }
    /* with one output, class 0 has the opposite order */
    row[r].score = outputs > 1 ? scores[r * outputs + class] : class == 1 ? scores[r] : -scores[r];
    row[r].positive = label[r] == class;
  }
  qsort(row, (size_t)n, sizeof *row, descending);
  *points = trace(row, n, fpr, tpr, threshold, auc);
  nac_free(row);
  return NAC_OK;
}

void nac_metric_distances(const float *a, const float *b, int64_t n, int64_t dims, const double *scale,
                          double *distance)
{
  int64_t r;
  int64_t d;
  for (r = 0; r < n; r++, a += dims, b += dims) {
    double sum = 0;
    for (d = 0; d < dims; d++) {
      const double apart = scale[d] * ((double)a[d] - (double)b[d]);
      sum += apart * apart;
    }
    distance[r] = sqrt(sum);
  }
}

static int ascending(const void *a, const void *b)
{
  const double x = *(const double *)a;
  const double y = *(const double *)b;
  return (x > y) - (x < y);
}

void nac_metric_quantiles(double *values, int64_t n, const double *share, double *quantile, int64_t n_shares)
{
  int64_t i;
  qsort(values, (size_t)n, sizeof *values, ascending);
  for (i = 0; i < n_shares; i++) {
    const double place = share[i] * (double)(n - 1);
    const int64_t below = (int64_t)place;
    const int64_t next = below + 1 < n ? below + 1 : below;
    quantile[i] = values[below] + (place - (double)below) * (values[next] - values[below]);
  }
}
