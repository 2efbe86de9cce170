/* silu: y = x sigmoid(x) (Elfwing, Uchibe & Doya 2017). */
#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/step.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_TABLE, "silu");
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_map(s, r0, r1, nac_kern->silu, REF_SILU);
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_map_back(s, r0, r1, nac_kern->silu_back, REF_SILU);
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  return nac_lower_table(l, layer, REF_SILU, 0, err);
}

const nac_kind nac_layer_silu = {
  .name = "silu",
  .n_inputs = 1,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_X | NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED | NAC_CHEAP,
};
