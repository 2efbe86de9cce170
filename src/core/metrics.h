/**
 * Measures of how well outputs fit answers. `scores` (n, outputs) are logits or
 * probabilities, `label` (n) counts classes from 0. With one output there are
 * two classes and the score of class 1 is compared with a threshold; else the
 * predicted class is the first of the largest scores. Functions that return a
 * code fail with NAC_EINVAL and the row for scores that are NaN and labels that
 * no output stands for, with NAC_ENOMEM, and else return NAC_OK.
 */
#ifndef NAC_METRICS_H
#define NAC_METRICS_H

#include <stdint.h>

#include "core/error.h"

/** Classes that scores with so many outputs tell apart. */
int64_t nac_metric_classes(int64_t outputs);

/** *right = rows whose label has one of the k largest scores; of equal scores the
 * lower class comes first. At least two outputs, 1 <= k <= outputs. */
int nac_metric_top_k(const float *scores, const int32_t *label, int64_t n, int64_t outputs, int64_t k, int64_t *right,
                     nac_error *err);

/** counts (classes, classes): rows of each true class (first index) that were
 * predicted to be each class (second). */
int nac_metric_confusion(const float *scores, const int32_t *label, int64_t n, int64_t outputs, double threshold,
                         int32_t *counts, nac_error *err);

/** One class against the rest by its score: the receiver operating
 * characteristic as *points <= n + 1 points of false and true positive rate
 * where the threshold is lowered past each different score (the first point is
 * 0, 0 with threshold infinity), and the area below: the probability that a row
 * of the class has a higher score than another, equal scores counting half
 * (Mann & Whitney 1947). Arrays of n + 1; NaN for an area that does not exist
 * because one side has no rows. */
int nac_metric_roc(const float *scores, const int32_t *label, int64_t n, int64_t outputs, int64_t class, double *fpr,
                   double *tpr, double *threshold, int64_t *points, double *auc, nac_error *err);

/** distance[r] = sqrt(sum_d (scale[d] (a[r,d] - b[r,d]))^2), a and b (n, dims). */
void nac_metric_distances(const float *a, const float *b, int64_t n, int64_t dims, const double *scale,
                          double *distance);

/** Sorts values (n > 0) ascending, and interpolates between the two nearest for
 * each share of q: the value at place share (n - 1), NumPy's default. */
void nac_metric_quantiles(double *values, int64_t n, const double *share, double *quantile, int64_t n_shares);

#endif
