#include "core/igraph/fixed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/igraph/igraph_impl.h"
#include "core/interrupt.h"
#include "core/mem.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

#define LANES NAC_FIXED_LANES

struct nac_fixed {
  const nac_igraph *g;
  void **value;      /* (n_values): elements of LANES samples side by side, in the value's type */
  void **weight;     /* (n_ops): constants in the operation's type, or NULL */
  void **offset;
  float *ready;                  /* LANES standardised inputs, or NULL */
  void *scratch[NAC_IOP_INPUTS]; /* inputs in the operation's type and with its binary point */
  long *taps;                    /* room for nac_fixed_taps */
  nac_fixed_count *count;        /* (n_ops) */
};

static size_t size_of(nac_itype t)
{
  return t == NAC_INT32 ? sizeof(int32_t) : t == NAC_INT64 ? sizeof(int64_t) : sizeof(nac_wide);
}

static nac_wide get(nac_itype t, const void *x, int64_t i)
{
  switch (t) {
  case NAC_INT32:
    return ((const int32_t *)x)[i];
  case NAC_INT64:
    return ((const int64_t *)x)[i];
  default:
    return ((const nac_wide *)x)[i];
  }
}

static void put(nac_itype t, void *x, int64_t i, nac_wide v)
{
  switch (t) {
  case NAC_INT32:
    ((int32_t *)x)[i] = (int32_t)v;
    break;
  case NAC_INT64:
    ((int64_t *)x)[i] = (int64_t)v;
    break;
  default:
    ((nac_wide *)x)[i] = v;
    break;
  }
}

/* --- Making -------------------------------------------------------------- */

/* Constants in the operation's type. */
static int copy_constants(nac_fixed *f, int i, nac_error *err)
{
  const nac_iop *op = &f->g->op[i];
  int64_t k;
  if (op->n_weights == 0) {
    return NAC_OK;
  }
  f->weight[i] = nac_calloc((size_t)op->n_weights, size_of(op->type));
  f->offset[i] = op->n_offsets > 0 ? nac_calloc((size_t)op->n_offsets, size_of(op->type)) : NULL;
  if (f->weight[i] == NULL || (op->n_offsets > 0 && f->offset[i] == NULL)) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for layer '%s'", op->layer);
  }
  for (k = 0; k < op->n_weights; k++) {
    put(op->type, f->weight[i], k, op->weight[k]);
  }
  for (k = 0; k < op->n_offsets; k++) {
    put(op->type, f->offset[i], k, op->offset[k]);
  }
  return NAC_OK;
}

/* Room for each value, and for the largest input that has to be converted. */
static int make_room(nac_fixed *f, nac_error *err)
{
  const nac_igraph *g = f->g;
  size_t most = (size_t)g->value[0].n * LANES * sizeof(float);
  size_t taps = 0;
  int i;
  int k;
  for (i = 0; i < g->n_ops; i++) {
    const size_t n = g->op[i].n_weights > 0 ? (size_t)(g->op[i].n_weights / g->op[i].channels) : 0;
    taps = n > taps ? n : taps;
  }
  f->taps = nac_calloc(2 * taps + 1, sizeof *f->taps);
  if (f->taps == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for the values of an integer graph");
  }
  for (i = 0; i < g->n_values; i++) {
    f->value[i] = nac_calloc((size_t)g->value[i].n * LANES, size_of(g->value[i].type));
    if (f->value[i] == NULL) {
      return nac_fail(err, NAC_ENOMEM, "out of memory for the values of an integer graph");
    }
  }
  if (g->op[0].n_ready > 0) {
    f->ready = nac_calloc((size_t)g->value[0].n * LANES, sizeof *f->ready);
    if (f->ready == NULL) {
      return nac_fail(err, NAC_ENOMEM, "out of memory for the values of an integer graph");
    }
  }
  for (i = 0; i < g->n_ops; i++) {
    for (k = 0; k < g->op[i].n_inputs; k++) {
      const size_t bytes = (size_t)g->value[g->op[i].input[k]].n * LANES * size_of(g->op[i].type);
      most = bytes > most ? bytes : most;
    }
  }
  for (k = 0; k < NAC_IOP_INPUTS; k++) {
    f->scratch[k] = nac_malloc(most);
    if (f->scratch[k] == NULL) {
      return nac_fail(err, NAC_ENOMEM, "out of memory for the values of an integer graph");
    }
  }
  return NAC_OK;
}

