/* Batch normalisation of arrays (rows,c,inner) over rows and inner, and layer
 * normalisation of arrays (outer,n,inner) over n. */
#include <math.h>
#include <stddef.h>

#include "kern/k_tables.h"
#include "kern/simd_rows.h"

#define NORM_ROWS 16   /* rows that are summed in float before they go to double */
#define NORM_INNER 256 /* from here on every row goes to double by itself */

/* Adds the lanes of two float vectors to double sums; lane l belongs to l mod c. */
VOP void spill(vf a, vf b, double *sum_a, double *sum_b, long lanes, long c)
{
  float ta[VW];
  float tb[VW];
  vstore(ta, a);
  vstore(tb, b);
  if (lanes <= c) {
    for (long l = 0; l < lanes; l++) {
      sum_a[l] += (double)ta[l];
      sum_b[l] += (double)tb[l];
    }
  } else {
    for (long l = 0; l < lanes; l++) {
      sum_a[l % c] += (double)ta[l];
      sum_b[l % c] += (double)tb[l];
    }
  }
}

/* A vector of channels j.. of p; where few channels fit a vector several times,
 * repeated as often. */
VOP vf channels(const float *p, long j, long lanes, long c)
{
  float t[VW];
  if (lanes <= c) {
    return vload_n(p + j, lanes);
  }
  for (long l = 0; l < VW; l++) {
    t[l] = p[l % c];
  }
  return vload(t);
}

/* How many rows of c channels fill one vector exactly; 1 = none. */
VOP long rows_a_vector(long c) { return c < VW && VW % c == 0 ? VW / c : 1; }

/* Sums of rows [0, rows) of c channels, `pack` rows a vector. */
VOP void sums_flat(const float *x, const float *shift, double *sum, double *sum_squares, long rows, long c, long pack)
{
  const long wide = c * pack;
  for (long r = 0; r < rows; r += NORM_ROWS) {
    const long re = (r + NORM_ROWS < rows ? r + NORM_ROWS : rows) / pack;
    for (long j = 0; j < wide; j += VW) {
      const long lanes = lanes_of(wide, j);
      const vf k = channels(shift, j, lanes, c);
      vf s0 = vset1(0.0f);
      vf s1 = s0;
      vf q0 = s0;
      vf q1 = s0;
      long i = r / pack;
      for (; i + 2 <= re; i += 2) {
        const vf d0 = vload_n(x + i * wide + j, lanes) - k;
        const vf d1 = vload_n(x + (i + 1) * wide + j, lanes) - k;
        s0 = s0 + d0;
        s1 = s1 + d1;
        q0 = vfma(d0, d0, q0);
        q1 = vfma(d1, d1, q1);
      }
      if (i < re) {
        const vf d0 = vload_n(x + i * wide + j, lanes) - k;
        s0 = s0 + d0;
        q0 = vfma(d0, d0, q0);
      }
      spill(s0 + s1, q0 + q1, sum + j, sum_squares + j, lanes, c);
    }
  }
}

static void sums_inner(const float *x, const float *shift, double *sum, double *sum_squares, long rows, long c,
                       long inner)
{
  const long block = inner < NORM_INNER ? NORM_ROWS : 1;
  for (long r = 0; r < rows; r += block) {
    const long re = r + block < rows ? r + block : rows;
    for (long ch = 0; ch < c; ch++) {
      const vf k = vset1(shift[ch]);
      vf s = vset1(0.0f);
      vf q = vset1(0.0f);
      for (long i = r; i < re; i++) {
        const float *p = x + (i * c + ch) * inner;
        long j = 0;
        for (; j + VW <= inner; j += VW) {
          const vf d = vload(p + j) - k;
          s = s + d;
          q = vfma(d, d, q);
        }
        if (j < inner) {
          const vf d = vfill(vload_n(p + j, inner - j) - k, inner - j, vset1(0.0f));
          s = s + d;
          q = vfma(d, d, q);
        }
      }
      sum[ch] += (double)vsum(s);
      sum_squares[ch] += (double)vsum(q);
    }
  }
}

