// What a program may have told the floating-point unit: another rounding mode, traps, subnormal numbers as 0.

#include <xent/xent.hpp>

#include <Eigen/Core>
#include <unsupported/Eigen/AutoDiff>

#include <cfenv>
#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/every_function.hpp"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace {

using Eigen::Index;
using support::for_every_function;
using support::Inputs;
using Results = std::vector<double>;

class RoundingMode {
 public:
  explicit RoundingMode(int mode) : before_(std::fegetround()) { std::fesetround(mode); }
  ~RoundingMode() { std::fesetround(before_); }
  RoundingMode(const RoundingMode&) = delete;
  RoundingMode& operator=(const RoundingMode&) = delete;

 private:
  int before_;
};

#if defined(__SSE2__)
/// Subnormal results are 0, subnormal arguments count as 0.
class NoSubnormals {
 public:
  NoSubnormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040U); }
  ~NoSubnormals() { _mm_setcsr(before_); }
  NoSubnormals(const NoSubnormals&) = delete;
  NoSubnormals& operator=(const NoSubnormals&) = delete;

 private:
  unsigned before_;
};
#endif

/// body(inputs, axis) for the shapes that take different ways.
template <class Scalar, class Body>
void for_shapes(double sigma, const Body& body) {
  for (const xent::Axis axis : {xent::Axis::columns, xent::Axis::rows})
    for (const Index classes : {2, 7, 33, 300, 5000}) {
      CAPTURE(classes, axis == xent::Axis::columns);
      body(Inputs<Scalar>(classes, axis, sigma), axis);
    }
}

/// The first pair for which is_bad(x, y), or an empty text.
template <class IsBad>
std::string first_that(const Results& x, const Results& y, const IsBad& is_bad) {
  if (x.size() != y.size()) return "another size";
  for (std::size_t i = 0; i < x.size(); ++i)
    if (is_bad(x[i], y[i])) {
      std::ostringstream text;
      text << std::hexfloat << "[" << i << "]: " << x[i] << ", " << y[i];
      return text.str();
    }
  return {};
}

}  // namespace

// The bounds in ULP are for rounding to nearest alone.
TEMPLATE_TEST_CASE("rounding modes: every function ends, near its result", "", float, double) {
  for_shapes<TestType>(3, [](const auto& inputs, xent::Axis axis) {
    for_every_function(inputs, axis, [](const char* name, const auto& call) {
      const Results nearest = call();
      for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
        const Results got = [&] {
          const RoundingMode set(mode);
          return call();
        }();
        // The exponential splits off a power of 2 by rounding: the rest is then up to twice as far from 0 as where its
        // polynomial is good.
        const double tolerance = std::is_same_v<TestType, float> ? 1e-3 : 1e-9;
        const auto bad = first_that(
            got, nearest, [&](double x, double y) { return !(std::abs(x - y) <= tolerance * (1 + std::abs(y))); });
        CAPTURE(name, mode);
        CHECK(bad == std::string());
      }
    });
  });
}

// A scalar that brings no log1p has a series.
TEST_CASE("rounding modes: the logarithm of a scalar that has derivatives ends") {
  using Scalar = Eigen::AutoDiffScalar<Eigen::Vector2d>;
  Eigen::Matrix<Scalar, 2, 1> z;
  z[0] = Scalar(0.25, Eigen::Vector2d(1, 0));
  z[1] = Scalar(2, Eigen::Vector2d(0, 1));
  const double expected = xent::logsumexp(Eigen::Vector2d(0.25, 2));
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    const RoundingMode set(mode);
    CHECK(std::abs(xent::logsumexp(z).value() - expected) < 1e-9);
  }
}

// A program that has asked for it is stopped where one of these flags is raised.
TEMPLATE_TEST_CASE("traps: ordinary finite numbers raise no flag but those of rounding", "", float, double, Eigen::half,
                   Eigen::bfloat16) {
  for_shapes<TestType>(3, [](const auto& inputs, xent::Axis axis) {
    for_every_function(inputs, axis, [](const char* name, const auto& call) {
      std::feclearexcept(FE_ALL_EXCEPT);
      call();
      const bool invalid = std::fetestexcept(FE_INVALID) != 0;
      const bool by_zero = std::fetestexcept(FE_DIVBYZERO) != 0;
      const bool overflow = std::fetestexcept(FE_OVERFLOW) != 0;
      CAPTURE(name);
      CHECK_FALSE(invalid);
      CHECK_FALSE(by_zero);
      CHECK_FALSE(overflow);
    });
  });
}

#if defined(__SSE2__)
// Logits far apart have subnormal probabilities, and the low halves of small numbers are subnormal, too: of results so
// small that factors of some hundreds bring them there, the last digits.
TEMPLATE_TEST_CASE("subnormal numbers as 0: nothing else changes", "", float, double) {
  using Limits = std::numeric_limits<TestType>;
  const double sigma = std::is_same_v<TestType, float> ? 20 : 170;
  const double least = static_cast<double>((Limits::min)());
  const double with_low_halves = std::scalbn(least, Limits::digits + 20);
  bool seen = false;
  for_shapes<TestType>(sigma, [&](auto inputs, xent::Axis axis) {
    inputs.flush();
    for_every_function(inputs, axis, [&](const char* name, const auto& call) {
      const Results ordinary = call();
      const Results got = [&] {
        const NoSubnormals set;
        return call();
      }();
      const auto bad = first_that(got, ordinary, [&](double x, double y) {
        seen = seen || (x == 0 && y != 0);
        return std::abs(y) >= with_low_halves ? x != y : !(std::abs(x - y) <= 65536 * least);
      });
      CAPTURE(name);
      CHECK(bad == std::string());
    });
  });
  CHECK(seen);
}
#endif
