/* Pooling of planes (h,w) to (oh,ow). Each place of the window (a tap) is one
 * pass along an output row, with the stride known to the compiler where it is
 * 1 or 2. */
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
    y[i] = y[i] >= v ? y[i] : v;
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

void K(k_max_pool)(const float *x, float *y, long planes, const k_pool *p)
{
  for (long c = 0; c < planes; c++, x += p->h * p->w) {
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
  const vf zero = vset1(0.0f);
  for (long c = 0; c < planes; c++, x += p->h * p->w, gx += p->h * p->w) {
    for (long j = 0; j < p->h * p->w; j += VW) {
      vstore_n(gx + j, zero, lanes_of(p->h * p->w, j));
    }
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

/* Places of the window at output (oy,ox) that lie inside the plane. */
VOP float share(const k_pool *p, long oy, long ox)
{
  const long y0 = oy * p->sh - p->ph;
  const long x0 = ox * p->sw - p->pw;
  const long ye = y0 + p->kh < p->h ? y0 + p->kh : p->h;
  const long xe = x0 + p->kw < p->w ? x0 + p->kw : p->w;
  if (p->include_pad) {
    return 1.0f / (float)(p->kh * p->kw);
  }
  return 1.0f / (float)((ye - (y0 < 0 ? 0 : y0)) * (xe - (x0 < 0 ? 0 : x0)));
}

void K(k_avg_pool)(const float *x, float *y, long planes, const k_pool *p)
{
  for (long c = 0; c < planes; c++, x += p->h * p->w) {
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
        y[o] *= share(p, oy, o);
      }
    }
  }
}

void K(k_avg_pool_back)(const float *gy, float *gx, long planes, const k_pool *p)
{
  const vf zero = vset1(0.0f);
  for (long c = 0; c < planes; c++, gx += p->h * p->w) {
    for (long j = 0; j < p->h * p->w; j += VW) {
      vstore_n(gx + j, zero, lanes_of(p->h * p->w, j));
    }
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
              to[o * p->sw] += share(p, oy, o) * gy[o];
            }
          }
        }
      }
    }
  }
}
