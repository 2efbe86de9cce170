/* flatten: the sample as one row of numbers, in row-major order. */
#include "core/igraph/lower.h"
#include "core/layer/kinds.h"

static int describe(nac_describe *d, nac_error *err)
{
  int64_t n = 1;
  int i;
  (void)err;
  for (i = 0; i < d->in_rank[0]; i++) {
    n *= d->in_dim[0][i];
  }
  d->out_rank = 1;
  d->out_dim[0] = n;
  return NAC_OK;
}

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_NONE, NULL);
}

const nac_kind nac_layer_flatten = {
  .name = "flatten",
  .n_inputs = 1,
  .describe = describe,
  .cost = cost,
  .lower = nac_lower_same,
  .flags = NAC_ALIAS,
};
