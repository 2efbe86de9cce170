/** Offsets and scales that bring features to a common size. */
#ifndef NAC_SCALING_H
#define NAC_SCALING_H

#include "core/tensor.h"

typedef enum nac_scaling {
  NAC_SCALING_MEAN_STD,       /* mean, 1 / standard deviation (over n) */
  NAC_SCALING_MEDIAN_QUANTILE /* median, 1 / (95 % quantile - 5 % quantile); quantiles interpolate linearly */
} nac_scaling;

/** Computes offset and scale of every feature of the samples x, f32
 * (N, ...). `axis` is the axis of a sample that holds the features, from 0; -1
 * makes every element a feature. A feature that does not vary gets scale 1.
 * `offset` and `scale` have room for one number a feature. NAC_ENAN when x
 * holds a value that is not finite. */
int nac_scaling_fit(const nac_tensor *x, int axis, nac_scaling kind, float *offset, float *scale, nac_error *err);

#endif
