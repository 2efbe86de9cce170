#include "core/npy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/writer.h"

static const unsigned char magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

enum { LONGEST_HEADER = 65536 };

typedef struct npy_header {
  char order; /* '<', '>' or '|' */
  char kind;  /* 'f' 'i' 'u' 'b' */
  int bytes;  /* of one element */
  int fortran;
  int rank;
  int64_t dim[NAC_MAX_RANK];
  int64_t n; /* elements */
} npy_header;

/* --- the header: a Python dict literal --- */

typedef struct cursor {
  const char *p; /* ends with a zero byte */
  const char *path;
} cursor;

static int bad_header(const cursor *c, const char *what, nac_error *err)
{
  return nac_fail(err, NAC_EFORMAT, "%s: damaged npy header: %s", c->path, what);
}

static void skip_blanks(cursor *c)
{
  while (*c->p == ' ' || *c->p == '\n' || *c->p == '\t') {
    c->p++;
  }
}

static int accept(cursor *c, char wanted)
{
  skip_blanks(c);
  if (*c->p != wanted) {
    return 0;
  }
  c->p++;
  return 1;
}

static int read_string(cursor *c, char *text, size_t size, nac_error *err)
{
  char quote;
  size_t n = 0;
  skip_blanks(c);
  quote = *c->p;
  if (quote != '\'' && quote != '"') {
    return bad_header(c, "a string expected", err);
  }
  for (c->p++; *c->p != quote; c->p++) {
    if (*c->p == '\0' || n + 1 >= size) {
      return bad_header(c, "a string does not end", err);
    }
    text[n++] = *c->p;
  }
  text[n] = '\0';
  c->p++;
  return NAC_OK;
}

static int read_shape(cursor *c, npy_header *h, nac_error *err)
{
  if (!accept(c, '(')) {
    return bad_header(c, "the shape is not a tuple", err);
  }
  h->rank = 0;
  while (!accept(c, ')')) {
    int64_t value = 0;
    if (h->rank == NAC_MAX_RANK) {
      return nac_fail(err, NAC_EFORMAT, "%s: more than %d dimensions", c->path, NAC_MAX_RANK);
    }
    if (*c->p < '0' || *c->p > '9') {
      return bad_header(c, "a dimension is not a number", err);
    }
    for (; *c->p >= '0' && *c->p <= '9'; c->p++) {
      if (value > (INT64_MAX - 9) / 10) {
        return bad_header(c, "a dimension is too large", err);
      }
      value = 10 * value + (*c->p - '0');
    }
    if (*c->p == 'L') { /* written by Python 2 */
      c->p++;
    }
    h->dim[h->rank++] = value;
    if (!accept(c, ',') && *c->p != ')') {
      return bad_header(c, "the shape is not a tuple of numbers", err);
    }
  }
  return NAC_OK;
}

static int read_descr(cursor *c, npy_header *h, nac_error *err)
{
  char text[32];
  const char *size;
  int code;
  skip_blanks(c);
  if (*c->p == '[') {
    return nac_fail(err, NAC_EFORMAT, "%s: records (structured types) cannot be read; store each field as an array",
                    c->path);
  }
  code = read_string(c, text, sizeof text, err);
  if (code != NAC_OK) {
    return code;
  }
  h->order = text[0];
  h->kind = text[0] != '\0' ? text[1] : '\0';
  size = h->kind != '\0' ? text + 2 : "";
  h->bytes = size[0] >= '1' && size[0] <= '8' && size[1] == '\0' ? size[0] - '0' : 0;
  if (strchr("<>|=", h->order) != NULL && h->order != '\0') {
    int b = h->bytes;
    if ((h->kind == 'f' && (b == 2 || b == 4 || b == 8)) || (h->kind == 'b' && b == 1) ||
        ((h->kind == 'i' || h->kind == 'u') && (b == 1 || b == 2 || b == 4 || b == 8))) {
      return NAC_OK;
    }
  }
  return nac_fail(err, NAC_EFORMAT, "%s: elements of type '%s' cannot be read; f2 f4 f8 i1-i8 u1-u8 b1 can", c->path,
                  text);
}

static int read_boolean(cursor *c, int *value, nac_error *err)
{
  skip_blanks(c);
  *value = strncmp(c->p, "True", 4) == 0;
  if (!*value && strncmp(c->p, "False", 5) != 0) {
    return bad_header(c, "fortran_order is neither True nor False", err);
  }
  c->p += *value ? 4 : 5;
  return NAC_OK;
}

