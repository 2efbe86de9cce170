/* Elementwise arithmetic: each row of the broadcast walk goes in pieces through
 * flat kernels; what is not contiguous, or of another type than the one
 * computed in, is loaded into a small buffer first. */
#include "core/tensor_math.h"

#include <string.h>

#include "core/tensor_walk.h"
#include "kern/k_tensor_convert.h"
#include "kern/k_tensor_math.h"

#define CHUNK 512

const nac_tensor *nac_scalar_set(nac_scalar *s, double value, int is_integer, nac_dtype beside)
{
  memset(s, 0, sizeof *s);
  s->tensor.dtype = beside == NAC_F32 || beside == NAC_F64 ? beside : is_integer ? NAC_I32 : NAC_F32;
  if (k_store_f64(s->tensor.dtype, 1, &value, &s->room, 1) < 1) { /* a whole number beyond i32 */
    s->tensor.dtype = NAC_F64;
    s->room = value;
  }
  s->storage.refs = 1;
  s->storage.data = &s->room;
  s->tensor.storage = &s->storage;
  return &s->tensor;
}

static int is_float(nac_dtype d)
{
  return d == NAC_F32 || d == NAC_F64;
}

/* The type of an arithmetic result; `always_float`: also from integers. */
static nac_dtype promote(nac_dtype a, nac_dtype b, int always_float)
{
  if (a == NAC_F64 || b == NAC_F64) {
    return NAC_F64;
  }
  return is_float(a) || is_float(b) || always_float ? NAC_F32 : NAC_I32;
}

/* What one elementwise operation needs to know. */
typedef struct job {
  int is_binary;
  nac_unary unary;
  nac_binary binary;
  nac_dtype work; /* computed in: f32 or f64 */
  const nac_tensor *in[2];
  nac_tensor *out;
} job;

/* m elements in the working type: where they lie, or loaded into `buffer`. */
static const void *load(const job *j, int k, const char *at, int64_t step, int64_t m, void *buffer)
{
  if (j->in[k]->dtype == j->work && step == 1) {
    return at;
  }
  if (j->work == NAC_F32) {
    k_load_f32(j->in[k]->dtype, m, at, step, buffer);
  } else {
    k_load_f64(j->in[k]->dtype, m, at, step, buffer);
  }
  return buffer;
}

static void compute(const job *j, int64_t m, const void *a, const void *b, void *y)
{
  if (j->work == NAC_F32) {
    if (j->is_binary) {
      k_binary_f32(j->binary, m, a, b, y);
    } else {
      k_unary_f32(j->unary, m, a, y);
    }
  } else if (j->is_binary) {
    k_binary_f64(j->binary, m, a, b, y);
  } else {
    k_unary_f64(j->unary, m, a, y);
  }
}

/* One row: tensor 0 of the walk is the output, then come the inputs. */
static int run_row(const job *j, const nac_walk *w, nac_error *err)
{
  double buffer[3][CHUNK];
  int64_t i;
  int direct = j->out->dtype == j->work && w->step[0] == 1;
  for (i = 0; i < w->n; i += CHUNK) {
    int64_t m = w->n - i < CHUNK ? w->n - i : CHUNK;
    const void *in[2] = {NULL, NULL};
    char *to = w->at[0] + i * w->step[0] * (int64_t)w->size[0];
    int k;
    for (k = 0; k <= j->is_binary; k++) {
      in[k] = load(j, k, w->at[k + 1] + i * w->step[k + 1] * (int64_t)w->size[k + 1], w->step[k + 1], m, buffer[k]);
    }
    compute(j, m, in[0], in[1], direct ? to : (void *)buffer[2]);
    if (direct) {
      continue;
    }
    if (j->work == NAC_F32) { /* then the output is f32 as well, only not contiguous */
      k_copy(sizeof(float), m, buffer[2], 1, to, w->step[0]);
    } else {
      int64_t stored = k_store_f64(j->out->dtype, m, buffer[2], to, w->step[0]);
      if (stored < m) {
        return nac_fail(err, NAC_EINVAL, "the result %.17g does not fit in %s; convert with to(\"f32\") first",
                        buffer[2][stored], nac_dtype_name(j->out->dtype));
      }
    }
  }
  return NAC_OK;
}

