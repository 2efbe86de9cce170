/* conv1d and conv2d: y[o] = b[o] + sum over input channels and kernel elements
 * of W[o] x, over groups of channels (Dumoulin & Visin 2016 draw the
 * arithmetic). The fast form works in the blocked layout, on 16 samples at once;
 * the gradient of the input is the convolution of gy, spread out by the stride
 * and set in zeros, with the kernel turned around. */
#include <string.h>

#include "core/igraph/lower.h"
#include "core/layer/conv_shape.h"
#include "core/layer/kinds.h"
#include "core/net_impl.h"
#include "kern/kern.h"

#define G 16 /* samples a group */

/* What a step needs beside its values, in one block: see `work_of`. */
typedef struct work {
  ref_conv g;
  int64_t taps;      /* of an output: input channels a group times kernel elements */
  int64_t back_taps; /* of an input: output channels a group times kernel elements */
  int64_t hp, wp;    /* the input with its padding */
  int64_t hs, ws;    /* gy spread out and set in zeros */
  int padded;        /* x goes through xpad */
  int plain;         /* 1 x 1, stride 1, no padding: positions are one long row */
  float *xpad;       /* (c, hp, wp, 16) */
  float *gys;        /* (o, hs, ws, 16) */
  float *wb;         /* (c, kh, o / groups, kw): weights as the input's gradient reads them */
  long *offset;      /* (taps) */
  long *back_offset; /* (back_taps) */
  size_t bytes;
} work;

static int64_t max64(int64_t a, int64_t b)
{
  return a > b ? a : b;
}

static void *take(char **at, int64_t n, size_t size)
{
  void *p = *at;
  *at += ((size_t)n * size + 63) / 64 * 64;
  return p;
}

static work work_of(const nac_step *s)
{
  work w;
  char *const start = s->state;
  char *at = start;
  memset(&w, 0, sizeof w);
  (void)nac_conv_shape(&w.g, s->layer, s->x_dim[0], s->x_rank[0], NULL); /* checked when the layer was added */
  w.taps = w.g.c / w.g.groups * w.g.kh * w.g.kw;
  w.back_taps = w.g.o / w.g.groups * w.g.kh * w.g.kw;
  w.hp = max64(w.g.h + w.g.top, (w.g.oh - 1) * w.g.sh + (w.g.kh - 1) * w.g.dh + 1);
  w.wp = max64(w.g.w + w.g.left, (w.g.ow - 1) * w.g.sw + (w.g.kw - 1) * w.g.dw + 1);
  w.hs = w.g.h + (w.g.kh - 1) * w.g.dh;
  w.ws = w.g.w + (w.g.kw - 1) * w.g.dw;
  w.padded = w.g.top > 0 || w.g.left > 0 || w.hp > w.g.h || w.wp > w.g.w;
  w.plain = w.g.kh * w.g.kw == 1 && w.g.sh * w.g.sw == 1 && !w.padded;
  if (!w.padded) { /* rows and columns that no output reads */
    w.hp = w.g.h;
    w.wp = w.g.w;
  }
  w.offset = take(&at, w.taps, sizeof *w.offset);
  w.xpad = take(&at, w.padded ? w.g.c * w.hp * w.wp * G : 0, sizeof *w.xpad);
  if (s->training) {
    w.back_offset = take(&at, w.back_taps, sizeof *w.back_offset);
    w.gys = take(&at, w.plain ? 0 : w.g.o * w.hs * w.ws * G, sizeof *w.gys);
    w.wb = take(&at, w.g.c * w.back_taps, sizeof *w.wb);
  }
  w.bytes = (size_t)(at - start);
  return w;
}

static size_t state_size(const nac_step *s)
{
  return s->mode == NAC_FAST ? work_of(s).bytes : 0;
}

/* wb[c][i][o][j] = W[o][c][i][j], group by group. */
static void turn_weights(const work *w, const float *weight)
{
  const int64_t kh = w->g.kh;
  const int64_t kw = w->g.kw;
  const int64_t cg = w->g.c / w->g.groups;
  const int64_t og = w->g.o / w->g.groups;
  int64_t group;
  int64_t c;
  int64_t o;
  int64_t i;
  for (group = 0; group < w->g.groups; group++) {
    for (o = 0; o < og; o++) {
      for (c = 0; c < cg; c++) {
        for (i = 0; i < kh; i++) {
          memcpy(w->wb + (((group * cg + c) * kh + i) * og + o) * kw, weight + (((group * og + o) * cg + c) * kh + i) * kw,
                 (size_t)kw * sizeof *weight);
        }
      }
    }
  }
}

