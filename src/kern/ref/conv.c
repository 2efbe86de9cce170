#include <stddef.h>
#include <string.h>

#include "kern/ref/ref.h"

typedef void visit_fn(void *data, int64_t x_at, int64_t w_at, int64_t y_at);

/* Calls f for every product of one sample: the elements of x, w and y in it. */
static void each_product(const ref_conv *g, visit_fn *f, void *data)
{
  const int64_t cg = g->c / g->groups;
  const int64_t og = g->o / g->groups;
  for (int64_t o = 0; o < g->o; o++) {
    for (int64_t y = 0; y < g->oh; y++) {
      for (int64_t x = 0; x < g->ow; x++) {
        for (int64_t t = 0; t < cg * g->kh * g->kw; t++) {
          const int64_t c = t / (g->kh * g->kw);
          const int64_t row = y * g->sh + t / g->kw % g->kh * g->dh - g->top;
          const int64_t col = x * g->sw + t % g->kw * g->dw - g->left;
          if (row >= 0 && row < g->h && col >= 0 && col < g->w) {
            f(data, ((o / og * cg + c) * g->h + row) * g->w + col, o * cg * g->kh * g->kw + t,
              (o * g->oh + y) * g->ow + x);
          }
        }
      }
    }
  }
}

typedef struct arrays {
  const nac_real *x;
  const nac_real *w;
  nac_real *y;
  const nac_real *gy;
  nac_real *gw;
  nac_real *gx;
} arrays;

static void add_output(void *data, int64_t x_at, int64_t w_at, int64_t y_at)
{
  const arrays *a = data;
  a->y[y_at] += a->x[x_at] * a->w[w_at];
}

static void add_gradients(void *data, int64_t x_at, int64_t w_at, int64_t y_at)
{
  const arrays *a = data;
  a->gw[w_at] += a->gy[y_at] * a->x[x_at];
  if (a->gx != NULL) {
    a->gx[x_at] += a->gy[y_at] * a->w[w_at];
  }
}

void REF(conv)(const ref_conv *g, const void *x, const void *w, const void *b_, void *y, long rows)
{
  const nac_real *b = b_;
  const int64_t plane = g->oh * g->ow;
  for (long r = 0; r < rows; r++) {
    arrays a = {.x = (const nac_real *)x + r * g->c * g->h * g->w, .w = w, .y = (nac_real *)y + r * g->o * plane};
    for (int64_t i = 0; i < g->o * plane; i++) {
      a.y[i] = b == NULL ? 0 : b[i / plane];
    }
    each_product(g, add_output, &a);
  }
}

void REF(conv_back)(const ref_conv *g, const void *x, const void *w, const void *gy, void *gw, void *gb_, void *gx,
                    long rows)
{
  nac_real *gb = gb_;
  const int64_t in = g->c * g->h * g->w;
  const int64_t plane = g->oh * g->ow;
  for (long r = 0; r < rows; r++) {
    arrays a = {.x = (const nac_real *)x + r * in, .w = w, .gy = (const nac_real *)gy + r * g->o * plane, .gw = gw};
    if (gx != NULL) {
      a.gx = (nac_real *)gx + r * in;
      memset(a.gx, 0, (size_t)in * sizeof *a.gx);
    }
    for (int64_t i = 0; gb != NULL && i < g->o * plane; i++) {
      gb[i / plane] += a.gy[i];
    }
    each_product(g, add_gradients, &a);
  }
}
