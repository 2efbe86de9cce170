/* reshape: the same numbers, in row-major order, under another shape; one
 * dimension may be -1 and is then what is left over. */
#include <inttypes.h>
#include <math.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/net_impl.h"

static const nac_attr_spec attrs[] = {
  {"shape", NAC_LIST, NAN, -1, 1e15, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static int describe(nac_describe *d, nac_error *err)
{
  int n;
  const int64_t *shape = nac_layer_list(d->layer, 0, &n);
  char from[96];
  char to[96];
  int64_t have = 1;
  int64_t given = 1;
  int open = -1;
  int ok = 1;
  int i;
  for (i = 0; i < d->in_rank[0]; i++) {
    have *= d->in_dim[0][i];
  }
  for (i = 0; i < n; i++) {
    d->out_dim[i] = shape[i];
    if (shape[i] == -1 && open < 0) {
      open = i;
    } else if (shape[i] < 1 || given > have / shape[i]) {
      ok = 0;
    } else {
      given *= shape[i];
    }
  }
  if (!ok || have % given != 0 || (open < 0 && given != have)) {
    nac_shape_text(from, sizeof from, d->in_rank[0], d->in_dim[0]);
    nac_shape_text(to, sizeof to, n, shape);
    return nac_fail(err, NAC_ESHAPE, "cannot make %s of %s (%" PRId64 " elements)", to, from, have);
  }
  if (open >= 0) {
    d->out_dim[open] = have / given;
  }
  d->out_rank = n;
  return NAC_OK;
}

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_NONE, NULL);
}

const nac_kind nac_layer_reshape = {
  .name = "reshape",
  .attrs = attrs,
  .n_inputs = 1,
  .describe = describe,
  .cost = cost,
  .lower = nac_lower_same,
  .flags = NAC_ALIAS,
};
