/* Tensors made of other tensors' parts: joining, gathering rows; comparing. */
#include <string.h>

#include "core/tensor_math.h"
#include "core/tensor_walk.h"
#include "kern/k_tensor_convert.h"
#include "kern/k_tensor_reduce.h"

#define CHUNK 512

/* Joined tensors keep their type; of several the most general one is taken. */
static nac_dtype common_type(int n, nac_tensor *const *list)
{
  static const int order[] = {2, 3, 1, 0}; /* u8 < i32 < f32 < f64 */
  nac_dtype best = list[0]->dtype;
  int i;
  for (i = 1; i < n; i++) {
    if (order[list[i]->dtype] > order[best]) {
      best = list[i]->dtype;
    }
  }
  return best;
}

static int shapes_differ(int entry, const nac_tensor *a, const nac_tensor *b, nac_error *err)
{
  char sa[NAC_SHAPE_TEXT];
  char sb[NAC_SHAPE_TEXT];
  nac_shape_text(sa, sizeof sa, a->rank, a->dim);
  nac_shape_text(sb, sizeof sb, b->rank, b->dim);
  return nac_fail(err, NAC_ESHAPE, "cannot join %s (entry 1) with %s (entry %d)", sa, sb, entry);
}

int nac_tensor_concat(nac_tensor **out, int n, nac_tensor *const *list, int axis, nac_error *err)
{
  int64_t dim[NAC_MAX_RANK];
  int64_t at = 0;
  int code;
  int i;
  int d;
  *out = NULL;
  if (n < 1 || axis < 0 || axis >= list[0]->rank) {
    return nac_fail(err, NAC_EINVAL, "nothing to join along that dimension");
  }
  memcpy(dim, list[0]->dim, sizeof dim);
  for (i = 1; i < n; i++) {
    int differ = list[i]->rank != list[0]->rank;
    for (d = 0; d < list[0]->rank && !differ; d++) {
      differ = d != axis && list[i]->dim[d] != dim[d];
    }
    if (differ || __builtin_add_overflow(dim[axis], list[i]->dim[axis], &dim[axis])) {
      return shapes_differ(i + 1, list[0], list[i], err);
    }
  }
  code = nac_tensor_new(out, common_type(n, list), list[0]->rank, dim, err);
  for (i = 0; i < n && code == NAC_OK; i++) {
    nac_tensor *part;
    code = nac_tensor_slice(&part, *out, axis, at, list[i]->dim[axis], err);
    if (code == NAC_OK) {
      code = nac_tensor_copy(part, list[i], err);
      nac_tensor_free(part);
    }
    at += list[i]->dim[axis];
  }
  if (code != NAC_OK) {
    nac_tensor_free(*out);
    *out = NULL;
  }
  return code;
}

int nac_tensor_stack(nac_tensor **out, int n, nac_tensor *const *list, int axis, nac_error *err)
{
  int64_t dim[NAC_MAX_RANK + 1];
  int code;
  int i;
  int d;
  *out = NULL;
  if (n < 1 || axis < 0 || axis > list[0]->rank) {
    return nac_fail(err, NAC_EINVAL, "nothing to join along that dimension");
  }
  for (i = 1; i < n; i++) {
    int differ = list[i]->rank != list[0]->rank;
    for (d = 0; d < list[0]->rank && !differ; d++) {
      differ = list[i]->dim[d] != list[0]->dim[d];
    }
    if (differ) {
      return shapes_differ(i + 1, list[0], list[i], err);
    }
  }
  for (d = 0; d <= list[0]->rank; d++) {
    dim[d] = d < axis ? list[0]->dim[d] : d == axis ? n : list[0]->dim[d - 1];
  }
  code = nac_tensor_new(out, common_type(n, list), list[0]->rank + 1, dim, err);
  for (i = 0; i < n && code == NAC_OK; i++) {
    nac_tensor *part;
    code = nac_tensor_select(&part, *out, axis, i, err);
    if (code == NAC_OK) {
      code = nac_tensor_copy(part, list[i], err);
      nac_tensor_free(part);
    }
  }
  if (code != NAC_OK) {
    nac_tensor_free(*out);
    *out = NULL;
  }
  return code;
}

