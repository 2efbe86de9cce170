// SPDX-License-Identifier: Apache-2.0
// Values that travel as streams of tokens (io_stream). A token holds `width` neighbours: all channels of one
// position of an image, a row of a matrix, or a whole vector. Token t holds the elements
// t * token_step + e * element_step, e from 0 on, of the value in its natural order.
#ifndef NAC_STREAM_H
#define NAC_STREAM_H

#include "hls_stream.h"
#include "nac_matmul.h"
#include "nac_raw.h"
#include "nac_reduce.h"

namespace nac {

template <class T, unsigned n> struct token {
  typedef T type;
  static const unsigned width = n;
  T data[n];
};

// A whole value from its stream.
template <unsigned tokens, unsigned token_step, unsigned element_step, class Token, class T>
void gather(hls::stream<Token> &from, T *x)
{
#pragma HLS INLINE
  for (unsigned t = 0; t < tokens; t++) {
#pragma HLS PIPELINE II=1
    const Token in = from.read();
    for (unsigned e = 0; e < Token::width; e++) {
#pragma HLS UNROLL
      x[t * token_step + e * element_step] = in.data[e];
    }
  }
}

// A whole value into its stream.
template <unsigned tokens, unsigned token_step, unsigned element_step, class Token, class T>
void scatter(const T *y, hls::stream<Token> &to)
{
#pragma HLS INLINE
  for (unsigned t = 0; t < tokens; t++) {
#pragma HLS PIPELINE II=1
    Token out;
    for (unsigned e = 0; e < Token::width; e++) {
#pragma HLS UNROLL
      out.data[e] = y[t * token_step + e * element_step];
    }
    to.write(out);
  }
}

// One stream for two readers.
template <unsigned tokens, class Token>
void fork(hls::stream<Token> &from, hls::stream<Token> &one, hls::stream<Token> &other)
{
#pragma HLS INLINE off
  for (unsigned t = 0; t < tokens; t++) {
#pragma HLS PIPELINE II=1
    const Token x = from.read();
    one.write(x);
    other.write(x);
  }
}

// Takes what nobody reads.
template <unsigned tokens, class Token> void drain(hls::stream<Token> &from)
{
#pragma HLS INLINE off
  for (unsigned t = 0; t < tokens; t++) {
#pragma HLS PIPELINE II=1
    from.read();
  }
}

// The same tokens once more.
template <unsigned tokens, class Token> void forward(hls::stream<Token> &from, hls::stream<Token> &to)
{
#pragma HLS INLINE off
  for (unsigned t = 0; t < tokens; t++) {
#pragma HLS PIPELINE II=1
    to.write(from.read());
  }
}

// The last rows of an image (C::h, C::w) that arrives position by position, and the window that ends at
// the newest. The image is walked with its border: C::rows by C::columns positions, of which those
// outside the image hold zeros.
template <class C, class X> class image_window {
  X line[C::span_h][C::columns][C::c]; // line[u]: the row that lies span_h - 1 - u above; the last is not kept
  X at[C::span_h][C::span_w][C::c];

public:
  image_window()
  {
#pragma HLS ARRAY_PARTITION variable=line complete dim=1
#pragma HLS ARRAY_PARTITION variable=line complete dim=3
#pragma HLS ARRAY_PARTITION variable=at complete dim=0
  }

  // Takes in the position at that column, all channels of it.
  void push(const X x[C::c], int column)
  {
#pragma HLS INLINE
    for (int c = 0; c < C::c; c++) {
#pragma HLS UNROLL
      for (int u = 0; u < C::span_h; u++) {
#pragma HLS UNROLL
        for (int v = 0; v + 1 < C::span_w; v++) {
#pragma HLS UNROLL
          at[u][v][c] = at[u][v + 1][c];
        }
        at[u][C::span_w - 1][c] = u + 1 < C::span_h ? line[u][column][c] : x[c];
      }
      for (int u = 0; u + 1 < C::span_h; u++) {
#pragma HLS UNROLL
        line[u][column][c] = at[u + 1][C::span_w - 1][c];
      }
    }
  }

  const X &tap(int c, int u, int v) const
  {
#pragma HLS INLINE
    return at[u * C::dh][v * C::dw][c];
  }

  // The window as a row of numbers (c, kh, kw).
  void patch(X x[C::c * C::kh * C::kw]) const
  {
#pragma HLS INLINE
    for (int c = 0; c < C::c; c++) {
#pragma HLS UNROLL
      for (int u = 0; u < C::kh; u++) {
#pragma HLS UNROLL
        for (int v = 0; v < C::kw; v++) {
#pragma HLS UNROLL
          x[(c * C::kh + u) * C::kw + v] = tap(c, u, v);
        }
      }
    }
  }
};

// Whether a position with border lies in the image.
template <class C> bool is_inside(int row, int column)
{
#pragma HLS INLINE
  return row >= C::top && row < C::top + C::h && column >= C::left && column < C::left + C::w;
}

// Reads the position from the stream where it lies in the image.
template <class C, class Token> void read_position(hls::stream<Token> &from, int row, int column, Token &x)
{
#pragma HLS INLINE
  if (is_inside<C>(row, column)) {
    x = from.read();
  } else {
    for (int c = 0; c < C::c; c++) {
#pragma HLS UNROLL
      x.data[c] = 0;
    }
  }
}

// Convolution, strategy "latency": a window each cycle, or each reuse_factor cycles.
template <class C, class In, class Out, class W, class B>
void conv_stream_latency(hls::stream<In> &from, hls::stream<Out> &to, const W *w, const B *offset)
{
#pragma HLS INLINE off
  image_window<C, typename In::type> window;
  int next_row = C::span_h - 1; // where the next windows end
  for (int row = 0; row < C::rows; row++) {
    int next_column = C::span_w - 1;
    for (int column = 0; column < C::columns; column++) {
#pragma HLS PIPELINE II=C::product_t::reuse_factor
      In x;
      read_position<C>(from, row, column, x);
      window.push(x.data, column);
      if (row == next_row && column == next_column && column < C::last_column) {
        typename In::type patch[C::c * C::kh * C::kw];
#pragma HLS ARRAY_PARTITION variable=patch complete
        Out y;
        window.patch(patch);
        matmul_const_latency<typename C::product_t>(patch, y.data, w, offset);
        to.write(y);
        next_column += C::sw;
      }
    }
    if (row == next_row && row + C::sh < C::last_row) {
      next_row += C::sh;
    }
  }
}

// Convolution, strategy "resource": a window takes `reuse_factor` cycles.
template <class C, class In, class Out, class W, class B>
void conv_stream_resource(hls::stream<In> &from, hls::stream<Out> &to, const W *w, const B *offset,
                          const unsigned *in_of, const unsigned *out_of)
{
#pragma HLS INLINE off
  image_window<C, typename In::type> window;
  int next_row = C::span_h - 1;
  for (int row = 0; row < C::rows; row++) {
    int next_column = C::span_w - 1;
    for (int column = 0; column < C::columns; column++) {
      In x;
      read_position<C>(from, row, column, x);
      window.push(x.data, column);
      if (row == next_row && column == next_column && column < C::last_column) {
        typename In::type patch[C::c * C::kh * C::kw];
#pragma HLS ARRAY_PARTITION variable=patch complete
        Out y;
        window.patch(patch);
        matmul_const_resource<typename C::product_t>(patch, y.data, w, offset, in_of, out_of);
        to.write(y);
        next_column += C::sw;
      }
    }
    if (row == next_row && row + C::sh < C::last_row) {
      next_row += C::sh;
    }
  }
}

// Sums or maxima of windows; what lies outside the image counts for nothing.
template <class C, class How, class In, class Out>
void window_stream(hls::stream<In> &from, hls::stream<Out> &to)
{
#pragma HLS INLINE off
  image_window<C, typename In::type> window;
  int next_row = C::span_h - 1;
  for (int row = 0; row < C::rows; row++) {
    int next_column = C::span_w - 1;
    for (int column = 0; column < C::columns; column++) {
#pragma HLS PIPELINE II=1
      In x;
      read_position<C>(from, row, column, x);
      window.push(x.data, column);
      if (row == next_row && column == next_column && column < C::last_column) {
        Out y;
        for (int c = 0; c < C::c; c++) {
#pragma HLS UNROLL
          typename C::accum_t sum = 0;
          bool begun = false;
          for (int u = 0; u < C::kh; u++) {
#pragma HLS UNROLL
            for (int v = 0; v < C::kw; v++) {
#pragma HLS UNROLL
              if (is_inside<C>(row - C::span_h + 1 + u * C::dh, column - C::span_w + 1 + v * C::dw)) {
                const typename C::accum_t next = raw(window.tap(c, u, v));
                sum = begun ? How::of(sum, next) : next;
                begun = true;
              }
            }
          }
          y.data[c] = from_raw<typename Out::type>(sum);
        }
        to.write(y);
        next_column += C::sw;
      }
    }
    if (row == next_row && row + C::sh < C::last_row) {
      next_row += C::sh;
    }
  }
}

// Sums or maxima over all tokens, element by element: one token.
template <class C, class How, class In, class Out> void reduce_stream(hls::stream<In> &from, hls::stream<Out> &to)
{
#pragma HLS INLINE off
  typename C::accum_t sum[In::width];
#pragma HLS ARRAY_PARTITION variable=sum complete
  for (unsigned t = 0; t < C::tokens; t++) {
#pragma HLS PIPELINE II=1
    const In x = from.read();
    for (unsigned e = 0; e < In::width; e++) {
#pragma HLS UNROLL
      const typename C::accum_t next = raw(x.data[e]);
      sum[e] = t == 0 ? next : How::of(sum[e], next);
    }
  }
  Out y;
  for (unsigned e = 0; e < In::width; e++) {
#pragma HLS UNROLL
    y.data[e] = from_raw<typename Out::type>(sum[e]);
  }
  to.write(y);
}

} // namespace nac
#endif
