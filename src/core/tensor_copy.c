/* Elements in and out of tensors: copies between types and layouts, fills,
 * single elements. */
#include "core/tensor.h"
#include "core/tensor_walk.h"
#include "kern/k_tensor_convert.h"

#define CHUNK 512

static int does_not_fit(nac_error *err, double value, nac_dtype dtype)
{
  return nac_fail(err, NAC_EINVAL, "%.17g does not fit in %s", value, nac_dtype_name(dtype));
}

int nac_tensor_check_writable(const nac_tensor *t, nac_error *err)
{
  int d;
  for (d = 0; d < t->rank; d++) {
    if (t->stride[d] == 0 && t->dim[d] > 1) {
      return nac_fail(err, NAC_EINVAL, "an expanded tensor cannot be written to: clone() it first");
    }
  }
  return NAC_OK;
}

static int copy_row(nac_dtype to, char *y, int64_t y_step, nac_dtype from, const char *x, int64_t x_step,
                    int64_t n, nac_error *err)
{
  double chunk[CHUNK];
  int64_t i;
  if (to == from) {
    k_copy(nac_dtype_size(to), n, x, x_step, y, y_step);
    return NAC_OK;
  }
  for (i = 0; i < n; i += CHUNK) {
    int64_t m = n - i < CHUNK ? n - i : CHUNK;
    int64_t stored;
    k_load_f64(from, m, x + i * x_step * (int64_t)nac_dtype_size(from), x_step, chunk);
    stored = k_store_f64(to, m, chunk, y + i * y_step * (int64_t)nac_dtype_size(to), y_step);
    if (stored < m) {
      return does_not_fit(err, chunk[stored], to);
    }
  }
  return NAC_OK;
}

/* dst and src share no element. */
static int copy_apart(nac_tensor *dst, const nac_tensor *src, nac_error *err)
{
  nac_walk w;
  int code = NAC_OK;
  nac_walk_start(&w, dst->rank, dst->dim);
  nac_walk_add(&w, dst);
  nac_walk_add(&w, src);
  for (nac_walk_begin(&w); w.n > 0 && code == NAC_OK; nac_walk_next(&w)) {
    code = copy_row(dst->dtype, w.at[0], w.step[0], src->dtype, w.at[1], w.step[1], w.n, err);
  }
  return code;
}

int nac_tensor_convert(nac_tensor **out, const nac_tensor *t, nac_dtype dtype, nac_error *err)
{
  int code = nac_tensor_new(out, dtype, t->rank, t->dim, err);
  if (code == NAC_OK) {
    code = copy_apart(*out, t, err);
  }
  if (code != NAC_OK) {
    nac_tensor_free(*out);
    *out = NULL;
  }
  return code;
}

int nac_tensor_copy(nac_tensor *dst, const nac_tensor *src, nac_error *err)
{
  int code = nac_tensor_check_writable(dst, err);
  if (code != NAC_OK) {
    return code;
  }
  if (!nac_broadcasts_to(src, dst->rank, dst->dim)) {
    char from[NAC_SHAPE_TEXT];
    char to[NAC_SHAPE_TEXT];
    nac_shape_text(from, sizeof from, src->rank, src->dim);
    nac_shape_text(to, sizeof to, dst->rank, dst->dim);
    return nac_fail(err, NAC_ESHAPE, "cannot copy a tensor of shape %s into shape %s", from, to);
  }
  if (nac_tensor_clashes(dst, src)) {
    nac_tensor *apart;
    code = nac_tensor_convert(&apart, src, src->dtype, err);
    if (code == NAC_OK) {
      code = copy_apart(dst, apart, err);
      nac_tensor_free(apart);
    }
    return code;
  }
  if (nac_tensor_data(dst) == nac_tensor_data(src)) {
    return NAC_OK; /* element on element */
  }
  return copy_apart(dst, src, err);
}

int nac_tensor_fill(nac_tensor *t, double value, nac_error *err)
{
  nac_walk w;
  double chunk[CHUNK];
  int64_t i;
  int code = nac_tensor_check_writable(t, err);
  if (code != NAC_OK) {
    return code;
  }
  for (i = 0; i < CHUNK; i++) {
    chunk[i] = value;
  }
  nac_walk_start(&w, t->rank, t->dim);
  nac_walk_add(&w, t);
  for (nac_walk_begin(&w); w.n > 0; nac_walk_next(&w)) {
    for (i = 0; i < w.n; i += CHUNK) {
      int64_t m = w.n - i < CHUNK ? w.n - i : CHUNK;
      if (k_store_f64(t->dtype, m, chunk, w.at[0] + i * w.step[0] * (int64_t)w.size[0], w.step[0]) < m) {
        return does_not_fit(err, value, t->dtype);
      }
    }
  }
  return NAC_OK;
}

static char *address(const nac_tensor *t, const int64_t *index)
{
  int64_t at = 0;
  int d;
  for (d = 0; d < t->rank; d++) {
    at += index[d] * t->stride[d];
  }
  return (char *)nac_tensor_data(t) + at * (int64_t)nac_dtype_size(t->dtype);
}

double nac_tensor_get(const nac_tensor *t, const int64_t *index)
{
  double value;
  k_load_f64(t->dtype, 1, address(t, index), 1, &value);
  return value;
}

int nac_tensor_set(nac_tensor *t, const int64_t *index, double value, nac_error *err)
{
  if (k_store_f64(t->dtype, 1, &value, address(t, index), 1) < 1) {
    return does_not_fit(err, value, t->dtype);
  }
  return NAC_OK;
}
