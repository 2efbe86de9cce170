#include "core/element.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/stream.h"

int nac_element_known(const nac_element *e)
{
  const int b = e->bytes;
  if (e->kind == 'f') {
    return b == 2 || b == 4 || b == 8;
  }
  if (e->kind == 'g' || e->kind == 'b') {
    return b == (e->kind == 'g' ? 2 : 1);
  }
  return (e->kind == 'i' || e->kind == 'u') && (b == 1 || b == 2 || b == 4 || b == 8);
}

static uint64_t load_bits(const unsigned char *p, int bytes, int big)
{
  uint64_t bits = 0;
  int k;
  for (k = 0; k < bytes; k++) {
    bits = bits << 8 | p[big ? k : bytes - 1 - k];
  }
  return bits;
}

/* IEEE 754 binary16 */
static float half_to_float(uint32_t bits)
{
  int exponent = (int)(bits >> 10 & 31);
  float fraction = (float)(bits & 1023);
  float value;
  if (exponent == 31) {
    value = fraction != 0 ? NAN : INFINITY;
  } else {
    value = exponent == 0 ? ldexpf(fraction, -24) : ldexpf(fraction + 1024, exponent - 25);
  }
  return bits & 0x8000 ? -value : value;
}

nac_dtype nac_element_dtype(const nac_element *e)
{
  if (e->kind == 'f' || e->kind == 'g') {
    return e->bytes == 8 ? NAC_F64 : NAC_F32;
  }
  return e->bytes == 1 && e->kind != 'i' ? NAC_U8 : NAC_I32;
}

/* Stores one element; 0 when an integer does not fit into int32 */
static int store(const nac_element *e, uint64_t bits, void *to, int64_t at)
{
  int64_t value = (int64_t)bits;
  int shift = 64 - 8 * e->bytes;
  if (e->kind == 'f' || e->kind == 'g') {
    uint32_t low = (uint32_t)bits;
    if (e->bytes == 8) {
      memcpy((double *)to + at, &bits, 8);
    } else if (e->bytes == 2 && e->kind == 'f') {
      ((float *)to)[at] = half_to_float(low);
    } else {
      low = e->kind == 'g' ? low << 16 : low; /* bfloat16 is the upper half of a float */
      memcpy((float *)to + at, &low, 4);
    }
    return 1;
  }
  if (e->bytes == 1 && e->kind != 'i') {
    ((unsigned char *)to)[at] = (unsigned char)bits;
    return 1;
  }
  if (e->kind == 'i' && shift > 0 && bits >> (8 * e->bytes - 1)) {
    value = (int64_t)(bits | ~(uint64_t)0 << (8 * e->bytes)); /* extends the sign */
  }
  if ((e->kind == 'u' && bits > INT32_MAX) || value < INT32_MIN || value > INT32_MAX) {
    return 0;
  }
  ((int32_t *)to)[at] = (int32_t)value;
  return 1;
}

/* Every element one by one; the odometer `index` walks the file's order. */
static int decode(const nac_element *e, nac_tensor *out, int fortran, const unsigned char *raw)
{
  const int64_t n = nac_tensor_numel(out);
  void *to = nac_tensor_data(out);
  int64_t index[NAC_MAX_RANK] = {0};
  int64_t at = 0;
  int64_t i;
  int d;
  for (i = 0; i < n; i++) {
    if (!store(e, load_bits(raw + i * e->bytes, e->bytes, e->big), to, fortran ? at : i)) {
      return 0;
    }
    for (d = 0; fortran && d < out->rank; d++) {
      at += out->stride[d];
      if (++index[d] < out->dim[d]) {
        break;
      }
      at -= out->stride[d] * out->dim[d];
      index[d] = 0;
    }
  }
  return 1;
}

int nac_element_tensor(nac_tensor **out, const nac_element *e, int rank, const int64_t *dim, int fortran, void *raw,
                       const char *path, nac_error *err)
{
  const nac_dtype dtype = nac_element_dtype(e);
  const int flat = !fortran || rank < 2;
  const int same = (e->kind == 'f' || dtype == NAC_U8 || (e->kind == 'i' && e->bytes == 4)) &&
                   e->bytes == (int)nac_dtype_size(dtype);
  int code;
  if (flat && same && (!e->big || e->bytes == 1)) {
    code = nac_tensor_wrap(out, dtype, rank, dim, raw, nac_free, raw, err);
    if (code != NAC_OK) {
      nac_free(raw);
    }
    return code;
  }
  code = nac_tensor_new(out, dtype, rank, dim, err);
  if (code == NAC_OK && !decode(e, *out, !flat, raw)) {
    nac_tensor_free(*out);
    *out = NULL;
    code = nac_fail(err, NAC_EFORMAT, "%s: an integer does not fit into 32 bits; store the array as float64", path);
  }
  nac_free(raw);
  return code;
}

int nac_element_read(nac_tensor **out, const nac_element *e, int rank, const int64_t *dim, const char *path,
                     int64_t offset, nac_error *err)
{
  nac_stream *s;
  int64_t bytes = e->bytes;
  void *raw;
  int i;
  int code;
  *out = NULL;
  for (i = 0; i < rank; i++) {
    if (dim[i] < 0 || (dim[i] > 0 && bytes > INT64_MAX / dim[i])) {
      return nac_fail(err, NAC_EFORMAT, "%s: damaged: an array claims more elements than any file can hold", path);
    }
    bytes *= dim[i];
  }
  code = nac_stream_open_part(&s, path, offset, bytes, 0, err);
  if (code != NAC_OK) {
    return code;
  }
  code = nac_stream_take(s, (size_t)bytes, &raw, err);
  nac_stream_close(s);
  return code == NAC_OK ? nac_element_tensor(out, e, rank, dim, 0, raw, path, err) : code;
}
