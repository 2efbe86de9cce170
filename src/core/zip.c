#define _POSIX_C_SOURCE 200809L
#include "core/zip.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"

/* Signatures and fixed sizes of the records, APPNOTE 4.3 */
enum {
  LOCAL_BYTES = 30,
  CENTRAL_BYTES = 46,
  END_BYTES = 22,
  END64_BYTES = 56,
  LOCATOR_BYTES = 20,
  LONGEST_COMMENT = 65535
};
#define SIGN_LOCAL 0x04034b50u
#define SIGN_CENTRAL 0x02014b50u
#define SIGN_END 0x06054b50u
#define SIGN_END64 0x06064b50u
#define SIGN_LOCATOR 0x07064b50u
#define IN_ZIP64 0xffffffffu /* "see the zip64 field" */

static uint32_t get16(const unsigned char *p)
{
  return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t get32(const unsigned char *p)
{
  return get16(p) | get16(p + 2) << 16;
}

static int64_t get64(const unsigned char *p)
{
  return (int64_t)((uint64_t)get32(p) | (uint64_t)get32(p + 4) << 32);
}

static int damaged(const char *path, const char *what, nac_error *err)
{
  return nac_fail(err, NAC_EFORMAT, "%s: damaged zip archive: %s", path, what);
}

/* Reads `n` bytes at `offset` of the file into a new block. */
static int take_at(const char *path, int64_t offset, size_t n, unsigned char **out, nac_error *err)
{
  nac_stream *s;
  void *block = NULL;
  int code = nac_stream_open_part(&s, path, offset, (int64_t)n, 0, err);
  *out = NULL;
  if (code != NAC_OK) {
    return code;
  }
  code = nac_stream_take(s, n, &block, err);
  nac_stream_close(s);
  *out = block;
  return code;
}

static int file_size(const char *path, int64_t *size, nac_error *err)
{
  nac_stream *s;
  int code = nac_stream_open_part(&s, path, 0, 0, 0, err);
  if (code == NAC_OK) {
    *size = nac_stream_file_bytes(s);
    nac_stream_close(s);
  }
  return code;
}

typedef struct directory {
  int64_t n;      /* members */
  int64_t bytes;  /* of the central directory */
  int64_t offset; /* where it starts */
} directory;

/* The zip64 end record before the locator at file position `locator`, if any */
static int find_end64(const char *path, int64_t locator, directory *d, nac_error *err)
{
  unsigned char *b;
  int64_t at;
  int code;
  if (locator < 0) {
    return NAC_OK;
  }
  code = take_at(path, locator, LOCATOR_BYTES, &b, err);
  if (code != NAC_OK) {
    return code;
  }
  at = get32(b) == SIGN_LOCATOR ? get64(b + 8) : -1;
  nac_free(b);
  if (at < 0) {
    return NAC_OK;
  }
  code = take_at(path, at, END64_BYTES, &b, err);
  if (code != NAC_OK) {
    return code;
  }
  if (get32(b) == SIGN_END64) {
    d->n = get64(b + 32);
    d->bytes = get64(b + 40);
    d->offset = get64(b + 48);
  } else {
    code = damaged(path, "the zip64 end record is not where its locator says", err);
  }
  nac_free(b);
  return code;
}

/* The end record is the last thing in the file but for a comment of up to 64 KB. */
static int find_end(const char *path, int64_t size, directory *d, nac_error *err)
{
  int64_t tail = size < END_BYTES + LONGEST_COMMENT ? size : END_BYTES + LONGEST_COMMENT;
  int64_t at;
  unsigned char *b;
  int code = take_at(path, size - tail, (size_t)tail, &b, err);
  if (code != NAC_OK) {
    return code;
  }
  for (at = tail - END_BYTES; at >= 0; at--) {
    if (get32(b + at) == SIGN_END && (int64_t)get16(b + at + 20) == tail - at - END_BYTES) {
      break;
    }
  }
  if (at < 0) {
    nac_free(b);
    return nac_fail(err, NAC_EFORMAT, "%s: not a zip archive (npz), or truncated: it has no end record", path);
  }
  d->n = get16(b + at + 10);
  d->bytes = get32(b + at + 12);
  d->offset = get32(b + at + 16);
  nac_free(b);
  return find_end64(path, size - tail + at - LOCATOR_BYTES, d, err);
}

/* The zip64 extra field (APPNOTE 4.5.3) holds, in this order, those of size,
 * packed size and offset that the record itself leaves at 0xffffffff. */
static int read_zip64_extra(nac_zip_member *m, const unsigned char *p, size_t n)
{
  int64_t *field[3];
  int wanted = 0;
  int i;
  if (m->size == IN_ZIP64) {
    field[wanted++] = &m->size;
  }
  if (m->packed == IN_ZIP64) {
    field[wanted++] = &m->packed;
  }
  if (m->offset == IN_ZIP64) {
    field[wanted++] = &m->offset;
  }
  while (wanted > 0 && n >= 4) {
    size_t bytes = get16(p + 2);
    if (bytes > n - 4) {
      return 0;
    }
    if (get16(p) == 1) {
      for (i = 0; i < wanted && (size_t)i * 8 + 8 <= bytes; i++) {
        *field[i] = get64(p + 4 + 8 * i);
      }
      return i == wanted;
    }
    p += 4 + bytes;
    n -= 4 + bytes;
  }
  return 1;
}

/* One record of the central directory; *used receives its length. */
static int read_member(nac_zip *zip, nac_zip_member *m, const unsigned char *p, size_t left, size_t *used,
                       nac_error *err)
{
  size_t name_bytes;
  size_t extra_bytes;
  if (left < CENTRAL_BYTES || get32(p) != SIGN_CENTRAL) {
    return damaged(zip->path, "its directory has fewer members than it claims", err);
  }
  name_bytes = get16(p + 28);
  extra_bytes = get16(p + 30);
  *used = CENTRAL_BYTES + name_bytes + extra_bytes + get16(p + 32);
  if (*used > left) {
    return damaged(zip->path, "a member's record reaches beyond the directory", err);
  }
  m->encrypted = (int)(get16(p + 8) & 1);
  m->method = (int)get16(p + 10);
  m->crc = get32(p + 16);
  m->packed = get32(p + 20);
  m->size = get32(p + 24);
  m->offset = get32(p + 42);
  m->name = nac_malloc(name_bytes + 1);
  if (m->name == NULL) {
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", zip->path);
  }
  memcpy(m->name, p + CENTRAL_BYTES, name_bytes);
  m->name[name_bytes] = '\0';
  if (!read_zip64_extra(m, p + CENTRAL_BYTES + name_bytes, extra_bytes) || m->packed < 0 || m->size < 0 ||
      m->offset < 0) {
    return damaged(zip->path, "a member's zip64 field is wrong", err);
  }
  return NAC_OK;
}

static int read_directory(nac_zip *zip, nac_error *err)
{
  directory d = {0, 0, 0};
  unsigned char *b;
  size_t at = 0;
  int64_t size;
  int64_t i;
  int code = file_size(zip->path, &size, err);
  if (code == NAC_OK) {
    code = find_end(zip->path, size, &d, err);
  }
  if (code != NAC_OK) {
    return code;
  }
  if (d.offset < 0 || d.bytes < 0 || d.n < 0 || d.offset > size || d.bytes > size - d.offset ||
      d.n > d.bytes / CENTRAL_BYTES) {
    return damaged(zip->path, "its directory does not lie inside the file", err);
  }
  code = take_at(zip->path, d.offset, (size_t)d.bytes, &b, err);
  if (code != NAC_OK) {
    return code;
  }
  zip->member = nac_calloc((size_t)d.n + 1, sizeof *zip->member);
  if (zip->member == NULL) {
    code = nac_fail(err, NAC_ENOMEM, "%s: out of memory", zip->path);
  }
  for (i = 0; i < d.n && code == NAC_OK; i++) {
    size_t used = 0;
    zip->n = i + 1; /* so that closing frees a half-read member */
    code = read_member(zip, &zip->member[i], b + at, (size_t)d.bytes - at, &used, err);
    at += used;
  }
  nac_free(b);
  return code;
}

int nac_zip_open(nac_zip **out, const char *path, nac_error *err)
{
  nac_zip *zip = nac_calloc(1, sizeof *zip);
  int code;
  *out = NULL;
  if (zip == NULL || (zip->path = nac_strdup(path)) == NULL) {
    nac_free(zip);
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", path);
  }
  code = read_directory(zip, err);
  if (code != NAC_OK) {
    nac_zip_close(zip);
    return code;
  }
  *out = zip;
  return NAC_OK;
}

void nac_zip_close(nac_zip *zip)
{
  int64_t i;
  if (zip == NULL) {
    return;
  }
  for (i = 0; i < zip->n; i++) {
    nac_free(zip->member[i].name);
  }
  nac_free(zip->member);
  nac_free(zip->path);
  nac_free(zip);
}

int nac_zip_stream(nac_stream **out, const nac_zip *zip, int64_t i, nac_error *err)
{
  const nac_zip_member *m = &zip->member[i];
  unsigned char *b;
  int64_t start;
  int code;
  *out = NULL;
  if (m->encrypted || (m->method != 0 && m->method != 8)) {
    return nac_fail(err, NAC_EFORMAT, "%s: member '%.100s' is %s; stored and deflated members can be read", zip->path,
                    m->name, m->encrypted ? "encrypted" : "packed by an unknown method");
  }
  if (m->method == 0 && m->packed != m->size) {
    return damaged(zip->path, "a stored member has two different sizes", err);
  }
  code = take_at(zip->path, m->offset, LOCAL_BYTES, &b, err);
  if (code != NAC_OK) {
    return code;
  }
  if (get32(b) != SIGN_LOCAL) {
    nac_free(b);
    return damaged(zip->path, "a member is not where the directory says", err);
  }
  start = m->offset + LOCAL_BYTES + get16(b + 26) + get16(b + 28);
  nac_free(b);
  return nac_stream_open_part(out, zip->path, start, m->packed, m->method == 8, err);
}

int nac_zip_take(const nac_zip *zip, int64_t i, void **out, nac_error *err)
{
  nac_stream *s;
  int code = nac_zip_stream(&s, zip, i, err);
  *out = NULL;
  if (code != NAC_OK) {
    return code;
  }
  code = nac_stream_take(s, (size_t)zip->member[i].size, out, err);
  if (code == NAC_OK) {
    code = nac_stream_expect_end(s, err);
  }
  if (code == NAC_OK && nac_stream_crc(s) != zip->member[i].crc) {
    code = nac_fail(err, NAC_EFORMAT, "%s: damaged: the checksum of member '%.100s' is wrong", zip->path,
                    zip->member[i].name);
  }
  nac_stream_close(s);
  if (code != NAC_OK) {
    nac_free(*out);
    *out = NULL;
  }
  return code;
}