void K(k_norm_sums)(const float *x, const float *shift, double *sum, double *sum_squares, long rows, long c,
                    long inner)
{
  const long pack = rows_a_vector(c);
  const long packed = rows / pack * pack;
  if (inner > 1) {
    sums_inner(x, shift, sum, sum_squares, rows, c, inner);
    return;
  }
  sums_flat(x, shift, sum, sum_squares, packed, c, pack);
  if (packed < rows) {
    sums_flat(x + packed * c, shift, sum, sum_squares, rows - packed, c, 1);
  }
}

/* y = scale x + offset of rows in flat form. */
VOP void apply_flat(const float *x, float *y, const float *scale, const float *offset, long rows, long c, long pack)
{
  const long wide = c * pack;
  for (long j = 0; j < wide; j += VW) {
    const long lanes = lanes_of(wide, j);
    const vf a = channels(scale, j, lanes, c);
    const vf b = channels(offset, j, lanes, c);
    for (long i = 0; i < rows / pack; i++) {
      vstore_n(y + i * wide + j, vfma(a, vload_n(x + i * wide + j, lanes), b), lanes);
    }
  }
}

void K(k_norm_apply)(const float *x, float *y, const float *scale, const float *offset, long rows, long c, long inner)
{
  const long pack = rows_a_vector(c);
  const long packed = rows / pack * pack;
  if (inner > 1) {
    for (long i = 0; i < rows * c; i++, x += inner, y += inner) {
      const vf a = vset1(scale[i % c]);
      const vf b = vset1(offset[i % c]);
      MAP(x, y, inner, vfma(a, v, b));
    }
    return;
  }
  apply_flat(x, y, scale, offset, packed, c, pack);
  if (packed < rows) {
    apply_flat(x + packed * c, y + packed * c, scale, offset, rows - packed, c, 1);
  }
}

VOP void back_sums_flat(const float *x, const float *gy, const float *mean, const float *inv_std, double *sum_gy,
                        double *sum_gy_xhat, long rows, long c, long pack)
{
  const long wide = c * pack;
  for (long r = 0; r < rows; r += NORM_ROWS) {
    const long re = (r + NORM_ROWS < rows ? r + NORM_ROWS : rows) / pack;
    for (long j = 0; j < wide; j += VW) {
      const long lanes = lanes_of(wide, j);
      const vf m = channels(mean, j, lanes, c);
      const vf is = channels(inv_std, j, lanes, c);
      vf s0 = vset1(0.0f);
      vf s1 = s0;
      vf q0 = s0;
      vf q1 = s0;
      long i = r / pack;
      for (; i + 2 <= re; i += 2) {
        const vf g0 = vload_n(gy + i * wide + j, lanes);
        const vf g1 = vload_n(gy + (i + 1) * wide + j, lanes);
        s0 = s0 + g0;
        s1 = s1 + g1;
        q0 = vfma(g0, vload_n(x + i * wide + j, lanes) - m, q0);
        q1 = vfma(g1, vload_n(x + (i + 1) * wide + j, lanes) - m, q1);
      }
      if (i < re) {
        const vf g0 = vload_n(gy + i * wide + j, lanes);
        s0 = s0 + g0;
        q0 = vfma(g0, vload_n(x + i * wide + j, lanes) - m, q0);
      }
      spill(s0 + s1, (q0 + q1) * is, sum_gy + j, sum_gy_xhat + j, lanes, c);
    }
  }
}

static void back_sums_inner(const float *x, const float *gy, const float *mean, const float *inv_std, double *sum_gy,
                            double *sum_gy_xhat, long rows, long c, long inner)
{
  const long block = inner < NORM_INNER ? NORM_ROWS : 1;
  for (long r = 0; r < rows; r += block) {
    const long re = r + block < rows ? r + block : rows;
    for (long ch = 0; ch < c; ch++) {
      const vf m = vset1(mean[ch]);
      vf s = vset1(0.0f);
      vf q = vset1(0.0f);
      for (long i = r; i < re; i++) {
        const long at = (i * c + ch) * inner;
        long j = 0;
        for (; j + VW <= inner; j += VW) {
          const vf g = vload(gy + at + j);
          s = s + g;
          q = vfma(g, vload(x + at + j) - m, q);
        }
        if (j < inner) { /* the lanes past the end have g = 0 */
          const vf g = vload_n(gy + at + j, inner - j);
          s = s + g;
          q = vfma(g, vload_n(x + at + j, inner - j) - m, q);
        }
      }
      sum_gy[ch] += (double)vsum(s);
      sum_gy_xhat[ch] += (double)(vsum(q) * inv_std[ch]);
    }
  }
}

