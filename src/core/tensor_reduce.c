/* Reductions. All types are loaded as doubles and reduced in double. A block of
 * outputs is worked on at once; where the reduced elements lie side by side,
 * the block is a single output and a whole row goes into it. */
#include <math.h>

#include "core/tensor_math.h"
#include "core/tensor_walk.h"
#include "kern/k_tensor_convert.h"
#include "kern/k_tensor_reduce.h"

#define BLOCK 256

/* Where a block of results stands. */
typedef struct block {
  double sum[BLOCK]; /* sum, then mean; best value for max and min */
  double square[BLOCK];
  int64_t where[BLOCK];
  int64_t count; /* elements reduced into each result */
} block;

/* Elements of one block: `m` outputs, `out_step` apart, each of `n` elements
 * `step` apart. */
typedef struct field {
  nac_dtype dtype;
  const char *at;
  int64_t m, out_step;
  int64_t n, step;
} field;

static int is_best(nac_reduction op)
{
  return op >= NAC_REDUCE_MAX;
}

static double sign_of(nac_reduction op)
{
  return op == NAC_REDUCE_MAX || op == NAC_ARGMAX ? 1 : -1;
}

static void clear(block *b, int64_t m)
{
  int64_t j;
  for (j = 0; j < m; j++) {
    b->sum[j] = 0;
    b->square[j] = 0;
    b->where[j] = -1;
  }
  b->count = 0;
}

/* One row of `len` loaded elements goes into the results. */
static void feed(block *b, nac_reduction op, int squares, int64_t len, const double *x, int64_t first, int step)
{
  if (squares) {
    k_sum_squares(len, x, b->sum, b->square, step);
  } else if (is_best(op)) {
    k_best(len, x, sign_of(op), first, step == 0, b->sum, b->where, step);
  } else {
    k_sum(len, x, b->sum, step);
  }
}

/* All elements of the field go into the results, once. */
static void pass(block *b, nac_reduction op, int squares, const field *f)
{
  double x[BLOCK];
  int64_t size = (int64_t)nac_dtype_size(f->dtype);
  int64_t i;
  if (f->m == 1) {
    for (i = 0; i < f->n; i += BLOCK) {
      int64_t len = f->n - i < BLOCK ? f->n - i : BLOCK;
      k_load_f64(f->dtype, len, f->at + i * f->step * size, f->step, x);
      feed(b, op, squares, len, x, b->count + i, 0);
    }
  } else {
    for (i = 0; i < f->n; i++) {
      k_load_f64(f->dtype, f->m, f->at + i * f->step * size, f->out_step, x);
      feed(b, op, squares, f->m, x, b->count + i, 1);
    }
  }
}

/* Turns what the passes collected into the result, in b->sum. */
static void finish(block *b, nac_reduction op, int64_t m, int64_t count, const nac_reduce_options *options)
{
  switch (op) {
    case NAC_SUM: break;
    case NAC_MEAN: k_divide(m, b->sum, (double)count, b->sum); break;
    case NAC_VAR:
    case NAC_STD: {
      double divisor = (double)count - options->correction;
      k_divide(m, b->square, divisor > 0 ? divisor : 0, b->sum);
      if (op == NAC_STD) {
        k_sqrt(m, b->sum, b->sum);
      }
      break;
    }
    case NAC_REDUCE_MAX:
    case NAC_REDUCE_MIN: k_divide(m, b->sum, sign_of(op), b->sum); break;
    case NAC_ARGMAX:
    case NAC_ARGMIN: k_shift(m, b->where, options->index_base, b->sum); break;
  }
}

static int needs_mean(nac_reduction op)
{
  return op == NAC_VAR || op == NAC_STD;
}

static void reduce_field(block *b, nac_reduction op, const field *f, const nac_reduce_options *options)
{
  clear(b, f->m);
  pass(b, op, 0, f);
  if (needs_mean(op)) {
    k_divide(f->m, b->sum, (double)f->n, b->sum);
    pass(b, op, 1, f);
  }
  finish(b, op, f->m, f->n, options);
}

static nac_dtype result_type(nac_reduction op, nac_dtype from)
{
  switch (op) {
    case NAC_SUM: return from == NAC_U8 ? NAC_I32 : from;
    case NAC_MEAN:
    case NAC_VAR:
    case NAC_STD: return from == NAC_F64 ? NAC_F64 : NAC_F32;
    case NAC_REDUCE_MAX:
    case NAC_REDUCE_MIN: return from;
    case NAC_ARGMAX:
    case NAC_ARGMIN: break;
  }
  return NAC_I32;
}