int nac_fixed_new(nac_fixed **out, const nac_igraph *g, nac_error *err)
{
  nac_fixed *f = nac_calloc(1, sizeof *f);
  int code;
  int i;
  *out = NULL;
  if (f == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for an integer graph");
  }
  f->g = g;
  f->value = nac_calloc((size_t)g->n_values, sizeof *f->value);
  f->weight = nac_calloc((size_t)g->n_ops, sizeof *f->weight);
  f->offset = nac_calloc((size_t)g->n_ops, sizeof *f->offset);
  f->count = nac_calloc((size_t)g->n_ops, sizeof *f->count);
  if (f->value == NULL || f->weight == NULL || f->offset == NULL || f->count == NULL) {
    nac_fixed_free(f);
    return nac_fail(err, NAC_ENOMEM, "out of memory for an integer graph");
  }
  code = make_room(f, err);
  for (i = 0; code == NAC_OK && i < g->n_ops; i++) {
    code = copy_constants(f, i, err);
  }
  if (code != NAC_OK) {
    nac_fixed_free(f);
    return code;
  }
  *out = f;
  return NAC_OK;
}

void nac_fixed_free(nac_fixed *f)
{
  int i;
  if (f == NULL) {
    return;
  }
  for (i = 0; f->value != NULL && i < f->g->n_values; i++) {
    nac_free(f->value[i]);
  }
  for (i = 0; i < f->g->n_ops; i++) {
    nac_free(f->weight != NULL ? f->weight[i] : NULL);
    nac_free(f->offset != NULL ? f->offset[i] : NULL);
  }
  for (i = 0; i < NAC_IOP_INPUTS; i++) {
    nac_free(f->scratch[i]);
  }
  nac_free(f->taps);
  nac_free(f->ready);
  nac_free(f->value);
  nac_free(f->weight);
  nac_free(f->offset);
  nac_free(f->count);
  nac_free(f);
}

nac_fixed_count nac_fixed_counts(const nac_fixed *f, int op)
{
  return f->count[op];
}

void nac_fixed_reset(nac_fixed *f)
{
  memset(f->count, 0, (size_t)f->g->n_ops * sizeof *f->count);
}

/* --- Rounding ------------------------------------------------------------ */

static void count(nac_fixed_count *c, nac_overflow mode, int64_t n)
{
  if (mode == NAC_WRAP) {
    c->wrapped += n;
  } else {
    c->saturated += n;
  }
}

/* The common case in 64 bits: `drop` bits go, the rest is brought into [lo, hi]. */
typedef struct narrow {
  int drop;
  nac_rounding rounding;
  int64_t lo, hi;
  int wraps;
  int width;
  int is_signed;
} narrow;

static inline int64_t round_off(int64_t x, int drop, nac_rounding mode)
{
  const int64_t half = ((int64_t)1 << drop) >> 1;
  const int64_t down = x >> drop;
  const int64_t rest = x & (((int64_t)1 << drop) - 1);
  switch (mode) {
  case NAC_TRN_ZERO:
    return down + (x < 0 && rest != 0);
  case NAC_RND:
    return down + (drop > 0 && rest >= half);
  case NAC_RND_ZERO:
    return down + (rest > half || (drop > 0 && rest == half && x < 0));
  case NAC_RND_INF:
    return down + (rest > half || (drop > 0 && rest == half && x >= 0));
  case NAC_RND_MIN_INF:
    return down + (rest > half);
  case NAC_RND_CONV:
    return down + (rest > half || (drop > 0 && rest == half && (down & 1) != 0));
  default: /* NAC_TRN */
    return down;
  }
}

