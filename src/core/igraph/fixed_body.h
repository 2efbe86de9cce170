/* Operations of the integer graph in plain loops, compiled once for each type of number: the
 * including file defines NUM, LANES and FIXED_OP. Nothing here can overflow: see `reach`. */
#include <stddef.h>

#include "core/igraph/igraph_impl.h"

/* acc += c x, on all lanes. */
static inline void add_product(NUM *acc, NUM c, const NUM *x)
{
  int l;
  for (l = 0; l < LANES; l++) {
    acc[l] += c * x[l];
  }
}

static inline void start(NUM *acc, const NUM *b, int64_t i)
{
  int l;
  for (l = 0; l < LANES; l++) {
    acc[l] = b != NULL ? b[i] : 0;
  }
}

static inline void store(NUM *y, const NUM *acc)
{
  int l;
  for (l = 0; l < LANES; l++) {
    y[l] = acc[l];
  }
}

static void matmul_const(const nac_iop *op, const NUM *w, const NUM *b, const NUM *x, NUM *y)
{
  int64_t r;
  int64_t o;
  int64_t i;
  for (r = 0; r < op->outer; r++) {
    for (o = 0; o < op->inner; o++) {
      const NUM *row = w + o * op->n;
      NUM acc[LANES];
      start(acc, b, o);
      for (i = 0; i < op->n; i++) {
        if (row[i] != 0) {
          add_product(acc, row[i], x + (r * op->n + i) * LANES);
        }
      }
      store(y + (r * op->inner + o) * LANES, acc);
    }
  }
}

/* One output element of a convolution. */
static void convolve(const nac_iwindow *g, const NUM *w, const NUM *x, int64_t top, int64_t left, NUM *acc)
{
  int64_t c;
  int64_t i;
  int64_t j;
  for (c = 0; c < g->c / g->groups; c++) {
    for (i = 0; i < g->kh; i++) {
      const int64_t row = top + i * g->dh;
      for (j = 0; j < g->kw; j++, w++) {
        const int64_t column = left + j * g->dw;
        if (*w != 0 && row >= 0 && row < g->h && column >= 0 && column < g->w) {
          add_product(acc, *w, x + ((c * g->h + row) * g->w + column) * LANES);
        }
      }
    }
  }
}

static void conv_const(const nac_iop *op, const NUM *w, const NUM *b, const NUM *x, NUM *y)
{
  const nac_iwindow *g = &op->window;
  const int64_t taps = g->c / g->groups * g->kh * g->kw;
  int64_t o;
  int64_t i;
  int64_t j;
  for (o = 0; o < g->o; o++) {
    const NUM *from = x + o / (g->o / g->groups) * (g->c / g->groups) * g->h * g->w * LANES;
    for (i = 0; i < g->oh; i++) {
      for (j = 0; j < g->ow; j++, y += LANES) {
        NUM acc[LANES];
        start(acc, b, o);
        convolve(g, w + o * taps, from, i * g->sh - g->top, j * g->sw - g->left, acc);
        store(y, acc);
      }
    }
  }
}

static void matmul(const nac_iop *op, const NUM *a, const NUM *b, NUM *y)
{
  const nac_imatrix *f = &op->matrix;
  int64_t s;
  int64_t i;
  int64_t j;
  int64_t k;
  int l;
  for (s = 0; s < f->count; s++, a += f->m * f->k * LANES, b += f->k * f->n * LANES) {
    for (i = 0; i < f->m; i++) {
      for (j = 0; j < f->n; j++, y += LANES) {
        NUM acc[LANES] = {0};
        for (k = 0; k < f->k; k++) {
          const NUM *u = a + (f->ta ? k * f->m + i : i * f->k + k) * LANES;
          const NUM *v = b + (f->tb ? j * f->k + k : k * f->n + j) * LANES;
          for (l = 0; l < LANES; l++) {
            acc[l] += u[l] * v[l];
          }
        }
        store(y, acc);
      }
    }
  }
}

/* y = a (how) b on all lanes. */
static inline void combine(nac_ihow how, NUM *y, const NUM *b)
{
  int l;
  for (l = 0; l < LANES; l++) {
    y[l] = how == NAC_ISUM ? y[l] + b[l] : (b[l] > y[l] ? b[l] : y[l]);
  }
}

static void reduce(const nac_iop *op, const NUM *x, NUM *y)
{
  int64_t o;
  int64_t i;
  int64_t k;
  for (o = 0; o < op->outer; o++) {
    for (k = 0; k < op->inner; k++, y += LANES) {
      store(y, x + (o * op->n * op->inner + k) * LANES);
      for (i = 1; i < op->n; i++) {
        combine(op->how, y, x + ((o * op->n + i) * op->inner + k) * LANES);
      }
    }
  }
}

/* One window; the first element inside starts the result. */
static void pool(const nac_iop *op, const NUM *x, int64_t top, int64_t left, NUM *y)
{
  const nac_iwindow *g = &op->window;
  int begun = 0;
  int64_t i;
  int64_t j;
  start(y, NULL, 0);
  for (i = 0; i < g->kh; i++) {
    for (j = 0; j < g->kw; j++) {
      const int64_t row = top + i * g->dh;
      const int64_t column = left + j * g->dw;
      if (row >= 0 && row < g->h && column >= 0 && column < g->w) {
        const NUM *at = x + (row * g->w + column) * LANES;
        if (begun) {
          combine(op->how, y, at);
        } else {
          store(y, at);
        }
        begun = 1;
      }
    }
  }
}

