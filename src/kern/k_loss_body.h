/* Losses: the sum over a batch and its gradient in one pass. */
#include "kern/k_tables.h"
#include "kern/simd_rows.h"

/* The first of n numbers that reaches `max` (n when NaN keeps all from it). */
VOP long first_at(const float *x, long n, float max)
{
  long i = 0;
  while (i < n && !(x[i] >= max)) {
    i++;
  }
  return i;
}

/* Few classes: 16 rows are turned so that each lane holds one row, and nothing
 * is summed across lanes. */
#define SIDE 16
#define FEW 64

/* t (n,SIDE) holds the turned logits and becomes exp(logit - max); each lane's
 * sum, largest logit and where that first stands. */
VOP void turned_exp(float *t, long n, float *sum, float *max, float *first)
{
  for (long lane = 0; lane < SIDE; lane += VW) {
    vf m = vload(t + lane);
    vf at = vset1(0.0f);
    vf s = vset1(0.0f);
    for (long i = 1; i < n; i++) {
      const vf x = vload(t + i * SIDE + lane);
      at = vselect_gt(x, m, vset1((float)i), at);
      m = vmax(m, x);
    }
    for (long i = 0; i < n; i++) {
      const vf e = vexp(vload(t + i * SIDE + lane) - m);
      vstore(t + i * SIDE + lane, e);
      s = s + e;
    }
    vstore(sum + lane, s);
    vstore(max + lane, m);
    vstore(first + lane, at);
  }
}

/* Cross-entropy of SIDE rows of n <= FEW classes. Sums of exponentials lie in
 * [1, n], so the product of 16 of them is far from overflow: one logarithm. */
static void turned_rows(const float *logits, const int *label, float *gx, float scale, double *loss, long *correct,
                        long n)
{
  float t[FEW * SIDE];
  float sum[SIDE];
  float max[SIDE];
  float first[SIDE];
  double product = 1;
  double linear = 0;
  K(k_transpose)(logits, t, SIDE, n);
  turned_exp(t, n, sum, max, first);
  for (long r = 0; r < SIDE; r++) {
    product *= (double)sum[r];
    linear += (double)(logits[r * n + label[r]] - max[r]);
    *correct += (long)first[r] == label[r];
  }
  *loss += log(product) - linear;
  if (gx == NULL) {
    return;
  }
  for (long lane = 0; lane < SIDE; lane += VW) {
    const vf a = vset1(scale) / vload(sum + lane);
    for (long i = 0; i < n; i++) {
      vstore(t + i * SIDE + lane, vload(t + i * SIDE + lane) * a);
    }
  }
  for (long r = 0; r < SIDE; r++) {
    t[label[r] * SIDE + r] -= scale;
  }
  K(k_transpose)(t, gx, n, SIDE);
}

void K(k_cross_entropy)(const float *logits, const int *label, float *gx, float scale, double *loss, long *correct,
                        long rows, long n)
{
  double total = *loss;
  long right = *correct;
  long r = 0;
  for (; n <= FEW && r + SIDE <= rows; r += SIDE) {
    turned_rows(logits + r * n, label + r, gx != NULL ? gx + r * n : NULL, scale, &total, &right, n);
  }
  for (; r < rows; r++) {
    const float *x = logits + r * n;
    float *g = gx != NULL ? gx + r * n : NULL;
    const float max = row_max(x, n);
    const float sum = row_exp(x, g, n, max);
    const int y = label[r];
    total += (double)logf(sum) - (double)(x[y] - max);
    right += first_at(x, n, max) == y;
    if (g != NULL) {
      const vf a = vset1(scale / sum);
      MAP(g, g, n, v * a);
      g[y] -= scale;
    }
  }
  *loss = total;
  *correct = right;
}

