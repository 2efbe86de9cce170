/* Operations by table: functions of one number, softmax and its logarithm, normalisation. */
#include <math.h>

#include "core/igraph/igraph_impl.h"
#include "core/mem.h"
#include "kern/ref/ref.h"

#define SOFTMAX_FRACTION 12 /* most bits after the point of softmax's input */
#define SOFTMAX_REACH 13    /* exp(-13) is below half of 2^-17 */

static int check_format(const nac_quantiser *q, const char *layer, const char *what, nac_error *err)
{
  if (q == NULL) {
    return nac_fail(err, NAC_EINVAL, "%s of layer '%s' has no exact result in integers: give the layer's output a number format "
                    "(at the net's end quant.prepare does with output = true)",
                    what, layer);
  }
  if (q->n != 1) {
    return nac_fail(err, NAC_EINVAL, "%s of layer '%s' has %lld output formats; a table has one", what, layer,
                    (long long)q->n);
  }
  if (q->format[0].width > 63) {
    return nac_fail(err, NAC_EINVAL, "the output of layer '%s' has %d bits; a table's entries have at most 63", layer,
                    q->format[0].width);
  }
  return NAC_OK;
}

/* Entry i for each raw value from table_first on. */
static int fill_table(nac_iop *op, int x_fraction, int f, double a, const nac_format *to, nac_error *err)
{
  int64_t i;
  op->table = nac_malloc((size_t)op->n_table * sizeof *op->table);
  op->table_over = nac_calloc((size_t)op->n_table, 1);
  if (op->table == NULL || op->table_over == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for the table of layer '%s'", op->layer);
  }
  for (i = 0; i < op->n_table; i++) {
    const double x = ldexp((double)(op->table_first + i), -x_fraction);
    int64_t over = 0;
    double y;
    ref_map_f64(f, &x, &y, 1, a);
    op->table[i] = (int64_t)nac_format_quantise(to, y, &over);
    op->table_over[i] = over > 0;
    op->error = fmax(op->error, fabs(nac_format_value(to, op->table[i]) - y));
  }
  return NAC_OK;
}

int nac_igraph_table(nac_igraph *g, const char *layer, int x, int f, double a, const nac_quantiser *q, int *out,
                     nac_error *err)
{
  const nac_ivalue v = g->value[x];
  nac_iop op;
  int code = check_format(q, layer, "the function", err);
  if (code != NAC_OK) {
    return code;
  }
  if (nac_ibits(v.min, v.max) > NAC_ITABLE_BITS) {
    return nac_fail(err, NAC_EINVAL,
                    "the input of layer '%s' has %d bits, a table takes at most %d: give the value before it a number "
                    "format",
                    layer, nac_ibits(v.min, v.max), NAC_ITABLE_BITS);
  }
  code = nac_iop_begin(&op, NAC_IOP_TABLE, layer, err);
  if (code != NAC_OK) {
    return code;
  }
  op.n_inputs = 1;
  op.input[0] = x;
  op.is_exact = 0;
  op.table_first = (int64_t)v.min;
  op.n_table = (int64_t)(v.max - v.min) + 1;
  code = fill_table(&op, v.fraction, f, a, &q->format[0], err);
  if (code != NAC_OK) {
    nac_iop_clear(&op);
    return code;
  }
  return nac_igraph_append(g, &op, v.rank, v.dim, nac_quantiser_fraction(q), q, out, err);
}

/* exp(-d) for raw distances d from the maximum. */
static int fill_exponentials(nac_iop *op, int x_fraction, nac_error *err)
{
  const double one = ldexp(1, NAC_IEXP_FRACTION);
  int64_t i;
  op->table = nac_malloc((size_t)op->n_table * sizeof *op->table);
  if (op->table == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for the tables of layer '%s'", op->layer);
  }
  for (i = 0; i < op->n_table; i++) {
    op->table[i] = (int64_t)rint(one * exp(-ldexp((double)i, -x_fraction)));
  }
  return NAC_OK;
}

static double reciprocal(double x) { return 1 / x; }

static double inverse_root(double x) { return 1 / sqrt(x); }

/* What the bits after a leading one choose: scale f(2^p (1 + m)) for p from 0 to `parities` - 1, in the middle of each
 * stretch of m. */
static int fill_chosen(nac_iop *op, double (*f)(double), double scale, int parities, nac_error *err)
{
  const int64_t n = (int64_t)1 << NAC_ILEADING;
  int64_t i;
  op->n_chosen = parities * n;
  op->chosen = nac_malloc((size_t)op->n_chosen * sizeof *op->chosen);
  if (op->chosen == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for the tables of layer '%s'", op->layer);
  }
  for (i = 0; i < op->n_chosen; i++) {
    const double x = 1 + ((double)(i % n) + 0.5) / (double)n;
    op->chosen[i] = (int64_t)rint(ldexp(scale, NAC_IEXP_FRACTION) * f(i < n ? x : 2 * x));
  }
  return NAC_OK;
}