static void prepare(nac_step *s)
{
  work w;
  int64_t c;
  int64_t i;
  int64_t j;
  long q = 0;
  if (s->mode != NAC_FAST) {
    return;
  }
  w = work_of(s);
  for (c = 0; c < w.g.c / w.g.groups; c++) {
    for (i = 0; i < w.g.kh; i++) {
      for (j = 0; j < w.g.kw; j++) {
        w.offset[q++] = ((c * w.hp + i * w.g.dh) * w.wp + j * w.g.dw) * G;
      }
    }
  }
  if (w.padded) {
    memset(w.xpad, 0, (size_t)(w.g.c * w.hp * w.wp * G) * sizeof *w.xpad);
  }
  if (!s->training) {
    return;
  }
  q = 0;
  for (i = 0; i < w.g.kh; i++) {
    for (c = 0; c < w.g.o / w.g.groups; c++) {
      for (j = 0; j < w.g.kw; j++) {
        w.back_offset[q++] = ((c * w.hs + (w.g.kh - 1 - i) * w.g.dh) * w.ws + (w.g.kw - 1 - j) * w.g.dw) * G;
      }
    }
  }
  if (!w.plain) {
    memset(w.gys, 0, (size_t)(w.g.o * w.hs * w.ws * G) * sizeof *w.gys);
  }
  turn_weights(&w, s->p[0]);
}

/* Sets one group's x into the zeros of its padding. */
static const float *pad(const work *w, const float *x)
{
  const size_t row = (size_t)(w->g.w * G) * sizeof *x;
  int64_t c;
  int64_t h;
  if (!w->padded) {
    return x;
  }
  for (c = 0; c < w->g.c; c++) {
    for (h = 0; h < w->g.h; h++) {
      memcpy(w->xpad + ((c * w->hp + h + w->g.top) * w->wp + w->g.left) * G, x + (c * w->g.h + h) * w->g.w * G, row);
    }
  }
  return w->xpad;
}

/* Sets gy where the turned kernel finds it; places outside are of no effect. */
static const float *spread(const work *w, const float *gy)
{
  const int64_t down = (w->g.kh - 1) * w->g.dh - w->g.top;
  const int64_t right = (w->g.kw - 1) * w->g.dw - w->g.left;
  int64_t o;
  int64_t y;
  int64_t x;
  if (w->plain) {
    return gy;
  }
  for (o = 0; o < w->g.o; o++) {
    for (y = 0; y < w->g.oh; y++) {
      const int64_t at = y * w->g.sh + down;
      for (x = 0; at >= 0 && at < w->hs && x < w->g.ow; x++) {
        const int64_t to = x * w->g.sw + right;
        if (to >= 0 && to < w->ws) {
          memcpy(w->gys + ((o * w->hs + at) * w->ws + to) * G, gy + ((o * w->g.oh + y) * w->g.ow + x) * G,
                 G * sizeof *gy);
        }
      }
    }
  }
  return w->gys;
}

static k_conv forward_kernel(const work *w)
{
  k_conv k = {.n_out = w->g.o / w->g.groups,
              .n_taps = w->taps,
              .w_out = w->taps,
              .offset = w->offset,
              .n_rows = w->plain ? 1 : w->g.oh,
              .row = w->plain ? w->g.oh * w->g.ow : w->g.ow,
              .x_row = w->g.sh * w->wp * G,
              .x_step = w->g.sw * G,
              .y_out = w->g.oh * w->g.ow * G};
  return k;
}

static k_conv backward_kernel(const work *w)
{
  k_conv k = {.n_out = w->g.c / w->g.groups,
              .n_taps = w->back_taps,
              .w_out = w->back_taps,
              .offset = w->back_offset,
              .n_rows = w->plain ? 1 : w->g.h,
              .row = w->plain ? w->g.h * w->g.w : w->g.w,
              .x_row = w->ws * G,
              .x_step = G,
              .y_out = w->g.h * w->g.w * G};
  return k;
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  work w;
  k_conv k;
  int64_t r;
  int64_t i;
  if (s->mode != NAC_FAST) {
    ref_conv g;
    (void)nac_conv_shape(&g, s->layer, s->x_dim[0], s->x_rank[0], NULL);
    NAC_TWIN(s, conv)(&g, nac_row(s, s->x[0], r0, s->x_len[0]), s->p[0], s->p[1], nac_row_out(s, s->y, r0, s->y_len),
                      r1 - r0);
    return;
  }
  w = work_of(s);
  k = forward_kernel(&w);
  for (r = r0; r < r1; r += G) {
    const float *x = pad(&w, (const float *)s->x[0] + r * s->x_len[0]);
    float *y = (float *)s->y + r * s->y_len;
    for (i = 0; i < w.g.groups; i++) {
      const float *bias = s->p[1];
      nac_kern->conv_forward(&k, (const float *)s->p[0] + i * k.n_out * k.n_taps,
                             bias != NULL ? bias + i * k.n_out : NULL, x + i * (w.g.c / w.g.groups) * w.hp * w.wp * G,
                             y + i * k.n_out * k.y_out);
    }
  }
}

