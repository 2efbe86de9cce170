/**
 * The few vector operations that the kernels are written in, for the
 * instruction set that this translation unit is compiled for. Included only by
 * the k_*_body.h files; a k_*_avx512.c defines NAC_SIMD_AVX512 first, and so on.
 *
 * vf is a vector of VW floats and knows + - * /. Partial loads read `n` lanes
 * (0 < n <= VW) and fill the others with zero; partial stores write `n` lanes.
 */
#ifndef NAC_SIMD_H
#define NAC_SIMD_H

#include <stdint.h>
#include <string.h>

#define VOP static inline __attribute__((always_inline))

#if defined NAC_SIMD_AVX512
#include <immintrin.h>
#define VW 16
#define K(name) name##_avx512
typedef __m512 vf;
VOP vf vset1(float x) { return _mm512_set1_ps(x); }
VOP vf vload(const float *p) { return _mm512_loadu_ps(p); }
VOP void vstore(float *p, vf x) { _mm512_storeu_ps(p, x); }
VOP __mmask16 vlanes(long n) { return (__mmask16)((1u << n) - 1u); }
VOP vf vload_n(const float *p, long n) { return _mm512_maskz_loadu_ps(vlanes(n), p); }
VOP void vstore_n(float *p, vf x, long n) { _mm512_mask_storeu_ps(p, vlanes(n), x); }
VOP vf vfma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
VOP vf vmax(vf a, vf b) { return _mm512_max_ps(a, b); } /* b where a or b is NaN */
VOP vf vmax_nan(vf a, vf b) /* NaN where a or b is */
{
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), _mm512_max_ps(a, b), a);
}
VOP vf vmin(vf a, vf b) { return _mm512_min_ps(a, b); }
VOP vf vsqrt(vf a) { return _mm512_sqrt_ps(a); }
/* to the nearest integer, halves to even */
VOP vf vround(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
/* a > b ? x : y, lane by lane; y where a or b is NaN */
VOP vf vselect_gt(vf a, vf b, vf x, vf y) { return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_GT_OQ), y, x); }
/* the lanes from n on become `other` */
VOP vf vfill_from(vf x, long n, vf other) { return _mm512_mask_blend_ps(vlanes(n), other, x); }
VOP float vsum(vf a) { return _mm512_reduce_add_ps(a); }
/* The sums of four vectors at once, for a fraction of what four vsum cost. */
VOP void vsum4(float *sum, vf a, vf b, vf c, vf d)
{
  const vf ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  const vf cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
  const vf s = _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee));
  const __m256 t = _mm256_add_ps(_mm512_castps512_ps256(s), _mm512_extractf32x8_ps(s, 1));
  _mm_storeu_ps(sum, _mm_add_ps(_mm256_castps256_ps128(t), _mm256_extractf128_ps(t, 1)));
}
VOP float vhmax(vf a) { return _mm512_reduce_max_ps(a); }
/* 2^round(x) for |x| < 126, given t = x + VMAGIC */
VOP vf vpow2_magic(vf t)
{
  __m512i n = _mm512_sub_epi32(_mm512_castps_si512(t), _mm512_set1_epi32(0x4b400000 - 127));
  return _mm512_castsi512_ps(_mm512_slli_epi32(n, 23));
}

#elif defined NAC_SIMD_AVX2
#include <immintrin.h>
#define VW 8
#define K(name) name##_avx2
typedef __m256 vf;
VOP vf vset1(float x) { return _mm256_set1_ps(x); }
VOP vf vload(const float *p) { return _mm256_loadu_ps(p); }
VOP void vstore(float *p, vf x) { _mm256_storeu_ps(p, x); }
VOP __m256i vlanes(long n)
{
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
VOP vf vload_n(const float *p, long n) { return _mm256_maskload_ps(p, vlanes(n)); }
VOP void vstore_n(float *p, vf x, long n) { _mm256_maskstore_ps(p, vlanes(n), x); }
VOP vf vfma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
VOP vf vmax(vf a, vf b) { return _mm256_max_ps(a, b); }
VOP vf vmax_nan(vf a, vf b) { return _mm256_blendv_ps(_mm256_max_ps(a, b), a, _mm256_cmp_ps(a, a, _CMP_UNORD_Q)); }
VOP vf vmin(vf a, vf b) { return _mm256_min_ps(a, b); }
VOP vf vsqrt(vf a) { return _mm256_sqrt_ps(a); }
VOP vf vround(vf a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
VOP vf vselect_gt(vf a, vf b, vf x, vf y) { return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_GT_OQ)); }
VOP vf vfill_from(vf x, long n, vf other) { return _mm256_blendv_ps(other, x, _mm256_castsi256_ps(vlanes(n))); }
VOP float vsum(vf a)
{
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}
VOP void vsum4(float *sum, vf a, vf b, vf c, vf d)
{
  const vf ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
  const vf cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
  const vf s = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xee));
  _mm_storeu_ps(sum, _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1)));
}
VOP float vhmax(vf a)
{
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
}
VOP vf vpow2_magic(vf t)
{
  __m256i n = _mm256_sub_epi32(_mm256_castps_si256(t), _mm256_set1_epi32(0x4b400000 - 127));
  return _mm256_castsi256_ps(_mm256_slli_epi32(n, 23));
}

