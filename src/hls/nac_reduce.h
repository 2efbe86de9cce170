// SPDX-License-Identifier: Apache-2.0
// Sums and maxima along the middle axis of x (outer, n, inner), as trees of adders or comparators.
#ifndef NAC_REDUCE_H
#define NAC_REDUCE_H

#include "nac_raw.h"

namespace nac {

struct sum_of {
  template <class A> static A of(const A &a, const A &b) { return a + b; }
};

struct max_of {
  template <class A> static A of(const A &a, const A &b) { return a > b ? a : b; }
};

// y (outer, inner); accum_t holds every partial result.
template <class C, class How, class X, class Y>
void reduce(const X x[C::outer * C::n * C::inner], Y y[C::outer * C::inner])
{
#pragma HLS INLINE
  for (unsigned o = 0; o < C::outer; o++) {
#pragma HLS UNROLL
    for (unsigned k = 0; k < C::inner; k++) {
#pragma HLS UNROLL
      typename C::accum_t sum = raw(x[o * C::n * C::inner + k]);
      for (unsigned i = 1; i < C::n; i++) {
#pragma HLS UNROLL
        const typename C::accum_t next = raw(x[(o * C::n + i) * C::inner + k]);
        sum = How::of(sum, next);
      }
      y[o * C::inner + k] = from_raw<Y>(sum);
    }
  }
}

} // namespace nac
#endif
