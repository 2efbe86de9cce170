/* dropout: in training each element is zero with probability `rate`, the others
 * are divided by 1 - rate (Srivastava et al. 2014); in evaluation y = x. Rows
 * draw from the layer's stream in order, so pieces of any size give the same. */
#include <string.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "kern/ref/ref.h"

static const nac_attr_spec attrs[] = {
  {"rate", NAC_REAL, 0.5, 0, 0.999, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_NONE, NULL);
}

/* The factor of each element: 0 or 1 / (1 - rate). */
static size_t state_size(const nac_step *s)
{
  return s->training ? (size_t)((s->max_batch + 15) / 16 * 16 * s->y_len) * sizeof(float) : 0;
}

/* Draws the factors row by row, in whatever layout they lie. */
static void draw(nac_step *s, int64_t r0, int64_t r1)
{
  const double rate = nac_layer_attr(s->layer, 0);
  const float keep = (float)(1.0 / (1.0 - rate));
  const int64_t side = s->blocked ? 16 : 1; /* samples side by side */
  float *mask = (float *)s->state;
  int64_t r;
  int64_t i;
  for (r = r0; r < r1; r++) {
    float *row = mask + (r - r % side) * s->y_len + r % side;
    for (i = 0; i < s->y_len; i++) {
      row[i * side] = nac_rng_uniform(&s->rng) < rate ? 0.0f : keep;
    }
  }
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  const int64_t n = (r1 - r0) * s->y_len;
  if (s->training) {
    draw(s, r0, r1);
    NAC_TWIN(s, scale_by)(x, (const float *)s->state + r0 * s->y_len, y, n);
  } else if (y != x) {
    memcpy(y, x, (size_t)n * (s->mode == NAC_REF_F64 ? sizeof(double) : sizeof(float)));
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  const float *mask = (const float *)s->state + r0 * s->y_len;
  void *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  if (gx != NULL) {
    NAC_TWIN(s, scale_by)(nac_row(s, s->gy, r0, s->y_len), mask, gx, (r1 - r0) * s->y_len);
  }
}

const nac_kind nac_layer_dropout = {
  .name = "dropout",
  .attrs = attrs,
  .n_inputs = 1,
  .cost = cost,
  .state_size = state_size,
  .forward = forward,
  .backward = backward,
  .lower = nac_lower_same,
  .flags = NAC_IN_PLACE | NAC_FOLLOWS_BLOCKED,
};
