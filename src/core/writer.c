#define _POSIX_C_SOURCE 200809L
#include "core/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"

struct nac_writer {
  FILE *file;
  char *path;
  char *temporary; /* path.PID.tmp */
  int64_t bytes;
};

static int failed(const nac_writer *w, nac_error *err)
{
  return nac_fail(err, NAC_EIO, "%s: cannot write: %s", w->path, strerror(errno));
}

static void release(nac_writer *w)
{
  nac_free(w->path);
  nac_free(w->temporary);
  nac_free(w);
}

int nac_writer_open(nac_writer **out, const char *path, nac_error *err)
{
  size_t size = strlen(path) + 32;
  int fd;
  nac_writer *w = nac_calloc(1, sizeof *w);
  *out = NULL;
  if (w == NULL) {
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", path);
  }
  w->path = nac_strdup(path);
  w->temporary = nac_malloc(size);
  if (w->path == NULL || w->temporary == NULL) {
    release(w);
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", path);
  }
  snprintf(w->temporary, size, "%s.%ld.tmp", path, (long)getpid());
  fd = open(w->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd >= 0) {
    w->file = fdopen(fd, "wb");
  }
  if (w->file == NULL) {
    failed(w, err);
    if (fd >= 0) {
      close(fd);
      unlink(w->temporary);
    }
    release(w);
    return NAC_EIO;
  }
  *out = w;
  return NAC_OK;
}

int nac_writer_put(nac_writer *w, const void *data, size_t bytes, nac_error *err)
{
  if (bytes > 0 && fwrite(data, 1, bytes, w->file) != bytes) {
    return failed(w, err);
  }
  w->bytes += (int64_t)bytes;
  return NAC_OK;
}

int64_t nac_writer_bytes(const nac_writer *w)
{
  return w->bytes;
}

int nac_writer_commit(nac_writer *w, int durable, nac_error *err)
{
  int ok = fflush(w->file) == 0 && (!durable || fsync(fileno(w->file)) == 0);
  int code = ok ? NAC_OK : failed(w, err);
  if (fclose(w->file) != 0 && ok) {
    code = failed(w, err);
  }
  if (code == NAC_OK && rename(w->temporary, w->path) != 0) {
    code = failed(w, err);
  }
  if (code != NAC_OK) {
    unlink(w->temporary);
  }
  release(w);
  return code;
}

void nac_writer_abort(nac_writer *w)
{
  if (w != NULL) {
    fclose(w->file);
    unlink(w->temporary);
    release(w);
  }
}

int nac_write_file(const char *path, const void *data, size_t bytes, int durable, nac_error *err)
{
  nac_writer *w;
  int code = nac_writer_open(&w, path, err);
  if (code != NAC_OK) {
    return code;
  }
  code = nac_writer_put(w, data, bytes, err);
  if (code != NAC_OK) {
    nac_writer_abort(w);
    return code;
  }
  return nac_writer_commit(w, durable, err);
}