static int refuse_empty(nac_reduction op, int64_t n, nac_error *err)
{
  static const char *const name[] = {"sum", "mean", "var", "std", "max", "min", "argmax", "argmin"};
  if (is_best(op) && n == 0) {
    return nac_fail(err, NAC_EINVAL, "%s of no elements", name[op]);
  }
  return NAC_OK;
}

/* One row of outputs: w->at[0] is the output, w->at[1] the first element of
 * the fields behind it. */
static int reduce_row(const nac_walk *w, nac_reduction op, nac_dtype to, const field *shape,
                      const nac_reduce_options *options, nac_error *err)
{
  block b;
  field f = *shape;
  /* Side by side along the reduced dimension: one output at a time. */
  int64_t most = f.step == 1 && f.n >= 16 ? 1 : BLOCK;
  int64_t i;
  f.out_step = w->step[1];
  for (i = 0; i < w->n; i += most) {
    char *out = w->at[0] + i * w->step[0] * (int64_t)w->size[0];
    int64_t stored;
    f.m = w->n - i < most ? w->n - i : most;
    f.at = w->at[1] + i * w->step[1] * (int64_t)w->size[1];
    reduce_field(&b, op, &f, options);
    stored = k_store_f64(to, f.m, b.sum, out, w->step[0]);
    if (stored < f.m) {
      return nac_fail(err, NAC_EINVAL, "the sum %.17g does not fit in i32; convert with to(\"f64\") first",
                      b.sum[stored]);
    }
  }
  return NAC_OK;
}

int nac_tensor_reduce(nac_tensor **out, nac_reduction op, const nac_tensor *t, int axis,
                      const nac_reduce_options *options, nac_error *err)
{
  nac_tensor *kept; /* t without the reduced dimension: its first elements */
  nac_tensor *result;
  field f = {t->dtype, NULL, 0, 0, t->dim[axis], t->stride[axis]};
  nac_dtype to = result_type(op, t->dtype);
  int64_t dim[NAC_MAX_RANK];
  int d;
  nac_walk w;
  nac_tensor outputs = *t; /* on the stack, never freed */
  int code;
  *out = NULL;
  for (d = 0; d < t->rank; d++) {
    dim[d] = d == axis ? 1 : t->dim[d];
  }
  code = nac_tensor_new(&result, to, t->rank, dim, err);
  if (code != NAC_OK) {
    return code;
  }
  if (nac_tensor_numel(result) > 0) {
    code = refuse_empty(op, f.n, err);
  }
  kept = &outputs;
  kept->dim[axis] = 1;
  nac_walk_start(&w, t->rank, dim);
  nac_walk_add(&w, result);
  nac_walk_add(&w, kept);
  for (nac_walk_begin(&w); w.n > 0 && code == NAC_OK; nac_walk_next(&w)) {
    code = reduce_row(&w, op, to, &f, options, err);
  }
  if (code == NAC_OK && !options->keep) {
    for (d = axis; d + 1 < result->rank; d++) {
      result->dim[d] = result->dim[d + 1];
      result->stride[d] = result->stride[d + 1];
    }
    result->rank--;
  }
  if (code != NAC_OK) {
    nac_tensor_free(result);
    result = NULL;
  }
  *out = result;
  return code;
}

static void pass_all(block *b, nac_reduction op, int squares, const nac_tensor *t)
{
  nac_walk w;
  field f = {t->dtype, NULL, 1, 0, 0, 0};
  nac_walk_start(&w, t->rank, t->dim);
  nac_walk_add(&w, t);
  for (nac_walk_begin(&w); w.n > 0; nac_walk_next(&w)) {
    f.at = w.at[0];
    f.n = w.n;
    f.step = w.step[0];
    pass(b, op, squares, &f);
    b->count += w.n;
  }
}

int nac_tensor_reduce_all(double *out, nac_reduction op, const nac_tensor *t, const nac_reduce_options *options,
                          nac_error *err)
{
  block b;
  int64_t n = nac_tensor_numel(t);
  int code = refuse_empty(op, n, err);
  *out = 0;
  if (code != NAC_OK) {
    return code;
  }
  clear(&b, 1);
  pass_all(&b, op, 0, t);
  if (needs_mean(op)) {
    k_divide(1, b.sum, (double)n, b.sum);
    pass_all(&b, op, 1, t);
  }
  finish(&b, op, 1, n, options);
  *out = b.sum[0];
  return NAC_OK;
}
