/* quantise: rounds a value to its number format. Only plans make it, after each
 * quantised value (plan_graph.c); it is not among the kinds that a user sees. */
#include <stddef.h>

#include "core/layer/kinds.h"
#include "core/net_impl.h"

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  const nac_quantiser *q = s->layer->q;
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  if (s->mode == NAC_REF_F64) {
    nac_quantiser_apply_f64(q, x, y, r1 - r0, s->y_len);
  } else {
    const int lanes = s->blocked ? 16 : 1;
    nac_quantiser_apply(q, x, y, (r1 - r0) / lanes, s->y_len, lanes);
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  const nac_quantiser *q = s->layer->q;
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  void *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  if (gx == NULL) {
    return;
  }
  if (s->mode == NAC_REF_F64) {
    nac_quantiser_back_f64(q, x, gy, gx, r1 - r0, s->y_len);
  } else {
    const int lanes = s->blocked ? 16 : 1;
    nac_quantiser_back(q, x, gy, gx, (r1 - r0) / lanes, s->y_len, lanes);
  }
}

/* Steps are trained, too. */
static void backward_learned(nac_step *s, int64_t r0, int64_t r1)
{
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  const void *y = nac_row(s, s->y, r0, s->y_len);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  if (s->mode == NAC_REF_F64) {
    nac_quantiser_step_back_f64(s->layer->q, x, y, gy, s->gp[0], r1 - r0, s->y_len);
  } else {
    const int lanes = s->blocked ? 16 : 1;
    nac_quantiser_step_back(s->layer->q, x, y, gy, s->gp[0], (r1 - r0) / lanes, s->y_len, lanes);
  }
  backward(s, r0, r1);
}

const nac_kind nac_layer_quantise_learned = {
  .name = "quantise",
  .n_inputs = 1,
  .forward = forward,
  .backward = backward_learned,
  .flags = NAC_NEEDS_X | NAC_NEEDS_Y | NAC_FOLLOWS_BLOCKED,
};

const nac_kind nac_layer_quantise = {
  .name = "quantise",
  .n_inputs = 1,
  .forward = forward,
  .backward = backward,
  .flags = NAC_NEEDS_X | NAC_FOLLOWS_BLOCKED,
};
