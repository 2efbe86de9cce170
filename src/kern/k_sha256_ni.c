/* SHA-256 with the SHA extensions of x86 (Intel, "Intel SHA Extensions", 2013):
 * sha256rnds2 does two rounds on the state kept as the lanes ABEF and CDGH,
 * sha256msg1 and sha256msg2 extend the message by four words. */
#include "kern/k_sha256.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

int k_sha256_has_ni(void)
{
  unsigned a;
  unsigned b;
  unsigned c;
  unsigned d;
  if (!__builtin_cpu_supports("sse4.1") || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    return 0;
  }
  return (int)(b >> 29 & 1);
}

__attribute__((target("sha,sse4.1"))) void k_sha256_ni(uint32_t *state, const unsigned char *block, size_t n)
{
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const __m128i *in = (const __m128i *)(const void *)block;
  const __m128i *k = (const __m128i *)(const void *)k_sha256_constants;
  __m128i *out = (__m128i *)(void *)state;
  __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(out), 0xb1);
  __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(out + 1), 0x1b);
  __m128i abef = _mm_alignr_epi8(badc, hgfe, 8);
  __m128i cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);
  for (; n > 0; n--, in += 4) {
    __m128i before0 = abef;
    __m128i before1 = cdgh;
    __m128i w[4]; /* the last 16 words of the message, oldest at i % 4 */
    int i;
    for (i = 0; i < 16; i++) {
      __m128i x;
      if (i < 4) {
        x = _mm_shuffle_epi8(_mm_loadu_si128(in + i), big_endian);
      } else {
        __m128i newest = w[(i + 3) & 3];
        x = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]);
        x = _mm_add_epi32(x, _mm_alignr_epi8(newest, w[(i + 2) & 3], 4));
        x = _mm_sha256msg2_epu32(x, newest);
      }
      w[i & 3] = x;
      x = _mm_add_epi32(x, _mm_loadu_si128(k + i));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, x);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(x, 0x0e));
    }
    abef = _mm_add_epi32(abef, before0);
    cdgh = _mm_add_epi32(cdgh, before1);
  }
  badc = _mm_shuffle_epi32(abef, 0x1b); /* and back to the order a b c d, e f g h */
  hgfe = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(out, _mm_blend_epi16(badc, hgfe, 0xf0));
  _mm_storeu_si128(out + 1, _mm_alignr_epi8(hgfe, badc, 8));
}

#else

int k_sha256_has_ni(void)
{
  return 0;
}

void k_sha256_ni(uint32_t *state, const unsigned char *block, size_t n)
{
  k_sha256_portable(state, block, n);
}

#endif
