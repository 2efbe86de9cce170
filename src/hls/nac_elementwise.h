// SPDX-License-Identifier: Apache-2.0
// Operations element by element, all elements at once.
#ifndef NAC_ELEMENTWISE_H
#define NAC_ELEMENTWISE_H

#include "nac_raw.h"

namespace nac {

// Into the format of y: its type says how numbers are rounded and what happens beyond its range.
template <class C, class X, class Y> void requantise(const X x[C::n], Y y[C::n])
{
#pragma HLS INLINE
  for (unsigned i = 0; i < C::n; i++) {
#pragma HLS UNROLL
    y[i] = x[i];
  }
}

// The same numbers once more.
template <unsigned n, class T> void copy(const T x[n], T y[n])
{
#pragma HLS INLINE off
#pragma HLS PIPELINE
  for (unsigned i = 0; i < n; i++) {
#pragma HLS UNROLL
    y[i] = x[i];
  }
}

// y = a + b; Y holds every sum.
template <class C, class A, class B, class Y> void add(const A a[C::n], const B b[C::n], Y y[C::n])
{
#pragma HLS INLINE
  for (unsigned i = 0; i < C::n; i++) {
#pragma HLS UNROLL
    y[i] = a[i] + b[i];
  }
}

// y = a b; Y holds every product.
template <class C, class A, class B, class Y> void mul(const A a[C::n], const B b[C::n], Y y[C::n])
{
#pragma HLS INLINE
  for (unsigned i = 0; i < C::n; i++) {
#pragma HLS UNROLL
    y[i] = a[i] * b[i];
  }
}

// The larger of two; common_t holds both, with the binary point of y.
template <class C, class A, class B, class Y> void max(const A a[C::n], const B b[C::n], Y y[C::n])
{
#pragma HLS INLINE
  for (unsigned i = 0; i < C::n; i++) {
#pragma HLS UNROLL
    const typename C::common_t u = a[i];
    const typename C::common_t v = b[i];
    y[i] = u > v ? u : v;
  }
}

// Into [lo, hi], raw integers with the binary point of y; relu is lo = 0 without hi.
template <class C, class X, class Y> void clamp(const X x[C::n], Y y[C::n])
{
#pragma HLS INLINE
  const typename C::common_t lo = from_raw<typename C::common_t>(ap_int<64>(C::lo));
  const typename C::common_t hi = from_raw<typename C::common_t>(ap_int<64>(C::hi));
  for (unsigned i = 0; i < C::n; i++) {
#pragma HLS UNROLL
    const typename C::common_t v = x[i];
    if (C::has_lo && v < lo) {
      y[i] = lo;
    } else if (C::has_hi && v > hi) {
      y[i] = hi;
    } else {
      y[i] = v;
    }
  }
}

// y = w x + offset, with n_weights constants of their own, each for `inner` neighbouring elements
// in turn (batchnorm that was not folded, means).
template <class C, class X, class Y, class W, class B>
void scale(const X x[C::n], Y y[C::n], const W w[C::n_weights], const B offset[C::n_weights])
{
#pragma HLS INLINE
  for (unsigned i = 0; i < C::n; i += C::n_weights * C::inner) {
#pragma HLS UNROLL
    for (unsigned j = 0; j < C::n_weights; j++) {
#pragma HLS UNROLL
      for (unsigned k = 0; k < C::inner; k++) {
#pragma HLS UNROLL
        if (i + j * C::inner + k < C::n) {
          const unsigned e = i + j * C::inner + k;
          const typename C::accum_t sum = raw(x[e]) * w[j] + offset[j];
          y[e] = from_raw<Y>(sum);
        }
      }
    }
  }
}

} // namespace nac
#endif
