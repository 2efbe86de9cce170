/* Operations of the integer graph are made here: products, sums, comparisons and moves. */
#include <math.h>
#include <string.h>

#include "core/igraph/igraph_impl.h"
#include "core/mem.h"

int nac_igraph_input(nac_igraph *g, int rank, const int64_t *dim, const nac_quantiser *q, int64_t n, int64_t inner,
                     const float *offset, const float *scale, int *out, nac_error *err)
{
  nac_iop op;
  const int code = nac_iop_begin(&op, NAC_IOP_INPUT, "input", err);
  if (code == NAC_OK && offset != NULL) {
    op.n_ready = n;
    op.inner = inner;
    op.ready = nac_malloc(2 * (size_t)n * sizeof *op.ready);
    if (op.ready == NULL) {
      nac_iop_clear(&op);
      return nac_fail(err, NAC_ENOMEM, "out of memory for an integer graph");
    }
    memcpy(op.ready, offset, (size_t)n * sizeof *op.ready);
    memcpy(op.ready + n, scale, (size_t)n * sizeof *op.ready);
  }
  return code != NAC_OK ? code : nac_igraph_append(g, &op, rank, dim, nac_quantiser_fraction(q), q, out, err);
}

int nac_igraph_requantise(nac_igraph *g, const char *layer, int x, const nac_quantiser *q, int *out, nac_error *err)
{
  const nac_ivalue v = g->value[x];
  nac_iop op;
  int code = nac_iop_begin(&op, NAC_IOP_REQUANTISE, layer, err);
  op.n_inputs = 1;
  op.input[0] = x;
  return code != NAC_OK ? code : nac_igraph_append(g, &op, v.rank, v.dim, nac_quantiser_fraction(q), q, out, err);
}

/* Brings the offsets to the products' binary point, or the products to the offsets'. */
static int set_constants(nac_iop *op, const nac_iconst *c, int x_fraction, int *fraction, nac_error *err)
{
  const int products = x_fraction + c->weight_fraction;
  int up = 0; /* of the weights */
  int up_offset = 0;
  int64_t i;
  *fraction = products;
  if (c->n_offsets > 0 && c->offset_fraction > products) {
    up = c->offset_fraction - products;
    *fraction = c->offset_fraction;
  } else if (c->n_offsets > 0) {
    up_offset = products - c->offset_fraction;
  }
  op->n_weights = c->n_weights;
  op->weight = nac_malloc((size_t)c->n_weights * sizeof *op->weight);
  op->weight_fraction = c->weight_fraction + up;
  op->n_offsets = c->n_offsets;
  op->offset = c->n_offsets > 0 ? nac_malloc((size_t)c->n_offsets * sizeof *op->offset) : NULL;
  if (op->weight == NULL || (c->n_offsets > 0 && op->offset == NULL)) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for layer '%s'", op->layer);
  }
  for (i = 0; i < c->n_weights; i++) {
    if (c->weight[i] != 0 && nac_ibits(c->weight[i], c->weight[i]) + up > 63) {
      return nac_fail(err, NAC_EINVAL,
                      "the bias of layer '%s' has %d bits after the point, its products %d: no 64-bit weights align "
                      "them; give the bias fewer fractional bits",
                      op->layer, c->offset_fraction, products);
    }
    op->weight[i] = c->weight[i] * ((int64_t)1 << (c->weight[i] != 0 ? up : 0));
  }
  for (i = 0; i < c->n_offsets; i++) {
    if (c->offset[i] != 0 && nac_ibits(c->offset[i], c->offset[i]) + up_offset > NAC_IMOST_BITS - 2) {
      return nac_fail(err, NAC_EINVAL,
                      "the bias of layer '%s' has %d bits after the point, its products %d: too far apart to add; give "
                      "the weights fewer fractional bits",
                      op->layer, c->offset_fraction, products);
    }
    op->offset[i] = c->offset[i] != 0 ? nac_wide_up(c->offset[i], up_offset) : 0;
  }
  return NAC_OK;
}

static int append_constants(nac_igraph *g, nac_iop *op, const nac_iconst *c, int rank, const int64_t *dim, int *out,
                            nac_error *err)
{
  int fraction;
  const int code = set_constants(op, c, g->value[op->input[0]].fraction, &fraction, err);
  if (code != NAC_OK) {
    nac_iop_clear(op);
    return code;
  }
  return nac_igraph_append(g, op, rank, dim, fraction, NULL, out, err);
}

