// SPDX-License-Identifier: Apache-2.0
//
// ap_fixed, ap_ufixed, ap_int and ap_uint for machines without AMD's headers: what UG1399
// ("Arbitrary Precision Fixed-Point Data Types") defines, as far as generated firmware and its test
// bench use it. Where Vitis HLS is installed its own headers are taken instead.
//
//   conversion      from C numbers and from each other, 7 rounding and 4 overflow modes
//   + - *           exact: the result has as many bits as it takes
//   << >>           inside the bits of the left operand, rounding nothing
//   == != < <= > >= exact, whatever the formats
//   range(hi, lo)   bits, to be read and written
//
// A number is an integer of W bits, the raw value, times 2^(I - W). Declared types have 1 to 64
// bits, results up to 120. There is no division: firmware has none.
#ifndef NAC_AP_FIXED_H
#define NAC_AP_FIXED_H

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

enum ap_q_mode {
  AP_RND,         // to the nearest, halves up
  AP_RND_ZERO,    // to the nearest, halves towards zero
  AP_RND_MIN_INF, // to the nearest, halves down
  AP_RND_INF,     // to the nearest, halves away from zero
  AP_RND_CONV,    // to the nearest, halves to even
  AP_TRN,         // down; the default
  AP_TRN_ZERO     // towards zero
};

enum ap_o_mode {
  AP_SAT,      // the nearest number there is
  AP_SAT_ZERO, // zero
  AP_SAT_SYM,  // as AP_SAT, but the least number is minus the greatest
  AP_WRAP      // the low W bits; the default
};

