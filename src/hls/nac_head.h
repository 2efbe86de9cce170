// SPDX-License-Identifier: Apache-2.0
// What the top function gives instead of the net's own outputs: the place of the greatest, or bits.
#ifndef NAC_HEAD_H
#define NAC_HEAD_H

#include "nac_raw.h"

namespace nac {

// The index, from 0, of the greatest of x, the first of equals; a tree of comparators, `levels` deep.
template <class C, class X, class Y> void argmax(const X x[C::n], Y y[1])
{
#pragma HLS INLINE
  typename raw_type<X>::type most[C::n];
#pragma HLS ARRAY_PARTITION variable=most complete
  Y at[C::n];
#pragma HLS ARRAY_PARTITION variable=at complete
  for (unsigned i = 0; i < C::n; i++) {
#pragma HLS UNROLL
    most[i] = raw(x[i]);
    at[i] = i;
  }
  for (unsigned level = 0; level < C::levels; level++) {
#pragma HLS UNROLL
    const unsigned step = 1u << level;
    for (unsigned i = 0; i + step < C::n; i += 2 * step) {
#pragma HLS UNROLL
      if (most[i + step] > most[i]) {
        most[i] = most[i + step];
        at[i] = at[i + step];
      }
    }
  }
  y[0] = at[0];
}

// 1 where the raw integer of x is above C::limit, else 0.
template <class C, class X, class Y> void threshold(const X x[C::n], Y y[C::n])
{
#pragma HLS INLINE
  for (unsigned i = 0; i < C::n; i++) {
#pragma HLS UNROLL
    const typename C::accum_t v = raw(x[i]);
    y[i] = v > C::limit;
  }
}

} // namespace nac
#endif