static inline int64_t narrowed(const narrow *k, int64_t x, int64_t *over)
{
  int64_t y = round_off(x, k->drop, k->rounding);
  if (y >= k->lo && y <= k->hi) {
    return y;
  }
  (*over)++;
  if (k->wraps) {
    const uint64_t low = (uint64_t)y << (64 - k->width);
    return k->is_signed ? (int64_t)low >> (64 - k->width) : (int64_t)(low >> (64 - k->width));
  }
  return y > k->hi ? k->hi : k->lo;
}

/* Whether the 64-bit form will do to drop so many bits, for results of type `type`. */
static int is_narrow(int drop, const nac_format *to, nac_itype type, narrow *k)
{
  if (drop < 0 || drop > 61 || to->width > 62 || type == NAC_INT128 || to->overflow == NAC_SAT_ZERO) {
    return 0;
  }
  *k = (narrow){.drop = drop, .rounding = to->rounding, .lo = (int64_t)nac_format_min(to),
                .hi = (int64_t)nac_format_max(to), .wraps = to->overflow == NAC_WRAP, .width = to->width,
                .is_signed = to->is_signed};
  return 1;
}

/* Floats have at most SPARE bits that matter below a format's last bit; what lies lower still only tells
 * that there is something. */
#define SPARE 20

/* floor(x 2^20) of a number in units of the last bit; its lowest bit also stands for all that was cut off. */
static inline int64_t with_spare_bits(double x)
{
  const double d = x * 0x1p20;
  int64_t r = (int64_t)d;
  r -= d < (double)r;
  return (double)r != d ? r | 1 : r;
}

/* Whole groups of samples in one format of few bits, by the kernel of fake quantisation: its limits lie
 * one beyond the format's, so that what is out of range shows. */
static int can_read_fast(const nac_ivalue *y)
{
  const nac_format *to = &y->q->format[0];
  const int fraction = to->width - to->integer;
  return y->q->n == 1 && to->width <= 22 && (to->overflow == NAC_SAT || to->overflow == NAC_SAT_SYM) &&
         fraction >= -20 && fraction <= 100;
}

static void read_input_fast(nac_fixed *f, const nac_iop *op, nac_fixed_count *c, const float *x)
{
  const nac_ivalue *y = &f->g->value[op->output];
  const nac_format *to = &y->q->format[0];
  const int32_t lo = (int32_t)nac_format_min(to);
  const int32_t hi = (int32_t)nac_format_max(to);
  const int fraction = to->width - to->integer;
  const float per_unit = ldexpf(1, fraction);
  const k_quantiser k = {.step = 1 / per_unit, .lo = (float)(lo - 1), .hi = (float)(hi + 1), .rounding = (int)to->rounding};
  int32_t *out = f->value[op->output];
  int64_t over = 0;
  int64_t e;
  int64_t l;
  nac_kern->quantise(x, f->scratch[0], (long)(LANES * y->n), &k);
  for (e = 0; e < y->n; e++) {
    for (l = 0; l < LANES; l++) {
      const float v = x[l * y->n + e];
      const int32_t r = isnan(v) ? 0 : (int32_t)(((const float *)f->scratch[0])[l * y->n + e] * per_unit);
      over += isnan(v) || r < lo || r > hi;
      out[e * LANES + l] = r < lo ? lo : r > hi ? hi : r;
    }
  }
  count(c, to->overflow, over);
}

static void read_input(nac_fixed *f, const nac_iop *op, nac_fixed_count *c, const float *x, int64_t rows)
{
  const nac_ivalue *y = &f->g->value[op->output];
  int64_t e;
  int64_t l;
  if (f->ready != NULL) { /* with the function that plans use, to get the same floats */
    ref_standardize_f32(x, f->ready, op->ready, op->ready + op->n_ready,
                        (long)(rows * (y->n / (op->n_ready * op->inner))), (long)op->n_ready, (long)op->inner);
    x = f->ready;
  }
  if (rows == LANES && can_read_fast(y)) {
    read_input_fast(f, op, c, x);
    return;
  }
  for (e = 0; e < y->n; e++) {
    const nac_format *to = &y->q->format[e / y->q->inner % y->q->n];
    const int fraction = to->width - to->integer;
    const int up = y->fraction - fraction;
    const double per_unit = ldexp(1, fraction);
    int64_t over = 0;
    narrow k;
    const int quick = abs(fraction) < 500 && up < 60 && is_narrow(SPARE, to, y->type, &k);
    for (l = 0; l < LANES; l++) {
      const double v = l < rows ? (double)x[l * y->n + e] : 0;
      const double units = v * per_unit;
      if (quick && fabs(units) < 0x1p40) { /* false for NaN */
        put(y->type, f->value[op->output], e * LANES + l,
            narrowed(&k, with_spare_bits(units), &over) * ((int64_t)1 << up));
      } else {
        put(y->type, f->value[op->output], e * LANES + l, nac_wide_up(nac_format_quantise(to, v, &over), up));
      }
    }
    count(c, to->overflow, over);
  }
}