int nac_igraph_matmul_const(nac_igraph *g, const char *layer, int x, int64_t units, const nac_iconst *c, int *out,
                            nac_error *err)
{
  nac_ivalue v = g->value[x];
  nac_iop op;
  const int code = nac_iop_begin(&op, NAC_IOP_MATMUL_CONST, layer, err);
  op.n_inputs = 1;
  op.input[0] = x;
  op.n = v.dim[v.rank - 1];
  op.outer = v.n / op.n;
  op.inner = units;
  op.channels = units;
  v.dim[v.rank - 1] = units;
  return code != NAC_OK ? code : append_constants(g, &op, c, v.rank, v.dim, out, err);
}

int nac_igraph_conv_const(nac_igraph *g, const char *layer, int x, const nac_iwindow *w, const nac_iconst *c,
                          int rank, const int64_t *dim, int *out, nac_error *err)
{
  nac_iop op;
  const int code = nac_iop_begin(&op, NAC_IOP_CONV_CONST, layer, err);
  op.n_inputs = 1;
  op.input[0] = x;
  op.window = *w;
  op.channels = w->o;
  return code != NAC_OK ? code : append_constants(g, &op, c, rank, dim, out, err);
}

int nac_igraph_matmul(nac_igraph *g, const char *layer, int a, int b, const nac_imatrix *m, int rank,
                      const int64_t *dim, int *out, nac_error *err)
{
  const int fraction = g->value[a].fraction + g->value[b].fraction;
  nac_iop op;
  const int code = nac_iop_begin(&op, NAC_IOP_MATMUL, layer, err);
  op.n_inputs = 2;
  op.input[0] = a;
  op.input[1] = b;
  op.matrix = *m;
  return code != NAC_OK ? code : nac_igraph_append(g, &op, rank, dim, fraction, NULL, out, err);
}

/* Two values element by element. */
static int pair(nac_igraph *g, nac_iop_kind kind, const char *layer, int a, int b, int *out, nac_error *err)
{
  const nac_ivalue v = g->value[a];
  nac_iop op;
  int fraction;
  const int code = nac_iop_begin(&op, kind, layer, err);
  op.n_inputs = 2;
  op.input[0] = a;
  op.input[1] = b;
  op.outer = v.n;
  fraction = kind == NAC_IOP_MUL ? v.fraction + g->value[b].fraction : nac_iop_align(g, &op);
  return code != NAC_OK ? code : nac_igraph_append(g, &op, v.rank, v.dim, fraction, NULL, out, err);
}

int nac_igraph_add(nac_igraph *g, const char *layer, int a, int b, int *out, nac_error *err)
{
  return pair(g, NAC_IOP_ADD, layer, a, b, out, err);
}

int nac_igraph_mul(nac_igraph *g, const char *layer, int a, int b, int *out, nac_error *err)
{
  return pair(g, NAC_IOP_MUL, layer, a, b, out, err);
}

int nac_igraph_max(nac_igraph *g, const char *layer, int a, int b, int *out, nac_error *err)
{
  return pair(g, NAC_IOP_MAX, layer, a, b, out, err);
}

/* x as an integer of NAC_ICONST_BITS significant bits times 2^-fraction. */
static int64_t constant_of(double x, int fraction)
{
  const double limit = ldexp(1, NAC_ICONST_BITS - 1) - 1;
  int exponent;
  int own; /* the point that x alone would have */
  (void)frexp(x, &exponent);
  own = NAC_ICONST_BITS - 1 - exponent;
  own = x == 0 || own > fraction ? fraction : own;
  return (int64_t)ldexp(fmax(-limit, fmin(limit, rint(ldexp(x, own)))), fraction - own);
}

/* Scales as integers of NAC_ICONST_BITS significant bits with one binary point, as few bits after it as
 * will do: that of the greatest, or up to `spread` bits further down where lesser ones need them;
 * offsets with the products' point. Leaves the relative error of the worst in op->error. */