static int read_dict(cursor *c, npy_header *h, nac_error *err)
{
  int seen = 0;
  if (!accept(c, '{')) {
    return bad_header(c, "it does not start with {", err);
  }
  while (!accept(c, '}')) {
    char key[32];
    int code = read_string(c, key, sizeof key, err);
    if (code != NAC_OK) {
      return code;
    }
    if (!accept(c, ':')) {
      return bad_header(c, "':' expected after a key", err);
    }
    if (strcmp(key, "descr") == 0) {
      code = read_descr(c, h, err);
      seen |= 1;
    } else if (strcmp(key, "fortran_order") == 0) {
      code = read_boolean(c, &h->fortran, err);
      seen |= 2;
    } else if (strcmp(key, "shape") == 0) {
      code = read_shape(c, h, err);
      seen |= 4;
    } else {
      code = bad_header(c, "it has a key that is not descr, fortran_order or shape", err);
    }
    if (code != NAC_OK) {
      return code;
    }
    skip_blanks(c);
    if (!accept(c, ',') && *c->p != '}') {
      return bad_header(c, "',' or '}' expected", err);
    }
  }
  return seen == 7 ? NAC_OK : bad_header(c, "descr, fortran_order or shape is missing", err);
}

static int count_elements(cursor *c, npy_header *h, nac_error *err)
{
  int empty = 0;
  int i;
  h->n = 1;
  for (i = 0; i < h->rank; i++) { /* dimensions of 0 must not hide absurd others: strides use them */
    int64_t d = h->dim[i] > 0 ? h->dim[i] : 1;
    empty |= h->dim[i] == 0;
    if (h->n > INT64_MAX / 64 / d) {
      return nac_fail(err, NAC_EFORMAT, "%s: its header claims more elements than any file can hold", c->path);
    }
    h->n *= d;
  }
  h->n = empty ? 0 : h->n;
  return NAC_OK;
}

static int read_header(nac_stream *s, npy_header *h, nac_error *err)
{
  cursor c;
  unsigned char b[12] = {0};
  size_t got;
  size_t length;
  void *text;
  int code = nac_stream_read(s, b, 8, &got, err);
  c.path = nac_stream_path(s);
  if (code != NAC_OK) {
    return code;
  }
  if (got < 8 || memcmp(b, magic, 6) != 0 || b[6] < 1 || b[6] > 3) {
    return nac_fail(err, NAC_EFORMAT, "%s: not an npy array (version 1 to 3)", c.path);
  }
  code = nac_stream_read(s, b + 8, b[6] == 1 ? 2 : 4, &got, err);
  if (code != NAC_OK) {
    return code;
  }
  length = (size_t)b[8] | (size_t)b[9] << 8 | (size_t)b[10] << 16 | (size_t)b[11] << 24;
  if (length > LONGEST_HEADER) {
    return bad_header(&c, "it claims to be longer than 64 KiB", err);
  }
  code = nac_stream_take(s, length, &text, err);
  if (code != NAC_OK) {
    return code;
  }
  {
    char *line = nac_malloc(length + 1);
    if (line == NULL) {
      nac_free(text);
      return nac_fail(err, NAC_ENOMEM, "%s: out of memory", c.path);
    }
    memcpy(line, text, length);
    line[length] = '\0';
    nac_free(text);
    c.p = line;
    memset(h, 0, sizeof *h);
    code = read_dict(&c, h, err);
    nac_free(line);
  }
  return code == NAC_OK ? count_elements(&c, h, err) : code;
}

/* --- elements --- */

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

static nac_dtype dtype_of(const npy_header *h)
{
  if (h->kind == 'f') {
    return h->bytes == 8 ? NAC_F64 : NAC_F32;
  }
  return h->bytes == 1 && h->kind != 'i' ? NAC_U8 : NAC_I32;
}

/* Stores one element; 0 when an integer does not fit into int32 */
static int store(const npy_header *h, uint64_t bits, void *to, int64_t at)
{
  int64_t value = (int64_t)bits;
  int shift = 64 - 8 * h->bytes;
  if (h->kind == 'f') {
    uint32_t low = (uint32_t)bits;
    if (h->bytes == 8) {
      memcpy((double *)to + at, &bits, 8);
    } else if (h->bytes == 4) {
      memcpy((float *)to + at, &low, 4);
    } else {
      ((float *)to)[at] = half_to_float(low);
    }
    return 1;
  }
  if (h->bytes == 1 && h->kind != 'i') {
    ((unsigned char *)to)[at] = (unsigned char)bits;
    return 1;
  }
  if (h->kind == 'i' && shift > 0 && bits >> (8 * h->bytes - 1)) {
    value = (int64_t)(bits | ~(uint64_t)0 << (8 * h->bytes)); /* extends the sign */
  }
  if ((h->kind == 'u' && bits > INT32_MAX) || value < INT32_MIN || value > INT32_MAX) {
    return 0;
  }
  ((int32_t *)to)[at] = (int32_t)value;
  return 1;
}

