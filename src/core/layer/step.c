#include "core/layer/step.h"

#include <stddef.h>

#include "kern/kern.h"
#include "kern/ref/ref.h"

/* What an element-wise function reads and writes. */
typedef struct operands {
  const void *v;  /* x, or backward y where the kind does not need x */
  const void *gy;
  void *out;      /* y, or gx: NULL where no gradient is wanted */
  int64_t n;
} operands;

static operands forward_operands(const nac_step *s, int64_t r0, int64_t r1)
{
  const operands o = {.v = nac_row(s, s->x[0], r0, s->x_len[0]),
                      .out = nac_row_out(s, s->y, r0, s->y_len),
                      .n = (r1 - r0) * s->y_len};
  return o;
}

static operands backward_operands(const nac_step *s, int64_t r0, int64_t r1)
{
  const int reads_x = (nac_layer_kind(s->layer)->flags & NAC_NEEDS_X) != 0;
  const operands o = {.v = nac_row(s, reads_x ? s->x[0] : s->y, r0, s->y_len),
                      .gy = nac_row(s, s->gy, r0, s->y_len),
                      .out = nac_row_out(s, s->gx[0], r0, s->x_len[0]),
                      .n = (r1 - r0) * s->y_len};
  return o;
}

void nac_step_map(nac_step *s, int64_t r0, int64_t r1, nac_map *fast, int twin)
{
  const operands o = forward_operands(s, r0, r1);
  if (s->mode == NAC_FAST) {
    fast(o.v, o.out, o.n);
  } else {
    NAC_TWIN(s, map)(twin, o.v, o.out, o.n, 0);
  }
}

void nac_step_map_back(nac_step *s, int64_t r0, int64_t r1, nac_map_back *fast, int twin)
{
  const operands o = backward_operands(s, r0, r1);
  if (o.out == NULL) {
    return;
  }
  if (s->mode == NAC_FAST) {
    fast(o.v, o.gy, o.out, o.n);
  } else {
    NAC_TWIN(s, map_back)(twin, o.v, o.gy, o.out, o.n, 0);
  }
}

void nac_step_map_with(nac_step *s, int64_t r0, int64_t r1, nac_map_with *fast, int twin)
{
  const double number = nac_layer_attr(s->layer, 0);
  const operands o = forward_operands(s, r0, r1);
  if (s->mode == NAC_FAST) {
    fast(o.v, o.out, o.n, (float)number);
  } else {
    NAC_TWIN(s, map)(twin, o.v, o.out, o.n, number);
  }
}

void nac_step_map_with_back(nac_step *s, int64_t r0, int64_t r1, nac_map_with_back *fast, int twin)
{
  const double number = nac_layer_attr(s->layer, 0);
  const operands o = backward_operands(s, r0, r1);
  if (o.out == NULL) {
    return;
  }
  if (s->mode == NAC_FAST) {
    fast(o.v, o.gy, o.out, o.n, (float)number);
  } else {
    NAC_TWIN(s, map_back)(twin, o.v, o.gy, o.out, o.n, number);
  }
}

nac_axis_view nac_step_axis(const nac_step *s, int attr, int64_t rows)
{
  const int64_t axis = (int64_t)nac_layer_attr(s->layer, attr);
  const int64_t at = axis < 0 ? s->x_rank[0] + axis : axis - 1;
  nac_axis_view v = {.outer = s->blocked ? rows / 16 : rows,
                     .n = s->x_rank[0] > 0 ? s->x_dim[0][at] : 1,
                     .inner = s->blocked ? 16 : 1};
  int i;
  for (i = 0; i < s->x_rank[0]; i++) {
    v.outer *= i < at ? s->x_dim[0][i] : 1;
    v.inner *= i > at ? s->x_dim[0][i] : 1;
  }
  return v;
}

void nac_step_reduce(nac_step *s, int64_t r0, nac_axis_view v, nac_reduction how)
{
  const double scale = how == NAC_MEAN ? 1.0 / (double)v.n : 1.0;
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  if (how == NAC_MAX) {
    if (s->mode == NAC_FAST) {
      nac_kern->axis_max(x, y, v.outer, v.n, v.inner);
    } else {
      NAC_TWIN(s, axis_max)(x, y, v.outer, v.n, v.inner);
    }
  } else if (s->mode == NAC_FAST) {
    nac_kern->axis_sum(x, y, (float)scale, v.outer, v.n, v.inner);
  } else {
    NAC_TWIN(s, axis_sum)(x, y, scale, v.outer, v.n, v.inner);
  }
}

void nac_step_reduce_back(nac_step *s, int64_t r0, nac_axis_view v, nac_reduction how)
{
  const double scale = how == NAC_MEAN ? 1.0 / (double)v.n : 1.0;
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  const void *y = nac_row(s, s->y, r0, s->y_len);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  void *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  if (gx == NULL) {
    return;
  }
  if (how == NAC_MAX) {
    if (s->mode == NAC_FAST) {
      nac_kern->axis_max_back(x, y, gy, gx, v.outer, v.n, v.inner);
    } else {
      NAC_TWIN(s, axis_max_back)(x, y, gy, gx, v.outer, v.n, v.inner);
    }
  } else if (s->mode == NAC_FAST) {
    nac_kern->axis_sum_back(gy, gx, (float)scale, v.outer, v.n, v.inner);
  } else {
    NAC_TWIN(s, axis_sum_back)(gy, gx, scale, v.outer, v.n, v.inner);
  }
}

void nac_step_along(nac_step *s, int attr, int64_t r0, int64_t r1, nac_along *fast, nac_along_twin *twin)
{
  const nac_axis_view v = nac_step_axis(s, attr, r1 - r0);
  const void *x = nac_row(s, s->x[0], r0, s->x_len[0]);
  void *y = nac_row_out(s, s->y, r0, s->y_len);
  if (s->mode == NAC_FAST) {
    fast(x, y, v.outer, v.n, v.inner);
  } else {
    twin(x, y, v.outer, v.n, v.inner);
  }
}

void nac_step_along_back(nac_step *s, int attr, int64_t r0, int64_t r1, nac_along_back *fast,
                         nac_along_back_twin *twin)
{
  const nac_axis_view v = nac_step_axis(s, attr, r1 - r0);
  const void *y = nac_row(s, s->y, r0, s->y_len);
  const void *gy = nac_row(s, s->gy, r0, s->y_len);
  void *gx = nac_row_out(s, s->gx[0], r0, s->x_len[0]);
  if (gx == NULL) {
    return;
  }
  if (s->mode == NAC_FAST) {
    fast(y, gy, gx, v.outer, v.n, v.inner);
  } else {
    twin(y, gy, gx, v.outer, v.n, v.inner);
  }
}