static int set_scales(nac_iop *op, int64_t n, const double *scale, const double *offset, int spread, int *fraction,
                      nac_error *err)
{
  double most = 0;
  double least = INFINITY;
  int exponent;
  int lowest;
  int64_t any = 0;
  int64_t i;
  op->n_weights = n;
  op->weight = nac_malloc((size_t)n * sizeof *op->weight);
  op->n_offsets = offset != NULL ? n : 0;
  op->offset = offset != NULL ? nac_malloc((size_t)n * sizeof *op->offset) : NULL;
  if (op->weight == NULL || (offset != NULL && op->offset == NULL)) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for layer '%s'", op->layer);
  }
  for (i = 0; i < n; i++) {
    if (!isfinite(scale[i]) || (offset != NULL && !isfinite(offset[i]))) {
      return nac_fail(err, NAC_ENAN, "a constant of layer '%s' is not finite", op->layer);
    }
    most = fmax(most, fabs(scale[i]));
    least = scale[i] != 0 ? fmin(least, fabs(scale[i])) : least;
  }
  (void)frexp(most, &exponent); /* most < 2^exponent */
  (void)frexp(fmin(least, most), &lowest);
  spread = exponent - lowest < spread ? exponent - lowest : spread;
  op->weight_fraction = most > 0 ? NAC_ICONST_BITS - 1 - exponent + spread : 0;
  for (i = 0; i < n; i++) {
    op->weight[i] = constant_of(scale[i], op->weight_fraction);
    any |= op->weight[i];
    if (scale[i] != 0) {
      op->error = fmax(op->error, fabs(ldexp((double)op->weight[i], -op->weight_fraction) / scale[i] - 1));
    }
  }
  for (; any != 0 && (any & 1) == 0; any >>= 1) {
    for (i = 0; i < n; i++) {
      op->weight[i] /= 2;
    }
    op->weight_fraction--;
  }
  *fraction += op->weight_fraction;
  for (i = 0; i < op->n_offsets; i++) {
    const double b = rint(ldexp(offset[i], *fraction));
    if (fabs(b) >= 0x1p100) {
      return nac_fail(err, NAC_EINVAL, "the offset %g of layer '%s' is too large for %d bits after the point", offset[i],
                      op->layer, *fraction);
    }
    op->offset[i] = (nac_wide)b;
  }
  return NAC_OK;
}

static int append_scale(nac_igraph *g, const char *layer, int x, int64_t n, int64_t inner, const double *scale,
                        const double *offset, int spread, int given, int *out, nac_error *err)
{
  const nac_ivalue v = g->value[x];
  int fraction = v.fraction;
  nac_iop op;
  int code = nac_iop_begin(&op, NAC_IOP_SCALE, layer, err);
  if (code != NAC_OK) {
    return code;
  }
  op.n_inputs = 1;
  op.input[0] = x;
  op.outer = v.n;
  op.inner = inner;
  op.channels = n;
  code = set_scales(&op, n, scale, offset, spread, &fraction, err);
  if (code != NAC_OK) {
    nac_iop_clear(&op);
    return code;
  }
  op.is_exact = given && op.error == 0;
  return nac_igraph_append(g, &op, v.rank, v.dim, fraction, NULL, out, err);
}

int nac_igraph_scale(nac_igraph *g, const char *layer, int x, int64_t n, int64_t inner, const double *scale,
                     const double *offset, int given, int *out, nac_error *err)
{
  return append_scale(g, layer, x, n, inner, scale, offset, 0, given, out, err);
}

int nac_igraph_standardise(nac_igraph *g, const char *layer, int x, int64_t n, int64_t inner, const double *scale,
                           const double *offset, int *out, nac_error *err)
{
  const int rest = 60 - NAC_ICONST_BITS - nac_ibits(g->value[x].min, g->value[x].max);
  return append_scale(g, layer, x, n, inner, scale, offset, rest > 24 ? 24 : rest > 0 ? rest : 0, 0, out, err);
}

int nac_igraph_affine(nac_igraph *g, const char *layer, int x, int64_t inner, const nac_iconst *c, int *out,
                      nac_error *err)
{
  const nac_ivalue v = g->value[x];
  nac_iop op;
  const int code = nac_iop_begin(&op, NAC_IOP_SCALE, layer, err);
  op.n_inputs = 1;
  op.input[0] = x;
  op.outer = v.n;
  op.inner = inner;
  op.channels = c->n_weights;
  return code != NAC_OK ? code : append_constants(g, &op, c, v.rank, v.dim, out, err);
}

int nac_igraph_clamp(nac_igraph *g, const char *layer, int x, double lo, double hi, int *out, nac_error *err)
{
  const nac_ivalue v = g->value[x];
  const int whole = (isinf(lo) || lo == 0) && (isinf(hi) || hi == 0); /* no binary point needed */
  int fraction = v.fraction;
  nac_iop op;
  const int code = nac_iop_begin(&op, NAC_IOP_CLAMP, layer, err);
  op.n_inputs = 1;
  op.input[0] = x;
  op.outer = v.n;
  if (!whole && fraction < 0) {
    op.shift[0] = -fraction;
    fraction = 0;
  }
  op.lo = v.min;
  op.hi = v.max;
  if (nac_ibits(v.min, v.max) + op.shift[0] <= NAC_IMOST_BITS) {
    op.lo = nac_wide_up(v.min, op.shift[0]);
    op.hi = nac_wide_up(v.max, op.shift[0]);
  }
  if (!isinf(lo) && (lo == 0 || fraction <= NAC_IMOST_BITS)) {
    op.lo = lo != 0 ? nac_wide_up((nac_wide)lo, fraction) : 0;
    op.hi = op.hi < op.lo ? op.lo : op.hi;
  }
  if (!isinf(hi) && (hi == 0 || fraction <= NAC_IMOST_BITS)) {
    const nac_wide limit = hi != 0 ? nac_wide_up((nac_wide)hi, fraction) : 0;
    op.hi = limit;
    op.lo = op.lo > limit ? limit : op.lo;
  }
  return code != NAC_OK ? code : nac_igraph_append(g, &op, v.rank, v.dim, fraction, NULL, out, err);
}

