/* log_softmax: y = x - log sum exp(x) along one axis of the sample, the last by default. */
#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/softmax.h"
#include "core/layer/step.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_softmax_cost(net, layer, "log_softmax");
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_along(s, 0, r0, r1, nac_kern->log_softmax, NAC_TWIN(s, log_softmax));
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  nac_step_along_back(s, 0, r0, r1, nac_kern->log_softmax_back, NAC_TWIN(s, log_softmax_back));
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  int64_t outer;
  int64_t n;
  int64_t inner;
  (void)nac_lower_axis(l, layer, 0, &outer, &n, &inner);
  return nac_igraph_log_softmax(l->graph, layer->name, nac_lower_input(l, layer, 0), outer, n, inner, &l->result, err);
}

const nac_kind nac_layer_log_softmax = {
  .name = "log_softmax",
  .attrs = nac_softmax_attrs,
  .n_inputs = 1,
  .describe = nac_softmax_describe,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_Y | NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED,
};
