#ifndef XENT_DETAIL_INFORMATION_DIVERGENCE_HPP
#define XENT_DETAIL_INFORMATION_DIVERGENCE_HPP

/// What one class adds to a divergence: core(p, q) = p log(p/q) - p + q >= 0, to the last digits also where p and q are
/// nearly equal. Kullback-Leibler, Jensen-Shannon and mutual information are sums of it.

#include <xent/config.hpp>
#include <xent/detail/core/logarithm.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/types.hpp>

#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Probabilities and counts: not negative, not NaN.
template <class W>
bool is_amount(const W& x) {
  return !(x < W(0)) && !is_nan(x);
}

/// The part of a number that a small correction needs.
template <class W>
const W& leading(const W& x) {
  return x;
}
template <class T>
const T& leading(const Twofold<T>& x) {
  return x.hi;
}

/// (atanh(t) / t - 1) / t^2 = 1/3 + t^2/5 + t^4/7 + ..., of t^2 <= 1/4. The same for value and derivative, for number
/// types of any precision.
template <class T>
T atanh_tail(const T& square) {
  const T third = T(1) / T(3);
  T power = square;
  T rest(0);
  for (int denominator = 5;; denominator += 2) {
    const T next = rest + power / T(denominator);
    if (!(next > rest)) return third + rest;
    rest = next;
    power = power * square;
  }
}

/// The polynomial with the least relative error on [0, 1/4], 2^-51.7, of the degree at which that no longer shows: the
/// tail is at most 0.23 of the result. The series takes 24 terms there.
inline double atanh_tail(double square) {
  constexpr double coefficients[] = {
      0x1.95bf459ddd511p-3, -0x1.c4a5d3e1aa82ep-4, 0x1.d7d8a12c82c43p-4, 0x1.b4f54c2924793p-6, 0x1.d023343a41372p-5,
      0x1.dd98d8cad6ab5p-5, 0x1.11415f0cd4e01p-4,  0x1.3b10dc790c8e3p-4, 0x1.745d32673716dp-4, 0x1.c71c712cf69b4p-4,
      0x1.2492492575235p-3, 0x1.999999999893ep-3,  0x1.5555555555557p-2};
  double sum = 0;
  for (const double coefficient : coefficients) sum = sum * square + coefficient;
  return sum;
}

/// core(p, q) for p >= 0 and q >= 0. `difference` is p - q: the caller may know more of its digits than p and q, which
/// can be rounded, tell.
///
///     ratio within [1/3, 3]:  d t + 2 p t^3 (1/3 + t^2/5 + ...),  d = p - q,  t = d / (p + q),  log(p/q) = 2 atanh(t)
///     else:                   p log(p/q) - d
///
/// Both are >= 0: no result is negative, and equal p and q give 0. At the threshold both are equally accurate. The
/// ratios 2 and 1/2 are off by less than half a unit of rounding, so that bits of powers of two come out exact
/// (tests/information).
template <class Real, class W>
W divergence_term(const W& p, const W& q, const W& difference) {
  if (p == W(0)) return q;
  if (q == W(0)) return W(infinity<Real>());
  const W sum = p + q;
  const W doubled = difference + difference;
  if (doubled > sum || W(-doubled) > sum) return p * log_of_ratio(p, q) - difference;
  const W t = difference / sum;
  using Leading = std::decay_t<decltype(leading(t))>;
  const Leading head = leading(t);
  const Leading square = head * head;
  const Leading tail = head * square * atanh_tail(square);
  return difference * t + W(Leading(leading(p) * tail * Leading(2)));
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
