/* identity: y = x. */
#include <stddef.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_NONE, NULL);
}

const nac_kind nac_layer_identity = {
  .name = "identity",
  .n_inputs = 1,
  .cost = cost,
  .lower = nac_lower_same,
  .flags = NAC_ALIAS,
};
