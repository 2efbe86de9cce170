// SPDX-License-Identifier: Apache-2.0
// Numbers and the integers that stand for them. Inside an operation everything is an integer; the
// type of a value says where its binary point lies: number = raw * 2^(I - W).
#ifndef NAC_RAW_H
#define NAC_RAW_H

#include "ap_fixed.h"
#include "ap_int.h"

namespace nac {

// The integer type with the bits of a number type.
template <class T> struct raw_type;
template <int W, int I, ap_q_mode Q, ap_o_mode O> struct raw_type<ap_fixed<W, I, Q, O> > {
  typedef ap_int<W> type;
};
template <int W, int I, ap_q_mode Q, ap_o_mode O> struct raw_type<ap_ufixed<W, I, Q, O> > {
  typedef ap_uint<W> type;
};
template <int W> struct raw_type<ap_int<W> > {
  typedef ap_int<W> type;
};
template <int W> struct raw_type<ap_uint<W> > {
  typedef ap_uint<W> type;
};

// The integer that stands for a number: wires only.
template <class T> typename raw_type<T>::type raw(const T &x)
{
#pragma HLS INLINE
  typename raw_type<T>::type r;
  r.range(T::width - 1, 0) = x.range(T::width - 1, 0);
  return r;
}

// The number of type T that an integer stands for: wires only.
template <class T, class R> T from_raw(const R &v)
{
#pragma HLS INLINE
  const typename raw_type<T>::type r = v;
  T y;
  y.range(T::width - 1, 0) = r.range(T::width - 1, 0);
  return y;
}

} // namespace nac
#endif
