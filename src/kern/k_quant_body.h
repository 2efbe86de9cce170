/* Fake quantisation: floats to the nearest numbers of a fixed-point format. */
#include "kern/k_tables.h"
#include "kern/simd_rows.h"

/* Rounding of t, in units of the last bit; `rounding` as nac_rounding numbers
 * it. t - rint(t) is exact, so halves are told apart exactly. */
VOP vf rounded(vf t, int rounding)
{
  const vf r = vround(t);
  const vf one = vset1(1.0f);
  const vf zero = vset1(0.0f);
  const vf below = vset1(0.49999997f); /* the float before one half */
  const vf d = t - r;                  /* in [-1/2, 1/2]; +-1/2 where t is a half and r the even side */
  switch (rounding) {
  case 0: /* TRN: down */
    return vselect_gt(zero, d, r - one, r);
  case 1: /* TRN_ZERO */
    return vselect_gt(t, zero, vselect_gt(zero, d, r - one, r), vselect_gt(d, zero, r + one, r));
  case 2: /* RND: halves up */
    return vselect_gt(d, below, r + one, r);
  case 3: /* RND_ZERO: halves towards zero */
    return vselect_gt(t, zero, vselect_gt(zero - below, d, r - one, r), vselect_gt(d, below, r + one, r));
  case 4: /* RND_INF: halves away from zero */
    return vselect_gt(t, zero, vselect_gt(d, below, r + one, r), vselect_gt(zero - below, d, r - one, r));
  case 5: /* RND_MIN_INF: halves down */
    return vselect_gt(zero - below, d, r - one, r);
  default: /* RND_CONV: halves to even */
    return r;
  }
}

void K(k_quantise)(const float *x, float *y, long n, const k_quantiser *q)
{
  const vf step = vset1(q->step);
  const vf per_step = vset1(1.0f / q->step);
  const vf lo = vset1(q->lo);
  const vf hi = vset1(q->hi);
  const int rounding = q->rounding;
  if (q->divide) {
    MAP(x, y, n, vmin(hi, vmax(lo, rounded(v / step, rounding))) * step);
  } else if (rounding == 6) {
    MAP(x, y, n, vmin(hi, vmax(lo, vround(v * per_step))) * step);
  } else {
    MAP(x, y, n, vmin(hi, vmax(lo, rounded(v * per_step, rounding))) * step);
  }
}

/* A number that is out of range counts 1 in `out`; where there is a NaN, out is one. Zero has no sign afterwards. */
long K(k_to_format)(const float *x, float *y, long n, const k_quantiser *q)
{
  const vf step = vset1(q->step);
  const vf per_step = vset1(1.0f / q->step);
  const vf lo = vset1(q->lo);
  const vf hi = vset1(q->hi);
  const vf one = vset1(1.0f);
  const vf zero = vset1(0.0f);
  const int rounding = q->rounding;
  vf out = zero;
  for (long i = 0; i < n; i += VW) {
    const long lanes = lanes_of(n, i);
    const vf r = rounded(vload_n(x + i, lanes) * per_step, rounding);
    out = out + vselect_gt(lo, r, one, vselect_gt(r, hi, one, r * zero));
    vstore_n(y + i, vmin(hi, vmax(lo, r)) * step + zero, lanes);
  }
  const float total = vsum(out);
  return total >= 0 ? (long)total : -1;
}

/* What a learned step's gradient is summed from: gy times what is cut off, y - x, where x was in range, and
 * times y where it was not. */
double K(k_step_back)(const float *x, const float *y, const float *gy, long n, float min, float max)
{
  const vf lo = vset1(min);
  const vf hi = vset1(max);
  const vf zero = vset1(0.0f);
  double sum = 0;
  for (long b = 0; b < n; b += 64 * VW) { /* so much is summed in float */
    const long e = b + 64 * VW < n ? b + 64 * VW : n;
    vf s = zero;
    for (long i = b; i < e; i += VW) {
      const long lanes = lanes_of(e, i);
      const vf v = vload_n(x + i, lanes);
      const vf inside = vselect_gt(v, hi, zero, vselect_gt(lo, v, zero, v));
      s = vfma(vload_n(gy + i, lanes), vload_n(y + i, lanes) - inside, s);
    }
    sum += (double)vsum(s);
  }
  return sum;
}

void K(k_quantise_back)(const float *x, const float *gy, float *gx, long n, float min, float max)
{
  const vf lo = vset1(min);
  const vf hi = vset1(max);
  const vf zero = vset1(0.0f);
  MAP2(x, gy, gx, n, vselect_gt(v, hi, zero, vselect_gt(lo, v, zero, w)));
}
