/* Pooling, window by window. */
#include <math.h>

#include "kern/ref/ref.h"

/* The part of a window that lies inside the plane. */
typedef struct window {
  long y0, y1, x0, x1;
} window;

static window window_at(const k_pool *p, long oy, long ox)
{
  const long y = oy * p->sh - p->ph;
  const long x = ox * p->sw - p->pw;
  window w = {y < 0 ? 0 : y, y + p->kh < p->h ? y + p->kh : p->h, x < 0 ? 0 : x, x + p->kw < p->w ? x + p->kw : p->w};
  return w;
}

/* Where the first maximum of a window lies in its plane. */
static long first_max(const nac_real *x, const k_pool *p, window w)
{
  long best = w.y0 * p->w + w.x0;
  for (long iy = w.y0; iy < w.y1; iy++) {
    for (long ix = w.x0; ix < w.x1; ix++) {
      const nac_real v = x[iy * p->w + ix];
      best = v > x[best] || isnan(v) ? iy * p->w + ix : best;
    }
  }
  return best;
}

void REF(max_pool)(const void *x_, void *y_, long planes, const k_pool *p)
{
  nac_real *y = y_;
  for (long o = 0; o < planes * p->oh * p->ow; o++) {
    const nac_real *x = (const nac_real *)x_ + o / (p->oh * p->ow) * p->h * p->w;
    y[o] = x[first_max(x, p, window_at(p, o / p->ow % p->oh, o % p->ow))];
  }
}

void REF(max_pool_back)(const void *x_, const void *gy_, void *gx_, long planes, const k_pool *p)
{
  const nac_real *gy = gy_;
  for (long i = 0; i < planes * p->h * p->w; i++) {
    ((nac_real *)gx_)[i] = 0;
  }
  for (long o = 0; o < planes * p->oh * p->ow; o++) {
    const long plane = o / (p->oh * p->ow) * p->h * p->w;
    const nac_real *x = (const nac_real *)x_ + plane;
    ((nac_real *)gx_)[plane + first_max(x, p, window_at(p, o / p->ow % p->oh, o % p->ow))] += gy[o];
  }
}

static nac_real share(const k_pool *p, window w)
{
  return 1 / (nac_real)(p->include_pad ? p->kh * p->kw : (w.y1 - w.y0) * (w.x1 - w.x0));
}

void REF(avg_pool)(const void *x_, void *y_, long planes, const k_pool *p)
{
  nac_real *y = y_;
  for (long o = 0; o < planes * p->oh * p->ow; o++) {
    const nac_real *x = (const nac_real *)x_ + o / (p->oh * p->ow) * p->h * p->w;
    const window w = window_at(p, o / p->ow % p->oh, o % p->ow);
    nac_real sum = 0;
    for (long iy = w.y0; iy < w.y1; iy++) {
      for (long ix = w.x0; ix < w.x1; ix++) {
        sum += x[iy * p->w + ix];
      }
    }
    y[o] = sum * share(p, w);
  }
}

void REF(avg_pool_back)(const void *gy_, void *gx_, long planes, const k_pool *p)
{
  const nac_real *gy = gy_;
  for (long i = 0; i < planes * p->h * p->w; i++) {
    ((nac_real *)gx_)[i] = 0;
  }
  for (long o = 0; o < planes * p->oh * p->ow; o++) {
    nac_real *gx = (nac_real *)gx_ + o / (p->oh * p->ow) * p->h * p->w;
    const window w = window_at(p, o / p->ow % p->oh, o % p->ow);
    for (long iy = w.y0; iy < w.y1; iy++) {
      for (long ix = w.x0; ix < w.x1; ix++) {
        gx[iy * p->w + ix] += gy[o] * share(p, w);
      }
    }
  }
}
