#include "core/igraph/igraph_impl.h"

#include <string.h>

#include "core/mem.h"

static const char *const names[] = {
  [NAC_IOP_INPUT] = "input",
  [NAC_IOP_MATMUL_CONST] = "matmul_const",
  [NAC_IOP_CONV_CONST] = "conv_const",
  [NAC_IOP_MATMUL] = "matmul",
  [NAC_IOP_ADD] = "add",
  [NAC_IOP_MUL] = "mul",
  [NAC_IOP_SCALE] = "scale",
  [NAC_IOP_REQUANTISE] = "requantise",
  [NAC_IOP_CLAMP] = "clamp",
  [NAC_IOP_MAX] = "max",
  [NAC_IOP_REDUCE] = "reduce",
  [NAC_IOP_WINDOW] = "window",
  [NAC_IOP_TABLE] = "table",
  [NAC_IOP_SOFTMAX] = "softmax",
  [NAC_IOP_LOG_SOFTMAX] = "log_softmax",
  [NAC_IOP_NORMALISE] = "normalise",
  [NAC_IOP_RESHAPE] = "reshape",
  [NAC_IOP_PERMUTE] = "permute",
  [NAC_IOP_SLICE] = "slice",
  [NAC_IOP_CONCAT] = "concat",
};

const char *nac_iop_name(nac_iop_kind kind)
{
  return names[kind];
}

int nac_igraph_new(nac_igraph **out, nac_error *err)
{
  *out = nac_calloc(1, sizeof **out);
  return *out != NULL ? NAC_OK : nac_fail(err, NAC_ENOMEM, "out of memory for an integer graph");
}

static void clear_value(nac_ivalue *v)
{
  nac_free(v->lo);
  nac_free(v->hi);
  nac_quantiser_free(v->q);
}

void nac_iop_clear(nac_iop *op)
{
  nac_free(op->layer);
  nac_free(op->weight);
  nac_free(op->offset);
  nac_free(op->table);
  nac_free(op->table_over);
  nac_free(op->ready);
  nac_free(op->chosen);
}

void nac_igraph_free(nac_igraph *g)
{
  int i;
  if (g == NULL) {
    return;
  }
  for (i = 0; i < g->n_values; i++) {
    clear_value(&g->value[i]);
  }
  for (i = 0; i < g->n_ops; i++) {
    nac_iop_clear(&g->op[i]);
  }
  nac_free(g->value);
  nac_free(g->op);
  nac_free(g);
}

int nac_igraph_n_values(const nac_igraph *g)
{
  return g->n_values;
}

int nac_igraph_n_ops(const nac_igraph *g)
{
  return g->n_ops;
}

const nac_ivalue *nac_igraph_value(const nac_igraph *g, int value)
{
  return &g->value[value];
}

const nac_iop *nac_igraph_op(const nac_igraph *g, int op)
{
  return &g->op[op];
}

int nac_igraph_output(const nac_igraph *g)
{
  return g->output;
}

void nac_igraph_set_output(nac_igraph *g, int value)
{
  g->output = value;
}

int nac_igraph_is_rounded(const nac_igraph *g, int value, const char *layer)
{
  const nac_iop_kind kind = g->op[g->value[value].producer].kind;
  return (kind == NAC_IOP_TABLE || kind == NAC_IOP_SOFTMAX) && strcmp(g->op[g->value[value].producer].layer, layer) == 0;
}

int nac_ibits(nac_wide lo, nac_wide hi)
{
  int n = 0;
  nac_wide most = hi > 0 ? hi : 0;
  if (lo < 0 && -(lo + 1) > most) {
    most = -(lo + 1);
  }
  for (; most != 0; most >>= 1) {
    n++;
  }
  n += lo < 0;
  return n > 0 ? n : 1;
}

int nac_iop_is_exact_in_float(const nac_igraph *g, const nac_iop *op, int digits)
{
  const nac_ivalue *y = &g->value[op->output];
  int64_t i;
  if (y->fraction > 100 || y->fraction < -100) { /* near the ends of float's exponents */
    return 0;
  }
  if (op->n_ready > 0 && digits != 24) { /* standardised in float */
    return 0;
  }
  if (op->kind == NAC_IOP_INPUT || op->kind == NAC_IOP_REQUANTISE) { /* each number by itself */
    for (i = 0; i < y->q->n; i++) {
      if (y->q->format[i].width > digits) {
        return 0;
      }
    }
    return op->kind == NAC_IOP_INPUT || op->reach <= (nac_wide)1 << digits;
  }
  return op->is_exact && op->reach <= (nac_wide)1 << digits;
}

