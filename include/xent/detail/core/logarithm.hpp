#ifndef XENT_DETAIL_CORE_LOGARITHM_HPP
#define XENT_DETAIL_CORE_LOGARITHM_HPP

/// Logarithms of probabilities and of their quotients in the wide arithmetic of a result, and the unit of the result.

#include <xent/config.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/types.hpp>

#include <cmath>

XENT_NAMESPACE_BEGIN
namespace detail {

/// The natural logarithms of 2 and 10.
template <class W>
struct LogarithmOf {
  static W two() { return math::log_of(W(2)); }
  static W ten() { return math::log_of(W(10)); }
};

/// In three pieces of 53 bits: enough for every T, whatever the digits of long double are.
template <class T>
struct LogarithmOf<Twofold<T>> {
  static Twofold<T> two() {
    return Twofold<T>::renormalised(T(0x1.62e42fefa39efp-1), T(0x1.abc9e3b39803fp-56) + T(0x1.7b57a079a1934p-111));
  }
  static Twofold<T> ten() {
    return Twofold<T>::renormalised(T(0x1.26bb1bbb55516p+1), T(-0x1.f48ad494ea3e9p-53) + T(-0x1.9ebae3ae0260cp-107));
  }
};

/// An amount of information in nats, in the unit asked for. Converted once, after everything has been summed.
template <class W>
W in_unit(const W& nats, Unit unit) {
  if (unit == Unit::bits) return nats / LogarithmOf<W>::two();
  if (unit == Unit::hartleys) return nats / LogarithmOf<W>::ten();
  return nats;
}

/// log x, x >= 0.
template <class W>
W natural_log(const W& x) {
  return math::log_of(x);
}

/// log x = e ln 2 + log m with x = m 2^e, m in [sqrt(1/2), sqrt 2). log m, the only inexact part, is less than 0.35,
/// and for a power of two it is 0: the logarithm then has all the digits of ln 2, and dividing by ln 2 gives the
/// exponent exactly. That is what keeps sums of logarithms of powers of two exact in bits, with no second set of
/// formulas.
template <class T>
Twofold<T> natural_log(const Twofold<T>& x) {
  if (!(x.hi > T(0)) || !is_finite(x.hi)) return math::log(x);
  int exponent = 0;
  if (std::frexp(x.hi, &exponent) < T(0.70710678118654752)) --exponent;
  const Twofold<T> mantissa(std::ldexp(x.hi, -exponent), std::ldexp(x.lo, -exponent));
  return Twofold<T>(T(exponent)) * LogarithmOf<Twofold<T>>::two() + math::log(mantissa);
}

/// log(a / b), a > 0 and b > 0, where a / b is not near 1: see log_of_whole.
template <class W>
W log_of_ratio(const W& a, const W& b) {
  const W ratio = a / b;
  const bool in_range = ratio > W(0) && is_finite(ratio);
  return in_range ? math::log_of(ratio) : W(natural_log(a) - natural_log(b));
}

/// Without a quotient that can leave the range, and exact where the ratio is a power of two: equal mantissas cancel.
template <class T>
Twofold<T> log_of_ratio(const Twofold<T>& a, const Twofold<T>& b) {
  return natural_log(a) - natural_log(b);
}

/// log(whole / part) >= 0 of 0 < part <= whole. A part that is nearly the whole has log1p of what is left over the
/// part: the quotient would round to 1.
template <class W>
W log_of_whole(const W& whole, const W& part) {
  if (W(part + part) > whole) return math::log1p_of(W((whole - part) / part));
  return log_of_ratio(whole, part);
}

/// exp x.
template <class W>
W exponential_of(const W& x) {
  return math::exp_of(x);
}

/// exp x = 2^n exp r with n = round(x / ln 2): the inverse of natural_log, exact for the logarithm of a power of two.
template <class T>
Twofold<T> exponential_of(const Twofold<T>& x) {
  constexpr T far_out_of_range = 20000;  // exp of it overflows every type; keeps the exponent an int
  if (!(x.hi > -far_out_of_range) || !(far_out_of_range > x.hi)) return math::exp(x);
  const T exponent = std::nearbyint((x / LogarithmOf<Twofold<T>>::two()).hi);
  const Twofold<T> e = math::exp(x - Twofold<T>(exponent) * LogarithmOf<Twofold<T>>::two());
  const int shift = static_cast<int>(exponent);
  return {std::ldexp(e.hi, shift), std::ldexp(e.lo, shift)};
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
