/**
 * Bytes from a file: plain, gzip (RFC 1952; told by its first two bytes), or a
 * stored or deflated piece of a file (a zip member). Reading never trusts a
 * length that a header claims: memory grows with the bytes that really come.
 */
#ifndef NAC_STREAM_H
#define NAC_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef struct nac_stream nac_stream;

/** Opens a plain or gzip file. NAC_EIO when it cannot be read or is not a
 * regular file. */
int nac_stream_open(nac_stream **out, const char *path, nac_error *err);

/** Opens `packed` bytes of a file from `offset` on, as they are or `deflated`
 * (RFC 1951). The piece must lie inside the file (NAC_EFORMAT). */
int nac_stream_open_part(nac_stream **out, const char *path, int64_t offset, int64_t packed, int deflated,
                         nac_error *err);

/** Closes it; NULL is allowed. */
void nac_stream_close(nac_stream *s);

/** The path, for messages. */
const char *nac_stream_path(const nac_stream *s);

/** Bytes of the whole file on disk. */
int64_t nac_stream_file_bytes(const nac_stream *s);

/** Whether the data that follow can be `n` bytes, neither more nor less, as far as
 * a look at the file tells: what a plain file holds is known, compressed data are
 * not judged. NAC_EFORMAT when they cannot. */
int nac_stream_expect(const nac_stream *s, int64_t n, nac_error *err);

/** CRC-32 of all bytes delivered so far. */
uint32_t nac_stream_crc(const nac_stream *s);

/** Reads up to `n` bytes; *got is less only at the end of the data. Damaged
 * compressed data is NAC_EFORMAT. */
int nac_stream_read(nac_stream *s, void *buffer, size_t n, size_t *got, nac_error *err);

/** Reads exactly `n` bytes into a new nac_malloc block. NAC_EFORMAT
 * "truncated" when the data ends before; nothing is allocated for bytes that a
 * plain file cannot hold. */
int nac_stream_take(nac_stream *s, size_t n, void **out, nac_error *err);

/** NAC_EFORMAT when any byte is left. */
int nac_stream_expect_end(nac_stream *s, nac_error *err);

#endif
