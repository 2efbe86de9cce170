#include "core/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/cpu.h"
#include "kern/k_sha256.h"

typedef void compress(uint32_t *state, const unsigned char *block, size_t n);

/* Chosen once, like the kernels; NAC_ISA=portable rules here too. */
static compress *chosen(void)
{
  static compress *f;
  if (f == NULL) {
    int portable = nac_cpu_start(NULL) != NAC_OK || strcmp(nac_cpu_isa(), "portable") == 0;
    f = portable || !k_sha256_has_ni() ? k_sha256_portable : k_sha256_ni;
  }
  return f;
}

void nac_sha256_init(nac_sha256 *sum)
{
  static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(sum->state, first, sizeof first);
  sum->bytes = 0;
}

void nac_sha256_add(nac_sha256 *sum, const void *data, size_t bytes)
{
  const unsigned char *p = data;
  size_t have = (size_t)(sum->bytes % 64);
  sum->bytes += bytes;
  if (have > 0) {
    size_t n = bytes < 64 - have ? bytes : 64 - have;
    memcpy(sum->block + have, p, n);
    p += n;
    bytes -= n;
    if (have + n < 64) {
      return;
    }
    chosen()(sum->state, sum->block, 1);
  }
  chosen()(sum->state, p, bytes / 64);
  p += bytes / 64 * 64;
  bytes %= 64;
  if (bytes > 0) {
    memcpy(sum->block, p, bytes);
  }
}

void nac_sha256_hex(nac_sha256 *sum, char hex[NAC_SHA256_HEX])
{
  uint64_t bits = sum->bytes * 8;
  unsigned char pad[72] = {0x80};
  size_t n = (size_t)((119 - sum->bytes % 64) % 64) + 1; /* up to 8 bytes before a block's end */
  int i;
  for (i = 0; i < 8; i++) {
    pad[n + (size_t)i] = (unsigned char)(bits >> (56 - 8 * i));
  }
  nac_sha256_add(sum, pad, n + 8);
  for (i = 0; i < 8; i++) {
    snprintf(hex + 8 * i, 9, "%08x", (unsigned)sum->state[i]);
  }
}

int nac_sha256_file(const char *path, char hex[NAC_SHA256_HEX], nac_error *err)
{
  unsigned char piece[16384];
  nac_sha256 sum;
  size_t n;
  int failed;
  FILE *f = fopen(path, "rb");
  if (f == NULL) {
    return nac_fail(err, NAC_EIO, "%s: cannot read: %s", path, strerror(errno));
  }
  nac_sha256_init(&sum);
  while ((n = fread(piece, 1, sizeof piece, f)) > 0) {
    nac_sha256_add(&sum, piece, n);
  }
  failed = ferror(f);
  if (failed) {
    nac_fail(err, NAC_EIO, "%s: cannot read: %s", path, strerror(errno));
  }
  fclose(f);
  nac_sha256_hex(&sum, hex);
  return failed ? NAC_EIO : NAC_OK;
}
