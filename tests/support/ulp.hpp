#ifndef XENT_TESTS_ULP_HPP
#define XENT_TESTS_ULP_HPP

/// How far a floating-point result is from the exact one, in units in the last place (ULP), as a real number.
///
///   error = |result - exact| / ulp(exact)
///
/// ulp(exact) is the spacing of the result's type in the binade of the exact value. A correctly rounded result has an
/// error of at most 0.5. (The integer distance that other tools report shows "1" where this shows 0.51 or 1.49.)

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

namespace oracle {

/// A real number as hi + rest * ulp(hi): more than 100 bits, also where a second double would underflow. A long double,
/// of 113 bits on 64-bit Arm, is held as it is.
struct Exact {
  double hi = 0;
  long double rest = 0;
};

/// The exponent e of the binade 2^e <= |x| < 2^(e+1) of an exact value. Just below a power of two, hi is that power and
/// the rest tells.
inline int binade(const Exact& x) {
  const int exponent = std::ilogb(x.hi);
  const bool below_power_of_two =
      std::scalbn(1.0, exponent) == std::fabs(x.hi) && x.rest != 0 && (x.rest < 0) != (x.hi < 0);
  return exponent - (below_power_of_two ? 1 : 0);
}

/// The spacing of doubles around hi, as an exponent.
inline int last_place(double hi) { return std::max(std::ilogb(hi), -1022) - 52; }

inline long double value(const Exact& x) {
  if (x.hi == 0 || !std::isfinite(x.hi)) return x.hi;
  return static_cast<long double>(x.hi) + std::scalbn(x.rest, last_place(x.hi));
}

/// A result computed in more precision than the one under test (a long double reference).
inline Exact exactly(long double x) {
  const double hi = static_cast<double>(x);
  if (hi == 0 || !std::isfinite(hi)) return {hi, 0};
  return {hi, std::scalbn(x - static_cast<long double>(hi), -last_place(hi))};
}

/// float, double and long double as they are; Eigen's 16-bit types, which convert to float only.
template <class Real>
auto widened(Real x) {
  if constexpr (std::is_floating_point_v<Real>) {
    return x;
  } else {
    return static_cast<float>(x);
  }
}

/// |got - exact| in ULPs of the larger of |exact| and 2^scale_binade. Zero where both are the same infinity or both
/// NaN, infinite where only one is.
template <class Real>
double ulp_error(Real got_narrow, const Exact& exact, int scale_binade) {
  using Limits = std::numeric_limits<Real>;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto got = static_cast<long double>(widened(got_narrow));
  if (std::isnan(exact.hi) || std::isnan(got)) return std::isnan(exact.hi) == std::isnan(got) ? 0 : infinity;
  if (std::isinf(exact.hi)) return got == static_cast<long double>(exact.hi) ? 0 : infinity;
  if (std::isinf(got)) {
    // Too large for Real: infinity is the result there.
    const bool too_large = exact.hi != 0 && binade(exact) >= Limits::max_exponent;
    return too_large && (got > 0) == (exact.hi > 0) ? 0 : infinity;
  }
  const int smallest = Limits::min_exponent - 1;
  const int exact_binade = exact.hi == 0 ? std::numeric_limits<int>::min() : binade(exact);
  // Below the normal range a result may be flushed, and no ULP is promised: anything below the smallest normal will do.
  if (exact_binade < smallest && scale_binade < smallest) {
    if (exact.hi == 0 && scale_binade == std::numeric_limits<int>::min()) return got == 0 ? 0 : infinity;
    return std::fabs(got) <= std::scalbn(1.0L, smallest) ? 0 : infinity;
  }
  // got - hi is exact where it matters (both within a factor of two), and so is the division by a power of two.
  const int ulp = std::max(exact_binade, scale_binade) - (Limits::digits - 1);
  const long double rest = exact.hi == 0 ? 0 : std::scalbn(exact.rest, last_place(exact.hi) - ulp);
  return static_cast<double>(std::fabs(std::scalbn(got - static_cast<long double>(exact.hi), -ulp) - rest));
}

/// |got - exact| / ulp(exact). An exact 0 asks for 0.
template <class Real>
double ulp_error(Real got, const Exact& exact) {
  return ulp_error(got, exact, std::numeric_limits<int>::min());
}

/// |got - exact| / ulp(max(|exact|, scale)), for results whose terms cancel: the scale is the size of the terms.
template <class Real>
double ulp_error_of_scale(Real got, const Exact& exact, double scale) {
  return ulp_error(got, exact, scale == 0 ? std::numeric_limits<int>::min() : std::ilogb(scale));
}

/// Remembers the worst error and what produced it.
class Worst {
 public:
  /// `describe` is called only for a new worst, and returns a string that names the input.
  template <class Describe>
  void see(double error, Describe describe) {
    ++count_;
    if (error <= error_ && !input_.empty()) return;
    error_ = error;
    input_ = describe();
  }

  double error() const { return error_; }
  const std::string& input() const { return input_; }
  long count() const { return count_; }

 private:
  double error_ = 0;
  long count_ = 0;
  std::string input_;
};

}  // namespace oracle

#endif
