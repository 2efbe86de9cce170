/* Layout of the net. Private to src/core. */
#ifndef NAC_NET_IMPL_H
#define NAC_NET_IMPL_H

#include "core/layer/layer.h"
#include "core/net.h"
#include "core/quant/quantiser.h"

typedef struct nac_value {
  int rank;
  int64_t dim[NAC_MAX_RANK];
  int64_t n;        /* elements of one sample */
  int producer;     /* layer id, -1 for the input */
  int n_consumers;  /* layers that read it */
  nac_quantiser *q; /* or NULL */
  int step;         /* parameter with the learned steps of its quantiser, plus one; or 0 */
} nac_value;

typedef struct nac_parameter { /* a parameter or a buffer */
  char *name;
  int rank;
  int64_t dim[NAC_MAX_RANK];
  int64_t n;
  int64_t offset;        /* first element in the net's block */
  nac_param_spec spec;   /* how it starts, and whether it is decayed */
  uint8_t *mask;         /* or NULL */
  nac_quantiser *q;      /* or NULL */
  int step;              /* likewise */
} nac_parameter;

struct nac_layer {
  const nac_kind *kind;
  char *name;
  char *group;
  double attr[NAC_MAX_ATTRS]; /* in the order of kind->attrs; words as index, lists as their first */
  int64_t list[NAC_MAX_ATTRS][NAC_MAX_RANK];
  int n_list[NAC_MAX_ATTRS];
  int n_inputs;
  int input[NAC_MAX_INPUTS];
  int output;
  int n_params;
  int param[NAC_MAX_PARAMS];
  int n_buffers;
  int buffer[NAC_MAX_PARAMS];
  const nac_quantiser *q; /* of a plan's own layers that round a value */
  nac_callback call;      /* kind opaque: the user's function */
};

struct nac_net {
  nac_value *value;
  int n_values;
  nac_layer *layer;
  int n_layers;
  nac_parameter *tensor[2]; /* by nac_role */
  int n_tensors[2];
  int64_t n_elements[2];
  float *block[2]; /* all parameters, all buffers; NULL before nac_net_init */
  int running;     /* plans that are at work on this net */
  uint64_t quantised; /* changes of quantisers so far */
};

/** Fills the layer's attributes from what was given and the kind's defaults
 * (net_attr.c). Fails on what the kind does not know or allow. */
int nac_layer_set_attrs(nac_layer *layer, const nac_attr *attrs, int n_attrs, nac_error *err);

/** Adds a parameter (net.c) called "name.suffix". */
int nac_net_add_parameter(nac_net *net, const char *name, const nac_param_spec *spec, nac_error *err);

#endif
