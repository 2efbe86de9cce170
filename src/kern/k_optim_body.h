/* Optimiser steps: every array is passed over once. */
#include "kern/k_tables.h"
#include "kern/simd_rows.h"

double K(k_sum_squares)(const float *x, long n)
{
  double sum = 0;
  for (long b = 0; b < n; b += 64 * VW) { /* so much is summed in float */
    const long e = b + 64 * VW < n ? b + 64 * VW : n;
    vf s = vset1(0.0f);
    for (long i = b; i < e; i += VW) {
      const vf v = vload_n(x + i, lanes_of(e, i));
      s = vfma(v, v, s);
    }
    sum += (double)vsum(s);
  }
  return sum;
}

void K(k_clip)(float *x, long n, float limit, float scale)
{
  const vf high = vset1(limit);
  const vf low = vset1(-limit);
  const vf s = vset1(scale);
  MAP(x, x, n, s * vmin(high, vmax(low, v))); /* in this order a NaN stays a NaN */
}

/* g + l2 p + l1 sign(p) */
VOP vf regularised(vf g, vf p, vf l1, vf l2)
{
  const vf zero = vset1(0.0f);
  const vf sign = vselect_gt(p, zero, l1, vselect_gt(zero, p, zero - l1, zero));
  return vfma(l2, p, g) + sign;
}

void K(k_adam)(float *p, const float *g, float *m, float *v, float *v_max, long n, const k_adam *o)
{
  const vf l1 = vset1(o->l1);
  const vf l2 = vset1(o->l2);
  const vf b1 = vset1(o->beta1);
  const vf b2 = vset1(o->beta2);
  const vf c1 = vset1(o->rest1);
  const vf c2 = vset1(o->rest2);
  const vf root = vset1(o->root);
  const vf eps = vset1(o->eps);
  const vf step = vset1(o->step);
  const vf keep = vset1(o->keep);
  for (long i = 0; i < n; i += VW) {
    const long lanes = lanes_of(n, i);
    const vf vp = vload_n(p + i, lanes);
    const vf vg = regularised(vload_n(g + i, lanes), vp, l1, l2);
    const vf vm = vfma(b1, vload_n(m + i, lanes), c1 * vg);
    vf vv = vfma(b2, vload_n(v + i, lanes), c2 * vg * vg);
    vstore_n(m + i, vm, lanes);
    vstore_n(v + i, vv, lanes);
    if (v_max != NULL) {
      vv = vmax(vload_n(v_max + i, lanes), vv);
      vstore_n(v_max + i, vv, lanes);
    }
    vstore_n(p + i, keep * vp - step * vm / vfma(vsqrt(vv), root, eps), lanes);
  }
}

void K(k_sgd)(float *p, const float *g, float *momentum, long n, const k_sgd *o)
{
  const vf l1 = vset1(o->l1);
  const vf l2 = vset1(o->l2);
  const vf lr = vset1(o->lr);
  const vf mu = vset1(o->momentum);
  const vf rest = vset1(o->rest);
  for (long i = 0; i < n; i += VW) {
    const long lanes = lanes_of(n, i);
    const vf vp = vload_n(p + i, lanes);
    const vf vg = regularised(vload_n(g + i, lanes), vp, l1, l2);
    vf step = vg;
    if (momentum != NULL) {
      const vf vm = vfma(mu, vload_n(momentum + i, lanes), rest * vg);
      vstore_n(momentum + i, vm, lanes);
      step = o->nesterov ? vfma(mu, vm, vg) : vm;
    }
    vstore_n(p + i, vp - lr * step, lanes);
  }
}

void K(k_rmsprop)(float *p, const float *g, float *square, float *mean, float *momentum, long n, const k_rmsprop *o)
{
  const vf l1 = vset1(o->l1);
  const vf l2 = vset1(o->l2);
  const vf lr = vset1(o->lr);
  const vf alpha = vset1(o->alpha);
  const vf rest = vset1(o->rest);
  const vf mu = vset1(o->momentum);
  const vf eps = vset1(o->eps);
  for (long i = 0; i < n; i += VW) {
    const long lanes = lanes_of(n, i);
    const vf vp = vload_n(p + i, lanes);
    const vf vg = regularised(vload_n(g + i, lanes), vp, l1, l2);
    const vf vs = vfma(alpha, vload_n(square + i, lanes), rest * vg * vg);
    vf spread = vs;
    vf step;
    vstore_n(square + i, vs, lanes);
    if (mean != NULL) {
      const vf va = vfma(alpha, vload_n(mean + i, lanes), rest * vg);
      vstore_n(mean + i, va, lanes);
      spread = vmax(vset1(0.0f), vs - va * va); /* not below zero by rounding */
    }
    step = vg / (vsqrt(spread) + eps);
    if (momentum != NULL) {
      step = vfma(mu, vload_n(momentum + i, lanes), step);
      vstore_n(momentum + i, step, lanes);
    }
    vstore_n(p + i, vp - lr * step, lanes);
  }
}
