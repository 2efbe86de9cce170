#include <string.h>
#include <zlib.h>

#include "core/mem.h"
#include "core/zip.h"

/* The directory is collected while members go out; it grows by doubling. */
struct nac_zip_writer {
  nac_writer *file;
  char *path;
  unsigned char *directory;
  size_t used, room;
  uint32_t n;
};

enum { LOCAL_BYTES = 30, CENTRAL_BYTES = 46, END_BYTES = 22, LEVEL = 6 };
#define LARGEST INT64_C(0xfffffffe)
#define DATE_1980 0x0021u /* 1980-01-01 in DOS form; the time is 0 */

static void put16(unsigned char *p, uint32_t value)
{
  p[0] = (unsigned char)value;
  p[1] = (unsigned char)(value >> 8);
}

static void put32(unsigned char *p, uint32_t value)
{
  put16(p, value);
  put16(p + 2, value >> 16);
}

static int no_memory(const nac_zip_writer *z, nac_error *err)
{
  return nac_fail(err, NAC_ENOMEM, "%s: out of memory", z->path);
}

int nac_zip_create(nac_zip_writer **out, const char *path, nac_error *err)
{
  nac_zip_writer *z = nac_calloc(1, sizeof *z);
  int code;
  *out = NULL;
  if (z == NULL || (z->path = nac_strdup(path)) == NULL) {
    nac_free(z);
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", path);
  }
  code = nac_writer_open(&z->file, path, err);
  if (code != NAC_OK) {
    nac_zip_abort(z);
    return code;
  }
  *out = z;
  return NAC_OK;
}

void nac_zip_abort(nac_zip_writer *z)
{
  if (z != NULL) {
    nac_writer_abort(z->file);
    nac_free(z->directory);
    nac_free(z->path);
    nac_free(z);
  }
}

/* Fields that a local and a central record share: from "version needed" on. */
static void put_common(unsigned char *p, int deflated, uint32_t crc, size_t packed, size_t size, size_t name_bytes)
{
  put16(p, 20); /* version 2.0 reads it */
  put16(p + 2, 0);
  put16(p + 4, deflated ? 8 : 0);
  put16(p + 6, 0);
  put16(p + 8, DATE_1980);
  put32(p + 10, crc);
  put32(p + 14, (uint32_t)packed);
  put32(p + 18, (uint32_t)size);
  put16(p + 22, (uint32_t)name_bytes);
  put16(p + 24, 0);
}

/* Deflates both pieces into a new block. */
static int pack(nac_zip_writer *z, const void *head, size_t head_bytes, const void *data, size_t bytes,
                unsigned char **out, size_t *packed, nac_error *err)
{
  z_stream s;
  size_t room;
  unsigned char *block;
  int status;
  memset(&s, 0, sizeof s);
  if (deflateInit2(&s, LEVEL, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return no_memory(z, err);
  }
  room = deflateBound(&s, head_bytes + bytes);
  block = nac_malloc(room);
  if (block == NULL) {
    deflateEnd(&s);
    return no_memory(z, err);
  }
  s.next_out = block;
  s.avail_out = (uInt)room;
  s.next_in = (z_const Bytef *)(uintptr_t)head;
  s.avail_in = (uInt)head_bytes;
  status = deflate(&s, Z_NO_FLUSH);
  if (status == Z_OK) {
    s.next_in = (z_const Bytef *)(uintptr_t)data;
    s.avail_in = (uInt)bytes;
    status = deflate(&s, Z_FINISH);
  }
  *packed = s.total_out;
  deflateEnd(&s);
  if (status != Z_STREAM_END) {
    nac_free(block);
    return no_memory(z, err);
  }
  *out = block;
  return NAC_OK;
}

static int remember(nac_zip_writer *z, const char *name, const unsigned char *common, int64_t offset, nac_error *err)
{
  size_t name_bytes = strlen(name);
  unsigned char *p;
  if (z->used + CENTRAL_BYTES + name_bytes > z->room) {
    size_t room = 2 * z->room + CENTRAL_BYTES + name_bytes + 1024;
    unsigned char *bigger = nac_realloc(z->directory, room);
    if (bigger == NULL) {
      return no_memory(z, err);
    }
    z->directory = bigger;
    z->room = room;
  }
  p = z->directory + z->used;
  memset(p, 0, CENTRAL_BYTES);
  put32(p, 0x02014b50u);
  put16(p + 4, 20);
  memcpy(p + 6, common, 26);
  put32(p + 42, (uint32_t)offset);
  memcpy(p + CENTRAL_BYTES, name, name_bytes);
  z->used += CENTRAL_BYTES + name_bytes;
  z->n++;
  return NAC_OK;
}

static int put_member(nac_zip_writer *z, const char *name, const unsigned char *local, nac_error *err)
{
  int code = nac_writer_put(z->file, local, LOCAL_BYTES, err);
  return code != NAC_OK ? code : nac_writer_put(z->file, name, strlen(name), err);
}

int nac_zip_add(nac_zip_writer *z, const char *name, const void *head, size_t head_bytes, const void *data,
                size_t bytes, int deflated, nac_error *err)
{
  unsigned char local[LOCAL_BYTES];
  int64_t offset = nac_writer_bytes(z->file);
  size_t size = head_bytes + bytes;
  size_t packed = size;
  unsigned char *block = NULL;
  uint32_t crc = (uint32_t)crc32_z(crc32_z(0, head, head_bytes), data, bytes);
  int code = NAC_OK;
  if (z->n >= 65535 || strlen(name) > 65535 || bytes > (size_t)LARGEST / 2 ||
      offset + (int64_t)size + (int64_t)strlen(name) + LOCAL_BYTES > LARGEST) {
    return nac_fail(err, NAC_EINVAL, "%s: more than 4 GB or 65535 arrays do not fit into one npz file", z->path);
  }
  if (deflated) {
    code = pack(z, head, head_bytes, data, bytes, &block, &packed, err);
    if (code != NAC_OK) {
      return code;
    }
  }
  put32(local, 0x04034b50u);
  put_common(local + 4, deflated, crc, packed, size, strlen(name));
  code = put_member(z, name, local, err);
  if (code == NAC_OK && block != NULL) {
    code = nac_writer_put(z->file, block, packed, err);
  } else if (code == NAC_OK) {
    code = nac_writer_put(z->file, head, head_bytes, err);
    if (code == NAC_OK) {
      code = nac_writer_put(z->file, data, bytes, err);
    }
  }
  nac_free(block);
  return code == NAC_OK ? remember(z, name, local + 4, offset, err) : code;
}

int nac_zip_commit(nac_zip_writer *z, nac_error *err)
{
  unsigned char end[END_BYTES] = {0};
  int64_t offset = nac_writer_bytes(z->file);
  int code = nac_writer_put(z->file, z->directory, z->used, err);
  put32(end, 0x06054b50u);
  put16(end + 8, z->n);
  put16(end + 10, z->n);
  put32(end + 12, (uint32_t)z->used);
  put32(end + 16, (uint32_t)offset);
  if (code == NAC_OK) {
    code = nac_writer_put(z->file, end, sizeof end, err);
  }
  if (code == NAC_OK) {
    nac_writer *file = z->file;
    z->file = NULL;
    code = nac_writer_commit(file, 1, err);
  }
  nac_zip_abort(z);
  return code;
}
