#ifndef XENT_DETAIL_LIKELIHOOD_TERMS_HPP
#define XENT_DETAIL_LIKELIHOOD_TERMS_HPP

/// What one coefficient adds to the negative log-likelihood of a Gaussian and of a Poisson distribution.

#include <xent/config.hpp>
#include <xent/detail/core/logarithm.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/types.hpp>

#include <cmath>
#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN
namespace detail {

/// (1/2) log(2 pi), the constant of a Gaussian, from 2 pi in three pieces of 53 bits.
template <class W>
struct HalfLogTwoPi {
  static W value() {
    const W two_pi = W(W(0x1.921fb54442d18p+2) + W(0x1.1a62633145c07p-52)) + W(-0x1.f1976b7ed8fbcp-108);
    return W(0.5) * math::log_of(two_pi);
  }
};

/// In three pieces of 53 bits, as the logarithms of logarithm.hpp.
template <class T>
struct HalfLogTwoPi<Twofold<T>> {
  static Twofold<T> value() {
    return Twofold<T>::renormalised(T(0x1.d67f1c864beb5p-1), T(-0x1.65b5a1b7ff5dfp-55) + T(-0x1.b7f70c13dc1ccp-110));
  }
};

/// v - r^2 where the two are close, with all the digits of both.
template <class W>
W excess_over_square(const W& v, const W& r) {
  return v - W(r * r);
}
/// The square of a Twofold has too few digits for that: its parts are subtracted one by one. v - hi^2 is exact.
template <class T>
Twofold<T> excess_over_square(const Twofold<T>& v, const Twofold<T>& r) {
  using W = Twofold<T>;
  const W square = W::two_product(r.hi, r.hi);
  const W mixed = W::two_product(T(2) * r.hi, r.lo);
  return W(v.hi - square.hi) - W(square.lo) - mixed - W(r.lo * r.lo) + W(v.lo);
}

/// (1/2) (log v + r^2 / v), r = mean - x, and its derivatives r / v and (1 - r^2 / v) / (2 v).
template <class W>
struct GaussianTerm {
  W value;
  W d_mean;
  W d_variance;

  GaussianTerm(const W& mean, const W& x, const W& variance) {
    const W difference = mean - x;
    d_mean = difference / variance;
    const W square = d_mean * difference;  // r^2 would overflow before r^2 / v does
    value = W(0.5) * W(natural_log(variance) + square);
    // Near its zero the derivative is v - r^2 over v, with all the digits of r^2: r^2 / v has been rounded.
    W excess = W(1) - square;
    if (square > W(0.5) && square < W(2)) {
      const Wider<W> r = Wider<W>(mean) - Wider<W>(x);
      excess = narrow<W>(excess_over_square(Wider<W>(variance), r)) / variance;
    }
    d_variance = saturated<W>(W(0.5) / variance) * excess;
  }
};

namespace math {
using std::lgamma;

template <class T, class = void>
struct HasLgamma : std::false_type {};
template <class T>
struct HasLgamma<T, std::void_t<decltype(lgamma(std::declval<const T&>()))>> : std::true_type {};
template <class T>
struct HasLgamma<Twofold<T>> : std::true_type {};

template <class T>
T lgamma_of(const T& x) {
  return lgamma(x);
}
template <class T>
Twofold<T> lgamma_of(const Twofold<T>& x) {
  return std::lgamma(x.hi);
}
}  // namespace math

/// log(x!) = log Gamma(x + 1), exactly 0 at x = 0 and x = 1; not called for number types without lgamma.
template <class W>
W log_factorial(const W& x) {
  if constexpr (math::HasLgamma<W>::value)
    return math::lgamma_of(W(x + W(1)));
  else
    return x;
}

/// exp(l) - x l of the log rate l; +inf where l is.
template <class W>
W poisson_value(const W& log_rate, const W& rate, const W& x) {
  return rate - (is_finite(log_rate) ? W(x * log_rate) : x);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