namespace ap_shim {

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 unsigned_wide;

constexpr int most(int a, int b) { return a > b ? a : b; }

// The type that computes with W bits: 64 bits where they do.
template <bool small> struct machine {
  typedef std::int64_t type;
  typedef std::uint64_t unsigned_type;
};
template <> struct machine<false> {
  typedef wide type;
  typedef unsigned_wide unsigned_type;
};

// Rounding and overflow into W bits, in arithmetic of type T.
template <class T, class U, int W, bool S, ap_q_mode Q, ap_o_mode O> struct converter {
  static constexpr T max() { return (T)(((U)1 << (W - S)) - 1); }
  static constexpr T min() { return !S ? 0 : O == AP_SAT_SYM ? -max() : -max() - 1; }

  // The low W bits of x, read as the format reads them.
  static T wrap(U x)
  {
    const int rest = (int)(8 * sizeof(T)) - W;
    return S ? (T)(x << rest) >> rest : (T)((x << rest) >> rest);
  }

  static T overflow(T x, U low)
  {
    return O == AP_WRAP ? wrap(low) : O == AP_SAT_ZERO ? 0 : x > 0 ? max() : min();
  }

  // x / 2^drop as an integer.
  static T drop_bits(T x, int drop)
  {
    const T half = (T)1 << (drop - 1);
    const T down = x >> drop; // towards minus infinity
    const T rest = x - (T)((U)down << drop);
    const bool tie = rest == half;
    switch (Q) {
    case AP_TRN: return down;
    case AP_TRN_ZERO: return down + (x < 0 && rest != 0);
    case AP_RND: return down + (rest >= half);
    case AP_RND_ZERO: return down + (rest > half || (tie && x < 0));
    case AP_RND_INF: return down + (rest > half || (tie && x >= 0));
    case AP_RND_MIN_INF: return down + (rest > half);
    case AP_RND_CONV: break;
    }
    return down + (rest > half || (tie && (down & 1) != 0));
  }

  // x / 2^drop in the format; a negative `drop` appends zeros.
  static T convert(T x, int drop)
  {
    const int bits = (int)(8 * sizeof(T));
    if (drop > 0) {
      const T y = drop_bits(x, drop > bits - 3 ? bits - 3 : drop);
      return y >= min() && y <= max() ? y : overflow(y, (U)y);
    }
    const int up = -drop;
    if (x == 0 || (up < bits - 1 && x <= max() >> up && x >= -(-min() >> up))) {
      return x == 0 ? 0 : (T)((U)x << up);
    }
    return overflow(x, up < bits ? (U)x << up : 0);
  }
};

template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O> class number;

// One that a conversion to a C integer goes through.
template <class T> struct c_integer {
  static constexpr int width = std::is_same<T, bool>::value ? 1 : 8 * (int)sizeof(T);
  typedef number<width, width, std::is_signed<T>::value, AP_TRN_ZERO, AP_WRAP> type;
};

// Bits of a number that were read.
struct bits_read {
  unsigned_wide value;
};

inline unsigned_wide mask_of(int bits) { return ((unsigned_wide)1 << bits) - 1; }

// Bits hi to lo of a variable, to be read and written.
template <class N> class bits {
  N *x;
  int hi, lo;

public:
  bits(N *number, int high, int low) : x(number), hi(high), lo(low) {}
  operator bits_read() const { return static_cast<const N *>(x)->range(hi, lo); }
  const bits &operator=(const bits_read &other) const
  {
    const unsigned_wide mask = mask_of(hi - lo + 1);
    return x->set_low_bits((x->low_bits() & ~(mask << lo)) | ((other.value & mask) << lo)), *this;
  }
  const bits &operator=(const bits &other) const { return *this = (bits_read)other; }
};

// A number of W bits, I of them before the point.
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O> class number {
  static_assert(W >= 1 && W <= 120, "a number has 1 to 120 bits");

public:
  typedef typename machine<(W <= 62)>::type raw_type;
  static constexpr int width = W;
  static constexpr int iwidth = I;
  static constexpr bool is_signed = S;

  number() : raw_(0) {}
  number(const number &) = default;
  number &operator=(const number &) = default;

  template <int W2, int I2, bool S2, ap_q_mode Q2, ap_o_mode O2> number(const number<W2, I2, S2, Q2, O2> &x)
  {
    const int drop = W2 - I2 - (W - I);
    typedef machine<(W <= 62 && W2 <= 62 && drop <= 61)> m;
    typedef typename m::type T;
    raw_ = (raw_type)converter<T, typename m::unsigned_type, W, S, Q, O>::convert((T)x.raw(), drop);
  }

  template <class T, typename std::enable_if<std::is_integral<T>::value, int>::type = 0> number(T x)
      : number(c_integer<T>::type::of_raw(x))
  {
  }

  // The very number that x is; what is not finite gives 0.
  number(double x) : raw_(0)
  {
    int exponent;
    if (std::isfinite(x)) {
      const wide mantissa = (wide)std::ldexp(std::frexp(x, &exponent), 53);
      raw_ = (raw_type)converter<wide, unsigned_wide, W, S, Q, O>::convert(mantissa, 53 - exponent - (W - I));
    }
  }

  number(const bits_read &b) : raw_(0) { set_low_bits(b.value); }
  template <class N> number(const bits<N> &b) : raw_(0) { set_low_bits(((bits_read)b).value); }

  static number of_raw(wide raw)
  {
    number x;
    x.raw_ = (raw_type)raw;
    return x;
  }

  raw_type raw() const { return raw_; }
  unsigned_wide low_bits() const { return (unsigned_wide)raw_ & mask_of(W); }
  void set_low_bits(unsigned_wide v) { raw_ = (raw_type)converter<wide, unsigned_wide, W, S, Q, O>::wrap(v); }

  bits<number> range(int hi, int lo) { return bits<number>(this, hi, lo); }
  bits_read range(int hi, int lo) const
  {
    const bits_read b = {(low_bits() >> lo) & mask_of(hi - lo + 1)};
    return b;
  }

  double to_double() const { return std::ldexp((double)raw_, I - W); }
  std::int64_t to_int64() const { return (std::int64_t)typename c_integer<std::int64_t>::type(*this).raw(); }
  int to_int() const { return (int)to_int64(); }
  explicit operator double() const { return to_double(); }
  explicit operator int() const { return to_int(); }
  explicit operator bool() const { return raw_ != 0; }

  number<W + 1, I + 1, true, AP_TRN, AP_WRAP> operator-() const
  {
    return number<W + 1, I + 1, true, AP_TRN, AP_WRAP>::of_raw(-(wide)raw_);
  }

  number operator<<(int n) const
  {
    number x;
    x.set_low_bits(n < 0 ? (unsigned_wide)(wide)(raw_ >> -most(n, 1 - W)) : n >= W ? 0 : (unsigned_wide)raw_ << n);
    return x;
  }
  number operator>>(int n) const { return *this << -n; }

  template <class N> number &operator+=(const N &x) { return *this = *this + x; }
  template <class N> number &operator-=(const N &x) { return *this = *this - x; }
  template <class N> number &operator*=(const N &x) { return *this = *this * x; }
  number &operator<<=(int n) { return *this = *this << n; }
  number &operator>>=(int n) { return *this = *this >> n; }

private:
  raw_type raw_;
};

// Results of two numbers: bits before the point, after the point, sign.
template <int W1, int I1, bool S1, int W2, int I2, bool S2> struct results {
  static constexpr int whole = most(I1 + (S2 && !S1), I2 + (S1 && !S2)) + 1;
  static constexpr int part = most(W1 - I1, W2 - I2);
  typedef number<whole + part, whole, S1 || S2, AP_TRN, AP_WRAP> sum;
  typedef number<whole + part, whole, true, AP_TRN, AP_WRAP> difference;
  typedef number<W1 + W2, I1 + I2, S1 || S2, AP_TRN, AP_WRAP> product;
};

#define AP_SHIM_TWO                                                                                                    \
  template <int W1, int I1, bool S1, ap_q_mode Q1, ap_o_mode O1, int W2, int I2, bool S2, ap_q_mode Q2, ap_o_mode O2>
#define AP_SHIM_A const number<W1, I1, S1, Q1, O1> &a
#define AP_SHIM_B const number<W2, I2, S2, Q2, O2> &b
#define AP_SHIM_RESULT(name) typename results<W1, I1, S1, W2, I2, S2>::name

AP_SHIM_TWO AP_SHIM_RESULT(sum) operator+(AP_SHIM_A, AP_SHIM_B)
{
  typedef AP_SHIM_RESULT(sum) sum;
  typedef typename sum::raw_type T;
  return sum::of_raw((T)sum(a).raw() + (T)sum(b).raw());
}

AP_SHIM_TWO AP_SHIM_RESULT(difference) operator-(AP_SHIM_A, AP_SHIM_B)
{
  typedef AP_SHIM_RESULT(difference) difference;
  typedef typename difference::raw_type T;
  return difference::of_raw((T)difference(a).raw() - (T)difference(b).raw());
}

AP_SHIM_TWO AP_SHIM_RESULT(product) operator*(AP_SHIM_A, AP_SHIM_B)
{
  typedef AP_SHIM_RESULT(product) product;
  typedef typename product::raw_type T;
  return product::of_raw((T)a.raw() * (T)b.raw());
}

// Integers of C count as the number type that holds them all.
#define AP_SHIM_WITH_C(op)                                                                                             \
  template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, class T,                                                   \
            typename std::enable_if<std::is_integral<T>::value, int>::type = 0>                                        \
  auto operator op(const number<W, I, S, Q, O> &a, T b)->decltype(a op typename c_integer<T>::type(b))                 \
  {                                                                                                                    \
    return a op typename c_integer<T>::type(b);                                                                        \
  }                                                                                                                    \
  template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, class T,                                                   \
            typename std::enable_if<std::is_integral<T>::value, int>::type = 0>                                        \
  auto operator op(T a, const number<W, I, S, Q, O> &b)->decltype(typename c_integer<T>::type(a) op b)                 \
  {                                                                                                                    \
    return typename c_integer<T>::type(a) op b;                                                                        \
  }
#define AP_SHIM_COMPARE(op)                                                                                            \
  AP_SHIM_TWO bool operator op(AP_SHIM_A, AP_SHIM_B)                                                                   \
  {                                                                                                                    \
    return (a - b).raw() op 0;                                                                                         \
  }                                                                                                                    \
  AP_SHIM_WITH_C(op)

AP_SHIM_COMPARE(==)
AP_SHIM_COMPARE(!=)
AP_SHIM_COMPARE(<)
AP_SHIM_COMPARE(<=)
AP_SHIM_COMPARE(>)
AP_SHIM_COMPARE(>=)
AP_SHIM_WITH_C(+)
AP_SHIM_WITH_C(-)
AP_SHIM_WITH_C(*)

#undef AP_SHIM_TWO
#undef AP_SHIM_A
#undef AP_SHIM_B
#undef AP_SHIM_RESULT
#undef AP_SHIM_COMPARE
#undef AP_SHIM_WITH_C

} // namespace ap_shim