void K(k_norm_back_sums)(const float *x, const float *gy, const float *mean, const float *inv_std, double *sum_gy,
                         double *sum_gy_xhat, long rows, long c, long inner)
{
  const long pack = rows_a_vector(c);
  const long packed = rows / pack * pack;
  if (inner > 1) {
    back_sums_inner(x, gy, mean, inv_std, sum_gy, sum_gy_xhat, rows, c, inner);
    return;
  }
  back_sums_flat(x, gy, mean, inv_std, sum_gy, sum_gy_xhat, packed, c, pack);
  if (packed < rows) {
    back_sums_flat(x + packed * c, gy + packed * c, mean, inv_std, sum_gy, sum_gy_xhat, rows - packed, c, 1);
  }
}

VOP void back_apply_flat(const float *x, const float *gy, float *gx, const float *a, const float *b, const float *d,
                         long rows, long c, long pack)
{
  const long wide = c * pack;
  for (long j = 0; j < wide; j += VW) {
    const long lanes = lanes_of(wide, j);
    const vf va = channels(a, j, lanes, c);
    const vf vb = channels(b, j, lanes, c);
    const vf vd = channels(d, j, lanes, c);
    for (long i = 0; i < rows / pack; i++) {
      const vf t = vfma(vb, vload_n(x + i * wide + j, lanes), vd);
      vstore_n(gx + i * wide + j, vfma(va, vload_n(gy + i * wide + j, lanes), t), lanes);
    }
  }
}

void K(k_norm_back_apply)(const float *x, const float *gy, float *gx, const float *a, const float *b, const float *d,
                          long rows, long c, long inner)
{
  const long pack = rows_a_vector(c);
  const long packed = rows / pack * pack;
  if (inner > 1) {
    for (long i = 0; i < rows * c; i++, x += inner, gy += inner, gx += inner) {
      const vf va = vset1(a[i % c]);
      const vf vb = vset1(b[i % c]);
      const vf vd = vset1(d[i % c]);
      MAP2(x, gy, gx, inner, vfma(va, w, vfma(vb, v, vd)));
    }
    return;
  }
  back_apply_flat(x, gy, gx, a, b, d, packed, c, pack);
  if (packed < rows) {
    back_apply_flat(x + packed * c, gy + packed * c, gx + packed * c, a, b, d, rows - packed, c, 1);
  }
}

/* One row, inner = 1. */
static void layernorm_row(const float *x, const float *w, const float *b, float *y, float *mean, float *inv_std,
                          long n, float eps)
{
  const vf zero = vset1(0.0f);
  vf s = zero;
  vf q = zero;
  vf m;
  vf is;
  for (long j = 0; j < n; j += VW) {
    s = s + vload_n(x + j, lanes_of(n, j));
  }
  *mean = vsum(s) / (float)n;
  m = vset1(*mean);
  for (long j = 0; j < n; j += VW) {
    const long lanes = lanes_of(n, j);
    const vf d = vfill(vload_n(x + j, lanes) - m, lanes, zero);
    q = vfma(d, d, q);
  }
  *inv_std = 1.0f / sqrtf(vsum(q) / (float)n + eps);
  is = vset1(*inv_std);
  for (long j = 0; j < n; j += VW) {
    const long lanes = lanes_of(n, j);
    const vf xhat = (vload_n(x + j, lanes) - m) * is;
    vstore_n(y + j, vfma(xhat, vload_n(w + j, lanes), vload_n(b + j, lanes)), lanes);
  }
}