/* Input gradient of one group of channels, row by row: rows of the kernel that
 * would meet nothing but zeros above or below gy are left out. */
static void input_gradient(const work *w, const k_conv *b, const float *weights, const float *gy, float *gx)
{
  const int64_t down = (w->g.kh - 1) * w->g.dh - w->g.top;
  const int64_t last = (w->g.oh - 1) * w->g.sh + down;
  const long row_taps = b->n_taps / (long)w->g.kh;
  int64_t r;
  if (w->plain) {
    nac_kern->conv_forward(b, weights, NULL, gy, gx);
    return;
  }
  for (r = 0; r < w->g.h; r++) {
    int64_t from = 0;
    int64_t to = w->g.kh; /* kernel row i reads row r + (kh - 1 - i) dh */
    k_conv k = *b;
    while (from < to && r + (w->g.kh - 1 - from) * w->g.dh > last) {
      from++;
    }
    while (to > from && r + (w->g.kh - to) * w->g.dh < down) {
      to--;
    }
    k.n_rows = 1;
    k.n_taps = (to - from) * row_taps;
    k.offset = b->offset + from * row_taps;
    nac_kern->conv_forward(&k, weights + from * row_taps, NULL, gy + r * b->x_row, gx + r * b->row * G);
  }
}

/* One group of 16 samples. */
static void backward_group(nac_step *s, const work *w, const float *x, const float *gy, float *gx)
{
  const k_conv k = forward_kernel(w);
  const k_conv b = backward_kernel(w);
  const int64_t cg = w->g.c / w->g.groups;
  const int64_t og = w->g.o / w->g.groups;
  float *gw = s->gp[0];
  float *gb = s->gp[1];
  int64_t i;
  for (i = 0; i < w->g.groups; i++) {
    nac_kern->conv_weights(&k, gy + i * og * k.y_out, x + i * cg * w->hp * w->wp * G, gw + i * og * k.n_taps,
                           gb != NULL ? gb + i * og : NULL);
  }
  if (gx != NULL) {
    const float *spread_gy = spread(w, gy);
    const int64_t plane = w->plain ? w->g.h * w->g.w : w->hs * w->ws;
    for (i = 0; i < w->g.groups; i++) {
      input_gradient(w, &b, w->wb + i * cg * b.n_taps, spread_gy + i * og * plane * G, gx + i * cg * b.y_out);
    }
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  work w;
  int64_t r;
  if (s->mode != NAC_FAST) {
    ref_conv g;
    (void)nac_conv_shape(&g, s->layer, s->x_dim[0], s->x_rank[0], NULL);
    NAC_TWIN(s, conv_back)(&g, nac_row(s, s->x[0], r0, s->x_len[0]), s->p[0], nac_row(s, s->gy, r0, s->y_len),
                           s->gp[0], s->gp[1], nac_row_out(s, s->gx[0], r0, s->x_len[0]), r1 - r0);
    return;
  }
  w = work_of(s);
  for (r = r0; r < r1; r += G) {
    float *gx = s->gx[0];
    backward_group(s, &w, pad(&w, (const float *)s->x[0] + r * s->x_len[0]), (const float *)s->gy + r * s->y_len,
                   gx != NULL ? gx + r * s->x_len[0] : NULL);
  }
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  const int x = nac_lower_input(l, layer, 0);
  const nac_ivalue *v = nac_igraph_value(l->graph, x);
  const int64_t *dim;
  const int rank = nac_lower_shape(l, layer, &dim);
  nac_iconst c;
  ref_conv g;
  int code = nac_lower_constants(l, layer, &c, err);
  (void)nac_conv_shape(&g, layer, v->dim, v->rank, NULL);
  if (code == NAC_OK) {
    const nac_iwindow w = {.c = g.c, .h = g.h, .w = g.w, .o = g.o, .oh = g.oh, .ow = g.ow, .kh = g.kh, .kw = g.kw,
                           .sh = g.sh, .sw = g.sw, .dh = g.dh, .dw = g.dw, .top = g.top, .left = g.left,
                           .groups = g.groups};
    code = nac_igraph_conv_const(l->graph, layer->name, x, &w, &c, rank, dim, &l->result, err);
  }
  nac_lower_free_constants(&c);
  return code;
}

const nac_kind nac_layer_conv2d = {
  .name = "conv2d",
  .attrs = nac_conv_attrs,
  .n_inputs = 1,
  .describe = nac_conv_describe,
  .cost = nac_conv_cost,
  .state_size = state_size,
  .prepare = prepare,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_X | NAC_PREFERS_BLOCKED,
};

const nac_kind nac_layer_conv1d = {
  .name = "conv1d",
  .attrs = nac_conv_attrs,
  .n_inputs = 1,
  .describe = nac_conv_describe,
  .cost = nac_conv_cost,
  .state_size = state_size,
  .prepare = prepare,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_X | NAC_PREFERS_BLOCKED,
};
