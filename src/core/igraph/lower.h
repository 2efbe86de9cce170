/**
 * Lowering: a quantised net becomes an integer graph (nac_lower_net, igraph.h). Every layer kind has a
 * `lower` facet that appends its operations; the rounding of its output value is put after them by
 * the caller. This header is for the facets.
 */
#ifndef NAC_LOWER_H
#define NAC_LOWER_H

#include "core/igraph/igraph.h"
#include "core/layer/layer.h"

struct nac_lower {
  const nac_net *net;
  nac_igraph *graph;
  int *value;               /* of the graph, by the net's values */
  const nac_quantiser *out; /* formats of the layer's output, or NULL */
  int result;               /* the facet puts the graph's value of its output here */
};

/** The graph's value of input i of the layer. */
int nac_lower_input(const nac_lower *l, const nac_layer *layer, int i);

/** Parameter 0 as weights and parameter 1, if there, as offsets, quantised. To be freed with
 * nac_lower_free_constants, also after failure. */
int nac_lower_constants(const nac_lower *l, const nac_layer *layer, nac_iconst *c, nac_error *err);
void nac_lower_free_constants(nac_iconst *c);

/** The shape of the layer's output. */
int nac_lower_shape(const nac_lower *l, const nac_layer *layer, const int64_t **dim);

/** Input 0 as (outer,n,inner) about the axis in attribute `attr` (from 1, or negative). Returns the axis from 0. */
int nac_lower_axis(const nac_lower *l, const nac_layer *layer, int attr, int64_t *outer, int64_t *n, int64_t *inner);

/** A function of ref_func by table. */
int nac_lower_table(nac_lower *l, const nac_layer *layer, int func, double a, nac_error *err);

/** The output is input 0 in the output's shape. */
int nac_lower_same(nac_lower *l, const nac_layer *layer, nac_error *err);

/** x times 1 / n. */
int nac_lower_mean(nac_lower *l, const nac_layer *layer, int x, int64_t n, nac_error *err);

#endif
