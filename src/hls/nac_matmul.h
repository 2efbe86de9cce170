// SPDX-License-Identifier: Apache-2.0
// Products of a value with constants and of two values.
//
//   x (outer, n_in)   y (outer, n_out)   w (n_out, n_in)   offset (n_out)
//
// Weights and offsets are integers; offsets have the binary point of y. accum_t holds every sum,
// whatever the order of adding up, so nothing overflows.
#ifndef NAC_MATMUL_H
#define NAC_MATMUL_H

#include "nac_raw.h"

namespace nac {

// Strategy "latency": every product has hardware of its own; a weight of zero has none.
template <class C, class X, class Y, class W, class B>
void matmul_const_latency(const X x[C::outer * C::n_in], Y y[C::outer * C::n_out], const W w[C::n_out * C::n_in],
                          const B offset[C::n_out])
{
#pragma HLS INLINE
#pragma HLS ARRAY_PARTITION variable=w complete
#pragma HLS ARRAY_PARTITION variable=offset complete
  for (unsigned r = 0; r < C::outer; r++) {
#pragma HLS UNROLL
    for (unsigned o = 0; o < C::n_out; o++) {
#pragma HLS UNROLL
      typename C::accum_t sum = offset[o];
      for (unsigned i = 0; i < C::n_in; i++) {
#pragma HLS UNROLL
        if (w[o * C::n_in + i] != 0) {
          sum += raw(x[r * C::n_in + i]) * w[o * C::n_in + i];
        }
      }
      y[r * C::n_out + o] = from_raw<Y>(sum);
    }
  }
}

// Strategy "resource": each multiplier serves `reuse_factor` weights, one a cycle, from memory. The
// factor is columns * rows: `columns` divides n_in, and `rows` is 1 unless columns = n_in, when it
// divides n_out.
template <class C, class X, class Y, class W, class B>
void matmul_const_resource(const X x[C::outer * C::n_in], Y y[C::outer * C::n_out], const W w[C::n_out * C::n_in],
                           const B offset[C::n_out])
{
#pragma HLS INLINE off
#pragma HLS ARRAY_RESHAPE variable=w block factor=C::multipliers
#pragma HLS ARRAY_PARTITION variable=offset complete
  typename C::accum_t sum[C::n_out];
#pragma HLS ARRAY_PARTITION variable=sum complete
  for (unsigned r = 0; r < C::outer; r++) {
    for (unsigned o = 0; o < C::n_out; o++) {
#pragma HLS UNROLL
      sum[o] = offset[o];
    }
    for (unsigned row = 0; row < C::rows; row++) {
      for (unsigned column = 0; column < C::columns; column++) {
#pragma HLS PIPELINE II=1
        for (unsigned o = 0; o < C::n_out; o += C::rows) {
#pragma HLS UNROLL
          for (unsigned i = 0; i < C::n_in; i += C::columns) {
#pragma HLS UNROLL
            sum[o + row] += raw(x[r * C::n_in + i + column]) * w[(o + row) * C::n_in + i + column];
          }
        }
      }
    }
    for (unsigned o = 0; o < C::n_out; o++) {
#pragma HLS UNROLL
      y[r * C::n_out + o] = from_raw<Y>(sum[o]);
    }
  }
}

// `count` products (m, k) (k, n) of two values, each stored as it stands or transposed.
template <class C, class A, class B, class Y>
void matmul(const A a[C::count * C::m * C::k], const B b[C::count * C::k * C::n], Y y[C::count * C::m * C::n])
{
#pragma HLS INLINE
  for (unsigned s = 0; s < C::count; s++) {
#pragma HLS UNROLL
    for (unsigned i = 0; i < C::m; i++) {
#pragma HLS UNROLL
      for (unsigned j = 0; j < C::n; j++) {
#pragma HLS UNROLL
        typename C::accum_t sum = 0;
        for (unsigned k = 0; k < C::k; k++) {
#pragma HLS UNROLL
          const unsigned u = s * C::m * C::k + (C::a_transposed ? k * C::m + i : i * C::k + k);
          const unsigned v = s * C::k * C::n + (C::b_transposed ? j * C::k + k : k * C::n + j);
          sum += raw(a[u]) * raw(b[v]);
        }
        y[(s * C::m + i) * C::n + j] = from_raw<Y>(sum);
      }
    }
  }
}

} // namespace nac
#endif
