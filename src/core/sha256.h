/** SHA-256 (NIST FIPS 180-4, section 6.2): the sums of data sets, configs and
 * weights that every result carries. */
#ifndef NAC_SHA256_H
#define NAC_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef struct nac_sha256 {
  uint32_t state[8];       /* H of the standard */
  uint64_t bytes;          /* hashed so far */
  unsigned char block[64]; /* bytes that do not fill a block yet */
} nac_sha256;

/** A digest in lower-case hex, with the closing zero. */
#define NAC_SHA256_HEX 65

/** Starts a sum. */
void nac_sha256_init(nac_sha256 *sum);

/** Adds `bytes` of data to it. */
void nac_sha256_add(nac_sha256 *sum, const void *data, size_t bytes);

/** Ends it and writes the digest as hex. */
void nac_sha256_hex(nac_sha256 *sum, char hex[NAC_SHA256_HEX]);

/** The digest of a whole file, read in pieces. NAC_EIO names the path. */
int nac_sha256_file(const char *path, char hex[NAC_SHA256_HEX], nac_error *err);

#endif
