/* Intervals and reach: what an operation's results and sums can be, from what its inputs can be.
 * Operations that only add, compare or move keep order, so they run on the lower and the upper
 * ends themselves; products with constants run once on twice the middles of the intervals and
 * once, with |w|, on their widths. */
#include <math.h>
#include <string.h>

#include "core/igraph/fixed.h"
#include "core/igraph/igraph_impl.h"
#include "core/mem.h"

typedef struct ends {
  nac_wide *x[NAC_IOP_INPUTS]; /* (n, 2): two numbers an element, side by side */
  nac_wide *y;
  nac_wide *w;
  nac_wide *b;
} ends;

static void free_ends(ends *e)
{
  int k;
  for (k = 0; k < NAC_IOP_INPUTS; k++) {
    nac_free(e->x[k]);
  }
  nac_free(e->y);
  nac_free(e->w);
  nac_free(e->b);
}

static nac_wide larger(nac_wide a, nac_wide b)
{
  return a > b ? a : b;
}

/* The greatest magnitude in [lo, hi]. */
static nac_wide most_of(nac_wide lo, nac_wide hi)
{
  return larger(nac_wide_abs(lo), nac_wide_abs(hi));
}

static int too_wide(const nac_iop *op, nac_error *err)
{
  return nac_fail(err, NAC_EINVAL,
                  "%s of layer '%s' may pass %d bits; give its inputs or its weights narrower number formats",
                  nac_iop_name(op->kind), op->layer, NAC_IMOST_BITS);
}

/* Bits of a product summed up `terms` times at most. */
static int sum_bits(int a, int b, int64_t terms)
{
  return a + b + nac_ibits(0, terms);
}

/* The greatest magnitude of input k once it is shifted; fails where that is too wide. */
static int input_most(const nac_igraph *g, const nac_iop *op, int k, nac_wide *most, nac_error *err)
{
  const nac_ivalue *x = &g->value[op->input[k]];
  *most = most_of(x->min, x->max);
  if (nac_ibits(0, *most) + op->shift[k] > NAC_IMOST_BITS) {
    return too_wide(op, err);
  }
  *most = nac_wide_up(*most, op->shift[k]);
  return NAC_OK;
}

static int new_ends(ends *e, const nac_igraph *g, const nac_iop *op, const nac_ivalue *y, nac_error *err)
{
  int ok;
  int k;
  memset(e, 0, sizeof *e);
  e->y = nac_calloc((size_t)y->n, 2 * sizeof *e->y);
  e->w = nac_calloc((size_t)op->n_weights + 1, sizeof *e->w);
  e->b = nac_calloc((size_t)op->n_offsets + 1, sizeof *e->b);
  ok = e->y != NULL && e->w != NULL && e->b != NULL;
  for (k = 0; k < op->n_inputs; k++) {
    e->x[k] = nac_calloc((size_t)g->value[op->input[k]].n, 2 * sizeof *e->x[k]);
    ok = ok && e->x[k] != NULL;
  }
  return ok ? NAC_OK : nac_fail(err, NAC_ENOMEM, "out of memory for the bounds of layer '%s'", op->layer);
}

typedef enum view { ENDS, MIDDLE_AND_WIDTH, MOST } view;

/* Sets the inputs: both ends; lo + hi and hi - lo; or the greatest magnitude twice. */
static void fill(ends *e, const nac_igraph *g, const nac_iop *op, view how)
{
  int k;
  for (k = 0; k < op->n_inputs; k++) {
    const nac_ivalue *x = &g->value[op->input[k]];
    int64_t i;
    for (i = 0; i < x->n; i++) {
      const nac_wide lo = nac_wide_up(x->lo[i], op->shift[k]);
      const nac_wide hi = nac_wide_up(x->hi[i], op->shift[k]);
      e->x[k][2 * i] = how == ENDS ? lo : how == MOST ? most_of(lo, hi) : lo + hi;
      e->x[k][2 * i + 1] = how == ENDS ? hi : how == MOST ? most_of(lo, hi) : hi - lo;
    }
  }
}

static void run(ends *e, const nac_iop *op, const nac_wide *b)
{
  const void *x[NAC_IOP_INPUTS] = {e->x[0], e->x[1], e->x[2], e->x[3]};
  if (nac_iop_moves(op->kind)) {
    nac_fixed_move(op, x, e->y, 2 * sizeof *e->y);
  } else {
    nac_fixed_op_bound(op, e->w, b, x, e->y);
  }
}

