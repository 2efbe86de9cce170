/* Kernels in the blocked layout: sixteen samples side by side. An element of a
 * value is a run of 16 floats, one a sample, so that every lane works whatever
 * the number of channels, and a neighbouring position is 16 floats further. */
#include <stddef.h>

#include "kern/k_tables.h"
#include "kern/simd.h"

#define G 16 /* samples a group */

#if VW == 16
#define NV_MAX 6
#else
#define NV_MAX 4
#endif

/* One tile of a convolution: mr outputs at nv positions of one row. */
typedef struct conv_tile {
  const k_conv *c;
  const float *w;    /* first of the mr outputs */
  const float *bias; /* likewise, or NULL */
  const float *x;    /* first position, tap offset 0 */
  float *y;
} conv_tile;

VOP void conv_run(const conv_tile *t, const int mr, const int nv)
{
  vf acc[8][6];
  const long taps = t->c->n_taps;
  const long *off = t->c->offset;
  const long step = t->c->x_step;
  const long w_out = t->c->w_out;
  const float *w = t->w;
#pragma GCC unroll 8
  for (int i = 0; i < mr; i++) {
    const vf start = vset1(t->bias != NULL ? t->bias[i] : 0.0f);
#pragma GCC unroll 6
    for (int j = 0; j < nv; j++) {
      acc[i][j] = start;
    }
  }
  for (long q = 0; q < taps; q++) {
    const float *x = t->x + off[q];
    vf xv[6];
#pragma GCC unroll 6
    for (int j = 0; j < nv; j++) {
      xv[j] = vload(x + j * step);
    }
#pragma GCC unroll 8
    for (int i = 0; i < mr; i++) {
      const vf wv = vset1(w[i * w_out + q]);
#pragma GCC unroll 6
      for (int j = 0; j < nv; j++) {
        acc[i][j] = vfma(wv, xv[j], acc[i][j]);
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < mr; i++) {
#pragma GCC unroll 6
    for (int j = 0; j < nv; j++) {
      vstore(t->y + i * t->c->y_out + j * G, acc[i][j]);
    }
  }
}

VOP void conv_outputs(conv_tile t, const int mr, const int nv)
{
  const long w_out = t.c->w_out;
  const long y_out = t.c->y_out;
  long left = t.c->n_out;
#define CONV_WHILE(m)                           \
  for (; left >= (m); left -= (m)) {            \
    conv_run(&t, (m), nv);                      \
    t.w += (m)*w_out;                           \
    t.y += (m)*y_out;                           \
    t.bias = t.bias != NULL ? t.bias + (m) : NULL; \
  }
  CONV_WHILE(mr)
  if (mr > 4) {
    CONV_WHILE(4)
  }
  if (mr > 2) {
    CONV_WHILE(2)
  }
  CONV_WHILE(1)
#undef CONV_WHILE
}

#define CONV(mr, nv)                                                       \
  static __attribute__((noinline)) void conv_##nv(const conv_tile *t)      \
  {                                                                        \
    conv_outputs(*t, mr, nv);                                              \
  }
#if VW == 16 /* 32 registers */
CONV(8, 1)
CONV(8, 2)
CONV(6, 3)
CONV(6, 4)
CONV(4, 5)
CONV(4, 6)
static void (*const conv_by_width[])(const conv_tile *) = {NULL, conv_1, conv_2, conv_3, conv_4, conv_5, conv_6};
#else /* 16 registers */
CONV(6, 1)
CONV(5, 2)
CONV(3, 3)
CONV(2, 4)
static void (*const conv_by_width[])(const conv_tile *) = {NULL, conv_1, conv_2, conv_3, conv_4};
#endif

void K(k_conv_forward)(const k_conv *c, const float *w, const float *bias, const float *x, float *y)
{
  const long chunks = (c->row + NV_MAX - 1) / NV_MAX;
  for (long r = 0; r < c->n_rows; r++) {
    long from = 0;
    for (long i = 0; i < chunks; i++) { /* widths as even as can be */
      const long to = c->row * (i + 1) / chunks;
      for (long lane = 0; lane < G; lane += VW) {
        const conv_tile t = {.c = c,
                             .w = w,
                             .bias = bias,
                             .x = x + r * c->x_row + from * c->x_step + lane,
                             .y = y + (r * c->row + from) * G + lane};
        conv_by_width[to - from](&t);
      }
      from = to;
    }
  }
}

/* mo outputs by mq taps of the weight gradient of one group. */
VOP void weight_tile(const k_conv *c, const float *gy, const float *x, const long *off, float *gw, const int mo,
                     const int mq)
{
  vf acc[4][6];
#pragma GCC unroll 4
  for (int i = 0; i < mo; i++) {
#pragma GCC unroll 6
    for (int j = 0; j < mq; j++) {
      acc[i][j] = vset1(0.0f);
    }
  }
  for (long lane = 0; lane < G; lane += VW) {
    for (long r = 0; r < c->n_rows; r++) {
      const float *g = gy + r * c->row * G + lane;
      const float *xr = x + r * c->x_row + lane;
      for (long p = 0; p < c->row; p++, g += G, xr += c->x_step) {
        vf xv[6];
#pragma GCC unroll 6
        for (int j = 0; j < mq; j++) {
          xv[j] = vload(xr + off[j]);
        }
#pragma GCC unroll 4
        for (int i = 0; i < mo; i++) {
          const vf gv = vload(g + i * c->y_out);
#pragma GCC unroll 6
          for (int j = 0; j < mq; j++) {
            acc[i][j] = vfma(gv, xv[j], acc[i][j]);
          }
        }
      }
    }
  }
#pragma GCC unroll 6
  for (int j = 0; j < mq; j++) {
    if (mo == 4) {
      float sum[4];
      vsum4(sum, acc[0][j], acc[1][j], acc[2][j], acc[3][j]);
      for (int i = 0; i < 4; i++) {
        gw[i * c->n_taps + j] += sum[i];
      }
    } else {
#pragma GCC unroll 4
      for (int i = 0; i < mo; i++) {
        gw[i * c->n_taps + j] += vsum(acc[i][j]);
      }
    }
  }
}

#if VW == 16
#define MO 4
#define MQ 6
#else
#define MO 3
#define MQ 3
#endif

VOP void weight_taps(const k_conv *c, const float *gy, const float *x, float *gw, const int mo)
{
  long q = 0;
  for (; q + MQ <= c->n_taps; q += MQ) {
    weight_tile(c, gy, x, c->offset + q, gw + q, mo, MQ);
  }
  for (; q < c->n_taps; q++) {
    weight_tile(c, gy, x, c->offset + q, gw + q, mo, 1);
  }
}

void K(k_conv_weights)(const k_conv *c, const float *gy, const float *x, float *gw, float *gb)
{
  long o = 0;
  for (; o + MO <= c->n_out; o += MO) {
    weight_taps(c, gy + o * c->y_out, x, gw + o * c->n_taps, MO);
  }
  for (; o < c->n_out; o++) {
    weight_taps(c, gy + o * c->y_out, x, gw + o * c->n_taps, 1);
  }
  for (o = 0; gb != NULL && o < c->n_out; o++) {
    vf s = vset1(0.0f);
    for (long i = 0; i < c->n_rows * c->row * G; i += VW) {
      s = s + vload(gy + o * c->y_out + i);
    }
    gb[o] += vsum(s);
  }
}

VOP void product_tile(const k_product *d, const float *a, const float *b, float *y, const int mr, const int nv)
{
  vf acc[4][4];
#pragma GCC unroll 4
  for (int i = 0; i < mr; i++) {
#pragma GCC unroll 4
    for (int j = 0; j < nv; j++) {
      acc[i][j] = d->accumulate ? vload(y + i * d->y_row + j * G) : vset1(0.0f);
    }
  }
  for (long k = 0; k < d->k; k++) {
    vf bv[4];
#pragma GCC unroll 4
    for (int j = 0; j < nv; j++) {
      bv[j] = vload(b + j * d->b_col);
    }
#pragma GCC unroll 4
    for (int i = 0; i < mr; i++) {
      const vf av = vload(a + i * d->a_row);
#pragma GCC unroll 4
      for (int j = 0; j < nv; j++) {
        acc[i][j] = vfma(av, bv[j], acc[i][j]);
      }
    }
    a += d->a_col;
    b += d->b_row;
  }
#pragma GCC unroll 4
  for (int i = 0; i < mr; i++) {
#pragma GCC unroll 4
    for (int j = 0; j < nv; j++) {
      vstore(y + i * d->y_row + j * G, acc[i][j]);
    }
  }
}

#if VW == 16
#define PR 4
#else
#define PR 2
#endif

void K(k_product16)(const k_product *d, const float *a, const float *b, float *y)
{
  for (long lane = 0; lane < G; lane += VW) {
    for (long m = 0; m < d->m; m += PR) {
      const float *am = a + m * d->a_row + lane;
      float *ym = y + m * d->y_row + lane;
      long n = 0;
      if (m + PR <= d->m) {
        for (; n + PR <= d->n; n += PR) {
          product_tile(d, am, b + n * d->b_col + lane, ym + n * G, PR, PR);
        }
        for (; n < d->n; n++) {
          product_tile(d, am, b + n * d->b_col + lane, ym + n * G, PR, 1);
        }
      } else {
        for (long i = 0; i < d->m - m; i++) {
          for (n = 0; n + PR <= d->n; n += PR) {
            product_tile(d, am + i * d->a_row, b + n * d->b_col + lane, ym + i * d->y_row + n * G, 1, PR);
          }
          for (; n < d->n; n++) {
            product_tile(d, am + i * d->a_row, b + n * d->b_col + lane, ym + i * d->y_row + n * G, 1, 1);
          }
        }
      }
    }
  }
}
