#include "core/idx.h"

#include <string.h>

#include "core/mem.h"
#include "core/stream.h"
#include "core/writer.h"

typedef struct idx_type {
  int code;        /* third byte of the file */
  int bytes;       /* of one element */
  nac_dtype dtype; /* what it becomes */
} idx_type;

static const idx_type types[] = {
  {0x08, 1, NAC_U8}, {0x09, 1, NAC_I32}, {0x0b, 2, NAC_I32}, {0x0c, 4, NAC_I32}, {0x0d, 4, NAC_F32}, {0x0e, 8, NAC_F64},
};
enum { N_TYPES = sizeof types / sizeof *types };

typedef struct idx_header {
  const idx_type *type;
  int rank;
  int64_t dim[NAC_MAX_RANK];
} idx_header;

static int not_idx(const char *path, const unsigned char *b, size_t n, nac_error *err)
{
  char hex[16] = "nothing";
  size_t i;
  static const char digits[] = "0123456789abcdef";
  for (i = 0; i < n; i++) {
    hex[2 * i] = digits[b[i] >> 4];
    hex[2 * i + 1] = digits[b[i] & 15];
    hex[2 * i + 2] = '\0';
  }
  return nac_fail(err, NAC_EFORMAT,
                  "%s: not an IDX file: it starts with %s%s; an IDX file starts with 0000, then the element type (08, "
                  "09, 0b to 0e) and the rank",
                  path, n > 0 ? "the bytes " : "", hex);
}

/* Bytes of the data that the header claims; -1 on overflow. A dimension of 0
 * must not hide absurd others, because strides are products of them. */
static int64_t claimed_bytes(const idx_header *h)
{
  int64_t n = h->type->bytes;
  int empty = 0;
  int i;
  for (i = 0; i < h->rank; i++) {
    int64_t d = h->dim[i] > 0 ? h->dim[i] : 1;
    empty |= h->dim[i] == 0;
    if (n > INT64_MAX / 8 / d) {
      return -1;
    }
    n *= d;
  }
  return empty ? 0 : n;
}

static int read_header(nac_stream *s, idx_header *h, nac_error *err)
{
  const char *path = nac_stream_path(s);
  unsigned char b[4 * NAC_MAX_RANK];
  int64_t bytes;
  size_t got;
  int i;
  int code = nac_stream_read(s, b, 4, &got, err);
  if (code != NAC_OK) {
    return code;
  }
  h->type = NULL;
  for (i = 0; i < N_TYPES; i++) {
    if (got == 4 && b[0] == 0 && b[1] == 0 && types[i].code == b[2]) {
      h->type = &types[i];
    }
  }
  if (h->type == NULL) {
    return not_idx(path, b, got, err);
  }
  h->rank = b[3];
  if (h->rank < 1 || h->rank > NAC_MAX_RANK) {
    return nac_fail(err, NAC_EFORMAT, "%s: its header claims %d dimensions; 1 to %d can be read", path, h->rank,
                    NAC_MAX_RANK);
  }
  code = nac_stream_read(s, b, 4 * (size_t)h->rank, &got, err);
  if (code != NAC_OK) {
    return code;
  }
  if (got < 4 * (size_t)h->rank) {
    return nac_fail(err, NAC_EFORMAT, "%s: truncated: the file ends inside its header", path);
  }
  for (i = 0; i < h->rank; i++) {
    const unsigned char *p = b + 4 * i;
    h->dim[i] = (int64_t)p[0] << 24 | (int64_t)p[1] << 16 | (int64_t)p[2] << 8 | (int64_t)p[3];
  }
  bytes = claimed_bytes(h);
  if (bytes < 0) {
    return nac_fail(err, NAC_EFORMAT, "%s: its header claims more elements than any file can hold", path);
  }
  return nac_stream_expect(s, bytes, err);
}

/* Reads big-endian elements `raw` into a tensor's memory; may be in place when
 * the sizes agree. */
static void decode(const idx_type *type, const unsigned char *raw, void *to, int64_t n)
{
  int64_t i;
  for (i = 0; i < n; i++) {
    const unsigned char *p = raw + i * type->bytes;
    uint64_t bits = 0;
    uint32_t low;
    int32_t value;
    int k;
    for (k = 0; k < type->bytes; k++) {
      bits = bits << 8 | p[k];
    }
    low = (uint32_t)bits;
    switch (type->code) {
    case 0x09: value = (int8_t)p[0]; memcpy((char *)to + 4 * i, &value, 4); break;
    case 0x0b: value = (int16_t)low; memcpy((char *)to + 4 * i, &value, 4); break;
    case 0x0e: memcpy((char *)to + 8 * i, &bits, 8); break;
    default: memcpy((char *)to + 4 * i, &low, 4); break;
    }
  }
}

