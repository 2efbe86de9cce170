/* What softmax and log_softmax have in common: the axis and what is counted along it. */
#ifndef NAC_LAYER_SOFTMAX_H
#define NAC_LAYER_SOFTMAX_H

#include "core/layer/layer.h"

extern const nac_attr_spec nac_softmax_attrs[];

/* Checks the axis. */
int nac_softmax_describe(nac_describe *d, nac_error *err);

/* One exponential table a number and one sum a position. `table` names the kind. */
nac_cost nac_softmax_cost(const nac_net *net, const nac_layer *layer, const char *table);

#endif
