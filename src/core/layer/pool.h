/* What the pooling kinds have in common: a window over the positions of a sample
 * (channels, length) or (channels, height, width). Private to src/core/layer. */
#ifndef NAC_LAYER_POOL_H
#define NAC_LAYER_POOL_H

#include "core/igraph/igraph.h"
#include "core/layer/layer.h"
#include "core/layer/step.h"
#include "kern/kern.h"

/** Attributes: size, stride (0 = size), padding (zeros or nothing on every side),
 * each one number or one a dimension. NAC_POOL_ATTRS comes first in a kind's list. */
enum { NAC_POOL_SIZE, NAC_POOL_STRIDE, NAC_POOL_PADDING, NAC_POOL_OWN };
#define NAC_POOL_ATTRS                                 \
  {"size", NAC_LIST, NAN, 1, 1 << 20, NULL},           \
    {"stride", NAC_LIST, 0, 0, 1 << 20, NULL},         \
  {                                                    \
    "padding", NAC_LIST, 0, 0, 1 << 20, NULL           \
  }

int nac_pool_describe(nac_describe *d, nac_error *err);

/** The window of a step, and how many planes its rows [r0, r1) hold. */
k_pool nac_pool_of(const nac_step *s, int64_t r0, int64_t r1, long *planes);

/** Lowers to sums or maxima over the windows; their geometry in *w unless NULL. */
int nac_pool_lower(nac_lower *l, const nac_layer *layer, nac_ihow how, nac_iwindow *w, nac_error *err);

/** Places of the window of output element i that lie inside the input. */
int64_t nac_pool_inside(const nac_iwindow *w, int64_t i);

/** Elements: operations of a window of k places that needs k - 1, for all outputs. */
nac_cost nac_pool_cost(const nac_net *net, const nac_layer *layer, nac_cost_op op, const char *func);

/** The same for kinds that reduce a sample (channels, ...) to (channels). */
int nac_global_pool_describe(nac_describe *d, nac_error *err);

/** Their view of `rows` rows: (channels of all rows, values of a channel, samples side by side). */
nac_axis_view nac_global_pool_view(const nac_step *s, int64_t rows);

nac_cost nac_global_pool_cost(const nac_net *net, const nac_layer *layer, nac_cost_op op, const char *func);

/** Lowers to the sum or the maximum of each channel. */
int nac_global_pool_lower(nac_lower *l, const nac_layer *layer, nac_ihow how, nac_error *err);

#endif
