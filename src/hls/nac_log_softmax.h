// SPDX-License-Identifier: Apache-2.0
// The logarithm of softmax along the middle axis of x (outer, n, inner): distances from the maximum
// less the logarithm of the sum of their exponentials. Its leading one gives a multiple of log 2,
// the bits after it choose the rest from a table.
#ifndef NAC_LOG_SOFTMAX_H
#define NAC_LOG_SOFTMAX_H

#include "nac_raw.h"

namespace nac {

// exps[d] = exp(-d) for raw distances d from the maximum, `unit` bits after the point, zero beyond
// n_entries. logs[i] = log(1 + (i + 1/2) / 2^chosen); log2 likewise; y has `unit` bits after the
// point, which distances reach by moving `up` bits left.
template <class C, class X, class Y, class E, class L>
void log_softmax(const X x[C::outer * C::n * C::inner], Y y[C::outer * C::n * C::inner], const E exps[C::n_entries],
                 const L logs[1 << C::chosen])
{
#pragma HLS INLINE
  for (int o = 0; o < C::outer; o++) {
#pragma HLS UNROLL
    for (int k = 0; k < C::inner; k++) {
#pragma HLS UNROLL
      typename C::accum_t most = raw(x[o * C::n * C::inner + k]);
      for (int i = 1; i < C::n; i++) {
#pragma HLS UNROLL
        const typename C::accum_t next = raw(x[(o * C::n + i) * C::inner + k]);
        most = next > most ? next : most;
      }
      typename C::sum_t sum = 0;
      for (int i = 0; i < C::n; i++) {
#pragma HLS UNROLL
        const typename C::accum_t d = most - raw(x[(o * C::n + i) * C::inner + k]);
        if (d < C::n_entries) {
          sum += exps[d.to_int()];
        }
      }
      int length = C::unit; // 2^length <= sum; the greatest part is 2^unit
      for (int b = C::unit + 1; b < C::sum_bits; b++) {
#pragma HLS UNROLL
        if ((sum >> b) != 0) {
          length = b;
        }
      }
      const typename C::sum_t leading = sum >> (length - C::chosen);
      const ap_uint<C::chosen> at = leading; // without the leading one
      const typename C::accum_t whole = (length - C::unit) * C::log2;
      const typename C::accum_t log_sum = whole + logs[at.to_int()];
      for (int i = 0; i < C::n; i++) {
#pragma HLS UNROLL
        typename C::accum_t d = raw(x[(o * C::n + i) * C::inner + k]) - most;
        d = d << C::up;
        const typename C::accum_t result = d - log_sum;
        y[(o * C::n + i) * C::inner + k] = from_raw<Y>(result);
      }
    }
  }
}

} // namespace nac
#endif