static int run(const job *j, nac_error *err)
{
  nac_walk w;
  int code = NAC_OK;
  nac_walk_start(&w, j->out->rank, j->out->dim);
  nac_walk_add(&w, j->out);
  nac_walk_add(&w, j->in[0]);
  if (j->is_binary) {
    nac_walk_add(&w, j->in[1]);
  }
  for (nac_walk_begin(&w); w.n > 0 && code == NAC_OK; nac_walk_next(&w)) {
    code = run_row(j, &w, err);
  }
  return code;
}

/* Runs the job into a new tensor. */
static int run_new(nac_tensor **out, job *j, nac_dtype dtype, int rank, const int64_t *dim, nac_error *err)
{
  int code = nac_tensor_new(&j->out, dtype, rank, dim, err);
  if (code == NAC_OK) {
    code = run(j, err);
    if (code != NAC_OK) {
      nac_tensor_free(j->out);
      j->out = NULL;
    }
  }
  *out = j->out;
  return code;
}

/* Checks that dst can take a result of type `result`. */
static int check_in_place(const nac_tensor *dst, nac_dtype result, nac_error *err)
{
  if (!is_float(dst->dtype) && is_float(result)) {
    return nac_fail(err, NAC_EINVAL, "the result is %s, which a %s tensor cannot take in place",
                    nac_dtype_name(result), nac_dtype_name(dst->dtype));
  }
  return nac_tensor_check_writable(dst, err);
}

static void unary_job(job *j, nac_unary op, const nac_tensor *t, nac_dtype *result)
{
  memset(j, 0, sizeof *j);
  j->unary = op;
  j->in[0] = t;
  *result = promote(t->dtype, t->dtype, op >= NAC_EXP);
  j->work = *result == NAC_F32 ? NAC_F32 : NAC_F64;
}

int nac_tensor_unary(nac_tensor **out, nac_unary op, const nac_tensor *t, nac_error *err)
{
  job j;
  nac_dtype result;
  unary_job(&j, op, t, &result);
  return run_new(out, &j, result, t->rank, t->dim, err);
}

int nac_tensor_unary_in_place(nac_tensor *dst, nac_unary op, nac_error *err)
{
  job j;
  nac_dtype result;
  int code;
  unary_job(&j, op, dst, &result);
  j.out = dst;
  code = check_in_place(dst, result, err);
  return code == NAC_OK ? run(&j, err) : code;
}

static void binary_job(job *j, nac_binary op, const nac_tensor *a, const nac_tensor *b, nac_dtype *result)
{
  memset(j, 0, sizeof *j);
  j->is_binary = 1;
  j->binary = op;
  j->in[0] = a;
  j->in[1] = b;
  if (op >= NAC_GT) { /* in double, where all types compare exactly */
    *result = NAC_U8;
    j->work = NAC_F64;
  } else {
    *result = promote(a->dtype, b->dtype, op == NAC_DIV || op == NAC_POW);
    j->work = *result == NAC_F32 ? NAC_F32 : NAC_F64;
  }
}

int nac_tensor_binary(nac_tensor **out, nac_binary op, const nac_tensor *a, const nac_tensor *b, nac_error *err)
{
  job j;
  nac_dtype result;
  int rank;
  int64_t dim[NAC_MAX_RANK];
  int code = nac_broadcast_shape(&rank, dim, a, b, err);
  *out = NULL;
  if (code != NAC_OK) {
    return code;
  }
  binary_job(&j, op, a, b, &result);
  return run_new(out, &j, result, rank, dim, err);
}

int nac_tensor_binary_in_place(nac_tensor *dst, nac_binary op, const nac_tensor *b, nac_error *err)
{
  job j;
  nac_dtype result;
  nac_tensor *apart = NULL;
  int code;
  if (!nac_broadcasts_to(b, dst->rank, dst->dim)) {
    char sb[NAC_SHAPE_TEXT];
    char sd[NAC_SHAPE_TEXT];
    nac_shape_text(sb, sizeof sb, b->rank, b->dim);
    nac_shape_text(sd, sizeof sd, dst->rank, dst->dim);
    return nac_fail(err, NAC_ESHAPE, "cannot broadcast %s to %s in place", sb, sd);
  }
  binary_job(&j, op, dst, b, &result);
  j.out = dst;
  code = check_in_place(dst, result, err);
  if (code == NAC_OK && nac_tensor_clashes(dst, b)) {
    code = nac_tensor_convert(&apart, b, b->dtype, err);
    j.in[1] = apart;
  }
  if (code == NAC_OK) {
    code = run(&j, err);
  }
  nac_tensor_free(apart);
  return code;
}
