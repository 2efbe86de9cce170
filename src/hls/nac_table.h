// SPDX-License-Identifier: Apache-2.0
// Functions by table: tanh, sigmoid and the like, one entry for each number that x can be.
#ifndef NAC_TABLE_H
#define NAC_TABLE_H

#include "nac_raw.h"

namespace nac {

// y = table[x - first]; entries are the raw integers of y, so nothing is rounded here.
template <class C, class X, class Y, class T> void table(const X x[C::n], Y y[C::n], const T entries[C::n_entries])
{
#pragma HLS INLINE
  for (unsigned i = 0; i < C::n; i++) {
#pragma HLS UNROLL
    const ap_uint<C::index_bits> at = raw(x[i]) - C::first;
    y[i] = from_raw<Y>(entries[at.to_int()]);
  }
}

} // namespace nac
#endif
