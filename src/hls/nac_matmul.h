// SPDX-License-Identifier: Apache-2.0
// Products of a value with constants and of two values.
//
//   x (outer, groups, n_in)   y (outer, groups, n_out)   w (groups, n_out, n_in)   offset (groups, n_out)
//
// Dense layers have one group. Weights and offsets are integers; offsets have the binary point of y.
// accum_t holds every sum, whatever the order of adding up, so nothing overflows.
#ifndef NAC_MATMUL_H
#define NAC_MATMUL_H

#include "nac_raw.h"

namespace nac {

// Strategy "latency": every product has hardware of its own; a weight of zero has none. All indices are constants once
// loops are unrolled, so that weights become part of the logic: no array of them is left that had to be partitioned.
template <class C, class X, class Y, class W, class B>
void matmul_const_latency(const X x[C::outer * C::groups * C::n_in], Y y[C::outer * C::groups * C::n_out],
                          const W w[C::groups * C::n_out * C::n_in], const B offset[C::groups * C::n_out])
{
#pragma HLS INLINE
  for (unsigned r = 0; r < C::outer; r++) {
#pragma HLS UNROLL
    for (unsigned g = 0; g < C::groups; g++) {
#pragma HLS UNROLL
      for (unsigned p = 0; p < C::n_out; p++) {
#pragma HLS UNROLL
        const unsigned o = g * C::n_out + p;
        typename C::accum_t sum = offset[o];
        for (unsigned i = 0; i < C::n_in; i++) {
#pragma HLS UNROLL
          if (w[o * C::n_in + i] != 0) {
            sum += raw(x[(r * C::groups + g) * C::n_in + i]) * w[o * C::n_in + i];
          }
        }
        y[r * C::groups * C::n_out + o] = from_raw<Y>(sum);
      }
    }
  }
}

// Strategy "resource": each multiplier serves a group of `reuse_factor` weights that follow each other in
// (groups, n_out, n_in), one a cycle, from memory. w holds the groups of the multipliers one after the other:
// groups of zeros are left out and have no multiplier. The first product of multiplier m is
// x[in_of[m]] for y[out_of[m]]. The factor is columns * rows: `columns` divides n_in, and `rows` is 1 unless
// columns = n_in, when it divides groups * n_out.
template <class C, class X, class Y, class W, class B>
void matmul_const_resource(const X x[C::outer * C::groups * C::n_in], Y y[C::outer * C::groups * C::n_out],
                           const W w[C::multipliers * C::reuse_factor], const B offset[C::groups * C::n_out],
                           const unsigned in_of[C::multipliers], const unsigned out_of[C::multipliers])
{
#pragma HLS INLINE off
#pragma HLS ARRAY_RESHAPE variable=w block factor=C::multipliers
#pragma HLS ARRAY_PARTITION variable=offset complete
#pragma HLS ARRAY_PARTITION variable=in_of complete
#pragma HLS ARRAY_PARTITION variable=out_of complete
  typename C::accum_t sum[C::groups * C::n_out];
#pragma HLS ARRAY_PARTITION variable=sum complete
  for (unsigned r = 0; r < C::outer; r++) {
    for (unsigned o = 0; o < C::groups * C::n_out; o++) {
#pragma HLS UNROLL
      sum[o] = offset[o];
    }
    for (unsigned row = 0; row < C::rows; row++) {
      for (unsigned column = 0; column < C::columns; column++) {
#pragma HLS PIPELINE II=1
        for (unsigned m = 0; m < C::multipliers; m++) {
#pragma HLS UNROLL
          sum[out_of[m] + row] += raw(x[r * C::groups * C::n_in + in_of[m] + column]) *
                                  w[m * C::reuse_factor + row * C::columns + column];
        }
      }
    }
    for (unsigned o = 0; o < C::groups * C::n_out; o++) {
#pragma HLS UNROLL
      y[r * C::groups * C::n_out + o] = from_raw<Y>(sum[o]);
    }
  }
}

// One element of a product of two values: row i of a, column j of b, of the s-th pair.
template <class C, class A, class B, class Y> void matmul_element(const A *a, const B *b, Y *y, unsigned s, unsigned i, unsigned j)
{
#pragma HLS INLINE
  typename C::accum_t sum = 0;
  for (unsigned k = 0; k < C::k; k++) {
#pragma HLS UNROLL
    const unsigned u = s * C::m * C::k + (C::a_transposed ? k * C::m + i : i * C::k + k);
    const unsigned v = s * C::k * C::n + (C::b_transposed ? j * C::k + k : k * C::n + j);
    sum += raw(a[u]) * raw(b[v]);
  }
  y[(s * C::m + i) * C::n + j] = from_raw<Y>(sum);
}

// `count` products (m, k) (k, n) of two values, each stored as it stands or transposed. Each multiplier serves
// `reuse_factor` elements of y, one a cycle: a cycle computes a block of count_block times m_block times n_block
// elements; with the strategy "latency" that is all of them, or of streamed values one row.
template <class C, class A, class B, class Y>
void matmul(const A a[C::count * C::m * C::k], const B b[C::count * C::k * C::n], Y y[C::count * C::m * C::n])
{
#pragma HLS INLINE
  for (unsigned s0 = 0; s0 < C::count; s0 += C::count_block) {
    for (unsigned i0 = 0; i0 < C::m; i0 += C::m_block) {
      for (unsigned j0 = 0; j0 < C::n; j0 += C::n_block) {
#pragma HLS PIPELINE II=1
        for (unsigned s = 0; s < C::count_block; s++) {
#pragma HLS UNROLL
          for (unsigned i = 0; i < C::m_block; i++) {
#pragma HLS UNROLL
            for (unsigned j = 0; j < C::n_block; j++) {
#pragma HLS UNROLL
              matmul_element<C>(a, b, y, s0 + s, i0 + i, j0 + j);
            }
          }
        }
      }
    }
  }
}

} // namespace nac
#endif