static void requantise_narrow(const narrow *k, int up, int64_t rows, nac_itype from, const void *x, nac_itype to,
                              void *y, int64_t at, int64_t *over)
{
  int64_t l;
  for (l = 0; l < LANES; l++) {
    const int64_t v = from == NAC_INT32 ? ((const int32_t *)x)[at + l] : ((const int64_t *)x)[at + l];
    int64_t out = 0;
    const int64_t r = narrowed(k, v, &out) * ((int64_t)1 << up);
    *over += l < rows ? out : 0;
    if (to == NAC_INT32) {
      ((int32_t *)y)[at + l] = (int32_t)r;
    } else {
      ((int64_t *)y)[at + l] = r;
    }
  }
}

/* Whole groups of samples of 32 bits, by the fast kernel. */
static int requantise_fast(nac_fixed *f, const nac_iop *op, nac_fixed_count *c, int64_t rows)
{
  const nac_ivalue *x = &f->g->value[op->input[0]];
  const nac_ivalue *y = &f->g->value[op->output];
  const nac_quantiser *q = y->q;
  const int64_t run = q->n == 1 ? y->n : q->inner;
  int64_t i;
  int64_t e;
  if (rows < LANES || x->type != NAC_INT32 || y->type != NAC_INT32) {
    return 0;
  }
  for (i = 0; i < q->n; i++) {
    narrow k;
    const int fraction = q->format[i].width - q->format[i].integer;
    if (!is_narrow(x->fraction - fraction, &q->format[i], y->type, &k) || k.drop > 30 || k.width > 30 ||
        y->fraction - fraction > 30) {
      return 0;
    }
  }
  for (e = 0; e < y->n; e += run) {
    const nac_format *to = &q->format[e / q->inner % q->n];
    const int fraction = to->width - to->integer;
    const k_narrow k = {.drop = x->fraction - fraction, .up = y->fraction - fraction, .rounding = (int)to->rounding,
                        .lo = (int32_t)nac_format_min(to), .hi = (int32_t)nac_format_max(to),
                        .wraps = to->overflow == NAC_WRAP, .width = to->width, .is_signed = to->is_signed};
    count(c, to->overflow, nac_kern->narrow((const int32_t *)f->value[op->input[0]] + e * LANES,
                                            (int32_t *)f->value[op->output] + e * LANES, run * LANES, &k));
  }
  return 1;
}

static void requantise(nac_fixed *f, const nac_iop *op, nac_fixed_count *c, int64_t rows)
{
  const nac_ivalue *x = &f->g->value[op->input[0]];
  const nac_ivalue *y = &f->g->value[op->output];
  const void *from = f->value[op->input[0]];
  void *to = f->value[op->output];
  int64_t e;
  int64_t l;
  for (e = 0; e < y->n; e++) {
    const nac_format *format = &y->q->format[e / y->q->inner % y->q->n];
    const int up = y->fraction - (format->width - format->integer);
    int64_t over = 0;
    narrow k;
    if (up < 60 && x->type != NAC_INT128 && op->reach <= INT64_MAX / 4 &&
        is_narrow(x->fraction - (format->width - format->integer), format, y->type, &k)) {
      requantise_narrow(&k, up, rows, x->type, from, y->type, to, e * LANES, &over);
    } else {
      for (l = 0; l < LANES; l++) {
        int64_t out = 0;
        const nac_wide r = nac_format_convert(format, get(x->type, from, e * LANES + l), x->fraction, &out);
        put(y->type, to, e * LANES + l, nac_wide_up(r, up));
        over += l < rows ? out : 0;
      }
    }
    count(c, format->overflow, over);
  }
}