void K(k_layernorm)(const float *x, const float *w, const float *b, float *y, float *mean, float *inv_std, long outer,
                    long n, long inner, float eps)
{
  const vf over_n = vset1(1.0f / (float)n);
  for (long o = 0; o < outer; o++, x += n * inner, y += n * inner, mean += inner, inv_std += inner) {
    if (inner == 1) {
      layernorm_row(x, w, b, y, mean, inv_std, n, eps);
      continue;
    }
    for (long j = 0; j < inner; j += VW) {
      const long lanes = lanes_of(inner, j);
      vf m = vset1(0.0f);
      vf q = m;
      for (long i = 0; i < n; i++) {
        m = m + vload_n(x + i * inner + j, lanes);
      }
      m = m * over_n;
      for (long i = 0; i < n; i++) {
        const vf d = vload_n(x + i * inner + j, lanes) - m;
        q = vfma(d, d, q);
      }
      q = vset1(1.0f) / vsqrt(vfma(q, over_n, vset1(eps)));
      vstore_n(mean + j, m, lanes);
      vstore_n(inv_std + j, q, lanes);
      for (long i = 0; i < n; i++) {
        const vf xhat = (vload_n(x + i * inner + j, lanes) - m) * q;
        vstore_n(y + i * inner + j, vfma(xhat, vset1(w[i]), vset1(b[i])), lanes);
      }
    }
  }
}

/* gx = inv_std (g - mean(g) - xhat mean(g xhat)) with g = gy w; gx may be NULL. */
static void layernorm_back_row(const float *x, const float *w, const float *gy, float mean, float inv_std, float *gw,
                               float *gb, float *gx, long n)
{
  const vf m = vset1(mean);
  const vf is = vset1(inv_std);
  vf s = vset1(0.0f);
  vf q = s;
  for (long j = 0; j < n; j += VW) {
    const long lanes = lanes_of(n, j);
    const vf gyv = vload_n(gy + j, lanes);
    const vf t = gyv * ((vload_n(x + j, lanes) - m) * is);
    const vf wv = vload_n(w + j, lanes);
    s = vfma(gyv, wv, s);
    q = vfma(t, wv, q);
    vstore_n(gw + j, vload_n(gw + j, lanes) + t, lanes);
    vstore_n(gb + j, vload_n(gb + j, lanes) + gyv, lanes);
  }
  if (gx == NULL) {
    return;
  }
  s = vset1(vsum(s) / (float)n);
  q = vset1(vsum(q) / (float)n);
  for (long j = 0; j < n; j += VW) {
    const long lanes = lanes_of(n, j);
    const vf xhat = (vload_n(x + j, lanes) - m) * is;
    const vf g = vload_n(gy + j, lanes) * vload_n(w + j, lanes);
    vstore_n(gx + j, is * (g - s - xhat * q), lanes);
  }
}

void K(k_layernorm_back)(const float *x, const float *w, const float *gy, const float *mean, const float *inv_std,
                         float *gw, float *gb, float *gx, long outer, long n, long inner)
{
  const vf over_n = vset1(1.0f / (float)n);
  for (long o = 0; o < outer; o++, x += n * inner, gy += n * inner, mean += inner, inv_std += inner) {
    if (inner == 1) {
      layernorm_back_row(x, w, gy, *mean, *inv_std, gw, gb, gx, n);
      gx = gx == NULL ? NULL : gx + n;
      continue;
    }
    for (long j = 0; j < inner; j += VW) {
      const long lanes = lanes_of(inner, j);
      const vf m = vload_n(mean + j, lanes);
      const vf is = vload_n(inv_std + j, lanes);
      vf s = vset1(0.0f);
      vf q = s;
      for (long i = 0; i < n; i++) {
        const vf g = vload_n(gy + i * inner + j, lanes);
        const vf t = g * ((vload_n(x + i * inner + j, lanes) - m) * is);
        s = vfma(g, vset1(w[i]), s);
        q = vfma(t, vset1(w[i]), q);
        gw[i] += vsum(t);
        gb[i] += vsum(g);
      }
      s = s * over_n;
      q = q * over_n;
      for (long i = 0; gx != NULL && i < n; i++) {
        const vf xhat = (vload_n(x + i * inner + j, lanes) - m) * is;
        const vf g = vload_n(gy + i * inner + j, lanes) * vset1(w[i]);
        vstore_n(gx + i * inner + j, is * (g - s - xhat * q), lanes);
      }
    }
    gx = gx == NULL ? NULL : gx + n * inner;
  }
}