/* Copies the rows; `from` is contiguous and so is `to`. */
static int gather(nac_tensor *to, const nac_tensor *from, const nac_tensor *index, int64_t base, nac_error *err)
{
  size_t row = nac_dtype_size(from->dtype);
  const char *x = nac_tensor_data(from);
  char *y = nac_tensor_data(to);
  const char *at = nac_tensor_data(index);
  int64_t step = index->stride[0] * (int64_t)nac_dtype_size(index->dtype);
  int64_t i;
  int d;
  for (d = 1; d < from->rank; d++) {
    row *= (size_t)from->dim[d];
  }
  for (i = 0; i < index->dim[0]; i++) {
    double value;
    int64_t r;
    k_load_f64(index->dtype, 1, at + i * step, 1, &value);
    r = (int64_t)value - base;
    if (r < 0 || r >= from->dim[0]) {
      return nac_fail(err, NAC_EINVAL, "index %lld (entry %lld) outside of %lld..%lld", (long long)value,
                      (long long)(i + 1), (long long)base, (long long)(from->dim[0] - 1 + base));
    }
    memcpy(y + (size_t)i * row, x + (size_t)r * row, row);
  }
  return NAC_OK;
}

int nac_tensor_rows(nac_tensor **out, const nac_tensor *t, const nac_tensor *index, int64_t base, nac_error *err)
{
  nac_tensor *from;
  int64_t dim[NAC_MAX_RANK];
  int code;
  *out = NULL;
  if (t->rank < 1) {
    return nac_fail(err, NAC_ESHAPE, "a scalar has no rows");
  }
  if (index->rank != 1 || index->dtype == NAC_F32 || index->dtype == NAC_F64) {
    char shape[NAC_SHAPE_TEXT];
    nac_shape_text(shape, sizeof shape, index->rank, index->dim);
    return nac_fail(err, NAC_EINVAL, "row indices must be an i32 tensor of rank 1, got %s of shape %s",
                    nac_dtype_name(index->dtype), shape);
  }
  code = nac_tensor_contiguous(&from, t, err);
  if (code != NAC_OK) {
    return code;
  }
  memcpy(dim, t->dim, sizeof dim);
  dim[0] = index->dim[0];
  code = nac_tensor_new(out, t->dtype, t->rank, dim, err);
  if (code == NAC_OK) {
    code = gather(*out, from, index, base, err);
  }
  if (code != NAC_OK) {
    nac_tensor_free(*out);
    *out = NULL;
  }
  nac_tensor_free(from);
  return code;
}

int nac_tensor_allclose(const nac_tensor *a, const nac_tensor *b, double rtol, double atol)
{
  double x[CHUNK];
  double y[CHUNK];
  nac_walk w;
  int64_t i;
  int d;
  if (a->rank != b->rank) {
    return 0;
  }
  for (d = 0; d < a->rank; d++) {
    if (a->dim[d] != b->dim[d]) {
      return 0;
    }
  }
  nac_walk_start(&w, a->rank, a->dim);
  nac_walk_add(&w, a);
  nac_walk_add(&w, b);
  for (nac_walk_begin(&w); w.n > 0; nac_walk_next(&w)) {
    for (i = 0; i < w.n; i += CHUNK) {
      int64_t m = w.n - i < CHUNK ? w.n - i : CHUNK;
      k_load_f64(a->dtype, m, w.at[0] + i * w.step[0] * (int64_t)w.size[0], w.step[0], x);
      k_load_f64(b->dtype, m, w.at[1] + i * w.step[1] * (int64_t)w.size[1], w.step[1], y);
      if (!k_allclose(m, x, y, rtol, atol)) {
        return 0;
      }
    }
  }
  return 1;
}

int nac_tensor_isfinite(const nac_tensor *t)
{
  double x[CHUNK];
  nac_walk w;
  int64_t i;
  nac_walk_start(&w, t->rank, t->dim);
  nac_walk_add(&w, t);
  for (nac_walk_begin(&w); w.n > 0; nac_walk_next(&w)) {
    for (i = 0; i < w.n; i += CHUNK) {
      int64_t m = w.n - i < CHUNK ? w.n - i : CHUNK;
      k_load_f64(t->dtype, m, w.at[0] + i * w.step[0] * (int64_t)w.size[0], w.step[0], x);
      if (!k_isfinite(m, x)) {
        return 0;
      }
    }
  }
  return 1;
}
