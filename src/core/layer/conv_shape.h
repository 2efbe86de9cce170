/* The geometry of a convolution, one- or two-dimensional, shared by both kinds. */
#ifndef NAC_CONV_SHAPE_H
#define NAC_CONV_SHAPE_H

#include "core/layer/layer.h"
#include "kern/ref/ref.h"

/* Places in the attribute list of conv1d and conv2d. */
enum {
  NAC_CONV_CHANNELS,
  NAC_CONV_KERNEL,
  NAC_CONV_STRIDE,
  NAC_CONV_DILATION,
  NAC_CONV_PADDING,
  NAC_CONV_SAME,
  NAC_CONV_GROUPS,
  NAC_CONV_BIAS
};

/** Fills in the geometry for an input of (C,H,W), or (C,L) taken as (C,1,L).
 * Fails when the kernel does not fit, a list has a wrong length, or channels do
 * not divide into groups. */
int nac_conv_shape(ref_conv *g, const nac_layer *layer, const int64_t *dim, int rank, nac_error *err);

extern const nac_attr_spec nac_conv_attrs[];
int nac_conv_describe(nac_describe *d, nac_error *err);
nac_cost nac_conv_cost(const nac_net *net, const nac_layer *layer);

#endif
