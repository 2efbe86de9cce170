/* softmax: y = exp(x) / sum exp(x) over the last axis. */
#include <stddef.h>

#include "core/layer/kinds.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  const nac_value *in = &net->value[layer->input[0]];
  nac_cost c = nac_cost_elements(net, layer, NAC_COST_SOFTMAX, "softmax");
  c.positions = in->rank > 0 ? in->n / in->dim[in->rank - 1] : 1;
  return c;
}

static int64_t axis_of(const nac_step *s)
{
  return s->x_rank[0] > 0 ? s->x_dim[0][s->x_rank[0] - 1] : 1;
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  const int64_t n = axis_of(s);
  const int64_t rows = (r1 - r0) * (s->x_len[0] / n);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  if (s->mode == NAC_FAST) {
    nac_kern->softmax(x, y, rows, n);
  } else {
    NAC_TWIN(s, softmax)(x, y, rows, n);
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  const int64_t n = axis_of(s);
  const int64_t rows = (r1 - r0) * (s->x_len[0] / n);
  const void *y = nac_row(s, s->y, r0, s->y_len);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  void *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  if (gx == NULL) {
    return;
  }
  if (s->mode == NAC_FAST) {
    nac_kern->softmax_back(y, gy, gx, rows, n);
  } else {
    NAC_TWIN(s, softmax_back)(y, gy, gx, rows, n);
  }
}

const nac_kind nac_layer_softmax = {
  .name = "softmax",
  .n_inputs = 1,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .flags = NAC_NEEDS_Y | NAC_IN_PLACE,
};
