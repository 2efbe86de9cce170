// SPDX-License-Identifier: Apache-2.0
// Softmax along the middle axis of x (outer, n, inner), without division: exp(x - max) from a
// table, one over their sum from another, which the leading one of the sum and the bits after it
// choose.
#ifndef NAC_SOFTMAX_H
#define NAC_SOFTMAX_H

#include "nac_raw.h"

namespace nac {

// One row: x[first], x[first + inner], ...
template <class C, class X, class Y, class E, class R>
void softmax_row(const X *x, Y *y, const E *exps, const R *reciprocals, unsigned first)
{
#pragma HLS INLINE
  typename C::accum_t most = raw(x[first]);
  for (unsigned i = 1; i < C::n; i++) {
#pragma HLS UNROLL
    const typename C::accum_t next = raw(x[first + i * C::inner]);
    most = next > most ? next : most;
  }
  E part[C::n];
#pragma HLS ARRAY_PARTITION variable=part complete
  ap_uint<C::sum_bits> sum = 0;
  for (unsigned i = 0; i < C::n; i++) {
#pragma HLS UNROLL
    const typename C::accum_t d = most - raw(x[first + i * C::inner]);
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
    y[first + i * C::inner] = from_raw<typename C::result_t>(p);
  }
}

// exps[d] = exp(-d) for raw distances d from the maximum, `unit` bits after the point, zero beyond
// n_entries. reciprocals[i] = 1 / (1 + (i + 1/2) / 2^chosen), `unit` bits after the point. A cycle computes
// outer_block times inner_block rows; with the strategy "latency" that is all of them.
template <class C, class X, class Y, class E, class R>
void softmax(const X x[C::outer * C::n * C::inner], Y y[C::outer * C::n * C::inner], const E exps[C::n_entries],
             const R reciprocals[1 << C::chosen])
{
#pragma HLS INLINE
  for (unsigned o0 = 0; o0 < C::outer; o0 += C::outer_block) {
    for (unsigned k0 = 0; k0 < C::inner; k0 += C::inner_block) {
#pragma HLS PIPELINE II=1
      for (unsigned o = 0; o < C::outer_block; o++) {
#pragma HLS UNROLL
        for (unsigned k = 0; k < C::inner_block; k++) {
#pragma HLS UNROLL
          softmax_row<C>(x, y, exps, reciprocals, (o0 + o) * C::n * C::inner + k0 + k);
        }
      }
    }
  }
}

} // namespace nac
#endif
