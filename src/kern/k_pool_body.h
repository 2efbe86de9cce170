/* Pooling of planes (h,w) to (oh,ow). For one sample, each place of the window (a
 * tap) is one pass along an output row, with the stride known to the compiler
 * where it is 1 or 2. For 16 samples side by side, windows are walked one by one. */
#include <math.h>

#include "kern/k_tables.h"
#include "kern/simd_rows.h"

/* The outputs [lo, hi) of `n_out` whose input at this tap lies inside 0..n-1. */
typedef struct range {
  long lo, hi;
} range;

VOP range inside(long tap, long stride, long padding, long n, long n_out)
{
  const long first = padding - tap; /* the input is o * stride - first */
  range r = {first <= 0 ? 0 : (first + stride - 1) / stride, n_out};
  const long last = n - 1 + first;
  if (last < 0) {
    r.hi = 0;
  } else if (last / stride + 1 < n_out) {
    r.hi = last / stride + 1;
  }
  r.lo = r.lo < r.hi ? r.lo : r.hi;
  return r;
}

VOP void row_take_max(const float *x, float *y, long n, const long stride)
{
  for (long i = 0; i < n; i++) {
    const float v = x[i * stride];
    y[i] = v > y[i] || isnan(v) ? v : y[i]; /* a NaN stays */
  }
}

VOP void row_add(const float *x, float *y, long n, const long stride)
{
  for (long i = 0; i < n; i++) {
    y[i] += x[i * stride];
  }
}

/* run(x, y, n, stride) with a constant stride where it is small */
#define BY_STRIDE(run, x, y, n, stride) \
  do {                                  \
    if ((stride) == 1) {                \
      run(x, y, n, 1);                  \
    } else if ((stride) == 2) {         \
      run(x, y, n, 2);                  \
    } else {                            \
      run(x, y, n, stride);             \
    }                                   \
  } while (0)

/* The part of the window at output (oy,ox) that lies inside the plane. */
typedef struct window {
  long y0, y1, x0, x1;
} window;

VOP window window_at(const k_pool *p, long oy, long ox)
{
  const long y = oy * p->sh - p->ph;
  const long x = ox * p->sw - p->pw;
  const window w = {y < 0 ? 0 : y, y + p->kh < p->h ? y + p->kh : p->h, x < 0 ? 0 : x,
                    x + p->kw < p->w ? x + p->kw : p->w};
  return w;
}

/* What an average's sum is multiplied with. */
VOP float share(const k_pool *p, window w)
{
  return 1.0f / (float)(p->include_pad ? p->kh * p->kw : (w.y1 - w.y0) * (w.x1 - w.x0));
}

static void max_pool16(const float *x, float *y, const k_pool *p)
{
  for (long o = 0; o < p->oh * p->ow; o++) {
    const window win = window_at(p, o / p->ow, o % p->ow);
    for (long l = 0; l < 16; l += VW) {
      vf m = vset1(-INFINITY);
      for (long iy = win.y0; iy < win.y1; iy++) {
        for (long i = iy * p->w + win.x0; i < iy * p->w + win.x1; i++) {
          m = vmax_nan(m, vload(x + i * 16 + l));
        }
      }
      vstore(y + o * 16 + l, m);
    }
  }
}

static void max_pool16_back(const float *x, const float *y, const float *gy, float *gx, const k_pool *p)
{
  const vf zero = vset1(0.0f);
  for (long o = 0; o < p->oh * p->ow; o++) {
    const window win = window_at(p, o / p->ow, o % p->ow);
    for (long l = 0; l < 16; l += VW) {
      const vf m = vload(y + o * 16 + l);
      vf left = vload(gy + o * 16 + l);
      for (long iy = win.y0; iy < win.y1; iy++) {
        for (long i = iy * p->w + win.x0; i < iy * p->w + win.x1; i++) {
          float *g = gx + i * 16 + l;
          const vf v = vload(x + i * 16 + l);
          vstore(g, vload(g) + vselect_gt(m, v, zero, left));
          left = vselect_gt(m, v, left, zero);
        }
      }
    }
  }
}

static void avg_pool16(const float *x, float *y, const k_pool *p)
{
  for (long o = 0; o < p->oh * p->ow; o++) {
    const window win = window_at(p, o / p->ow, o % p->ow);
    const vf a = vset1(share(p, win));
    for (long l = 0; l < 16; l += VW) {
      vf s = vset1(0.0f);
      for (long iy = win.y0; iy < win.y1; iy++) {
        for (long i = iy * p->w + win.x0; i < iy * p->w + win.x1; i++) {
          s = s + vload(x + i * 16 + l);
        }
      }
      vstore(y + o * 16 + l, a * s);
    }
  }
}

static void avg_pool16_back(const float *gy, float *gx, const k_pool *p)
{
  for (long o = 0; o < p->oh * p->ow; o++) {
    const window win = window_at(p, o / p->ow, o % p->ow);
    for (long l = 0; l < 16; l += VW) {
      const vf g = vset1(share(p, win)) * vload(gy + o * 16 + l);
      for (long iy = win.y0; iy < win.y1; iy++) {
        for (long i = iy * p->w + win.x0; i < iy * p->w + win.x1; i++) {
          vstore(gx + i * 16 + l, vload(gx + i * 16 + l) + g);
        }
      }
    }
  }
}

