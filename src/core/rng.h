/**
 * Random streams. A stream is derived from (seed, purpose, a, b), where a and
 * b are usually the trial and the step: the numbers that trial n draws never
 * depend on what other trials drew or when.
 *
 * Generator: xoshiro256** (Blackman & Vigna 2021, "Scrambled linear
 * pseudorandom number generators"), its state filled by splitmix64 from a
 * hash of the four parts. Equal on every machine; normals use only IEEE
 * arithmetic and libm's log, sqrt, cos and sin.
 */
#ifndef NAC_RNG_H
#define NAC_RNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct nac_rng {
  uint64_t s[4];
  double spare;  /* second normal of a Box-Muller pair */
  int has_spare; /* whether `spare` holds one */
} nac_rng;

/** The stream of (seed, purpose, a, b). */
nac_rng nac_rng_stream(uint64_t seed, const char *purpose, uint64_t a, uint64_t b);

/** The next 64 random bits. */
uint64_t nac_rng_u64(nac_rng *rng);

/** Uniform in [0, 1) with 53 random bits. */
double nac_rng_uniform(nac_rng *rng);

/** Uniform integer in [0, n), without bias; n must be at least 1. */
uint64_t nac_rng_below(nac_rng *rng, uint64_t n);

/** Standard normal (Box & Muller 1958). */
double nac_rng_normal(nac_rng *rng);

/** Puts 0..n-1 into `order` in random order (Fisher & Yates). */
void nac_rng_permutation(nac_rng *rng, int32_t *order, size_t n);

#endif
