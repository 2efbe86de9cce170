#include "core/npy.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/writer.h"

static const unsigned char magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

enum { LONGEST_HEADER = 65536 };

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

static int read_shape(cursor *c, nac_npy_info *h, nac_error *err)
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

static int read_descr(cursor *c, nac_npy_info *h, nac_error *err)
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
  size = text[0] != '\0' && text[1] != '\0' ? text + 2 : "";
  h->element.kind = text[0] != '\0' && text[1] != 'g' ? text[1] : '\0'; /* g is long double here */
  h->element.big = text[0] == '>';
  h->element.bytes = size[0] >= '1' && size[0] <= '8' && size[1] == '\0' ? size[0] - '0' : 0;
  if (text[0] != '\0' && strchr("<>|=", text[0]) != NULL && nac_element_known(&h->element)) {
    return NAC_OK;
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

static int read_dict(cursor *c, nac_npy_info *h, nac_error *err)
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

static int count_elements(cursor *c, nac_npy_info *h, nac_error *err)
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

static int read_header(nac_stream *s, nac_npy_info *h, nac_error *err)
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
    h->offset = (b[6] == 1 ? 10 : 12) + (int64_t)length;
    nac_free(line);
  }
  return code == NAC_OK ? count_elements(&c, h, err) : code;
}

int nac_npy_read_stream(nac_tensor **out, nac_stream *s, nac_error *err)
{
  nac_npy_info h;
  void *raw;
  int code = read_header(s, &h, err);
  *out = NULL;
  if (code != NAC_OK) {
    return code;
  }
  code = nac_stream_take(s, (size_t)(h.n * h.element.bytes), &raw, err);
  if (code != NAC_OK) {
    return code;
  }
  code = nac_stream_expect_end(s, err);
  if (code != NAC_OK) {
    nac_free(raw);
    return code;
  }
  return nac_element_tensor(out, &h.element, h.rank, h.dim, h.fortran, raw, nac_stream_path(s), err);
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

int nac_npy_look(nac_npy_info *info, const char *path, nac_error *err)
{
  nac_stream *s;
  int code = nac_stream_open(&s, path, err);
  if (code != NAC_OK) {
    return code;
  }
  code = read_header(s, info, err);
  if (code == NAC_OK && info->offset + info->n * info->element.bytes != nac_stream_file_bytes(s)) {
    code = nac_fail(err, NAC_EFORMAT, "%s: its header asks for %lld bytes, the file has %lld (a packed file cannot be read in parts)",
                    path, (long long)(info->offset + info->n * info->element.bytes), (long long)nac_stream_file_bytes(s));
  } else if (code == NAC_OK && info->fortran && info->rank > 1) {
    code = nac_fail(err, NAC_EFORMAT, "%s: an array in Fortran order cannot be read in parts", path);
  }
  nac_stream_close(s);
  return code;
}

int nac_npy_read_rows(nac_tensor **out, const char *path, int64_t first, int64_t count, nac_error *err)
{
  nac_npy_info info;
  int64_t row;
  int code = nac_npy_look(&info, path, err);
  *out = NULL;
  if (code != NAC_OK) {
    return code;
  }
  if (info.rank < 1 || first < 0 || count < 0 || first > info.dim[0] || count > info.dim[0] - first) {
    return nac_fail(err, NAC_EINVAL, "%s: rows %lld to %lld of %lld", path, (long long)first + 1,
                    (long long)(first + count), (long long)(info.rank < 1 ? 0 : info.dim[0]));
  }
  row = info.dim[0] > 0 ? info.n / info.dim[0] * info.element.bytes : 0;
  info.dim[0] = count;
  return nac_element_read(out, &info.element, info.rank, info.dim, path, info.offset + first * row, err);
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
