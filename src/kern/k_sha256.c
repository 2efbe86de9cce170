#include "kern/k_sha256.h"

#include <string.h>

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const uint32_t k_sha256_constants[64] = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotr(uint32_t x, int n)
{
  return (x >> n) | (x << (32 - n));
}

/* One of the 64 steps. The standard moves a..h on by one place each time; here
 * `shift` moves their names instead, so that they can stay in registers. */
static inline void step(uint32_t v[8], int shift, uint32_t kw)
{
  uint32_t a = v[(8 - shift) & 7];
  uint32_t b = v[(9 - shift) & 7];
  uint32_t c = v[(10 - shift) & 7];
  uint32_t e = v[(12 - shift) & 7];
  uint32_t f = v[(13 - shift) & 7];
  uint32_t g = v[(14 - shift) & 7];
  uint32_t *h = &v[(15 - shift) & 7]; /* becomes the new a */
  uint32_t t1 = *h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + kw;
  v[(11 - shift) & 7] += t1; /* d becomes the new e */
  *h = t1 + (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
}

static void add_block(uint32_t *state, const unsigned char *p)
{
  uint32_t w[64];
  uint32_t v[8];
  int t;
  for (t = 0; t < 16; t++, p += 4) {
    w[t] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
  }
  for (; t < 64; t++) {
    uint32_t s0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ (w[t - 15] >> 3);
    uint32_t s1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ (w[t - 2] >> 10);
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  memcpy(v, state, sizeof v);
  for (t = 0; t < 64; t += 8) {
    step(v, 0, k_sha256_constants[t] + w[t]);
    step(v, 1, k_sha256_constants[t + 1] + w[t + 1]);
    step(v, 2, k_sha256_constants[t + 2] + w[t + 2]);
    step(v, 3, k_sha256_constants[t + 3] + w[t + 3]);
    step(v, 4, k_sha256_constants[t + 4] + w[t + 4]);
    step(v, 5, k_sha256_constants[t + 5] + w[t + 5]);
    step(v, 6, k_sha256_constants[t + 6] + w[t + 6]);
    step(v, 7, k_sha256_constants[t + 7] + w[t + 7]);
  }
  for (t = 0; t < 8; t++) {
    state[t] += v[t];
  }
}

void k_sha256_portable(uint32_t *state, const unsigned char *block, size_t n)
{
  for (; n > 0; n--, block += 64) {
    add_block(state, block);
  }
}
