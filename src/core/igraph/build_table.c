/* Operations by table: functions of one number, and softmax. */
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

static int fill_softmax(nac_iop *op, int x_fraction, nac_error *err)
{
  const double one = ldexp(1, NAC_IEXP_FRACTION);
  const int64_t n = (int64_t)1 << NAC_IRECIPROCAL;
  int64_t i;
  op->table = nac_malloc((size_t)op->n_table * sizeof *op->table);
  op->reciprocal = nac_malloc((size_t)n * sizeof *op->reciprocal);
  if (op->table == NULL || op->reciprocal == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for the tables of layer '%s'", op->layer);
  }
  for (i = 0; i < op->n_table; i++) {
    op->table[i] = (int64_t)rint(one * exp(-ldexp((double)i, -x_fraction)));
  }
  for (i = 0; i < n; i++) {
    op->reciprocal[i] = (int64_t)rint(one / (1 + ((double)i + 0.5) / (double)n));
  }
  return NAC_OK;
}

int nac_igraph_softmax(nac_igraph *g, const char *layer, int x, int64_t outer, int64_t n, int64_t inner,
                       const nac_quantiser *q, int *out, nac_error *err)
{
  const nac_ivalue v = g->value[x];
  const nac_wide most = v.max - v.min;
  const int64_t entries = (int64_t)ceil(ldexp(SOFTMAX_REACH, v.fraction)) + 1; /* beyond lie only zeros */
  nac_iop op;
  int code = check_format(q, layer, "softmax", err);
  if (code != NAC_OK) {
    return code;
  }
  if (v.fraction > SOFTMAX_FRACTION) {
    return nac_fail(err, NAC_EINVAL,
                    "the input of layer '%s' has %d bits after the point, softmax takes at most %d: give the value "
                    "before it a number format",
                    layer, v.fraction, SOFTMAX_FRACTION);
  }
  if (nac_ibits(v.min, v.max) > 62) {
    return nac_fail(err, NAC_EINVAL,
                    "the input of layer '%s' has %d bits, softmax takes at most 62: give the value before it a number "
                    "format",
                    layer, nac_ibits(v.min, v.max));
  }
  code = nac_iop_begin(&op, NAC_IOP_SOFTMAX, layer, err);
  if (code != NAC_OK) {
    return code;
  }
  op.n_inputs = 1;
  op.input[0] = x;
  op.outer = outer;
  op.n = n;
  op.inner = inner;
  op.is_exact = 0;
  op.n_table = most + 1 < entries ? (int64_t)most + 1 : entries;
  /* exponentials and their sum, half a unit each; the reciprocal; the output */
  op.error = (double)(n + 1) * ldexp(1, -NAC_IEXP_FRACTION - 1) + ldexp(1, -NAC_IRECIPROCAL - 1) + nac_quantiser_step(q, 0);
  code = fill_softmax(&op, v.fraction, err);
  if (code != NAC_OK) {
    nac_iop_clear(&op);
    return code;
  }
  return nac_igraph_append(g, &op, v.rank, v.dim, nac_quantiser_fraction(q), q, out, err);
}