#else /* portable C: GCC's and clang's vectors of four */
#define VW 4
#define K(name) name##_portable
typedef float vf __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));
VOP vf vset1(float x) { return (vf){x, x, x, x}; }
VOP vf vload(const float *p)
{
  vf x;
  memcpy(&x, p, sizeof x);
  return x;
}
VOP void vstore(float *p, vf x) { memcpy(p, &x, sizeof x); }
VOP vf vload_n(const float *p, long n)
{
  vf x = {0, 0, 0, 0};
  memcpy(&x, p, (size_t)n * sizeof *p);
  return x;
}
VOP void vstore_n(float *p, vf x, long n) { memcpy(p, &x, (size_t)n * sizeof *p); }
VOP vf vfma(vf a, vf b, vf c) { return a * b + c; }
VOP vf vblend(vi mask, vf x, vf y) { return (vf)((mask & (vi)x) | (~mask & (vi)y)); }
VOP vf vmax(vf a, vf b) { return vblend(a > b, a, b); }
/* NOLINTNEXTLINE(misc-redundant-expression): a number is unequal to itself where it is a NaN */
VOP vf vmax_nan(vf a, vf b) { return vblend((a > b) | (a != a), a, b); }
VOP vf vmin(vf a, vf b) { return vblend(a < b, a, b); }
VOP vf vsqrt(vf a)
{
  vf y;
  int i;
  for (i = 0; i < VW; i++) {
    y[i] = __builtin_sqrtf(a[i]);
  }
  return y;
}
VOP vf vround(vf a)
{
  vf y;
  int i;
  for (i = 0; i < VW; i++) {
    y[i] = __builtin_rintf(a[i]);
  }
  return y;
}
VOP vf vselect_gt(vf a, vf b, vf x, vf y) { return vblend(a > b, x, y); }
VOP vf vfill_from(vf x, long n, vf other)
{
  const vi index = {0, 1, 2, 3};
  const vi limit = {(int32_t)n, (int32_t)n, (int32_t)n, (int32_t)n};
  return vblend(index < limit, x, other);
}
VOP float vsum(vf a) { return (a[0] + a[1]) + (a[2] + a[3]); }
VOP void vsum4(float *sum, vf a, vf b, vf c, vf d)
{
  sum[0] = vsum(a);
  sum[1] = vsum(b);
  sum[2] = vsum(c);
  sum[3] = vsum(d);
}
VOP float vhmax(vf a)
{
  float p = a[0] > a[1] ? a[0] : a[1];
  float q = a[2] > a[3] ? a[2] : a[3];
  return p > q ? p : q;
}
VOP vf vpow2_magic(vf t)
{
  const vi bias = {0x4b400000 - 127, 0x4b400000 - 127, 0x4b400000 - 127, 0x4b400000 - 127};
  return (vf)(((vi)t - bias) << 23);
}
#endif

/* Adding 1.5 * 2^23 leaves the rounded integer in the low bits. */
#define VMAGIC 12582912.0f

/* The errors stated below are held by spec/core/isa_spec.lua, which compares with
 * double; measured on 200 000 points a range, all sets: 1.25, 2.96 and 1.35 ulp. */

/* exp(x), x clamped to [-87.3, 88.3]: reduction by ln 2 in two parts (Cody &
 * Waite 1980) and a polynomial of degree 6 on [-ln2/2, ln2/2].
 * vexp: error at most 1.5 ulp. */
VOP vf vexp(vf x)
{
  const vf magic = vset1(VMAGIC);
  vf t;
  vf n;
  vf r;
  vf p;
  x = vmin(vset1(88.3f), vmax(vset1(-87.3f), x)); /* in this order a NaN stays a NaN */
  t = vfma(x, vset1(1.44269504088896341f), magic);
  n = t - magic;
  r = vfma(n, vset1(-0.693359375f), x);
  r = vfma(n, vset1(2.12194440e-4f), r);
  p = vset1(1.9875691500e-4f);
  p = vfma(p, r, vset1(1.3981999507e-3f));
  p = vfma(p, r, vset1(8.3334519073e-3f));
  p = vfma(p, r, vset1(4.1665795894e-2f));
  p = vfma(p, r, vset1(1.6666665459e-1f));
  p = vfma(p, r, vset1(5.0000001201e-1f));
  p = vfma(p, r * r, r + vset1(1.0f));
  return p * vpow2_magic(t);
}

/* 1 / (1 + exp(-x)); below -88.3 it stays at 4.5e-39.
 * vsigmoid: error at most 3.5 ulp for x >= -87. */
VOP vf vsigmoid(vf x)
{
  const vf one = vset1(1.0f);
  return one / (one + vexp(vset1(0.0f) - x));
}

/* tanh(x): an odd polynomial below .625, where 1 - 2/(e^2x + 1) would cancel.
 * vtanh: error at most 1.5 ulp. */
VOP vf vtanh(vf x)
{
  const vf one = vset1(1.0f);
  const vf zero = vset1(0.0f);
  vf a = vmax(x, zero - x);
  vf z = x * x;
  vf big = one - vset1(2.0f) / (vexp(a + a) + one);
  vf p = vset1(-5.70498872745e-3f);
  p = vfma(p, z, vset1(2.06390887954e-2f));
  p = vfma(p, z, vset1(-5.37397155531e-2f));
  p = vfma(p, z, vset1(1.33314422036e-1f));
  p = vfma(p, z, vset1(-3.33332819422e-1f));
  p = vfma(p * z, x, x);
  big = vselect_gt(zero, x, zero - big, big);
  return vselect_gt(a, vset1(0.625f), big, p);
}

#endif
