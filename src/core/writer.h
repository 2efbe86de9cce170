/**
 * Files that are written whole or not at all: the bytes go to a temporary name
 * in the same folder, which takes the real name once they are complete. A
 * full disk, an unwritable folder or a kill leaves the old file as it was.
 */
#ifndef NAC_WRITER_H
#define NAC_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef struct nac_writer nac_writer;

/** Starts the file `path`. NAC_EIO names the path and what the system said. */
int nac_writer_open(nac_writer **out, const char *path, nac_error *err);

/** Adds bytes. After a failure only nac_writer_abort is allowed. */
int nac_writer_put(nac_writer *w, const void *data, size_t bytes, nac_error *err);

/** Bytes put so far. */
int64_t nac_writer_bytes(const nac_writer *w);

/** Gives the file its name and frees the writer, also when that fails (then the
 * temporary file is removed). `durable` forces the bytes to the disk before: the
 * file also survives a power cut, for some milliseconds of waiting. */
int nac_writer_commit(nac_writer *w, int durable, nac_error *err);

/** Removes the temporary file and frees the writer; NULL is allowed. */
void nac_writer_abort(nac_writer *w);

/** All of the above: `path` now holds `bytes` of `data`, or what it held. */
int nac_write_file(const char *path, const void *data, size_t bytes, int durable, nac_error *err);

#endif
