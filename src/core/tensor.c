/* Tensors: storage, making and dropping. Views are in tensor_view.c, copies
 * and single elements in tensor_copy.c. */
#define _DEFAULT_SOURCE /* sysconf(_SC_PHYS_PAGES) */
#include "core/tensor.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"

/* The storage's header takes one cache line, so that the data behind it is
 * aligned as nac_malloc aligns. */
#define STORAGE_HEADER 64
_Static_assert(sizeof(nac_storage) <= STORAGE_HEADER, "storage header");

size_t nac_dtype_size(nac_dtype dtype)
{
  static const size_t size[] = {4, 8, 4, 1};
  return size[dtype];
}

const char *nac_dtype_name(nac_dtype dtype)
{
  static const char *const name[] = {"f32", "f64", "i32", "u8"};
  return name[dtype];
}

void nac_shape_text(char *text, size_t size, int rank, const int64_t *dim)
{
  size_t used = 0;
  int d;
  if (rank == 0) {
    snprintf(text, size, "scalar");
    return;
  }
  for (d = 0; d < rank && used < size; d++) {
    int n = snprintf(text + used, size - used, d == 0 ? "%lld" : "x%lld", (long long)dim[d]);
    used += n > 0 ? (size_t)n : 0;
  }
}

/* Bytes of memory in this machine; a tensor above that would be killed when
 * touched, on systems that promise more than they have. */
static double machine_bytes(void)
{
  static double bytes;
  if (bytes == 0) {
    long pages = sysconf(_SC_PHYS_PAGES);
    long page = sysconf(_SC_PAGESIZE);
    bytes = pages > 0 && page > 0 ? (double)pages * (double)page : 1e18;
  }
  return bytes;
}

