/* Matrix product of small matrices. C is cut into tiles of MR rows by NV
 * vectors that stay in registers while the sum runs; B is read row by row, one
 * vector a load, and one element of A is broadcast for each row of the tile. */
#include "kern/k_tables.h"
#include "kern/simd.h"

#if VW == 16
#define NV_MAX 4
#else
#define NV_MAX 2
#endif

/* B's panel of KC rows by NV_MAX vectors stays in the first two cache levels. */
#define KC 512

typedef struct tile {
  const float *a;
  long a_row;
  long a_col;
  const float *b;
  long ldb;
  float *c;
  long ldc;
  long k;
  long last; /* lanes of the last vector; VW when it is whole */
  k_start start;
  const float *bias;
} tile;

VOP vf load_lane(const float *p, int whole, long last)
{
  return whole ? vload(p) : vload_n(p, last);
}

/* One tile; mr and nv are constants at each call, so that all loops unroll. */
VOP void tile_run(const tile *t, const int mr, const int nv, const int partial)
{
  vf acc[12][4];
  const float *a = t->a;
  const float *b = t->b;
  const long a_row = t->a_row;
  const long a_col = t->a_col;
  const long ldb = t->ldb;
  const long last = t->last;
  long p;
#pragma GCC unroll 12
  for (int i = 0; i < mr; i++) {
#pragma GCC unroll 4
    for (int j = 0; j < nv; j++) {
      const int whole = !partial || j + 1 < nv;
      if (t->start == K_ZERO) {
        acc[i][j] = vset1(0.0f);
      } else if (t->start == K_BIAS) {
        acc[i][j] = load_lane(t->bias + j * VW, whole, last);
      } else {
        acc[i][j] = load_lane(t->c + i * t->ldc + j * VW, whole, last);
      }
    }
  }
  for (p = 0; p < t->k; p++) {
    vf bv[4];
#pragma GCC unroll 4
    for (int j = 0; j < nv; j++) {
      bv[j] = load_lane(b + j * VW, !partial || j + 1 < nv, last);
    }
#pragma GCC unroll 12
    for (int i = 0; i < mr; i++) {
      const vf av = vset1(a[i * a_row]);
#pragma GCC unroll 4
      for (int j = 0; j < nv; j++) {
        acc[i][j] = vfma(av, bv[j], acc[i][j]);
      }
    }
    a += a_col;
    b += ldb;
  }
#pragma GCC unroll 12
  for (int i = 0; i < mr; i++) {
#pragma GCC unroll 4
    for (int j = 0; j < nv; j++) {
      if (!partial || j + 1 < nv) {
        vstore(t->c + i * t->ldc + j * VW, acc[i][j]);
      } else {
        vstore_n(t->c + i * t->ldc + j * VW, acc[i][j], last);
      }
    }
  }
}

/* All rows of one column panel of nv vectors, mr rows at a time. */
VOP void panel_rows(tile t, long m, const int mr, const int nv, const int partial)
{
  for (; m >= mr && !(mr > 8 && m == 16); m -= mr, t.a += mr * t.a_row, t.c += mr * t.ldc) {
    tile_run(&t, mr, nv, partial);
  }
  for (; mr > 8 && m >= 8; m -= 8, t.a += 8 * t.a_row, t.c += 8 * t.ldc) { /* 4 rows are too few to fill the pipes */
    tile_run(&t, 8, nv, partial);
  }
  for (; m >= 4; m -= 4, t.a += 4 * t.a_row, t.c += 4 * t.ldc) {
    tile_run(&t, 4, nv, partial);
  }
  for (; m >= 2; m -= 2, t.a += 2 * t.a_row, t.c += 2 * t.ldc) {
    tile_run(&t, 2, nv, partial);
  }
  if (m > 0) {
    tile_run(&t, 1, nv, partial);
  }
}

#define PANEL(mr, nv)                                                     \
  static __attribute__((noinline)) void panel_##nv(const tile *t, long m) \
  {                                                                       \
    if (t->last == VW) {                                                  \
      panel_rows(*t, m, mr, nv, 0);                                       \
    } else {                                                              \
      panel_rows(*t, m, mr, nv, 1);                                       \
    }                                                                     \
  }

#if VW == 16 /* 32 registers */
PANEL(12, 1)
PANEL(12, 2)
PANEL(8, 3)
PANEL(6, 4)
#elif VW == 8 /* 16 registers */
PANEL(10, 1)
PANEL(6, 2)
#else
PANEL(6, 1)
PANEL(6, 2)
#endif

static void panel(const tile *t, long m, long vectors)
{
  switch (vectors) {
#if VW == 16
  case 4:
    panel_4(t, m);
    break;
  case 3:
    panel_3(t, m);
    break;
#endif
  case 2:
    panel_2(t, m);
    break;
  default:
    panel_1(t, m);
    break;
  }
}

void K(k_gemm)(long m, long n, long k, const float *a, long a_row, long a_col, const float *b, long ldb, float *c,
               long ldc, k_start start, const float *bias)
{
  long p = 0;
  if (m <= 0 || n <= 0) {
    return;
  }
  do {
    const long kb = k - p < KC ? k - p : KC;
    long j = 0;
    while (j < n) {
      const long width = n - j < NV_MAX * VW ? n - j : NV_MAX * VW;
      const long vectors = (width + VW - 1) / VW;
      tile t = {.a = a + p * a_col,
                .a_row = a_row,
                .a_col = a_col,
                .b = b + p * ldb + j,
                .ldb = ldb,
                .c = c + j,
                .ldc = ldc,
                .k = kb,
                .last = width - (vectors - 1) * VW,
                .start = p == 0 ? start : K_ACCUMULATE,
                .bias = bias == NULL ? NULL : bias + j};
      panel(&t, m, vectors);
      j += width;
    }
    p += kb;
  } while (p < k);
}

/* Rows of c are built from rows of b, four at a time, which stay in cache for a block of k. */
#define KC_F64 64

void K(k_gemm_f64)(long m, long n, long k, const double *a, const double *b, double *c)
{
  for (long i = 0; i < m * n; i++) {
    c[i] = 0.0;
  }
  for (long p0 = 0; p0 < k; p0 += KC_F64) {
    const long p1 = p0 + KC_F64 < k ? p0 + KC_F64 : k;
    for (long i = 0; i < m; i++) {
      double *restrict row = c + i * n;
      const double *f = a + i * k + p0;
      const double *b0 = b + p0 * n;
      long p = p0;
      for (; p + 3 < p1; p += 4, f += 4, b0 += 4 * n) {
        const double *b1 = b0 + n, *b2 = b1 + n, *b3 = b2 + n;
        const double f0 = f[0], f1 = f[1], f2 = f[2], f3 = f[3];
        for (long j = 0; j < n; j++) {
          row[j] = row[j] + f0 * b0[j] + f1 * b1[j] + f2 * b2[j] + f3 * b3[j];
        }
      }
      for (; p < p1; p++, f++, b0 += n) {
        for (long j = 0; j < n; j++) {
          row[j] += *f * b0[j];
        }
      }
    }
  }
}
