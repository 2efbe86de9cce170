/* max_pool: the largest value of each window. Padding counts as nothing. The
 * gradient goes to the first maximum in row-major order. */
#include <math.h>
#include <stddef.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/pool.h"
#include "kern/ref/ref.h"

static const nac_attr_spec attrs[] = {
  NAC_POOL_ATTRS,
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_pool_cost(net, layer, NAC_COST_MAX, "max");
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  long planes;
  const k_pool p = nac_pool_of(s, r0, r1, &planes);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  if (s->mode == NAC_FAST) {
    nac_kern->max_pool(x, y, planes, &p);
  } else {
    NAC_TWIN(s, max_pool)(x, y, planes, &p);
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  long planes;
  const k_pool p = nac_pool_of(s, r0, r1, &planes);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  const void *y = nac_row(s, s->y, r0, s->y_len);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  void *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  if (gx == NULL) {
    return;
  }
  if (s->mode == NAC_FAST) {
    nac_kern->max_pool_back(x, y, gy, gx, planes, &p);
  } else {
    NAC_TWIN(s, max_pool_back)(x, gy, gx, planes, &p);
  }
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  return nac_pool_lower(l, layer, NAC_IMAX, NULL, err);
}

const nac_kind nac_layer_max_pool = {
  .name = "max_pool",
  .attrs = attrs,
  .n_inputs = 1,
  .describe = nac_pool_describe,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_X | NAC_NEEDS_Y | NAC_FOLLOWS_BLOCKED,
};