/* Sums of products with constants. */
static int bound_constants(ends *e, const nac_igraph *g, nac_iop *op, nac_ivalue *y, nac_error *err)
{
  const int64_t terms = op->kind == NAC_IOP_SCALE ? 2 : op->n_weights / op->channels + 1;
  const int64_t n_offsets = op->offset != NULL ? op->n_offsets : 0;
  const nac_wide *b = n_offsets > 0 ? e->b : NULL;
  nac_wide most;
  nac_wide most_w = 0;
  nac_wide most_b = 0;
  int64_t i;
  if (input_most(g, op, 0, &most, err) != NAC_OK) {
    return NAC_EINVAL;
  }
  for (i = 0; i < op->n_weights; i++) {
    most_w = larger(most_w, nac_wide_abs(op->weight[i]));
  }
  for (i = 0; i < n_offsets; i++) {
    most_b = larger(most_b, nac_wide_abs(op->offset[i]));
  }
  if (sum_bits(nac_ibits(0, most), nac_ibits(0, most_w), terms) + 2 > NAC_IMOST_BITS ||
      nac_ibits(0, most_b) + 2 > NAC_IMOST_BITS) {
    return too_wide(op, err);
  }
  op->reach = larger(larger(most, most_w), most_b);
  for (i = 0; i < op->n_weights; i++) { /* 2 y = w (lo + hi) + 2 b, and ... */
    e->w[i] = op->weight[i];
  }
  for (i = 0; i < n_offsets; i++) {
    e->b[i] = 2 * op->offset[i];
  }
  fill(e, g, op, MIDDLE_AND_WIDTH);
  run(e, op, b);
  for (i = 0; i < y->n; i++) {
    y->lo[i] = y->hi[i] = e->y[2 * i];
  }
  for (i = 0; i < op->n_weights; i++) { /* ... +- |w| (hi - lo) */
    e->w[i] = nac_wide_abs(op->weight[i]);
  }
  run(e, op, NULL);
  for (i = 0; i < y->n; i++) {
    y->lo[i] = (y->lo[i] - e->y[2 * i + 1]) / 2;
    y->hi[i] = (y->hi[i] + e->y[2 * i + 1]) / 2;
  }
  for (i = 0; i < n_offsets; i++) {
    e->b[i] = nac_wide_abs(op->offset[i]);
  }
  fill(e, g, op, MOST);
  run(e, op, b);
  for (i = 0; i < y->n; i++) {
    op->reach = larger(op->reach, e->y[2 * i]);
  }
  return NAC_OK;
}

/* Sums, maxima, limits, and moves: order is kept. */
static int bound_monotone(ends *e, const nac_igraph *g, nac_iop *op, nac_ivalue *y, nac_error *err)
{
  int64_t terms = op->kind == NAC_IOP_ADD ? 2 : 1;
  int64_t i;
  int k;
  if (op->kind == NAC_IOP_REDUCE) {
    terms = op->n;
  } else if (op->kind == NAC_IOP_WINDOW) {
    terms = op->window.kh * op->window.kw;
  }
  op->reach = op->kind == NAC_IOP_CLAMP ? most_of(op->lo, op->hi) : 0;
  for (k = 0; k < op->n_inputs; k++) {
    nac_wide most;
    if (input_most(g, op, k, &most, err) != NAC_OK || sum_bits(nac_ibits(0, most), 0, terms) > NAC_IMOST_BITS) {
      return too_wide(op, err);
    }
    op->reach = larger(op->reach, most);
  }
  fill(e, g, op, ENDS);
  run(e, op, NULL);
  for (i = 0; i < y->n; i++) {
    y->lo[i] = e->y[2 * i];
    y->hi[i] = e->y[2 * i + 1];
  }
  fill(e, g, op, MOST);
  run(e, op, NULL);
  for (i = 0; i < y->n; i++) {
    op->reach = larger(op->reach, e->y[2 * i]);
  }
  return NAC_OK;
}

