/* Views of a tensor: the same storage under another shape. */
#include "core/tensor.h"
#include "core/tensor_walk.h"

int nac_tensor_slice(nac_tensor **out, const nac_tensor *t, int axis, int64_t first, int64_t count,
                     nac_error *err)
{
  int code;
  *out = NULL;
  if (first < 0 || count < 0 || first > t->dim[axis] - count) {
    return nac_fail(err, NAC_EINVAL, "slice outside of the %lld elements of dimension %d",
                    (long long)t->dim[axis], axis + 1);
  }
  code = nac_tensor_view(out, t, err);
  if (code == NAC_OK) {
    (*out)->dim[axis] = count;
    if (count > 0) { /* an empty slice must not point behind the storage */
      (*out)->offset += first * t->stride[axis];
    }
  }
  return code;
}

int nac_tensor_select(nac_tensor **out, const nac_tensor *t, int axis, int64_t i, nac_error *err)
{
  nac_tensor *v;
  int d;
  int code = nac_tensor_slice(out, t, axis, i, 1, err);
  if (code != NAC_OK) {
    return code;
  }
  v = *out;
  v->rank--;
  for (d = axis; d < v->rank; d++) {
    v->dim[d] = v->dim[d + 1];
    v->stride[d] = v->stride[d + 1];
  }
  return NAC_OK;
}

int nac_tensor_transpose(nac_tensor **out, const nac_tensor *t, int a, int b, nac_error *err)
{
  int code = nac_tensor_view(out, t, err);
  if (code == NAC_OK) {
    (*out)->dim[a] = t->dim[b];
    (*out)->dim[b] = t->dim[a];
    (*out)->stride[a] = t->stride[b];
    (*out)->stride[b] = t->stride[a];
  }
  return code;
}

int nac_tensor_expand(nac_tensor **out, const nac_tensor *t, int rank, const int64_t *dim, nac_error *err)
{
  int shift = rank - t->rank;
  int code;
  int d;
  int64_t n = 1;
  *out = NULL;
  if (rank > NAC_MAX_RANK || !nac_broadcasts_to(t, rank, dim)) {
    char from[NAC_SHAPE_TEXT];
    char to[NAC_SHAPE_TEXT];
    nac_shape_text(from, sizeof from, t->rank, t->dim);
    nac_shape_text(to, sizeof to, rank, dim);
    return nac_fail(err, NAC_ESHAPE, "cannot expand %s to %s", from, to);
  }
  for (d = 0; d < rank; d++) {
    if (dim[d] < 0 || __builtin_mul_overflow(n, dim[d] > 0 ? dim[d] : 1, &n)) {
      return nac_fail(err, NAC_EINVAL, "dimension %d of the shape is negative or too large", d + 1);
    }
  }
  code = nac_tensor_view(out, t, err);
  if (code != NAC_OK) {
    return code;
  }
  (*out)->rank = rank;
  for (d = 0; d < rank; d++) {
    int same = d >= shift && t->dim[d - shift] == dim[d];
    (*out)->dim[d] = dim[d];
    (*out)->stride[d] = same ? t->stride[d - shift] : 0;
  }
  return NAC_OK;
}

int nac_tensor_contiguous(nac_tensor **out, const nac_tensor *t, nac_error *err)
{
  if (nac_tensor_is_contiguous(t)) {
    return nac_tensor_view(out, t, err);
  }
  return nac_tensor_convert(out, t, t->dtype, err);
}

/* Replaces the one -1 in `dim`, if any, and checks that the number of
 * elements stays. */
static int resolve_shape(const nac_tensor *t, int rank, const int64_t *dim, int64_t *full, nac_error *err)
{
  int64_t numel = nac_tensor_numel(t);
  int64_t known = 1;
  int unknown = -1;
  int bad = rank > NAC_MAX_RANK;
  int d;
  for (d = 0; d < rank && !bad; d++) {
    full[d] = dim[d];
    if (dim[d] == -1) {
      bad = unknown >= 0;
      unknown = d;
    } else {
      bad = dim[d] < 0 || __builtin_mul_overflow(known, dim[d], &known);
    }
  }
  if (!bad && unknown >= 0) {
    bad = known == 0 || numel % known != 0;
    full[unknown] = bad ? 0 : numel / known;
  } else if (!bad) {
    bad = known != numel;
  }
  if (bad) {
    char from[NAC_SHAPE_TEXT];
    char to[NAC_SHAPE_TEXT];
    nac_shape_text(from, sizeof from, t->rank, t->dim);
    nac_shape_text(to, sizeof to, rank, dim);
    return nac_fail(err, NAC_ESHAPE, "cannot reshape %s (%lld elements) to %s", from, (long long)numel, to);
  }
  return NAC_OK;
}

int nac_tensor_reshape(nac_tensor **out, const nac_tensor *t, int rank, const int64_t *dim, nac_error *err)
{
  int64_t full[NAC_MAX_RANK] = {0};
  int64_t stride = 1;
  int d;
  int code = resolve_shape(t, rank, dim, full, err);
  *out = NULL;
  if (code == NAC_OK) {
    code = nac_tensor_contiguous(out, t, err);
  }
  if (code != NAC_OK) {
    return code;
  }
  (*out)->rank = rank;
  for (d = rank - 1; d >= 0; d--) {
    (*out)->dim[d] = full[d];
    (*out)->stride[d] = stride;
    stride *= full[d] > 0 ? full[d] : 1;
  }
  return NAC_OK;
}
