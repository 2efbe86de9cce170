#include "core/hdf5.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/hdf5_child.h"
#include "core/mem.h"
#include "core/proc.h"
#include "core/stream.h"

enum {
  PATIENCE = 60, /* seconds, and one more for ten million bytes; pieces take milliseconds */
  MAX_NAMES = 10000
};

/* A child at work. */
typedef struct worker {
  int64_t pid;
  int fd;
  const char *path;
  int stuck;
} worker;

static int start(worker *w, nac_hdf5_job *job, nac_error *err)
{
  nac_stream *s;
  int write_fd;
  int code = nac_stream_open(&s, job->path, err); /* is it a regular file that can be read? */
  if (code != NAC_OK) {
    return code;
  }
  job->file_bytes = nac_stream_file_bytes(s);
  nac_stream_close(s);
  code = nac_hdf5_open_library(err);
  if (code == NAC_OK) {
    code = nac_proc_pipe(&w->fd, &write_fd, err);
  }
  if (code != NAC_OK) {
    return code;
  }
  w->path = job->path;
  w->stuck = 0;
  code = nac_proc_fork(&w->pid, err);
  if (code == NAC_OK && w->pid == 0) {
    nac_hdf5_child(job, write_fd);
  }
  nac_proc_close(write_fd, NULL);
  if (code != NAC_OK) {
    nac_proc_close(w->fd, NULL);
  }
  return code;
}

/* Reads exactly n bytes; 0 when the child has ended or does not move. */
static int take(worker *w, void *to, size_t n)
{
  const double started = nac_proc_clock();
  size_t have = 0;
  while (have < n) {
    size_t got = 0;
    int ready = 0;
    const int code = nac_proc_poll(&w->fd, &ready, 1, 1000, NULL);
    if (code == NAC_OK && !ready) { /* or a signal came */
      w->stuck = nac_proc_clock() - started > PATIENCE + 1e-7 * (double)n;
      if (w->stuck) {
        return 0;
      }
      continue;
    }
    if (code != NAC_OK || nac_proc_read(w->fd, (char *)to + have, n - have, &got, NULL) != NAC_OK || got == 0) {
      return 0;
    }
    have += got;
  }
  return 1;
}

/* Ends the child. `complete`: everything that was promised has come. */
static int finish(worker *w, int code, int complete, nac_error *err)
{
  nac_proc_end end;
  memset(&end, 0, sizeof end);
  if (!complete || code != NAC_OK) {
    nac_proc_kill(w->pid, SIGKILL, NULL);
  }
  nac_proc_close(w->fd, NULL);
  nac_proc_wait(w->pid, 1, &end, NULL);
  if (code != NAC_OK || complete) {
    return code;
  }
  return nac_fail(err, NAC_EFORMAT, "%s: damaged: the HDF5 library %s", w->path,
                  w->stuck ? "does not come to an end with it" : "failed in the middle of it");
}

/* Starts a job and takes its reply. */
static int ask(worker *w, nac_hdf5_job *job, nac_hdf5_reply *reply, nac_error *err)
{
  int code = start(w, job, err);
  if (code != NAC_OK) {
    return code;
  }
  if (!take(w, reply, sizeof *reply)) {
    return finish(w, NAC_OK, 0, err);
  }
  if (reply->error.code != NAC_OK) {
    reply->error.text[NAC_ERROR_TEXT - 1] = '\0';
    return finish(w, nac_fail(err, reply->error.code, "%s", reply->error.text), 1, err);
  }
  return NAC_OK;
}

int nac_hdf5_names(nac_words *out, const char *path, nac_error *err)
{
  nac_hdf5_job job = {.what = NAC_HDF5_NAMES, .path = path};
  nac_hdf5_reply *reply = nac_malloc(sizeof *reply);
  worker w;
  char name[4096];
  int64_t i;
  int code;
  memset(out, 0, sizeof *out);
  if (reply == NULL) {
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", path);
  }
  code = ask(&w, &job, reply, err);
  if (code == NAC_OK) {
    for (i = 0; i < reply->n && i < MAX_NAMES && code == NAC_OK; i++) {
      int32_t length;
      if (!take(&w, &length, sizeof length) || length < 0 || length >= (int32_t)sizeof name ||
          !take(&w, name, (size_t)length)) {
        break;
      }
      name[length] = '\0';
      code = nac_words_add(out, name) < 0 ? nac_fail(err, NAC_ENOMEM, "%s: out of memory", path) : NAC_OK;
    }
    code = finish(&w, code, i == reply->n, err);
  }
  nac_free(reply);
  if (code != NAC_OK) {
    nac_words_free(out);
  }
  return code;
}

int nac_hdf5_look(nac_hdf5_info *info, const char *path, const char *name, nac_error *err)
{
  nac_hdf5_job job = {.what = NAC_HDF5_LOOK, .path = path, .name = name};
  nac_hdf5_reply *reply = nac_malloc(sizeof *reply);
  worker w;
  int code;
  if (reply == NULL) {
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", path);
  }
  code = ask(&w, &job, reply, err);
  if (code == NAC_OK) {
    *info = reply->info;
    code = finish(&w, NAC_OK, 1, err);
  }
  nac_free(reply);
  return code;
}

/* Integers come as int64, a piece at a time. */
static int take_integers(worker *w, nac_tensor *out, nac_error *err)
{
  enum { PIECE = 4096 };
  int64_t piece[PIECE] = {0}; /* the analyser cannot see who fills it */
  int32_t *to = nac_tensor_data(out);
  const int64_t n = nac_tensor_numel(out);
  int64_t at;
  int64_t i;
  for (at = 0; at < n; at += PIECE) {
    const int64_t count = n - at < PIECE ? n - at : PIECE;
    if (!take(w, piece, (size_t)count * sizeof *piece)) {
      return finish(w, NAC_OK, 0, err);
    }
    for (i = 0; i < count; i++) {
      if (piece[i] < INT32_MIN || piece[i] > INT32_MAX) {
        return finish(w, nac_fail(err, NAC_EFORMAT, "%s: an integer does not fit into 32 bits; store the array as float64",
                                  w->path), 0, err);
      }
      to[at + i] = (int32_t)piece[i];
    }
  }
  return finish(w, NAC_OK, 1, err);
}

int nac_hdf5_read(nac_tensor **out, const char *path, const char *name, int64_t first, int64_t count, nac_error *err)
{
  nac_hdf5_job job = {.what = NAC_HDF5_READ, .path = path, .name = name, .first = first, .count = count};
  nac_hdf5_reply *reply = nac_malloc(sizeof *reply);
  worker w;
  int code;
  *out = NULL;
  if (reply == NULL) {
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", path);
  }
  code = ask(&w, &job, reply, err);
  if (code == NAC_OK) {
    const nac_hdf5_info *info = &reply->info;
    code = info->rank < 0 || info->rank > NAC_MAX_RANK
             ? nac_fail(err, NAC_EFORMAT, "%s: damaged", path)
             : nac_tensor_new(out, info->dtype, info->rank, info->dim, err);
    if (code != NAC_OK) {
      code = finish(&w, code, 1, err);
    } else if (info->dtype == NAC_I32) {
      code = take_integers(&w, *out, err);
    } else {
      const size_t bytes = (size_t)nac_tensor_numel(*out) * nac_dtype_size(info->dtype);
      code = finish(&w, NAC_OK, take(&w, nac_tensor_data(*out), bytes), err);
    }
    if (code != NAC_OK) {
      nac_tensor_free(*out);
      *out = NULL;
    }
  }
  nac_free(reply);
  return code;
}
