// SPDX-License-Identifier: Apache-2.0
// Convolutions and pooling over x (c, h, w), all windows at once (io_parallel). What lies beyond the
// edges counts for nothing. Sizes of C: kernel kh, kw; steps sh, sw; dilation dh, dw; the first
// window begins at row -top and column -left; y has oh rows of ow columns.
#ifndef NAC_CONV_H
#define NAC_CONV_H

#include "nac_matmul.h"
#include "nac_raw.h"
#include "nac_reduce.h"

namespace nac {

// y (groups * outputs, oh, ow); w (groups * outputs, channels, kh, kw) of the `channels` of its group.
// A weight of zero has no multiplier.
template <class C, class X, class Y, class W, class B>
void conv_const_latency(const X x[C::groups * C::channels * C::h * C::w], Y y[C::groups * C::outputs * C::oh * C::ow],
                const W w[C::groups * C::outputs * C::channels * C::kh * C::kw], const B offset[C::groups * C::outputs])
{
#pragma HLS INLINE
  for (int g = 0; g < C::groups; g++) {
#pragma HLS UNROLL
    for (int p = 0; p < C::outputs; p++) {
#pragma HLS UNROLL
      const int o = g * C::outputs + p;
      for (int i = 0; i < C::oh; i++) {
#pragma HLS UNROLL
        for (int j = 0; j < C::ow; j++) {
#pragma HLS UNROLL
          typename C::accum_t sum = offset[o];
          for (int c = 0; c < C::channels; c++) {
#pragma HLS UNROLL
            for (int u = 0; u < C::kh; u++) {
#pragma HLS UNROLL
              for (int v = 0; v < C::kw; v++) {
#pragma HLS UNROLL
                const int row = i * C::sh + u * C::dh - C::top;
                const int column = j * C::sw + v * C::dw - C::left;
                const int k = ((o * C::channels + c) * C::kh + u) * C::kw + v;
                if (row >= 0 && row < C::h && column >= 0 && column < C::w && w[k] != 0) {
                  sum += raw(x[((g * C::channels + c) * C::h + row) * C::w + column]) * w[k];
                }
              }
            }
          }
          y[(o * C::oh + i) * C::ow + j] = from_raw<Y>(sum);
        }
      }
    }
  }
}

// The same with shared multipliers: window after window, each as a product of nac_matmul.h.
template <class C, class X, class Y, class W, class B>
void conv_const_resource(const X x[C::groups * C::channels * C::h * C::w], Y y[C::groups * C::outputs * C::oh * C::ow],
                         const W w[C::product_t::multipliers * C::product_t::reuse_factor],
                         const B offset[C::groups * C::outputs], const unsigned in_of[C::product_t::multipliers],
                         const unsigned out_of[C::product_t::multipliers])
{
#pragma HLS INLINE off
  for (int i = 0; i < C::oh; i++) {
    for (int j = 0; j < C::ow; j++) {
      X patch[C::groups * C::channels * C::kh * C::kw];
#pragma HLS ARRAY_PARTITION variable=patch complete
      Y out[C::groups * C::outputs];
#pragma HLS ARRAY_PARTITION variable=out complete
      for (int c = 0; c < C::groups * C::channels; c++) {
#pragma HLS UNROLL
        for (int u = 0; u < C::kh; u++) {
#pragma HLS UNROLL
          for (int v = 0; v < C::kw; v++) {
#pragma HLS UNROLL
            const int row = i * C::sh + u * C::dh - C::top;
            const int column = j * C::sw + v * C::dw - C::left;
            const int k = (c * C::kh + u) * C::kw + v;
            patch[k] = 0;
            if (row >= 0 && row < C::h && column >= 0 && column < C::w) {
              patch[k] = x[(c * C::h + row) * C::w + column];
            }
          }
        }
      }
      matmul_const_resource<typename C::product_t>(patch, out, w, offset, in_of, out_of);
      for (int o = 0; o < C::groups * C::outputs; o++) {
#pragma HLS UNROLL
        y[(o * C::oh + i) * C::ow + j] = out[o];
      }
    }
  }
}

// Sums or maxima of windows; y (channels, oh, ow).
template <class C, class How, class X, class Y>
void window(const X x[C::channels * C::h * C::w], Y y[C::channels * C::oh * C::ow])
{
#pragma HLS INLINE
  for (int c = 0; c < C::channels; c++) {
#pragma HLS UNROLL
    for (int i = 0; i < C::oh; i++) {
#pragma HLS UNROLL
      for (int j = 0; j < C::ow; j++) {
#pragma HLS UNROLL
        typename C::accum_t sum = 0;
        bool begun = false;
        for (int u = 0; u < C::kh; u++) {
#pragma HLS UNROLL
          for (int v = 0; v < C::kw; v++) {
#pragma HLS UNROLL
            const int row = i * C::sh + u * C::dh - C::top;
            const int column = j * C::sw + v * C::dw - C::left;
            if (row >= 0 && row < C::h && column >= 0 && column < C::w) {
              const typename C::accum_t next = raw(x[(c * C::h + row) * C::w + column]);
              sum = begun ? How::of(sum, next) : next;
              begun = true;
            }
          }
        }
        y[(c * C::oh + i) * C::ow + j] = from_raw<Y>(sum);
      }
    }
  }
}

} // namespace nac
#endif