/* Adds the interval of a product of two intervals. */
static void add_product(nac_ivalue *y, int64_t at, const nac_wide *a, const nac_wide *b, nac_wide *reach)
{
  nac_wide lo = a[0] * b[0];
  nac_wide hi = lo;
  int i;
  for (i = 1; i < 4; i++) {
    const nac_wide p = a[i & 1] * b[i >> 1];
    lo = p < lo ? p : lo;
    hi = p > hi ? p : hi;
  }
  y->lo[at] += lo;
  y->hi[at] += hi;
  *reach += most_of(lo, hi);
}

/* Products of two values. */
static int bound_values(ends *e, const nac_igraph *g, nac_iop *op, nac_ivalue *y, nac_error *err)
{
  nac_imatrix f = op->matrix;
  nac_wide most_a;
  nac_wide most_b;
  int64_t i;
  int64_t k;
  if (input_most(g, op, 0, &most_a, err) != NAC_OK || input_most(g, op, 1, &most_b, err) != NAC_OK) {
    return NAC_EINVAL;
  }
  if (op->kind == NAC_IOP_MUL) {
    f = (nac_imatrix){.count = y->n, .m = 1, .k = 1, .n = 1};
  }
  if (sum_bits(nac_ibits(0, most_a), nac_ibits(0, most_b), f.k) > NAC_IMOST_BITS) {
    return too_wide(op, err);
  }
  fill(e, g, op, ENDS);
  op->reach = larger(most_a, most_b);
  for (i = 0; i < y->n; i++) {
    const int64_t s = i / (f.m * f.n);
    const int64_t row = i / f.n % f.m;
    const int64_t column = i % f.n;
    nac_wide reach = 0;
    for (k = 0; k < f.k; k++) {
      const int64_t u = s * f.m * f.k + (f.ta ? k * f.m + row : row * f.k + k);
      const int64_t v = s * f.k * f.n + (f.tb ? column * f.k + k : k * f.n + column);
      add_product(y, i, e->x[0] + 2 * u, e->x[1] + 2 * v, &reach);
    }
    op->reach = larger(op->reach, reach);
  }
  return NAC_OK;
}

/* Rounding keeps order; where a number may wrap around or turn to zero, anything can come. */
static int bound_rounded(const nac_igraph *g, nac_iop *op, nac_ivalue *y, nac_error *err)
{
  const nac_quantiser *q = y->q;
  const nac_ivalue *x = op->n_inputs > 0 ? &g->value[op->input[0]] : NULL;
  int64_t i;
  for (i = 0; i < q->n; i++) {
    if (q->format[i].width + y->fraction - (q->format[i].width - q->format[i].integer) > NAC_IMOST_BITS) {
      return too_wide(op, err);
    }
  }
  for (i = 0; i < y->n; i++) {
    const nac_format *f = &q->format[i / q->inner % q->n];
    const int up = y->fraction - (f->width - f->integer);
    int64_t over = 0;
    nac_wide lo = nac_format_min(f);
    nac_wide hi = nac_format_max(f);
    if (x != NULL && op->kind == NAC_IOP_REQUANTISE) {
      const nac_wide first = nac_format_convert(f, x->lo[i], x->fraction, &over);
      const nac_wide last = nac_format_convert(f, x->hi[i], x->fraction, &over);
      if (over == 0 || f->overflow == NAC_SAT || f->overflow == NAC_SAT_SYM) {
        lo = first;
        hi = last;
      }
    }
    y->lo[i] = nac_wide_up(lo, up);
    y->hi[i] = nac_wide_up(hi, up);
  }
  for (i = 0; x == NULL && i < y->n; i++) {
    op->reach = larger(op->reach, most_of(y->lo[i], y->hi[i]));
  }
  op->reach = x != NULL ? most_of(x->min, x->max) : op->reach;
  return NAC_OK;
}

static int bound_table(const nac_igraph *g, nac_iop *op, nac_ivalue *y)
{
  const nac_ivalue *x = &g->value[op->input[0]];
  nac_wide lo = op->table[0];
  nac_wide hi = lo;
  int64_t i;
  for (i = 1; i < op->n_table; i++) {
    lo = op->table[i] < lo ? op->table[i] : lo;
    hi = larger(hi, op->table[i]);
  }
  for (i = 0; i < y->n; i++) {
    y->lo[i] = lo;
    y->hi[i] = hi;
  }
  op->reach = most_of(x->min, x->max);
  return NAC_OK;
}