static void window(const nac_iop *op, const NUM *x, NUM *y)
{
  const nac_iwindow *g = &op->window;
  int64_t c;
  int64_t i;
  int64_t j;
  for (c = 0; c < g->c; c++) {
    for (i = 0; i < g->oh; i++) {
      for (j = 0; j < g->ow; j++, y += LANES) {
        pool(op, x + c * g->h * g->w * LANES, i * g->sh - g->top, j * g->sw - g->left, y);
      }
    }
  }
}

static void scale(const nac_iop *op, const NUM *w, const NUM *b, const NUM *x, NUM *y)
{
  const int64_t n = op->outer;
  int64_t e;
  for (e = 0; e < n; e++) {
    const int64_t i = e / op->inner % op->n_weights;
    NUM acc[LANES];
    start(acc, b, i);
    add_product(acc, w[i], x + e * LANES);
    store(y + e * LANES, acc);
  }
}

/* Element by element, `outer` of them. */
static void elements(const nac_iop *op, const NUM *a, const NUM *b, NUM *y)
{
  const NUM lo = (NUM)op->lo;
  const NUM hi = (NUM)op->hi;
  const int64_t n = op->outer * LANES;
  int64_t i;
  switch (op->kind) {
  case NAC_IOP_ADD:
    for (i = 0; i < n; i++) {
      y[i] = a[i] + b[i];
    }
    break;
  case NAC_IOP_MUL:
    for (i = 0; i < n; i++) {
      y[i] = a[i] * b[i];
    }
    break;
  case NAC_IOP_MAX:
    for (i = 0; i < n; i++) {
      y[i] = a[i] > b[i] ? a[i] : b[i];
    }
    break;
  default: /* NAC_IOP_CLAMP */
    for (i = 0; i < n; i++) {
      const NUM v = a[i] > lo ? a[i] : lo;
      y[i] = v < hi ? v : hi;
    }
    break;
  }
}

/* The place of the leading one of x > 0. */
static inline int leading(NUM x)
{
  int n = 0;
  for (; x > 1; x >>= 1) {
    n++;
  }
  return n;
}

/* What the bits after the leading one of x > 0 choose; `length` is its place. */
static inline NUM chosen(const nac_iop *op, NUM x, int length, int64_t first)
{
  const NUM bits = length > NAC_ILEADING ? x >> (length - NAC_ILEADING) : x * ((NUM)1 << (NAC_ILEADING - length));
  return (NUM)op->chosen[first + (int64_t)bits - ((int64_t)1 << NAC_ILEADING)];
}

/* One row of one sample: elements `step` apart. */
static void log_softmax_row(const nac_iop *op, const NUM *x, NUM *y, int64_t step)
{
  const NUM log2 = (NUM)NAC_ILOG2;
  const NUM up = (NUM)1 << op->up;
  NUM most = x[0];
  NUM sum = 0;
  NUM log_sum;
  int length;
  int64_t i;
  for (i = 1; i < op->n; i++) {
    most = x[i * step] > most ? x[i * step] : most;
  }
  for (i = 0; i < op->n; i++) {
    const NUM d = most - x[i * step];
    sum += d < op->n_table ? (NUM)op->table[d] : 0;
  }
  length = leading(sum);
  log_sum = (NUM)(length - NAC_IEXP_FRACTION) * log2 + chosen(op, sum, length, 0);
  for (i = 0; i < op->n; i++) {
    y[i * step] = (x[i * step] - most) * up - log_sum;
  }
}

static void normalise_row(const nac_iop *op, const NUM *x, NUM *y, int64_t step)
{
  NUM sum = 0;
  NUM squares = 0;
  NUM root;
  NUM half;
  int length;
  int drop;
  int64_t i;
  for (i = 0; i < op->n; i++) {
    sum += x[i * step];
  }
  for (i = 0; i < op->n; i++) {
    const NUM c = (NUM)op->n * x[i * step] - sum;
    squares += c * c;
  }
  squares = squares * ((NUM)1 << op->up) + (NUM)op->eps;
  length = leading(squares);
  root = chosen(op, squares, length, (int64_t)(length & 1) << NAC_ILEADING);
  drop = op->drop + length / 2 > 1 ? op->drop + length / 2 : 1; /* less only where all is 0 */
  half = (NUM)1 << (drop - 1);
  for (i = 0; i < op->n; i++) {
    const NUM p = ((NUM)op->n * x[i * step] - sum) * root;
    y[i * step] = (p + half - 1 + ((p >> drop) & 1)) >> drop; /* halves to even */
  }
}

static void rows(const nac_iop *op, const NUM *x, NUM *y)
{
  const int64_t step = op->inner * LANES;
  int64_t o;
  int64_t k;
  for (o = 0; o < op->outer; o++) {
    for (k = 0; k < step; k++) {
      const int64_t at = o * op->n * step + k;
      if (op->kind == NAC_IOP_NORMALISE) {
        normalise_row(op, x + at, y + at, step);
      } else {
        log_softmax_row(op, x + at, y + at, step);
      }
    }
  }
}

void FIXED_OP(const nac_iop *op, const void *w, const void *b, const void *const *x, void *y)
{
  switch (op->kind) {
  case NAC_IOP_MATMUL_CONST:
    matmul_const(op, w, b, x[0], y);
    break;
  case NAC_IOP_CONV_CONST:
    conv_const(op, w, b, x[0], y);
    break;
  case NAC_IOP_MATMUL:
    matmul(op, x[0], x[1], y);
    break;
  case NAC_IOP_SCALE:
    scale(op, w, b, x[0], y);
    break;
  case NAC_IOP_REDUCE:
    reduce(op, x[0], y);
    break;
  case NAC_IOP_WINDOW:
    window(op, x[0], y);
    break;
  case NAC_IOP_LOG_SOFTMAX:
  case NAC_IOP_NORMALISE:
    rows(op, x[0], y);
    break;
  default:
    elements(op, x[0], x[1], y);
    break;
  }
}