static void clear(float *x, long n)
{
  const vf zero = vset1(0.0f);
  for (long j = 0; j < n; j += VW) {
    vstore_n(x + j, zero, lanes_of(n, j));
  }
}

void K(k_max_pool)(const float *x, float *y, long planes, const k_pool *p)
{
  for (long c = 0; p->side > 1 && c < planes; c++) {
    max_pool16(x + c * p->h * p->w * 16, y + c * p->oh * p->ow * 16, p);
  }
  for (long c = 0; p->side == 1 && c < planes; c++, x += p->h * p->w) {
    for (long oy = 0; oy < p->oh; oy++, y += p->ow) {
      for (long o = 0; o < p->ow; o++) {
        y[o] = -INFINITY;
      }
      for (long ky = 0; ky < p->kh; ky++) {
        const long iy = oy * p->sh - p->ph + ky;
        for (long kx = 0; iy >= 0 && iy < p->h && kx < p->kw; kx++) {
          const range r = inside(kx, p->sw, p->pw, p->w, p->ow);
          const float *from = x + iy * p->w + r.lo * p->sw - p->pw + kx;
          BY_STRIDE(row_take_max, from, y + r.lo, r.hi - r.lo, p->sw);
        }
      }
    }
  }
}

void K(k_max_pool_back)(const float *x, const float *y, const float *gy, float *gx, long planes, const k_pool *p)
{
  clear(gx, planes * p->h * p->w * p->side);
  if (p->side > 1) {
    for (long c = 0; c < planes; c++) {
      const long in = c * p->h * p->w * 16;
      const long out = c * p->oh * p->ow * 16;
      max_pool16_back(x + in, y + out, gy + out, gx + in, p);
    }
    return;
  }
  for (long c = 0; c < planes; c++, x += p->h * p->w, gx += p->h * p->w) {
    for (long oy = 0; oy < p->oh; oy++) {
      const long y0 = oy * p->sh - p->ph;
      for (long ox = 0; ox < p->ow; ox++, y++, gy++) {
        const long x0 = ox * p->sw - p->pw;
        long at = -1;
        for (long iy = y0 < 0 ? 0 : y0; at < 0 && iy < y0 + p->kh && iy < p->h; iy++) {
          for (long ix = x0 < 0 ? 0 : x0; ix < x0 + p->kw && ix < p->w; ix++) {
            if (!(x[iy * p->w + ix] < *y)) { /* the first that is not smaller */
              at = iy * p->w + ix;
              break;
            }
          }
        }
        if (at >= 0) {
          gx[at] += *gy;
        }
      }
    }
  }
}

void K(k_avg_pool)(const float *x, float *y, long planes, const k_pool *p)
{
  for (long c = 0; p->side > 1 && c < planes; c++) {
    avg_pool16(x + c * p->h * p->w * 16, y + c * p->oh * p->ow * 16, p);
  }
  for (long c = 0; p->side == 1 && c < planes; c++, x += p->h * p->w) {
    for (long oy = 0; oy < p->oh; oy++, y += p->ow) {
      for (long o = 0; o < p->ow; o++) {
        y[o] = 0.0f;
      }
      for (long ky = 0; ky < p->kh; ky++) {
        const long iy = oy * p->sh - p->ph + ky;
        for (long kx = 0; iy >= 0 && iy < p->h && kx < p->kw; kx++) {
          const range r = inside(kx, p->sw, p->pw, p->w, p->ow);
          const float *from = x + iy * p->w + r.lo * p->sw - p->pw + kx;
          BY_STRIDE(row_add, from, y + r.lo, r.hi - r.lo, p->sw);
        }
      }
      for (long o = 0; o < p->ow; o++) {
        y[o] *= share(p, window_at(p, oy, o));
      }
    }
  }
}

void K(k_avg_pool_back)(const float *gy, float *gx, long planes, const k_pool *p)
{
  clear(gx, planes * p->h * p->w * p->side);
  for (long c = 0; p->side > 1 && c < planes; c++) {
    avg_pool16_back(gy + c * p->oh * p->ow * 16, gx + c * p->h * p->w * 16, p);
  }
  for (long c = 0; p->side == 1 && c < planes; c++, gx += p->h * p->w) {
    for (long oy = 0; oy < p->oh; oy++, gy += p->ow) {
      for (long ky = 0; ky < p->kh; ky++) {
        const long iy = oy * p->sh - p->ph + ky;
        for (long kx = 0; iy >= 0 && iy < p->h && kx < p->kw; kx++) {
          const range r = inside(kx, p->sw, p->pw, p->w, p->ow);
          float *to = gx + iy * p->w - p->pw + kx;
          if (p->include_pad) {
            const float a = 1.0f / (float)(p->kh * p->kw);
            for (long o = r.lo; o < r.hi; o++) {
              to[o * p->sw] += a * gy[o];
            }
          } else {
            for (long o = r.lo; o < r.hi; o++) {
              to[o * p->sw] += share(p, window_at(p, oy, o)) * gy[o];
            }
          }
        }
      }
    }
  }
}
