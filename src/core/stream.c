#define _POSIX_C_SOURCE 200809L
#include "core/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/mem.h"

enum { PIECE = 32768, FIRST_BLOCK = 65536 };

struct nac_stream {
  int fd;
  char *path;
  int64_t file_bytes;
  int64_t packed_left; /* bytes on disk that belong to this stream and are not read yet */
  int gzip;
  int zipped; /* whether z is set up: gzip or deflated */
  int ended;  /* the compressed data has ended */
  uint32_t crc;
  int64_t delivered;
  z_stream z;
  unsigned char piece[PIECE];
};

static int io_error(const nac_stream *s, nac_error *err)
{
  return nac_fail(err, NAC_EIO, "%s: cannot read: %s", s->path, strerror(errno));
}

/* Opens the descriptor. O_NONBLOCK keeps a FIFO without a writer from hanging. */
static int open_regular(nac_stream *s, nac_error *err)
{
  struct stat st;
  s->fd = open(s->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (s->fd < 0 || fstat(s->fd, &st) != 0) {
    return io_error(s, err);
  }
  if (!S_ISREG(st.st_mode)) {
    return nac_fail(err, NAC_EIO, "%s: cannot read: %s", s->path,
                    S_ISDIR(st.st_mode) ? "it is a folder" : "not a regular file");
  }
  s->file_bytes = (int64_t)st.st_size;
  return NAC_OK;
}

static int new_stream(nac_stream **out, const char *path, nac_error *err)
{
  nac_stream *s = nac_calloc(1, sizeof *s);
  int code;
  *out = NULL;
  if (s == NULL) {
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", path);
  }
  s->fd = -1;
  s->path = nac_strdup(path);
  if (s->path == NULL) {
    nac_stream_close(s);
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", path);
  }
  code = open_regular(s, err);
  if (code != NAC_OK) {
    nac_stream_close(s);
    return code;
  }
  *out = s;
  return NAC_OK;
}

/* window_bits as inflateInit2 takes them: 31 for gzip, -15 for bare deflate */
static int start_inflate(nac_stream *s, int window_bits, nac_error *err)
{
  if (inflateInit2(&s->z, window_bits) != Z_OK) {
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", s->path);
  }
  s->zipped = 1;
  return NAC_OK;
}

int nac_stream_open(nac_stream **out, const char *path, nac_error *err)
{
  unsigned char magic[2];
  int code = new_stream(out, path, err);
  nac_stream *s = *out;
  if (code != NAC_OK) {
    return code;
  }
  s->packed_left = s->file_bytes;
  if (pread(s->fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b) {
    s->gzip = 1;
    code = start_inflate(s, 31, err);
    if (code != NAC_OK) {
      nac_stream_close(s);
      *out = NULL;
    }
  }
  return code;
}

int nac_stream_open_part(nac_stream **out, const char *path, int64_t offset, int64_t packed, int deflated,
                         nac_error *err)
{
  int code = new_stream(out, path, err);
  nac_stream *s = *out;
  if (code != NAC_OK) {
    return code;
  }
  if (offset < 0 || packed < 0 || offset > s->file_bytes || packed > s->file_bytes - offset) {
    code = nac_fail(err, NAC_EFORMAT, "%s: damaged: a part reaches beyond the end of the file (%lld bytes)", path,
                    (long long)s->file_bytes);
  } else if (lseek(s->fd, (off_t)offset, SEEK_SET) < 0) {
    code = io_error(s, err);
  } else {
    s->packed_left = packed;
    if (deflated) {
      code = start_inflate(s, -15, err);
    }
  }
  if (code != NAC_OK) {
    nac_stream_close(s);
    *out = NULL;
  }
  return code;
}

void nac_stream_close(nac_stream *s)
{
  if (s == NULL) {
    return;
  }
  if (s->zipped) {
    inflateEnd(&s->z);
  }
  if (s->fd >= 0) {
    close(s->fd);
  }
  nac_free(s->path);
  nac_free(s);
}

const char *nac_stream_path(const nac_stream *s)
{
  return s->path;
}

int64_t nac_stream_file_bytes(const nac_stream *s)
{
  return s->file_bytes;
}

uint32_t nac_stream_crc(const nac_stream *s)
{
  return s->crc;
}

/* Bytes as they lie on disk; *got is less than n at the end of the part (or of
 * a file that shrank meanwhile). */
static int read_packed(nac_stream *s, unsigned char *buffer, size_t n, size_t *got, nac_error *err)
{
  size_t want = (uint64_t)s->packed_left < n ? (size_t)s->packed_left : n;
  *got = 0;
  while (*got < want) {
    ssize_t k = read(s->fd, buffer + *got, want - *got);
    if (k < 0 && errno == EINTR) {
      continue;
    }
    if (k < 0) {
      return io_error(s, err);
    }
    if (k == 0) {
      s->packed_left = 0;
      return NAC_OK;
    }
    *got += (size_t)k;
    s->packed_left -= k;
  }
  return NAC_OK;
}

/* Compressed input for zlib; leaves avail_in at 0 when there is none. */
static int refill(nac_stream *s, nac_error *err)
{
  size_t got;
  int code;
  if (s->z.avail_in > 0) {
    return NAC_OK;
  }
  code = read_packed(s, s->piece, PIECE, &got, err);
  s->z.next_in = s->piece;
  s->z.avail_in = (uInt)got;
  return code;
}

/* After the end of one gzip member: another one (as `cat a.gz b.gz` gives), the
 * end of the file, or garbage. */
static int next_member(nac_stream *s, nac_error *err)
{
  int code = refill(s, err);
  if (code != NAC_OK) {
    return code;
  }
  if (s->z.avail_in == 0) {
    s->ended = 1;
    return NAC_OK;
  }
  if (!s->gzip || s->z.next_in[0] != 0x1f) {
    return nac_fail(err, NAC_EFORMAT, "%s: bytes after the end of its compressed data", s->path);
  }
  if (inflateReset(&s->z) != Z_OK) {
    return nac_fail(err, NAC_EFORMAT, "%s: damaged compressed data", s->path);
  }
  return NAC_OK;
}

static int read_zipped(nac_stream *s, unsigned char *buffer, size_t n, size_t *got, nac_error *err)
{
  *got = 0;
  while (*got < n && !s->ended) {
    size_t room = n - *got < (1u << 30) ? n - *got : (1u << 30);
    int code = refill(s, err);
    int status;
    if (code != NAC_OK) {
      return code;
    }
    s->z.next_out = buffer + *got;
    s->z.avail_out = (uInt)room;
    status = inflate(&s->z, Z_NO_FLUSH);
    *got += room - s->z.avail_out;
    if (status == Z_STREAM_END) {
      code = next_member(s, err);
      if (code != NAC_OK) {
        return code;
      }
    } else if (status == Z_BUF_ERROR) { /* neither input nor pending output is left */
      return nac_fail(err, NAC_EFORMAT, "%s: truncated: its compressed data stops in the middle", s->path);
    } else if (status == Z_MEM_ERROR) {
      return nac_fail(err, NAC_ENOMEM, "%s: out of memory", s->path);
    } else if (status != Z_OK) {
      return nac_fail(err, NAC_EFORMAT, "%s: damaged compressed data%s%s", s->path, s->z.msg ? ": " : "",
                      s->z.msg ? s->z.msg : "");
    }
  }
  return NAC_OK;
}

int nac_stream_read(nac_stream *s, void *buffer, size_t n, size_t *got, nac_error *err)
{
  int code = s->zipped ? read_zipped(s, buffer, n, got, err) : read_packed(s, buffer, n, got, err);
  s->crc = (uint32_t)crc32_z(s->crc, buffer, *got);
  s->delivered += (int64_t)*got;
  return code;
}

static int truncated(const nac_stream *s, size_t wanted, uint64_t got, nac_error *err)
{
  return nac_fail(err, NAC_EFORMAT, "%s: truncated: its header asks for %llu bytes of data, it holds %llu", s->path,
                  (unsigned long long)wanted, (unsigned long long)got);
}

int nac_stream_take(nac_stream *s, size_t n, void **out, nac_error *err)
{
  /* Eight times the file is a usual compression, so most files take one block. */
  size_t room = FIRST_BLOCK + 8 * (size_t)s->file_bytes;
  size_t have = 0;
  unsigned char *block;
  *out = NULL;
  if (!s->zipped && n > (uint64_t)s->packed_left) {
    return truncated(s, n, (uint64_t)s->packed_left, err);
  }
  room = n < room ? n : room;
  block = nac_malloc(room);
  while (block != NULL) {
    size_t got;
    int code = nac_stream_read(s, block + have, room - have, &got, err);
    have += got;
    if (code == NAC_OK && have < room) {
      code = truncated(s, n, have, err);
    }
    if (code != NAC_OK) {
      nac_free(block);
      return code;
    }
    if (have == n) {
      *out = block;
      return NAC_OK;
    }
    room = n - room < room ? n : 2 * room;
    {
      unsigned char *bigger = nac_realloc(block, room);
      if (bigger == NULL) {
        nac_free(block);
      }
      block = bigger;
    }
  }
  return nac_fail(err, NAC_ENOMEM, "%s: out of memory: no room for %llu bytes", s->path, (unsigned long long)room);
}

static int too_long(const nac_stream *s, int64_t by, nac_error *err)
{
  return nac_fail(err, NAC_EFORMAT, "%s: %lld bytes more than its header promises", s->path, (long long)by);
}

int nac_stream_expect(const nac_stream *s, int64_t n, nac_error *err)
{
  if (s->zipped || n == s->packed_left) {
    return NAC_OK;
  }
  return n > s->packed_left ? truncated(s, (size_t)n, (uint64_t)s->packed_left, err)
                            : too_long(s, s->packed_left - n, err);
}

int nac_stream_expect_end(nac_stream *s, nac_error *err)
{
  unsigned char byte;
  size_t got;
  int code;
  if (!s->zipped && s->packed_left > 0) {
    return too_long(s, s->packed_left, err);
  }
  code = nac_stream_read(s, &byte, 1, &got, err);
  if (code == NAC_OK && got > 0) {
    code = nac_fail(err, NAC_EFORMAT, "%s: more data than its header promises", s->path);
  }
  return code;
}
