/**
 * Zip archives (PKWARE's APPNOTE), as far as npz files, PyTorch's files and Python's wheels use them: members
 * stored or deflated, zip64 in reading. The central directory is believed only
 * where it lies inside the file.
 */
#ifndef NAC_ZIP_H
#define NAC_ZIP_H

#include "core/error.h"
#include "core/stream.h"
#include "core/writer.h"

typedef struct nac_zip_member {
  char *name;
  int method;      /* 0 stored, 8 deflated */
  int encrypted;
  uint32_t crc;    /* CRC-32 of the unpacked bytes */
  int64_t packed;  /* bytes in the archive */
  int64_t size;    /* bytes unpacked */
  int64_t offset;  /* of its local header */
} nac_zip_member;

typedef struct nac_zip {
  char *path;
  int64_t n;
  nac_zip_member *member;
} nac_zip;

/** Reads the directory of an archive. NAC_EFORMAT, NAC_EIO name the path. */
int nac_zip_open(nac_zip **out, const char *path, nac_error *err);

/** Frees it; NULL is allowed. */
void nac_zip_close(nac_zip *zip);

/** A stream of the unpacked bytes of member `i`. */
int nac_zip_stream(nac_stream **out, const nac_zip *zip, int64_t i, nac_error *err);

/** The unpacked bytes of member `i` in a new nac_malloc block of its `size`; its CRC-32
 * is checked. */
int nac_zip_take(const nac_zip *zip, int64_t i, void **out, nac_error *err);

typedef struct nac_zip_writer nac_zip_writer;

/** Starts an archive (temporary name, then rename). Equal content gives equal
 * bytes: members carry the time 1980-01-01 00:00. */
int nac_zip_create(nac_zip_writer **out, const char *path, nac_error *err);

/** Adds a member from two pieces of memory (a header and data), stored or
 * deflated. An archive of at most 4 GB and 65535 members can be written. */
int nac_zip_add(nac_zip_writer *z, const char *name, const void *head, size_t head_bytes, const void *data,
                size_t bytes, int deflated, nac_error *err);

/** Writes the directory, commits and frees the writer. */
int nac_zip_commit(nac_zip_writer *z, nac_error *err);

/** Drops everything; NULL is allowed. */
void nac_zip_abort(nac_zip_writer *z);

#endif
