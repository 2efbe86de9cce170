/* add: the sum of two values of one shape, as in residual connections. */
#include <stddef.h>
#include <string.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_ADD, NULL);
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  const void *a = nac_row(s, s->x[0], r0, s->x_len[0]);
  const void *b = nac_row(s, s->x[1], r0, s->x_len[1]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  const int64_t n = (r1 - r0) * s->y_len;
  if (s->mode == NAC_FAST) {
    nac_kern->add2(a, b, y, n);
  } else {
    NAC_TWIN(s, add2)(a, b, y, n);
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  const char *gy = nac_row(s, s->gy, r0, s->y_len);
  const size_t bytes = (size_t)((const char *)nac_row(s, s->gy, r1, s->y_len) - gy);
  int i;
  for (i = 0; i < 2; i++) {
    void *gx = nac_row_out(s, s->gx[i], r0, s->y_len);
    if (gx != NULL && gx != gy) {
      memcpy(gx, gy, bytes);
    }
  }
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  return nac_igraph_add(l->graph, layer->name, nac_lower_input(l, layer, 0), nac_lower_input(l, layer, 1), &l->result,
                        err);
}

const nac_kind nac_layer_add = {
  .name = "add",
  .n_inputs = 2,
  .describe = nac_describe_same_shapes,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED,
};
