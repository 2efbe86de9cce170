/* What several kinds' forward and backward have in common. Private to src/core/layer. */
#ifndef NAC_LAYER_STEP_H
#define NAC_LAYER_STEP_H

#include "core/layer/layer.h"

typedef void nac_map(const float *x, float *y, long n);
typedef void nac_map_back(const float *v, const float *gy, float *gx, long n);

/** y = f(x) element by element: the fast kernel, or the twin (a ref_func). */
void nac_step_map(nac_step *s, int64_t r0, int64_t r1, nac_map *fast, int twin);

/** gx = gy f'(v), v being x or y as the kind's flags say. */
void nac_step_map_back(nac_step *s, int64_t r0, int64_t r1, nac_map_back *fast, int twin);

/** The same for kinds whose first attribute is a number of the function. */
typedef void nac_map_with(const float *x, float *y, long n, float number);
typedef void nac_map_with_back(const float *v, const float *gy, float *gx, long n, float number);
void nac_step_map_with(nac_step *s, int64_t r0, int64_t r1, nac_map_with *fast, int twin);
void nac_step_map_with_back(nac_step *s, int64_t r0, int64_t r1, nac_map_with_back *fast, int twin);

/* Rows of input 0 as an array (outer,n,inner) about one axis of a sample. In the
 * blocked layout the 16 samples side by side are the end of `inner`. */
typedef struct nac_axis_view {
  int64_t outer;
  int64_t n;
  int64_t inner;
} nac_axis_view;

/** About the axis in attribute `attr` (counted from 1, negative from the end),
 * for `rows` rows. */
nac_axis_view nac_step_axis(const nac_step *s, int attr, int64_t rows);

typedef enum nac_reduction { NAC_MEAN, NAC_MAX, NAC_SUM } nac_reduction;

/** y = mean, maximum or sum along n of the view of input 0 from row r0 on; the gradient of a
 * maximum goes to the first of equals (needs x and y). */
void nac_step_reduce(nac_step *s, int64_t r0, nac_axis_view v, nac_reduction how);
void nac_step_reduce_back(nac_step *s, int64_t r0, nac_axis_view v, nac_reduction how);

/** Forward and backward of a kind that works along one axis (attribute `attr`): the
 * kernel, or its naive twin in the step's precision (NAC_TWIN). */
typedef void nac_along(const float *x, float *y, long outer, long n, long inner);
typedef void nac_along_twin(const void *x, void *y, long outer, long n, long inner);
typedef void nac_along_back(const float *y, const float *gy, float *gx, long outer, long n, long inner);
typedef void nac_along_back_twin(const void *y, const void *gy, void *gx, long outer, long n, long inner);
void nac_step_along(nac_step *s, int attr, int64_t r0, int64_t r1, nac_along *fast, nac_along_twin *twin);
void nac_step_along_back(nac_step *s, int attr, int64_t r0, int64_t r1, nac_along_back *fast,
                         nac_along_back_twin *twin);

#endif
