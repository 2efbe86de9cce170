/* avg_pool: the mean of each window. Padding counts as zeros (count_include_pad),
 * or not at all. */
#include <math.h>
#include <stddef.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/layer/pool.h"
#include "core/mem.h"
#include "core/net_impl.h"
#include "kern/ref/ref.h"

static const nac_attr_spec attrs[] = {
  NAC_POOL_ATTRS,
  {"count_include_pad", NAC_FLAG, 1, 0, 1, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_pool_cost(net, layer, NAC_COST_ADD, "mean");
}

static k_pool window_of(const nac_step *s, int64_t r0, int64_t r1, long *planes)
{
  k_pool p = nac_pool_of(s, r0, r1, planes);
  p.include_pad = nac_layer_attr(s->layer, NAC_POOL_OWN) != 0;
  return p;
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  long planes;
  const k_pool p = window_of(s, r0, r1, &planes);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  if (s->mode == NAC_FAST) {
    nac_kern->avg_pool(x, y, planes, &p);
  } else {
    NAC_TWIN(s, avg_pool)(x, y, planes, &p);
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  long planes;
  const k_pool p = window_of(s, r0, r1, &planes);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  void *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  if (gx == NULL) {
    return;
  }
  if (s->mode == NAC_FAST) {
    nac_kern->avg_pool_back(gy, gx, planes, &p);
  } else {
    NAC_TWIN(s, avg_pool_back)(gy, gx, planes, &p);
  }
}

/* The sum, times one over the elements that count. */
static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  const int64_t n = l->net->value[layer->output].n;
  nac_iwindow w;
  double *share;
  int sum;
  int64_t i;
  int code = nac_pool_lower(l, layer, NAC_ISUM, &w, err);
  if (code != NAC_OK || layer->attr[NAC_POOL_OWN] != 0 || (w.top == 0 && w.left == 0)) {
    return code != NAC_OK ? code : nac_lower_mean(l, layer, l->result, w.kh * w.kw, err);
  }
  share = nac_malloc((size_t)n * sizeof *share);
  if (share == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for layer '%s'", layer->name);
  }
  for (i = 0; i < n; i++) {
    share[i] = 1.0 / (double)nac_pool_inside(&w, i);
  }
  sum = l->result;
  code = nac_igraph_scale(l->graph, layer->name, sum, n, 1, share, NULL, 1, &l->result, err);
  nac_free(share);
  return code;
}

const nac_kind nac_layer_avg_pool = {
  .name = "avg_pool",
  .attrs = attrs,
  .n_inputs = 1,
  .describe = nac_pool_describe,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_FOLLOWS_BLOCKED,
};