/* Every element one by one; the odometer `index` walks the file's order. */
static int decode(const npy_header *h, const unsigned char *raw, void *to)
{
  int64_t index[NAC_MAX_RANK] = {0};
  int64_t stride[NAC_MAX_RANK] = {0};
  int64_t at = 0;
  int64_t i;
  int d;
  int big = h->order == '>';
  int64_t step = 1;
  for (d = h->rank - 1; d >= 0; d--) { /* of the row-major result */
    stride[d] = step;
    step *= h->dim[d];
  }
  for (i = 0; i < h->n; i++) {
    if (!store(h, load_bits(raw + i * h->bytes, h->bytes, big), to, h->fortran ? at : i)) {
      return 0;
    }
    for (d = 0; h->fortran && d < h->rank; d++) {
      at += stride[d];
      if (++index[d] < h->dim[d]) {
        break;
      }
      at -= stride[d] * h->dim[d];
      index[d] = 0;
    }
  }
  return 1;
}

static int from_raw(nac_tensor **out, const npy_header *h, void *raw, const char *path, nac_error *err)
{
  nac_dtype dtype = dtype_of(h);
  int flat = !h->fortran || h->rank < 2;
  int code;
  if (flat && h->order != '>' && h->bytes == (int)nac_dtype_size(dtype) && !(h->kind == 'u' && h->bytes == 4)) {
    code = nac_tensor_wrap(out, dtype, h->rank, h->dim, raw, nac_free, raw, err);
    if (code != NAC_OK) {
      nac_free(raw);
    }
    return code;
  }
  code = nac_tensor_new(out, dtype, h->rank, h->dim, err);
  if (code == NAC_OK && !decode(h, raw, nac_tensor_data(*out))) {
    nac_tensor_free(*out);
    *out = NULL;
    code = nac_fail(err, NAC_EFORMAT, "%s: an integer does not fit into 32 bits; store the array as float64", path);
  }
  nac_free(raw);
  return code;
}

int nac_npy_read_stream(nac_tensor **out, nac_stream *s, nac_error *err)
{
  npy_header h;
  void *raw;
  int code = read_header(s, &h, err);
  *out = NULL;
  if (code != NAC_OK) {
    return code;
  }
  code = nac_stream_take(s, (size_t)(h.n * h.bytes), &raw, err);
  if (code != NAC_OK) {
    return code;
  }
  code = nac_stream_expect_end(s, err);
  if (code != NAC_OK) {
    nac_free(raw);
    return code;
  }
  return from_raw(out, &h, raw, nac_stream_path(s), err);
}

int nac_npy_read(nac_tensor **out, const char *path, nac_error *err)
{
  nac_stream *s;
  int code = nac_stream_open(&s, path, err);
  *out = NULL;
  if (code == NAC_OK) {
    code = nac_npy_read_stream(out, s, err);
    nac_stream_close(s);
  }
  return code;
}

/* --- writing --- */

size_t nac_npy_header(unsigned char header[NAC_NPY_HEADER], const nac_tensor *t)
{
  static const char *const descr[] = {[NAC_F32] = "<f4", [NAC_F64] = "<f8", [NAC_I32] = "<i4", [NAC_U8] = "|u1"};
  char text[NAC_NPY_HEADER];
  size_t n;
  size_t total;
  int i;
  n = (size_t)snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr[t->dtype]);
  for (i = 0; i < t->rank; i++) {
    n += (size_t)snprintf(text + n, sizeof text - n, "%lld%s", (long long)t->dim[i],
                          i + 1 < t->rank ? ", " : t->rank == 1 ? "," : "");
  }
  n += (size_t)snprintf(text + n, sizeof text - n, "), }");
  total = (10 + n + 1 + 63) / 64 * 64; /* blanks and a line feed up to a multiple of 64 */
  memset(header, ' ', total);
  memcpy(header, magic, 6);
  header[6] = 1;
  header[7] = 0;
  header[8] = (unsigned char)((total - 10) & 255);
  header[9] = (unsigned char)((total - 10) >> 8);
  memcpy(header + 10, text, n);
  header[total - 1] = '\n';
  return total;
}

int nac_npy_write(const char *path, const nac_tensor *t, nac_error *err)
{
  unsigned char header[NAC_NPY_HEADER];
  nac_tensor *whole;
  nac_writer *w;
  int code = nac_tensor_convert(&whole, t, t->dtype, err);
  if (code != NAC_OK) {
    return code;
  }
  code = nac_writer_open(&w, path, err);
  if (code == NAC_OK) {
    code = nac_writer_put(w, header, nac_npy_header(header, whole), err);
    if (code == NAC_OK) {
      size_t bytes = (size_t)nac_tensor_numel(whole) * nac_dtype_size(whole->dtype);
      code = nac_writer_put(w, nac_tensor_data(whole), bytes, err);
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
