/* 32-bit integers: sums of products for sixteen samples side by side; rounding to fewer bits. */
#include "kern/k_tables.h"
#include "kern/simd.h"

typedef int32_t vi __attribute__((vector_size(4 * VW), aligned(4), may_alias));
#define PARTS (16 / VW) /* vectors of sixteen numbers */

/* `rows` outputs from row o on. */
VOP void outputs(const k_taps *t, const int32_t *w, const int32_t *bias, const int32_t *x, int32_t *y, long o,
                 const int rows)
{
  vi acc[4][PARTS];
  long k;
  int i;
  int p;
  for (i = 0; i < rows; i++) {
    for (p = 0; p < PARTS; p++) {
      acc[i][p] = (vi){0} + (bias != NULL ? bias[o + i] : 0);
    }
  }
  for (k = 0; k < t->n_taps; k++) {
    const int32_t *from = x + t->offset[k];
    const int32_t *weight = w + o * t->w_row + t->index[k];
    vi v[PARTS];
    for (p = 0; p < PARTS; p++) {
      v[p] = *(const vi *)(from + p * VW);
    }
    for (i = 0; i < rows; i++) {
      for (p = 0; p < PARTS; p++) {
        acc[i][p] += v[p] * weight[i * t->w_row];
      }
    }
  }
  for (i = 0; i < rows; i++) {
    for (p = 0; p < PARTS; p++) {
      *(vi *)(y + (o + i) * t->y_out + p * VW) = acc[i][p];
    }
  }
}

void K(k_taps16)(const k_taps *t, const int32_t *w, const int32_t *bias, const int32_t *x, int32_t *y)
{
  long o;
  for (o = 0; o + 4 <= t->n_out; o += 4) {
    outputs(t, w, bias, x, y, o, 4);
  }
  for (; o < t->n_out; o++) {
    outputs(t, w, bias, x, y, o, 1);
  }
}

/* x 2^-drop rounded; written without branches, for the compiler's vectors. */
VOP int32_t round_off(int32_t x, int drop, int mode)
{
  const int32_t half = (int32_t)((1u << drop) >> 1);
  const int32_t down = x >> drop;
  const int32_t rest = x & (int32_t)((1u << drop) - 1u);
  const int32_t tie = (rest == half) & (drop > 0);
  switch (mode) {
  case 0: /* TRN: down */
    return down;
  case 1: /* TRN_ZERO */
    return down + ((x < 0) & (rest != 0));
  case 2: /* RND: halves up */
    return down + ((rest > half) | tie);
  case 3: /* RND_ZERO: halves towards zero */
    return down + ((rest > half) | (tie & (x < 0)));
  case 4: /* RND_INF: halves away from zero */
    return down + ((rest > half) | (tie & (x >= 0)));
  case 5: /* RND_MIN_INF: halves down */
    return down + (rest > half);
  default: /* RND_CONV: halves to even */
    return down + ((rest > half) | (tie & down));
  }
}

VOP long narrow(const int32_t *x, int32_t *y, long n, const k_narrow *k, const int mode)
{
  const int drop = k->drop;
  const int32_t lo = k->lo;
  const int32_t hi = k->hi;
  const int32_t up = (int32_t)(1u << k->up);
  const int cut = 32 - k->width;
  int32_t over = 0;
  long i;
  if (k->wraps) {
    for (i = 0; i < n; i++) {
      const int32_t r = round_off(x[i], drop, mode);
      const uint32_t low = (uint32_t)r << cut;
      over += (r < lo) | (r > hi);
      y[i] = (k->is_signed ? (int32_t)low >> cut : (int32_t)(low >> cut)) * up;
    }
    return over;
  }
  for (i = 0; i < n; i++) {
    const int32_t r = round_off(x[i], drop, mode);
    const int32_t least = r < lo ? lo : r;
    over += (r < lo) | (r > hi);
    y[i] = (least > hi ? hi : least) * up;
  }
  return over;
}

long K(k_narrow)(const int32_t *x, int32_t *y, long n, const k_narrow *k)
{
  switch (k->rounding) {
  case 0:
    return narrow(x, y, n, k, 0);
  case 1:
    return narrow(x, y, n, k, 1);
  case 2:
    return narrow(x, y, n, k, 2);
  case 3:
    return narrow(x, y, n, k, 3);
  case 4:
    return narrow(x, y, n, k, 4);
  case 5:
    return narrow(x, y, n, k, 5);
  default:
    return narrow(x, y, n, k, 6);
  }
}