/* --- Tables -------------------------------------------------------------- */

static void look_up(nac_fixed *f, const nac_iop *op, nac_fixed_count *c, int64_t rows)
{
  const nac_ivalue *x = &f->g->value[op->input[0]];
  const nac_ivalue *y = &f->g->value[op->output];
  int64_t over = 0;
  int64_t i;
  for (i = 0; i < y->n * LANES; i++) {
    const int64_t at = (int64_t)get(x->type, f->value[op->input[0]], i) - op->table_first;
    put(y->type, f->value[op->output], i, op->table[at]);
    over += i % LANES < rows && op->table_over[at];
  }
  count(c, y->q->format[0].overflow, over);
}

/* LANES neighbours of a value of at most 64 bits. */
static inline void read_lanes(const nac_ivalue *x, const void *from, int64_t at, int64_t *v)
{
  int l;
  for (l = 0; l < LANES; l++) {
    v[l] = x->type == NAC_INT32 ? ((const int32_t *)from)[at + l] : ((const int64_t *)from)[at + l];
  }
}

/* The reciprocal that the leading bits of a sum choose, and where its binary point lies. */
static int64_t reciprocal_of(const nac_iop *op, int64_t sum, int *fraction)
{
  const int length = nac_ibits(0, sum) - 1; /* sum = 2^length (1 + ...), at least 2^17 */
  *fraction = NAC_IEXP_FRACTION + length;
  return op->chosen[(sum >> (length - NAC_ILEADING)) - ((int64_t)1 << NAC_ILEADING)];
}

static inline int64_t exponential(const nac_iop *op, int64_t d)
{
  return d < op->n_table ? op->table[d] : 0;
}

/* One row of softmax for all samples side by side: elements at, at + step, ... (n of them). Returns how
 * many results of the first `rows` samples were out of range. */
static int64_t softmax_row(nac_fixed *f, const nac_iop *op, int64_t at, int64_t step, int64_t rows)
{
  const nac_ivalue *x = &f->g->value[op->input[0]];
  const nac_ivalue *y = &f->g->value[op->output];
  const nac_format *to = &y->q->format[0];
  const void *from = f->value[op->input[0]];
  int64_t v[LANES];
  int64_t most[LANES];
  int64_t sum[LANES] = {0};
  int64_t over = 0;
  int64_t i;
  int l;
  read_lanes(x, from, at, most);
  for (i = 1; i < op->n; i++) {
    read_lanes(x, from, at + i * step, v);
    for (l = 0; l < LANES; l++) {
      most[l] = v[l] > most[l] ? v[l] : most[l];
    }
  }
  for (i = 0; i < op->n; i++) {
    read_lanes(x, from, at + i * step, v);
    for (l = 0; l < LANES; l++) {
      sum[l] += exponential(op, most[l] - v[l]);
    }
  }
  for (l = 0; l < LANES; l++) {
    int fraction;
    const int64_t r = reciprocal_of(op, sum[l], &fraction);
    int64_t out = 0;
    narrow k;
    const int quick = is_narrow(fraction - (to->width - to->integer), to, y->type, &k);
    for (i = 0; i < op->n; i++) {
      const int64_t e = at + i * step + l;
      const int64_t d = most[l] - (x->type == NAC_INT32 ? ((const int32_t *)from)[e] : ((const int64_t *)from)[e]);
      const int64_t p = exponential(op, d) * r;
      put(y->type, f->value[op->output], e, quick ? narrowed(&k, p, &out) : nac_format_convert(to, p, fraction, &out));
    }
    over += l < rows ? out : 0;
  }
  return over;
}

static void softmax(nac_fixed *f, const nac_iop *op, nac_fixed_count *c, int64_t rows)
{
  int64_t over = 0;
  int64_t o;
  int64_t k;
  for (o = 0; o < op->outer; o++) {
    for (k = 0; k < op->inner; k++) {
      over += softmax_row(f, op, (o * op->n * op->inner + k) * LANES, op->inner * LANES, rows);
    }
  }
  count(c, f->g->value[op->output].q->format[0].overflow, over);
}