static void size_text(char *text, size_t size, double bytes)
{
  static const char *const unit[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
  int u = 0;
  while (bytes >= 1000 && u < 6) {
    bytes /= 1000;
    u++;
  }
  snprintf(text, size, "%.3g %s", bytes, unit[u]);
}

/* The number of bytes of a tensor, or a refusal. */
static int tensor_bytes(size_t *bytes, nac_dtype dtype, int rank, const int64_t *dim, nac_error *err)
{
  char shape[NAC_SHAPE_TEXT];
  char need[32];
  double wanted = (double)nac_dtype_size(dtype);
  int empty = 0;
  int d;
  if (rank < 0 || rank > NAC_MAX_RANK) {
    return nac_fail(err, NAC_EINVAL, "a tensor has at most %d dimensions, got %d", NAC_MAX_RANK, rank);
  }
  nac_shape_text(shape, sizeof shape, rank, dim);
  for (d = 0; d < rank; d++) {
    if (dim[d] < 0) {
      return nac_fail(err, NAC_EINVAL, "dimension %d of shape %s is negative", d + 1, shape);
    }
    empty |= dim[d] == 0;
    wanted *= dim[d] == 0 ? 1.0 : (double)dim[d]; /* strides must not overflow either */
  }
  size_text(need, sizeof need, wanted);
  if (wanted > 4e18) {
    return nac_fail(err, NAC_ENOMEM, "a %s tensor of shape %s is too large", nac_dtype_name(dtype), shape);
  }
  if (!empty && wanted > machine_bytes()) {
    char have[32];
    size_text(have, sizeof have, machine_bytes());
    return nac_fail(err, NAC_ENOMEM, "a %s tensor of shape %s needs %s, this machine has %s",
                    nac_dtype_name(dtype), shape, need, have);
  }
  *bytes = nac_dtype_size(dtype);
  for (d = 0; d < rank; d++) {
    *bytes *= (size_t)dim[d];
  }
  return NAC_OK;
}

/* A tensor with row-major strides and no storage yet. */
static nac_tensor *new_header(nac_dtype dtype, int rank, const int64_t *dim)
{
  nac_tensor *t = nac_calloc(1, sizeof *t);
  int64_t stride = 1;
  int d;
  if (t != NULL) {
    t->dtype = dtype;
    t->rank = rank;
    for (d = rank - 1; d >= 0; d--) {
      t->dim[d] = dim[d];
      t->stride[d] = stride;
      stride *= dim[d] > 0 ? dim[d] : 1;
    }
  }
  return t;
}

int nac_tensor_new(nac_tensor **out, nac_dtype dtype, int rank, const int64_t *dim, nac_error *err)
{
  size_t bytes;
  nac_tensor *t;
  nac_storage *s;
  int code = tensor_bytes(&bytes, dtype, rank, dim, err);
  *out = NULL;
  if (code != NAC_OK) {
    return code;
  }
  t = new_header(dtype, rank, dim);
  s = t == NULL ? NULL : nac_malloc(STORAGE_HEADER + bytes);
  if (s == NULL) {
    char shape[NAC_SHAPE_TEXT];
    char need[32];
    nac_free(t);
    nac_shape_text(shape, sizeof shape, rank, dim);
    size_text(need, sizeof need, (double)bytes);
    return nac_fail(err, NAC_ENOMEM, "out of memory: a %s tensor of shape %s needs %s",
                    nac_dtype_name(dtype), shape, need);
  }
  memset(s, 0, sizeof *s);
  s->refs = 1;
  s->bytes = bytes;
  s->data = (char *)s + STORAGE_HEADER;
  t->storage = s;
  *out = t;
  return NAC_OK;
}

int nac_tensor_wrap(nac_tensor **out, nac_dtype dtype, int rank, const int64_t *dim, void *data,
                    void (*owner_free)(void *owner), void *owner, nac_error *err)
{
  size_t bytes;
  nac_tensor *t;
  nac_storage *s;
  int code = tensor_bytes(&bytes, dtype, rank, dim, err);
  *out = NULL;
  if (code != NAC_OK) {
    return code;
  }
  t = new_header(dtype, rank, dim);
  s = t == NULL ? NULL : nac_calloc(1, sizeof *s);
  if (s == NULL) {
    nac_free(t);
    return nac_fail(err, NAC_ENOMEM, "out of memory");
  }
  s->refs = 1;
  s->bytes = bytes;
  s->data = data;
  s->borrowed = 1;
  s->owner_free = owner_free;
  s->owner = owner;
  t->storage = s;
  *out = t;
  return NAC_OK;
}

int nac_tensor_view(nac_tensor **out, const nac_tensor *t, nac_error *err)
{
  nac_tensor *v = nac_malloc(sizeof *v);
  *out = v;
  if (v == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory");
  }
  *v = *t;
  v->storage->refs++;
  return NAC_OK;
}

void nac_storage_release(nac_storage *s)
{
  if (--s->refs == 0) {
    if (s->owner_free != NULL) {
      s->owner_free(s->owner);
    }
    nac_free(s);
  }
}

void nac_tensor_free(nac_tensor *t)
{
  if (t != NULL) {
    nac_storage *s = t->storage;
    nac_free(t);
    nac_storage_release(s);
  }
}

int64_t nac_tensor_numel(const nac_tensor *t)
{
  int64_t n = 1;
  int d;
  for (d = 0; d < t->rank; d++) {
    n *= t->dim[d];
  }
  return n;
}

int nac_tensor_is_contiguous(const nac_tensor *t)
{
  int64_t stride = 1;
  int d;
  if (nac_tensor_numel(t) == 0) {
    return 1;
  }
  for (d = t->rank - 1; d >= 0; d--) {
    if (t->dim[d] != 1 && t->stride[d] != stride) {
      return 0;
    }
    stride *= t->dim[d];
  }
  return 1;
}

void *nac_tensor_data(const nac_tensor *t)
{
  return (char *)t->storage->data + (size_t)t->offset * nac_dtype_size(t->dtype);
}

int nac_tensor_axis(int *axis, const nac_tensor *t, int64_t dim, nac_error *err)
{
  if (dim < -t->rank || dim >= t->rank) {
    char shape[NAC_SHAPE_TEXT];
    nac_shape_text(shape, sizeof shape, t->rank, t->dim);
    return nac_fail(err, NAC_EINVAL, "no such dimension of a tensor of shape %s", shape);
  }
  *axis = (int)(dim < 0 ? dim + t->rank : dim);
  return NAC_OK;
}
