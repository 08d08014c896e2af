#ifndef XENT_TESTS_SEARCH_ERROR_HPP
#define XENT_TESTS_SEARCH_ERROR_HPP

/// The error of a result in units in the last place, as tests/support/ulp.hpp defines it, quickly: millions of results
/// a second.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "double_double.hpp"

namespace search {

/// The numbers that a reference for results in Real computes with: 29 bits more than float has, 53 more than double.
template <class Real>
using Wide = std::conditional_t<std::is_same_v<Real, float>, double, DoubleDouble>;

inline double high_part(double x) { return x; }
inline double high_part(const DoubleDouble& x) { return x.hi; }
inline double low_part(double /*x*/) { return 0; }
inline double low_part(const DoubleDouble& x) { return x.lo; }

/// The exponent of the binade of a positive normal number.
inline int binade(double x) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  return static_cast<int>(bits >> 52U & 0x7ffU) - 1023;
}

inline double power_of_two(int exponent) {
  const std::uint64_t bits = static_cast<std::uint64_t>(exponent + 1023) << 52U;
  double x = 0;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

/// Adds so many ULP to one result in 64, those whose last six bits are zero. The search must find them: a check that
/// cannot fail is none.
inline double& spoil() {
  static double ulps = 0;
  return ulps;
}

template <class Real>
double spoiled(Real got) {
  using Bits = std::conditional_t<std::is_same_v<Real, float>, std::uint32_t, std::uint64_t>;
  if (spoil() == 0 || got == 0) return got;
  Bits bits = 0;
  std::memcpy(&bits, &got, sizeof bits);
  if ((bits & 63U) != 0) return got;
  return got + spoil() * power_of_two(binade(std::fabs(double(got))) - std::numeric_limits<Real>::digits + 1);
}

/// The smallest result that is judged: normal, and with a second part in the reference.
template <class Real>
constexpr double smallest_judged = std::is_same_v<Real, float> ? 0x1p-126 : 0x1p-900;

/// |got - exact| in ULP of max(|exact|, size); 0 for what is out of the range that is judged.
template <class Real, class W>
double ulp_error(Real got, const W& exact, double size = 0) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double high = high_part(exact), low = low_part(exact), magnitude = std::fabs(high);
  if (std::isinf(high)) return double(got) == high ? 0 : infinity;
  const bool in_range = magnitude <= double(std::numeric_limits<Real>::max());
  if (!in_range || std::max(magnitude, size) < smallest_judged<Real>) return 0;
  if (!std::isfinite(got)) return infinity;
  int of = binade(std::max(magnitude, size));
  const bool below_power_of_two = low != 0 && (low < 0) != (high < 0) && magnitude == power_of_two(of);
  if (below_power_of_two && size < magnitude) --of;
  return std::fabs((spoiled(got) - high) - low) * power_of_two(std::numeric_limits<Real>::digits - 1 - of);
}

template <class Real, class W>
double ulp_error_of(Real got, const W& exact, const W& size) {
  return ulp_error(got, exact, std::fabs(high_part(size)));
}

}  // namespace search

#endif
