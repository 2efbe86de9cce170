#include "core/rng.h"

#include <math.h>

static uint64_t splitmix(uint64_t *x)
{
  uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static uint64_t rotl(uint64_t x, int k)
{
  return (x << k) | (x >> (64 - k));
}

nac_rng nac_rng_stream(uint64_t seed, const char *purpose, uint64_t a, uint64_t b)
{
  nac_rng rng;
  uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a over the purpose */
  uint64_t x = seed;
  int i;
  for (; *purpose != '\0'; purpose++) {
    h = (h ^ (unsigned char)*purpose) * UINT64_C(0x100000001b3);
  }
  x = splitmix(&x) ^ h;
  x = splitmix(&x) ^ a;
  x = splitmix(&x) ^ b;
  for (i = 0; i < 4; i++) {
    rng.s[i] = splitmix(&x);
  }
  rng.spare = 0;
  rng.has_spare = 0;
  return rng;
}

uint64_t nac_rng_u64(nac_rng *rng)
{
  uint64_t *s = rng->s;
  uint64_t result = rotl(s[1] * 5, 7) * 9;
  uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotl(s[3], 45);
  return result;
}

double nac_rng_uniform(nac_rng *rng)
{
  return (double)(nac_rng_u64(rng) >> 11) * 0x1p-53;
}

uint64_t nac_rng_below(nac_rng *rng, uint64_t n)
{
  uint64_t x;
  do {
    x = nac_rng_u64(rng); /* below the last multiple of n; the division that finds it is hardly ever needed */
  } while (x >= UINT64_MAX - n && x >= UINT64_MAX - UINT64_MAX % n);
  return x % n;
}

double nac_rng_normal(nac_rng *rng)
{
  double u;
  double r;
  double angle;
  if (rng->has_spare) {
    rng->has_spare = 0;
    return rng->spare;
  }
  u = 1.0 - nac_rng_uniform(rng); /* in (0, 1], so that log is finite */
  r = sqrt(-2.0 * log(u));
  angle = 6.283185307179586476925 * nac_rng_uniform(rng);
  rng->spare = r * sin(angle);
  rng->has_spare = 1;
  return r * cos(angle);
}

void nac_rng_permutation(nac_rng *rng, int32_t *order, size_t n)
{
  size_t i;
  for (i = 0; i < n; i++) {
    size_t j = (size_t)nac_rng_below(rng, i + 1);
    order[i] = order[j];
    order[j] = (int32_t)i;
  }
}
