// The lanes under the kernels of simd/: numbers of 16 bits, for every instruction set that this machine has; the fused
// multiply-add of the baseline, which SSE2 has to build from other operations.

#include "support/catch.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

#include <xent/simd/kernels.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace {

using xent::simd::Conversions;
using xent::simd::Index;
using xent::simd::InstructionSet;

std::vector<const Conversions*> all_conversions() {
  std::vector<const Conversions*> all;
  for (const InstructionSet set : {InstructionSet::avx512, InstructionSet::avx2, InstructionSet::baseline})
    if (set >= xent::simd::instruction_set() && xent::simd::conversions(set) != nullptr)
      all.push_back(xent::simd::conversions(set));
  return all;
}

template <class To, class From>
To same_bits(From x) {
  static_assert(sizeof(To) == sizeof(From));
  To y;
  std::memcpy(static_cast<void*>(&y), &x, sizeof y);
  return y;
}

template <class Short>
std::vector<Short> all_numbers() {
  std::vector<Short> all;
  for (unsigned bits = 0; bits < 0x10000U; ++bits) all.push_back(same_bits<Short>(static_cast<std::uint16_t>(bits)));
  return all;
}

/// Where it is decided to what is rounded: each number of 16 bits, the middle to the next one, and the floats around.
template <class Short>
std::vector<float> decisive_floats() {
  std::vector<float> all;
  for (const Short x : all_numbers<Short>()) {
    const auto low = static_cast<float>(x);
    const auto above = static_cast<std::uint16_t>(same_bits<std::uint16_t>(x) + 1U);
    const auto high = static_cast<float>(same_bits<Short>(above));
    // The largest half rounds up from where the next one would be.
    const float middle = std::isinf(high) && !std::isinf(low) ? std::copysign(65520.0F, low) : low / 2 + high / 2;
    for (const float y : {low, middle})
      for (const float toward : {-INFINITY, y, INFINITY}) all.push_back(std::nextafter(y, toward));
  }
  return all;
}

template <class Short>
bool agree(Short got, Short expected) {
  const bool nan = std::isnan(static_cast<float>(expected));
  return nan ? std::isnan(static_cast<float>(got))
             : same_bits<std::uint16_t>(got) == same_bits<std::uint16_t>(expected);
}

template <class Short, class Widen, class Narrow>
void check_conversions(const Widen& widen, const Narrow& narrow) {
  const std::vector<Short> numbers = all_numbers<Short>();
  std::vector<float> wide(numbers.size());
  widen(numbers.data(), static_cast<Index>(numbers.size()), wide.data());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto expected = static_cast<float>(numbers[i]);
    const bool nan = std::isnan(expected);
    if (nan != std::isnan(wide[i])) ++wrong;
    if (!nan && same_bits<std::uint32_t>(wide[i]) != same_bits<std::uint32_t>(expected)) ++wrong;
  }
  CHECK(wrong == 0);

  const std::vector<float> floats = decisive_floats<Short>();
  for (const bool stream : {false, true}) {
    std::vector<Short> narrowed(floats.size());
    narrow(floats.data(), static_cast<Index>(floats.size()), narrowed.data(), stream);
    wrong = 0;
    for (std::size_t i = 0; i < floats.size(); ++i)
      if (!agree(narrowed[i], Short(floats[i]))) ++wrong;
    CHECK(wrong == 0);
  }
}

}  // namespace

TEST_CASE("simd: every number of 16 bits, and the floats that are next to a decision") {
  for (const Conversions* conversions : all_conversions()) {
    check_conversions<Eigen::half>(conversions->half.widen, conversions->half.narrow);
    check_conversions<Eigen::bfloat16>(conversions->bfloat16.widen, conversions->bfloat16.narrow);
  }
}

#if defined(__GNUC__) && ((defined(__x86_64__) && !defined(_WIN32)) || defined(__AARCH64EL__))
namespace {

/// a b + c where the sum keeps all digits, some, or next to none of the product.
template <class L>
double worst_fma() {
  using Real = typename L::Real;
  support::Random random(3);
  double worst = 0;
  for (int i = 0; i < 100000; ++i) {
    const auto a = static_cast<Real>(std::ldexp(random.normal(0, 1), random.integer(40) - 20));
    const auto b = static_cast<Real>(std::ldexp(random.normal(0, 1), random.integer(40) - 20));
    const Real product = a * b;
    const Real far = std::ldexp(product, random.integer(120) - 60);
    const Real close = product * (1 + static_cast<Real>(random.integer(5)) * std::numeric_limits<Real>::epsilon());
    for (const Real c : {Real(0), far, -far, -product, -close}) {
      const Real exact = std::fma(a, b, c);
      Real got[L::lanes];
      L::store(got, L::fma(L::set1(a), L::set1(b), L::set1(c)));
      worst = std::max(worst, oracle::ulp_error(got[0], oracle::exactly(exact)));
      L::store(got, L::fms(L::set1(a), L::set1(b), L::set1(-c)));
      worst = std::max(worst, oracle::ulp_error(got[L::lanes - 1], oracle::exactly(exact)));
    }
  }
  return worst;
}

}  // namespace

// std::fma is within half an ULP. What is rounded twice may be the other neighbour, and only where that is as near.
TEST_CASE("simd: the fused multiply-add of the baseline keeps the digits that a product loses") {
  CHECK(worst_fma<xent::simd::baseline::Float>() <= 1);
  CHECK(worst_fma<xent::simd::baseline::Double>() <= 1);
  // No overflow on the way, where the product of the numbers does not overflow; infinities as they are.
  using L = xent::simd::baseline::Double;
  constexpr double inf = std::numeric_limits<double>::infinity();
  const auto fma = [](double a, double b, double c) {
    double got[L::lanes];
    L::store(got, L::fma(L::set1(a), L::set1(b), L::set1(c)));
    return got[0];
  };
  const double large = 0x1.23456789abcdfp+1020;
  CHECK(fma(large, 0.75, -0x1p+1019) == std::fma(large, 0.75, -0x1p+1019));
  CHECK((fma(large, large, 1) == inf && fma(inf, -2, 1) == -inf && fma(2, 3, inf) == inf));
  CHECK((std::isnan(fma(inf, 0, 1)) && std::isnan(fma(inf, 1, -inf))));
}
#endif
