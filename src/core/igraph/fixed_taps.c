/* Products with constants in 32 bits, by the kernel of the machine. */
#include "core/igraph/igraph_impl.h"
#include "kern/kern.h"

#define LANES NAC_FIXED_LANES

static void matmul_const(const nac_iop *op, k_taps *t, long *offset, long *index, const int32_t *w, const int32_t *b,
                         const int32_t *x, int32_t *y)
{
  int64_t i;
  int64_t r;
  for (i = 0; i < op->n; i++) {
    offset[i] = i * LANES;
    index[i] = i;
  }
  t->n_taps = op->n;
  t->w_row = op->n;
  t->n_out = op->inner;
  t->y_out = LANES;
  for (r = 0; r < op->outer; r++) {
    nac_kern->taps16(t, w, b, x + r * op->n * LANES, y + r * op->inner * LANES);
  }
}

/* The kernel's elements that fall inside the input, for one output position. */
static int64_t inside(const nac_iwindow *g, int64_t top, int64_t left, long *offset, long *index)
{
  int64_t n = 0;
  int64_t at = 0;
  int64_t c;
  int64_t i;
  int64_t j;
  for (c = 0; c < g->c / g->groups; c++) {
    for (i = 0; i < g->kh; i++) {
      for (j = 0; j < g->kw; j++, at++) {
        const int64_t row = top + i * g->dh;
        const int64_t column = left + j * g->dw;
        if (row >= 0 && row < g->h && column >= 0 && column < g->w) {
          offset[n] = ((c * g->h + row) * g->w + column) * LANES;
          index[n++] = at;
        }
      }
    }
  }
  return n;
}

static void conv_const(const nac_iop *op, k_taps *t, long *offset, long *index, const int32_t *w, const int32_t *b,
                       const int32_t *x, int32_t *y)
{
  const nac_iwindow *g = &op->window;
  const int64_t cg = g->c / g->groups;
  const int64_t og = g->o / g->groups;
  int64_t i;
  int64_t j;
  int64_t k;
  t->w_row = cg * g->kh * g->kw;
  t->n_out = og;
  t->y_out = g->oh * g->ow * LANES;
  for (i = 0; i < g->oh; i++) {
    for (j = 0; j < g->ow; j++) {
      t->n_taps = inside(g, i * g->sh - g->top, j * g->sw - g->left, offset, index);
      for (k = 0; k < g->groups; k++) {
        nac_kern->taps16(t, w + k * og * t->w_row, b != NULL ? b + k * og : NULL, x + k * cg * g->h * g->w * LANES,
                         y + k * og * t->y_out + (i * g->ow + j) * LANES);
      }
    }
  }
}

void nac_fixed_taps(const nac_iop *op, long *room, const int32_t *w, const int32_t *b, const int32_t *x, int32_t *y)
{
  const int64_t most = op->n_weights / op->channels;
  k_taps t = {.offset = room, .index = room + most};
  if (op->kind == NAC_IOP_MATMUL_CONST) {
    matmul_const(op, &t, room, room + most, w, b, x, y);
  } else {
    conv_const(op, &t, room, room + most, w, b, x, y);
  }
}
