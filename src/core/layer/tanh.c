/* tanh: y = tanh(x). */
#include <stddef.h>

#include "core/layer/kinds.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_TABLE, "tanh");
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  const int64_t n = (r1 - r0) * s->y_len;
  if (s->mode == NAC_FAST) {
    nac_kern->tanh(x, y, n);
  } else {
    NAC_TWIN(s, map)(REF_TANH, x, y, n, 0);
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  const void *y = nac_row(s, s->y, r0, s->y_len);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  void *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  const int64_t n = (r1 - r0) * s->y_len;
  if (gx == NULL) {
    return;
  }
  if (s->mode == NAC_FAST) {
    nac_kern->tanh_back(y, gy, gx, n);
  } else {
    NAC_TWIN(s, map_back)(REF_TANH, y, gy, gx, n, 0);
  }
}

const nac_kind nac_layer_tanh = {
  .name = "tanh",
  .n_inputs = 1,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .flags = NAC_NEEDS_Y | NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED,
};