// The names that firmware uses: each takes over its base's constructors.
#define AP_SHIM_TYPE(name, W, I, S, Q, O)                                                                              \
  typedef ap_shim::number<W, I, S, Q, O> base;                                                                         \
  static_assert(W <= 64, "declared types have at most 64 bits");                                                       \
  using base::base;                                                                                                    \
  name() {}                                                                                                            \
  name(const base &x) : base(x) {}

template <int W, int I = W, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP>
class ap_fixed : public ap_shim::number<W, I, true, Q, O> {
public:
  AP_SHIM_TYPE(ap_fixed, W, I, true, Q, O)
};

template <int W, int I = W, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP>
class ap_ufixed : public ap_shim::number<W, I, false, Q, O> {
public:
  AP_SHIM_TYPE(ap_ufixed, W, I, false, Q, O)
};

template <int W> class ap_int : public ap_shim::number<W, W, true, AP_TRN_ZERO, AP_WRAP> {
public:
  AP_SHIM_TYPE(ap_int, W, W, true, AP_TRN_ZERO, AP_WRAP)
};

template <int W> class ap_uint : public ap_shim::number<W, W, false, AP_TRN_ZERO, AP_WRAP> {
public:
  AP_SHIM_TYPE(ap_uint, W, W, false, AP_TRN_ZERO, AP_WRAP)
};

#undef AP_SHIM_TYPE

#endif
