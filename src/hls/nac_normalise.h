// SPDX-License-Identifier: Apache-2.0
// To mean 0 and variance 1 along the middle axis of x (outer, n, inner), without division: n times
// the distances from the mean are exact; the leading one of the sum of their squares and the bits
// after it choose one over its root.
#ifndef NAC_NORMALISE_H
#define NAC_NORMALISE_H

#include "nac_raw.h"

namespace nac {

// Squares move `up` bits left before eps is added. roots[i + 2^chosen p]: for a leading one in an
// even (p = 0) or odd place; products lose `drop` bits and half that place, halves go to even.
template <class C, class X, class Y, class R>
void normalise(const X x[C::outer * C::n * C::inner], Y y[C::outer * C::n * C::inner], const R roots[2 << C::chosen])
{
#pragma HLS INLINE
  for (int o = 0; o < C::outer; o++) {
#pragma HLS UNROLL
    for (int k = 0; k < C::inner; k++) {
#pragma HLS UNROLL
      typename C::distance_t sum = 0;
      for (int i = 0; i < C::n; i++) {
#pragma HLS UNROLL
        sum += raw(x[(o * C::n + i) * C::inner + k]);
      }
      typename C::distance_t distance[C::n];
#pragma HLS ARRAY_PARTITION variable=distance complete
      typename C::accum_t squares = 0;
      for (int i = 0; i < C::n; i++) {
#pragma HLS UNROLL
        distance[i] = raw(x[(o * C::n + i) * C::inner + k]) * C::n - sum;
        squares += distance[i] * distance[i];
      }
      squares = squares << C::up;
      const typename C::accum_t eps = C::eps;
      squares += eps;
      int length = 0; // 2^length <= squares
      for (int b = 1; b < C::sum_bits; b++) {
#pragma HLS UNROLL
        if ((squares >> b) != 0) {
          length = b;
        }
      }
      typename C::accum_t leading = squares;
      if (length > C::chosen) {
        leading = squares >> (length - C::chosen);
      } else {
        leading = squares << (C::chosen - length);
      }
      const ap_uint<C::chosen> low = leading; // without the leading one
      const bool is_odd = length - (length >> 1 << 1) != 0;
      const R root = roots[low.to_int() + (is_odd ? 1 << C::chosen : 0)];
      int drop = C::drop + (length >> 1);
      if (drop < 1) {
        drop = 1; // all are 0
      }
      typename C::accum_t half = 1;
      half = half << (drop - 1);
      for (int i = 0; i < C::n; i++) {
#pragma HLS UNROLL
        const typename C::accum_t product = distance[i] * root;
        const typename C::accum_t down = product >> drop;
        ap_uint<1> is_odd_below;
        is_odd_below.range(0, 0) = down.range(0, 0);
        typename C::accum_t rounded = product + half;
        rounded = rounded - 1;
        rounded += is_odd_below;
        const typename C::accum_t result = rounded >> drop;
        y[(o * C::n + i) * C::inner + k] = from_raw<Y>(result);
      }
    }
  }
}

} // namespace nac
#endif