/* What softmax and its logarithm have in common: limits on x, and the exponentials. */
static int begin_softmax(nac_iop *op, nac_iop_kind kind, const nac_igraph *g, const char *layer, int x, int64_t outer,
                         int64_t n, int64_t inner, nac_error *err)
{
  const nac_ivalue v = g->value[x];
  const nac_wide most = v.max - v.min;
  const char *const what = nac_iop_name(kind);
  int64_t entries; /* beyond lie only zeros */
  int code;
  if (v.fraction > SOFTMAX_FRACTION) {
    return nac_fail(err, NAC_EINVAL,
                    "the input of layer '%s' has %d bits after the point, %s takes at most %d: give the value before it a "
                    "number format",
                    layer, v.fraction, what, SOFTMAX_FRACTION);
  }
  if (nac_ibits(v.min, v.max) > 62) {
    return nac_fail(err, NAC_EINVAL,
                    "the input of layer '%s' has %d bits, %s takes at most 62: give the value before it a number format",
                    layer, nac_ibits(v.min, v.max), what);
  }
  code = nac_iop_begin(op, kind, layer, err);
  if (code != NAC_OK) {
    return code;
  }
  op->n_inputs = 1;
  op->input[0] = x;
  op->outer = outer;
  op->n = n;
  op->inner = inner;
  op->is_exact = 0;
  entries = (int64_t)ceil(ldexp(SOFTMAX_REACH, v.fraction)) + 1;
  op->n_table = most + 1 < entries ? (int64_t)most + 1 : entries;
  code = fill_exponentials(op, v.fraction, err);
  if (code != NAC_OK) {
    nac_iop_clear(op);
  }
  return code;
}

int nac_igraph_softmax(nac_igraph *g, const char *layer, int x, int64_t outer, int64_t n, int64_t inner,
                       const nac_quantiser *q, int *out, nac_error *err)
{
  const nac_ivalue v = g->value[x];
  nac_iop op;
  int code = check_format(q, layer, "softmax", err);
  if (code == NAC_OK) {
    code = begin_softmax(&op, NAC_IOP_SOFTMAX, g, layer, x, outer, n, inner, err);
  }
  if (code != NAC_OK) {
    return code;
  }
  /* exponentials and their sum, half a unit each; the reciprocal; the output */
  op.error = (double)(n + 1) * ldexp(1, -NAC_IEXP_FRACTION - 1) + ldexp(1, -NAC_ILEADING - 1) + nac_quantiser_step(q, 0);
  code = fill_chosen(&op, reciprocal, 1, 1, err);
  if (code != NAC_OK) {
    nac_iop_clear(&op);
    return code;
  }
  return nac_igraph_append(g, &op, v.rank, v.dim, nac_quantiser_fraction(q), q, out, err);
}

int nac_igraph_log_softmax(nac_igraph *g, const char *layer, int x, int64_t outer, int64_t n, int64_t inner, int *out,
                           nac_error *err)
{
  const nac_ivalue v = g->value[x];
  nac_iop op;
  int code = begin_softmax(&op, NAC_IOP_LOG_SOFTMAX, g, layer, x, outer, n, inner, err);
  if (code != NAC_OK) {
    return code;
  }
  op.up = NAC_IEXP_FRACTION - v.fraction;
  /* the other exponentials, half a unit each, in a sum of at least 1; bits of it that are cut off; two constants */
  op.error = (double)(n + nac_ibits(0, n)) * ldexp(1, -NAC_IEXP_FRACTION - 1) + ldexp(1, -NAC_ILEADING - 1);
  code = fill_chosen(&op, log, 1, 1, err);
  if (code != NAC_OK) {
    nac_iop_clear(&op);
    return code;
  }
  return nac_igraph_append(g, &op, v.rank, v.dim, NAC_IEXP_FRACTION, NULL, out, err);
}

/* sqrt(n - 1) and what the table may add to it. */
double nac_normalise_most(int64_t n)
{
  return sqrt((double)(n - 1)) * (1 + ldexp(1, -NAC_ILEADING - 1));
}

int nac_igraph_normalise(nac_igraph *g, const char *layer, int x, double eps, int64_t outer, int64_t n, int64_t inner,
                         int *out, nac_error *err)
{
  const nac_ivalue v = g->value[x];
  const double most = nac_normalise_most(n);
  const int fraction = NAC_ICONST_BITS - 1 - (most >= 1 ? ilogb(most) + 1 : 0);
  const int k = ilogb((double)n) / 2;
  double added;
  nac_iop op;
  int code = nac_iop_begin(&op, NAC_IOP_NORMALISE, layer, err);
  if (code != NAC_OK) {
    return code;
  }
  op.n_inputs = 1;
  op.input[0] = x;
  op.outer = outer;
  op.n = n;
  op.inner = inner;
  op.is_exact = 0;
  while (n > 1 && ldexp((double)n * (double)(n - 1), op.up) < 0x1p13) { /* the least sum of squares that is not 0 */
    op.up += 2;
  }
  added = rint(ldexp(eps * (double)n * (double)n * (double)n, 2 * v.fraction + op.up));
  if (!(added < 0x1p100)) {
    nac_iop_clear(&op);
    return nac_fail(err, NAC_EINVAL,
                    "the input of layer '%s' has %d bits after the point, with which eps has too many; give the value "
                    "before it a number format",
                    layer, v.fraction);
  }
  op.eps = added >= 1 ? (nac_wide)added : 1;
  op.drop = NAC_IEXP_FRACTION - k - op.up / 2 - fraction;
  op.error = most * ldexp(1, -NAC_ILEADING - 1) + ldexp(1, -fraction - 1);
  code = fill_chosen(&op, inverse_root, sqrt(ldexp((double)n, -2 * k)), 2, err);
  if (code != NAC_OK) {
    nac_iop_clear(&op);
    return code;
  }
  return nac_igraph_append(g, &op, v.rank, v.dim, fraction, NULL, out, err);
}