static int from_raw(nac_tensor **out, const idx_header *h, void *raw, nac_error *err)
{
  int64_t n = claimed_bytes(h) / h->type->bytes;
  int code;
  if (h->type->bytes < (int)nac_dtype_size(h->type->dtype)) { /* i8, i16: grow into i32 */
    code = nac_tensor_new(out, h->type->dtype, h->rank, h->dim, err);
    if (code == NAC_OK) {
      decode(h->type, raw, nac_tensor_data(*out), n);
    }
    nac_free(raw);
    return code;
  }
  if (h->type->bytes > 1) {
    decode(h->type, raw, raw, n);
  }
  code = nac_tensor_wrap(out, h->type->dtype, h->rank, h->dim, raw, nac_free, raw, err);
  if (code != NAC_OK) {
    nac_free(raw);
  }
  return code;
}

static int read_rows(nac_tensor **out, nac_stream *s, int64_t max_rows, nac_error *err)
{
  idx_header h;
  int all;
  void *raw;
  int code = read_header(s, &h, err);
  if (code != NAC_OK) {
    return code;
  }
  all = max_rows < 0 || max_rows >= h.dim[0];
  if (!all) {
    h.dim[0] = max_rows;
  }
  code = nac_stream_take(s, (size_t)claimed_bytes(&h), &raw, err);
  if (code != NAC_OK) {
    return code;
  }
  if (all) {
    code = nac_stream_expect_end(s, err);
    if (code != NAC_OK) {
      nac_free(raw);
      return code;
    }
  }
  return from_raw(out, &h, raw, err);
}

int nac_idx_read(nac_tensor **out, const char *path, int64_t max_rows, nac_error *err)
{
  nac_stream *s;
  int code = nac_stream_open(&s, path, err);
  *out = NULL;
  if (code == NAC_OK) {
    code = read_rows(out, s, max_rows, err);
    nac_stream_close(s);
  }
  return code;
}

int nac_idx_shape(const char *path, int *rank, int64_t *dim, nac_error *err)
{
  idx_header h;
  nac_stream *s;
  int code = nac_stream_open(&s, path, err);
  if (code != NAC_OK) {
    return code;
  }
  code = read_header(s, &h, err);
  nac_stream_close(s);
  if (code == NAC_OK) {
    *rank = h.rank;
    memcpy(dim, h.dim, (size_t)h.rank * sizeof *dim);
  }
  return code;
}

/* Elements of a contiguous tensor, big-endian, in pieces */
static int write_elements(nac_writer *w, const nac_tensor *t, nac_error *err)
{
  size_t size = nac_dtype_size(t->dtype);
  const unsigned char *p = nac_tensor_data(t);
  size_t total = (size_t)nac_tensor_numel(t) * size;
  unsigned char piece[4096];
  size_t done;
  for (done = 0; done < total;) {
    size_t n = total - done < sizeof piece ? total - done : sizeof piece;
    size_t i;
    int code;
    for (i = 0; i < n; i++) {
      size_t in_element = i % size;
      piece[i] = p[done + i - in_element + (size - 1 - in_element)];
    }
    code = nac_writer_put(w, piece, n, err);
    if (code != NAC_OK) {
      return code;
    }
    done += n;
  }
  return NAC_OK;
}

static int put_header(nac_writer *w, const nac_tensor *t, nac_error *err)
{
  static const unsigned char code_of[] = {[NAC_F32] = 0x0d, [NAC_F64] = 0x0e, [NAC_I32] = 0x0c, [NAC_U8] = 0x08};
  unsigned char b[4 + 4 * NAC_MAX_RANK] = {0};
  int i;
  b[2] = code_of[t->dtype];
  b[3] = (unsigned char)t->rank;
  for (i = 0; i < t->rank; i++) {
    uint32_t d = (uint32_t)t->dim[i];
    b[4 + 4 * i] = (unsigned char)(d >> 24);
    b[5 + 4 * i] = (unsigned char)(d >> 16);
    b[6 + 4 * i] = (unsigned char)(d >> 8);
    b[7 + 4 * i] = (unsigned char)d;
  }
  return nac_writer_put(w, b, 4 + 4 * (size_t)t->rank, err);
}

int nac_idx_write(const char *path, const nac_tensor *t, nac_error *err)
{
  nac_tensor *whole;
  nac_writer *w;
  int i;
  int code;
  for (i = 0; i < t->rank; i++) {
    if (t->dim[i] > UINT32_MAX) {
      return nac_fail(err, NAC_EINVAL, "%s: a dimension of %lld does not fit into an IDX file", path,
                      (long long)t->dim[i]);
    }
  }
  if (t->rank < 1) {
    return nac_fail(err, NAC_EINVAL, "%s: an IDX file needs at least one dimension", path);
  }
  code = nac_tensor_convert(&whole, t, t->dtype, err);
  if (code != NAC_OK) {
    return code;
  }
  code = nac_writer_open(&w, path, err);
  if (code == NAC_OK) {
    code = put_header(w, whole, err);
    if (code == NAC_OK) {
      code = write_elements(w, whole, err);
    }
    if (code == NAC_OK) {
      code = nac_writer_commit(w, 1, err);
    } else {
      nac_writer_abort(w);
    }
  }
  nac_tensor_free(whole);
  return code;
}
