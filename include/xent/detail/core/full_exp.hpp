#ifndef XENT_DETAIL_CORE_FULL_EXP_HPP
#define XENT_DETAIL_CORE_FULL_EXP_HPP

/// An exponential for products of many.

#include <xent/config.hpp>
#include <xent/detail/core/wide.hpp>

#include <cmath>
#include <limits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// exp to nearly all the digits of the wide type, where `math::exp_of` of a Twofold has those of its head: 10^5 factors
/// in a row still cost nothing. The series of exp(x / 2^n), squared n times: some 15 to 30 wide products and quotients.
template <class W>
W full_exp(const W& x) {
  return math::exp_of(x);
}
template <class T>
Twofold<T> full_exp(Twofold<T> x) {
  constexpr T surely_out_of_range = T(0x1p15);
  if (!(std::abs(x.hi) < surely_out_of_range)) return math::exp(x);
  int squarings = 0;
  for (; std::abs(x.hi) > T(0.125); ++squarings) x = x * Twofold<T>(T(0.5));
  constexpr T negligible = std::numeric_limits<T>::epsilon() * std::numeric_limits<T>::epsilon();
  Twofold<T> sum(T(1));
  Twofold<T> term(T(1));
  for (int n = 1; std::abs(term.hi) > negligible; ++n) {
    term = term * x / Twofold<T>(T(n));
    sum += term;
  }
  for (; squarings > 0; --squarings) sum = sum * sum;
  return sum;
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