/* --- Running ------------------------------------------------------------- */

/* Input k in the operation's type and with its binary point. */
static const void *input_of(nac_fixed *f, const nac_iop *op, int k)
{
  const nac_ivalue *x = &f->g->value[op->input[k]];
  const void *from = f->value[op->input[k]];
  const int64_t n = x->n * LANES;
  const nac_wide times = (nac_wide)1 << op->shift[k];
  int64_t i;
  if (x->type == op->type && op->shift[k] == 0) {
    return from;
  }
  if (x->type == NAC_INT32 && op->type == NAC_INT32) {
    for (i = 0; i < n; i++) {
      ((int32_t *)f->scratch[k])[i] = ((const int32_t *)from)[i] * (int32_t)times;
    }
  } else if (x->type == NAC_INT32 && op->type == NAC_INT64) {
    for (i = 0; i < n; i++) {
      ((int64_t *)f->scratch[k])[i] = ((const int32_t *)from)[i] * (int64_t)times;
    }
  } else {
    for (i = 0; i < n; i++) {
      put(op->type, f->scratch[k], i, get(x->type, from, i) * times);
    }
  }
  return f->scratch[k];
}

static void run_op(nac_fixed *f, int i, const float *input, int64_t rows)
{
  const nac_iop *op = &f->g->op[i];
  const void *x[NAC_IOP_INPUTS] = {NULL};
  int k;
  switch (op->kind) {
  case NAC_IOP_INPUT:
    read_input(f, op, &f->count[i], input, rows);
    return;
  case NAC_IOP_REQUANTISE:
    if (!requantise_fast(f, op, &f->count[i], rows)) {
      requantise(f, op, &f->count[i], rows);
    }
    return;
  case NAC_IOP_TABLE:
    look_up(f, op, &f->count[i], rows);
    return;
  case NAC_IOP_SOFTMAX:
    softmax(f, op, &f->count[i], rows);
    return;
  default:
    break;
  }
  for (k = 0; k < op->n_inputs; k++) {
    x[k] = input_of(f, op, k);
  }
  if (nac_iop_moves(op->kind)) {
    nac_fixed_move(op, x, f->value[op->output], size_of(op->type) * LANES);
  } else if (op->type == NAC_INT32 && (op->kind == NAC_IOP_MATMUL_CONST || op->kind == NAC_IOP_CONV_CONST)) {
    nac_fixed_taps(op, f->taps, f->weight[i], f->offset[i], x[0], f->value[op->output]);
  } else if (op->type == NAC_INT32) {
    nac_fixed_op_i32(op, f->weight[i], f->offset[i], x, f->value[op->output]);
  } else if (op->type == NAC_INT64) {
    nac_fixed_op_i64(op, f->weight[i], f->offset[i], x, f->value[op->output]);
  } else {
    nac_fixed_op_i128(op, f->weight[i], f->offset[i], x, f->value[op->output]);
  }
}

int nac_fixed_run(nac_fixed *f, const float *x, int64_t rows, int value, double *raw, double *number, nac_error *err)
{
  const nac_ivalue *in = &f->g->value[0];
  const nac_ivalue *y = &f->g->value[value];
  const double unit = ldexp(1, -y->fraction);
  int64_t r;
  int64_t l;
  int64_t e;
  int i;
  for (r = 0; r < rows; r += LANES) {
    const int64_t here = rows - r < LANES ? rows - r : LANES;
    if (nac_interrupted()) {
      return nac_fail(err, NAC_EINTR, "interrupted");
    }
    for (i = 0; i <= y->producer; i++) {
      run_op(f, i, x + r * in->n, here);
    }
    for (l = 0; l < here; l++) {
      for (e = 0; e < y->n; e++) {
        const double v = (double)get(y->type, f->value[value], e * LANES + l);
        if (raw != NULL) {
          raw[(r + l) * y->n + e] = v;
        }
        if (number != NULL) {
          number[(r + l) * y->n + e] = abs(y->fraction) < 500 ? v * unit : ldexp(v, -y->fraction);
        }
      }
    }
  }
  return NAC_OK;
}