void K(k_cross_entropy_soft)(const float *logits, const float *target, const int *label, float *gx, float scale,
                             double *loss, long *correct, long rows, long n)
{
  for (long r = 0; r < rows; r++, logits += n, target += n) {
    const float max = row_max(logits, n);
    const float sum = row_exp(logits, gx, n, max);
    const long y = label != NULL ? label[r] : first_at(target, n, row_max(target, n));
    const vf top = vset1(max);
    const vf log_sum = vset1(logf(sum));
    vf mass = vset1(0.0f);
    vf total = mass;
    for (long j = 0; j < n; j += VW) {
      const long lanes = lanes_of(n, j);
      const vf t = vload_n(target + j, lanes);
      mass = mass + t;
      total = total + vfill(t * (log_sum - (vload_n(logits + j, lanes) - top)), lanes, vset1(0.0f));
    }
    *loss += (double)vsum(total);
    *correct += first_at(logits, n, max) == y;
    if (gx != NULL) {
      const vf a = vset1(scale * vsum(mass) / sum);
      const vf s = vset1(scale);
      MAP2(gx, target, gx, n, v * a - w * s);
      gx += n;
    }
  }
}

/* Elements that are summed in float before they go to double. */
#define LOSS_BLOCK (64 * VW)

/* Passes over x and t: `v`, `w` and `diff` = v - w are the vectors at hand;
 * adds the sum of `term` to *loss and writes scale * slope to gx. */
#define ELEMENTWISE_LOSS(term, slope)                                          \
  do {                                                                         \
    const vf zero = vset1(0.0f);                                               \
    const vf s_ = vset1(scale);                                                \
    for (long b_ = 0; b_ < n; b_ += LOSS_BLOCK) {                              \
      const long e_ = b_ + LOSS_BLOCK < n ? b_ + LOSS_BLOCK : n;               \
      vf sum_ = zero;                                                          \
      for (long i_ = b_; i_ < e_; i_ += VW) {                                  \
        const long lanes = lanes_of(e_, i_);                                   \
        const vf v = vload_n(x + i_, lanes);                                   \
        const vf w = vload_n(t + i_, lanes);                                   \
        const vf diff = v - w;                                                 \
        (void)diff;                                                            \
        sum_ = sum_ + vfill((term), lanes, zero);                              \
        if (gx != NULL) {                                                      \
          vstore_n(gx + i_, s_ * (slope), lanes);                              \
        }                                                                      \
      }                                                                        \
      *loss += (double)vsum(sum_);                                             \
    }                                                                          \
  } while (0)

VOP vf vabs(vf x) { return vmax(x, vset1(0.0f) - x); }

void K(k_squared_error)(const float *x, const float *t, float *gx, float scale, double *loss, long n)
{
  ELEMENTWISE_LOSS(diff * diff, diff + diff);
}

void K(k_absolute_error)(const float *x, const float *t, float *gx, float scale, double *loss, long n)
{
  const vf one = vset1(1.0f);
  ELEMENTWISE_LOSS(vabs(diff), vselect_gt(diff, zero, one, vselect_gt(zero, diff, zero - one, zero)));
}

void K(k_huber)(const float *x, const float *t, float *gx, float scale, float delta, double *loss, long n)
{
  const vf d = vset1(delta);
  const vf half = vset1(0.5f);
  ELEMENTWISE_LOSS(vselect_gt(vabs(diff), d, d * (vabs(diff) - half * d), half * diff * diff),
                   vmin(d, vmax(zero - d, diff)));
}

/* log(1 + u) for u in [0, 1]: 2 atanh(s), s = u / (2 + u), by its series up to
 * s^15, whose next term is below 2^-26 of the sum. */
VOP vf vlog1p_unit(vf u)
{
  const vf s = u / (u + vset1(2.0f));
  const vf z = s * s;
  vf p = vset1(1.0f / 15.0f);
  p = vfma(p, z, vset1(1.0f / 13.0f));
  p = vfma(p, z, vset1(1.0f / 11.0f));
  p = vfma(p, z, vset1(1.0f / 9.0f));
  p = vfma(p, z, vset1(1.0f / 7.0f));
  p = vfma(p, z, vset1(1.0f / 5.0f));
  p = vfma(p, z, vset1(1.0f / 3.0f));
  p = vfma(p, z, vset1(1.0f));
  return (s + s) * p;
}

void K(k_bce)(const float *x, const float *t, float *gx, float scale, double *loss, long *correct, long n)
{
  long right = 0;
  /* max(x, 0) - x t + log(1 + exp(-|x|)), which overflows nowhere */
  ELEMENTWISE_LOSS(vmax(zero, v) - v * w + vlog1p_unit(vexp(zero - vabs(v))), vsigmoid(v) - w);
  for (long i = 0; i < n; i++) {
    right += (x[i] > 0.0f) == (t[i] > 0.5f);
  }
  *correct += right;
}