int nac_igraph_reduce(nac_igraph *g, const char *layer, int x, nac_ihow how, int64_t outer, int64_t n, int64_t inner,
                      int rank, const int64_t *dim, int *out, nac_error *err)
{
  nac_iop op;
  const int code = nac_iop_begin(&op, NAC_IOP_REDUCE, layer, err);
  op.n_inputs = 1;
  op.input[0] = x;
  op.how = how;
  op.outer = outer;
  op.n = n;
  op.inner = inner;
  return code != NAC_OK ? code : nac_igraph_append(g, &op, rank, dim, g->value[x].fraction, NULL, out, err);
}

int nac_igraph_window(nac_igraph *g, const char *layer, int x, nac_ihow how, const nac_iwindow *w, int rank,
                      const int64_t *dim, int *out, nac_error *err)
{
  nac_iop op;
  const int code = nac_iop_begin(&op, NAC_IOP_WINDOW, layer, err);
  op.n_inputs = 1;
  op.input[0] = x;
  op.how = how;
  op.window = *w;
  return code != NAC_OK ? code : nac_igraph_append(g, &op, rank, dim, g->value[x].fraction, NULL, out, err);
}

int nac_igraph_reshape(nac_igraph *g, const char *layer, int x, int rank, const int64_t *dim, int *out,
                       nac_error *err)
{
  nac_iop op;
  const int code = nac_iop_begin(&op, NAC_IOP_RESHAPE, layer, err);
  op.n_inputs = 1;
  op.input[0] = x;
  op.n = g->value[x].n;
  return code != NAC_OK ? code : nac_igraph_append(g, &op, rank, dim, g->value[x].fraction, NULL, out, err);
}

int nac_igraph_permute(nac_igraph *g, const char *layer, int x, const int *order, int *out, nac_error *err)
{
  const nac_ivalue v = g->value[x];
  int64_t stride[NAC_MAX_RANK];
  int64_t next = 1;
  nac_iop op;
  const int code = nac_iop_begin(&op, NAC_IOP_PERMUTE, layer, err);
  int i;
  op.n_inputs = 1;
  op.input[0] = x;
  op.outer = v.rank;
  for (i = v.rank - 1; i >= 0; i--) {
    stride[i] = next;
    next *= v.dim[i];
  }
  for (i = 0; i < v.rank; i++) {
    op.order[i] = order[i];
    op.stride[i] = stride[order[i]];
    op.dim[i] = v.dim[order[i]];
  }
  return code != NAC_OK ? code : nac_igraph_append(g, &op, v.rank, op.dim, v.fraction, NULL, out, err);
}

/* Elements behind one index of the axis. */
static int64_t inner_of(const nac_ivalue *v, int axis)
{
  int64_t n = 1;
  int i;
  for (i = axis + 1; i < v->rank; i++) {
    n *= v->dim[i];
  }
  return n;
}

int nac_igraph_slice(nac_igraph *g, const char *layer, int x, int axis, int64_t first, int64_t count, int *out,
                     nac_error *err)
{
  nac_ivalue v = g->value[x];
  const int64_t inner = inner_of(&v, axis);
  nac_iop op;
  const int code = nac_iop_begin(&op, NAC_IOP_SLICE, layer, err);
  op.n_inputs = 1;
  op.input[0] = x;
  op.n = v.dim[axis] * inner;
  op.outer = v.n / op.n;
  op.first = first * inner;
  op.share[0] = count * inner;
  v.dim[axis] = count;
  return code != NAC_OK ? code : nac_igraph_append(g, &op, v.rank, v.dim, v.fraction, NULL, out, err);
}

int nac_igraph_concat(nac_igraph *g, const char *layer, int n, const int *x, int axis, int *out, nac_error *err)
{
  nac_ivalue v = g->value[x[0]];
  const int64_t inner = inner_of(&v, axis);
  nac_iop op;
  const int code = nac_iop_begin(&op, NAC_IOP_CONCAT, layer, err);
  int fraction;
  int k;
  op.n_inputs = n;
  op.outer = v.n / (v.dim[axis] * inner);
  v.dim[axis] = 0;
  for (k = 0; k < n; k++) {
    op.input[k] = x[k];
    op.share[k] = g->value[x[k]].dim[axis] * inner;
    v.dim[axis] += g->value[x[k]].dim[axis];
  }
  fraction = nac_iop_align(g, &op);
  return code != NAC_OK ? code : nac_igraph_append(g, &op, v.rank, v.dim, fraction, NULL, out, err);
}