static int bound_softmax(const nac_igraph *g, nac_iop *op, nac_ivalue *y)
{
  const nac_ivalue *x = &g->value[op->input[0]];
  const nac_format *f = &y->q->format[0];
  const nac_wide one = nac_format_convert(f, (nac_wide)1 << 20, 20, NULL);
  int64_t i;
  for (i = 0; i < y->n; i++) {
    y->lo[i] = f->overflow == NAC_WRAP ? nac_format_min(f) : 0;
    y->hi[i] = f->overflow == NAC_WRAP || f->overflow == NAC_SAT_ZERO ? nac_format_max(f) : one;
  }
  op->reach = larger(most_of(x->min, x->max), op->n * ((nac_wide)1 << NAC_IEXP_FRACTION));
  return NAC_OK;
}

/* -d - log S of distances up to the width of x's interval and sums of up to n ones. */
static int bound_log_softmax(const nac_igraph *g, nac_iop *op, nac_ivalue *y, nac_error *err)
{
  const nac_ivalue *x = &g->value[op->input[0]];
  const nac_wide most = (nac_wide)op->n << NAC_IEXP_FRACTION;
  const nac_wide log_most = (nac_wide)(nac_ibits(0, most) - NAC_IEXP_FRACTION) * NAC_ILOG2;
  int64_t i;
  if (nac_ibits(0, x->max - x->min) + op->up + 1 > NAC_IMOST_BITS) {
    return too_wide(op, err);
  }
  for (i = 0; i < y->n; i++) {
    y->lo[i] = -nac_wide_up(x->max - x->min, op->up) - log_most;
    y->hi[i] = -op->chosen[0];
  }
  op->reach = larger(larger(most_of(x->min, x->max), most), -y->lo[0]);
  return NAC_OK;
}

/* n numbers in a span: the squares of n times their distances from the mean add up to n^3 span^2 / 4 at most. */
static int bound_normalise(const nac_igraph *g, nac_iop *op, nac_ivalue *y, nac_error *err)
{
  const nac_ivalue *x = &g->value[op->input[0]];
  const nac_wide span = x->max - x->min;
  const nac_wide n = op->n;
  const nac_wide most = (nac_wide)ldexp(nac_normalise_most(op->n), y->fraction) + 1;
  int64_t i;
  if (2 * nac_ibits(0, span) + 3 * nac_ibits(0, n) + op->up > NAC_IMOST_BITS ||
      nac_ibits(x->min, x->max) + nac_ibits(0, n) + NAC_ICONST_BITS + 2 > NAC_IMOST_BITS) {
    return too_wide(op, err);
  }
  for (i = 0; i < y->n; i++) {
    y->lo[i] = -most;
    y->hi[i] = most;
  }
  op->reach = larger(nac_wide_up((n * n * n * span * span + 3) / 4, op->up) + op->eps, n * most_of(x->min, x->max));
  op->reach = larger(op->reach, nac_wide_up(n * span, NAC_ICONST_BITS + 1)); /* products, and half of what they lose */
  return NAC_OK;
}

int nac_igraph_bounds(const nac_igraph *g, nac_iop *op, nac_ivalue *y, nac_error *err)
{
  ends e;
  int code;
  switch (op->kind) {
  case NAC_IOP_INPUT:
  case NAC_IOP_REQUANTISE:
    return bound_rounded(g, op, y, err);
  case NAC_IOP_TABLE:
    return bound_table(g, op, y);
  case NAC_IOP_SOFTMAX:
    return bound_softmax(g, op, y);
  case NAC_IOP_LOG_SOFTMAX:
    return bound_log_softmax(g, op, y, err);
  case NAC_IOP_NORMALISE:
    return bound_normalise(g, op, y, err);
  default:
    break;
  }
  code = new_ends(&e, g, op, y, err);
  if (code == NAC_OK) {
    switch (op->kind) {
    case NAC_IOP_MATMUL_CONST:
    case NAC_IOP_CONV_CONST:
    case NAC_IOP_SCALE:
      code = bound_constants(&e, g, op, y, err);
      break;
    case NAC_IOP_MATMUL:
    case NAC_IOP_MUL:
      code = bound_values(&e, g, op, y, err);
      break;
    default:
      code = bound_monotone(&e, g, op, y, err);
      break;
    }
  }
  free_ends(&e);
  return code;
}
