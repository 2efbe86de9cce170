/* opaque: a layer computed by functions of the user's, forward and backward, row
 * by row. Its output has the shape that is given; it has no parameters, its
 * cost is unknown and it has no form in hardware. */
#include <stddef.h>
#include <string.h>

#include "core/layer/kinds.h"
#include "core/net_impl.h"

static const nac_attr_spec attrs[] = {
  {"shape", NAC_LIST, 0, 1, 1 << 24, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static int describe(nac_describe *d, nac_error *err)
{
  int n;
  const int64_t *shape = nac_layer_list(d->layer, 0, &n);
  (void)err;
  d->out_rank = n;
  memcpy(d->out_dim, shape, (size_t)n * sizeof *shape);
  return NAC_OK;
}

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  return nac_cost_elements(net, layer, NAC_COST_OPAQUE, NULL);
}

static void run(nac_step *s, int64_t r0, int64_t r1, int backward)
{
  const nac_callback *f = &s->layer->call;
  const nac_call call = {.backward = backward,
                         .is_double = s->mode == NAC_REF_F64,
                         .rows = r1 - r0,
                         .x = nac_row(s, s->x[0], r0, s->x_len[0]),
                         .y = nac_row_out(s, s->y, r0, s->y_len),
                         .gy = backward ? nac_row(s, s->gy, r0, s->y_len) : NULL,
                         .gx = backward ? nac_row_out(s, s->gx[0], r0, s->x_len[0]) : NULL};
  if (s->failure->code != NAC_OK || (backward && call.gx == NULL)) {
    return;
  }
  if (f->run == NULL) {
    nac_fail(s->failure, NAC_EINVAL, "layer '%s' was given no function", s->layer->name);
  } else if (f->run(f->data, &call, s->failure) != NAC_OK) {
    nac_fail_in(s->failure, s->failure->code, s->layer->name);
  }
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  run(s, r0, r1, 0);
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  run(s, r0, r1, 1);
}

const nac_kind nac_layer_opaque = {
  .name = "opaque",
  .attrs = attrs,
  .n_inputs = 1,
  .describe = describe,
  .cost = cost,
  .forward = forward,
  .backward = backward,
  .instead = "write it in layers that have one (nac.nn.define)",
  .flags = NAC_NEEDS_X | NAC_NEEDS_Y,
};
