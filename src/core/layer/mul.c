/* mul: the product of two values of one shape, element by element. */
#include <stddef.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_MUL_VALUES, NULL);
}

static void product(const nac_step *s, const void *a, const void *b, void *y, int64_t n)
{
  if (s->mode == NAC_FAST) {
    nac_kern->mul2(a, b, y, n);
  } else {
    NAC_TWIN(s, mul2)(a, b, y, n);
  }
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  product(s, nac_row(s, s->x[0], r0, s->y_len), nac_row(s, s->x[1], r0, s->y_len), nac_row_out(s, s->y, r0, s->y_len),
          (r1 - r0) * s->y_len);
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  int i;
  for (i = 1; i >= 0; i--) { /* gx[0] may lie on gy: last */
    if (s->gx[i] != NULL) {
      product(s, gy, nac_row(s, s->x[1 - i], r0, s->y_len), nac_row_out(s, s->gx[i], r0, s->y_len),
              (r1 - r0) * s->y_len);
    }
  }
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  return nac_igraph_mul(l->graph, layer->name, nac_lower_input(l, layer, 0), nac_lower_input(l, layer, 1), &l->result,
                        err);
}

const nac_kind nac_layer_mul = {
  .name = "mul",
  .n_inputs = 2,
  .describe = nac_describe_same_shapes,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_X | NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED | NAC_CHEAP,
};
