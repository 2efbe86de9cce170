/* One declaration a layer kind; each is defined in the file of its name. */
#ifndef NAC_KINDS_H
#define NAC_KINDS_H

#include "core/layer/layer.h"

extern const nac_kind nac_layer_dense;
extern const nac_kind nac_layer_batchnorm;
extern const nac_kind nac_layer_relu;
extern const nac_kind nac_layer_leaky_relu;
extern const nac_kind nac_layer_gelu;
extern const nac_kind nac_layer_silu;
extern const nac_kind nac_layer_elu;
extern const nac_kind nac_layer_softplus;
extern const nac_kind nac_layer_tanh;
extern const nac_kind nac_layer_sigmoid;
extern const nac_kind nac_layer_hard_tanh;
extern const nac_kind nac_layer_hard_sigmoid;
extern const nac_kind nac_layer_softmax;
extern const nac_kind nac_layer_log_softmax;
extern const nac_kind nac_layer_aggregate;
extern const nac_kind nac_layer_add;
extern const nac_kind nac_layer_layernorm;
extern const nac_kind nac_layer_max_pool;
extern const nac_kind nac_layer_avg_pool;
extern const nac_kind nac_layer_global_avg_pool;
extern const nac_kind nac_layer_global_max_pool;
extern const nac_kind nac_layer_mul;
extern const nac_kind nac_layer_scale;
extern const nac_kind nac_layer_matmul;
extern const nac_kind nac_layer_concat;
extern const nac_kind nac_layer_reshape;
extern const nac_kind nac_layer_permute;
extern const nac_kind nac_layer_slice;
extern const nac_kind nac_layer_flatten;
extern const nac_kind nac_layer_dropout;
extern const nac_kind nac_layer_identity;
extern const nac_kind nac_layer_standardize;
extern const nac_kind nac_layer_opaque;
extern const nac_kind nac_layer_conv1d;
extern const nac_kind nac_layer_conv2d;
extern const nac_kind nac_layer_quantise; /* likewise */
extern const nac_kind nac_layer_quantise_learned; /* likewise */
extern const nac_kind nac_layer_relayout; /* internal to plans, not in the table */

/** The evaluation form of a batchnorm layer of a built net, for channel c:
 * y = scale x + offset. */
void nac_batchnorm_form(const nac_net *net, const nac_layer *layer, int64_t c, double *scale, double *offset);

/** Features, elements behind each, offsets and scales of a standardize layer of a built net. */
void nac_standardize_form(const nac_net *net, const nac_layer *layer, int64_t *n, int64_t *inner,
                          const float **offset, const float **scale);

#endif
