// SPDX-License-Identifier: Apache-2.0
// Softmax along the middle axis of x (outer, n, inner), without division: exp(x - max) from a
// table, one over their sum from another, which the leading one of the sum and the bits after it
// choose.
#ifndef NAC_SOFTMAX_H
#define NAC_SOFTMAX_H

#include "nac_raw.h"

namespace nac {

// exps[d] = exp(-d) for raw distances d from the maximum, `unit` bits after the point, zero beyond
// n_entries. reciprocals[i] = 1 / (1 + (i + 1/2) / 2^chosen), `unit` bits after the point.
template <class C, class X, class Y, class E, class R>
void softmax(const X x[C::outer * C::n * C::inner], Y y[C::outer * C::n * C::inner], const E exps[C::n_entries],
             const R reciprocals[1 << C::chosen])
{
#pragma HLS INLINE
  for (unsigned o = 0; o < C::outer; o++) {
#pragma HLS UNROLL
    for (unsigned k = 0; k < C::inner; k++) {
#pragma HLS UNROLL
      typename C::accum_t most = raw(x[o * C::n * C::inner + k]);
      for (unsigned i = 1; i < C::n; i++) {
#pragma HLS UNROLL
        const typename C::accum_t next = raw(x[(o * C::n + i) * C::inner + k]);
        most = next > most ? next : most;
      }
      E part[C::n];
      ap_uint<C::sum_bits> sum = 0;
      for (unsigned i = 0; i < C::n; i++) {
#pragma HLS UNROLL
        const typename C::accum_t d = most - raw(x[(o * C::n + i) * C::inner + k]);
        part[i] = 0;
        if (d < C::n_entries) {
          part[i] = exps[d.to_int()];
        }
        sum += part[i];
      }
      int length = C::unit; // of the sum: 2^length <= sum; the greatest part is 2^unit
      for (int b = C::unit + 1; b < C::sum_bits; b++) {
#pragma HLS UNROLL
        if ((sum >> b) != 0) {
          length = b;
        }
      }
      const ap_uint<C::sum_bits> leading = sum >> (length - C::chosen);
      const ap_uint<C::chosen> at = leading; // without the leading one
      const R reciprocal = reciprocals[at.to_int()];
      for (unsigned i = 0; i < C::n; i++) {
#pragma HLS UNROLL
        typename C::product_t p = part[i] * reciprocal; // times 2^-(unit + length)
        p = p << (C::sum_bits - 1 - length);
        y[(o * C::n + i) * C::inner + k] = from_raw<typename C::result_t>(p);
      }
    }
  }
}

} // namespace nac
#endif
