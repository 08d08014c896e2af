// Numbers of 16 bits in the kernels of simd/, for the instruction set in use.

#include "support/catch.hpp"

#include <xent/simd/kernels/conversion.hpp>
#include <xent/simd/processor.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace {

using xent::simd::Format;
using xent::simd::Index;

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

template <class Short, Format format>
void check_conversions() {
  using Kernels = xent::simd::ConversionKernels<format>;
  const std::vector<Short> numbers = all_numbers<Short>();
  std::vector<float> wide(numbers.size());
  Kernels::widen(numbers.data(), static_cast<Index>(numbers.size()), wide.data());
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
    Kernels::narrow(floats.data(), static_cast<Index>(floats.size()), narrowed.data(), stream);
    wrong = 0;
    for (std::size_t i = 0; i < floats.size(); ++i)
      if (!agree(narrowed[i], Short(floats[i]))) ++wrong;
    CHECK(wrong == 0);
  }
}

}  // namespace

TEST_CASE("simd: every number of 16 bits, and the floats that are next to a decision") {
  if (!xent::simd::has_kernels()) return;
  check_conversions<Eigen::half, Format::half>();
  check_conversions<Eigen::bfloat16, Format::bfloat16>();
}