int nac_iop_begin(nac_iop *op, nac_iop_kind kind, const char *layer, nac_error *err)
{
  memset(op, 0, sizeof *op);
  op->kind = kind;
  op->is_exact = 1;
  op->layer = nac_strdup(layer);
  return op->layer != NULL ? NAC_OK : nac_fail(err, NAC_ENOMEM, "out of memory for layer '%s'", layer);
}

int nac_quantiser_fraction(const nac_quantiser *q)
{
  int most = q->format[0].width - q->format[0].integer;
  int64_t i;
  for (i = 1; i < q->n; i++) {
    const int fraction = q->format[i].width - q->format[i].integer;
    most = fraction > most ? fraction : most;
  }
  return most;
}

int nac_iop_align(const nac_igraph *g, nac_iop *op)
{
  int most = g->value[op->input[0]].fraction;
  int i;
  for (i = 1; i < op->n_inputs; i++) {
    const int fraction = g->value[op->input[i]].fraction;
    most = fraction > most ? fraction : most;
  }
  for (i = 0; i < op->n_inputs; i++) {
    op->shift[i] = most - g->value[op->input[i]].fraction;
  }
  return most;
}

/* Room for one more, doubling. */
static int grow(void **array, int n, int *room, size_t size)
{
  const int want = *room > 0 ? 2 * *room : 16;
  void *more;
  if (n < *room) {
    return 1;
  }
  more = nac_realloc(*array, (size_t)want * size);
  if (more == NULL) {
    return 0;
  }
  *array = more;
  *room = want;
  return 1;
}

static int make_value(nac_ivalue *v, int rank, const int64_t *dim, int fraction, const nac_quantiser *q,
                      nac_error *err)
{
  int i;
  memset(v, 0, sizeof *v);
  v->rank = rank;
  v->n = 1;
  for (i = 0; i < rank; i++) {
    v->dim[i] = dim[i];
    v->n *= dim[i];
  }
  v->fraction = fraction;
  v->lo = nac_calloc((size_t)v->n, sizeof *v->lo);
  v->hi = nac_calloc((size_t)v->n, sizeof *v->hi);
  if (v->lo == NULL || v->hi == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for an integer graph");
  }
  return q != NULL ? nac_quantiser_new(&v->q, q->n, q->inner, q->format, NULL, err) : NAC_OK;
}

static nac_itype type_of(nac_wide reach)
{
  if (reach <= INT32_MAX) {
    return NAC_INT32;
  }
  return reach <= INT64_MAX ? NAC_INT64 : NAC_INT128;
}

static void set_types(const nac_igraph *g, nac_iop *op, nac_ivalue *y)
{
  int64_t i;
  int k;
  y->min = y->lo[0];
  y->max = y->hi[0];
  for (i = 1; i < y->n; i++) {
    y->min = y->lo[i] < y->min ? y->lo[i] : y->min;
    y->max = y->hi[i] > y->max ? y->hi[i] : y->max;
  }
  op->type = type_of(op->reach);
  if (op->kind == NAC_IOP_INPUT || op->kind == NAC_IOP_REQUANTISE || op->kind == NAC_IOP_TABLE ||
      op->kind == NAC_IOP_SOFTMAX) {
    y->type = type_of(nac_wide_abs(y->min) > y->max ? nac_wide_abs(y->min) : y->max);
    return;
  }
  for (k = 0; k < op->n_inputs; k++) { /* inputs are never narrowed */
    const nac_itype t = g->value[op->input[k]].type;
    op->type = t > op->type ? t : op->type;
  }
  y->type = op->type;
}

int nac_igraph_append(nac_igraph *g, nac_iop *op, int rank, const int64_t *dim, int fraction, const nac_quantiser *q,
                      int *out, nac_error *err)
{
  nac_ivalue y;
  int code;
  memset(&y, 0, sizeof y);
  if (!grow((void **)&g->value, g->n_values, &g->room_values, sizeof *g->value) ||
      !grow((void **)&g->op, g->n_ops, &g->room_ops, sizeof *g->op)) {
    nac_iop_clear(op);
    return nac_fail(err, NAC_ENOMEM, "out of memory for an integer graph");
  }
  code = make_value(&y, rank, dim, fraction, q, err);
  if (code == NAC_OK) {
    code = nac_igraph_bounds(g, op, &y, err);
  }
  if (code != NAC_OK) {
    clear_value(&y);
    nac_iop_clear(op);
    return code;
  }
  op->output = g->n_values;
  y.producer = g->n_ops;
  set_types(g, op, &y);
  g->value[g->n_values++] = y;
  g->op[g->n_ops++] = *op;
  *out = op->output;
  return NAC_OK;
}
