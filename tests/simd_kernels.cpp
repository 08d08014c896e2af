// The kernels of simd/ by themselves, for the instruction set in use.

#include "support/catch.hpp"
#include "support/random.hpp"

#include <xent/detail/walk/kernel_call.hpp>
#include <xent/simd/kernels/rows.hpp>
#include <xent/simd/kernels/samples.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace {

using xent::simd::Index;

template <class Real>
std::vector<Real> logits(Index n, double sigma, support::Random& random) {
  std::vector<Real> z(static_cast<std::size_t>(n));
  for (Real& x : z) x = static_cast<Real>(random.normal(0, sigma));
  return z;
}

// What a kernel stores at a class: exp((z - max) / T) 2^scale, relative to the k and anchor of the sample.
template <class Real>
long double exact(Real z, const xent::simd::Tile<Real>& tile, Index i, long double c) {
  const long double d = static_cast<long double>(z) - static_cast<long double>(tile.anchor[i]);
  return std::exp2(d * c - static_cast<long double>(tile.k[i]));
}

template <class Real>
constexpr long double u = static_cast<long double>(std::numeric_limits<Real>::epsilon());

template <class Real>
constexpr long double lowest = sizeof(Real) == sizeof(float) ? 0x1p-125L : 0x1p-1020L;

bool near(long double value, long double expected, long double relative) {
  return std::fabs(value - expected) <= relative * std::fabs(expected);
}

}  // namespace

TEMPLATE_TEST_CASE("simd: exponentials are within 0.8 ULP, their sums within 2 ulp of a term", "", float, double) {
  using Real = TestType;
  support::Random random(20);
  if (!xent::simd::has_kernels()) return;
  using Rows = xent::simd::RowKernels<Real>;
  for (const Index n : {1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 129, 1000, 1025, 5000}) {
    for (const double temperature : {1.0, 0.3, 7.0}) {
      constexpr Index count = 3;
      const Index stride = n + 5;
      auto logits_and_gaps = logits<Real>(count * stride, 8, random);
      const xent::simd::Rows<const Real> z{logits_and_gaps.data(), stride};
      // Sample 1 is so far from 0 that the shift happens in the argument, most of the time; sample 2 has its maximum
      // at both ends.
      const Real far = sizeof(Real) == sizeof(float) ? Real(0x1p10) : Real(0x1p30);
      for (Index k = 0; k < n; ++k) logits_and_gaps[static_cast<std::size_t>(stride + k)] += far;
      logits_and_gaps[static_cast<std::size_t>(2 * stride)] = 50;
      logits_and_gaps[static_cast<std::size_t>(2 * stride + n - 1)] = 50;
      const auto call = xent::detail::kernel_call(static_cast<Real>(temperature));
      xent::simd::Traffic<Real> traffic;
      xent::simd::Tile<Real> tile{};
      Rows::maxima(z, n, count, &traffic, &tile);
      xent::simd::SampleKernels<Real>::shift(call, count, &tile);
      std::vector<Index> prediction(count);
      Rows::predictions(z, n, count, tile, prediction.data());
      std::vector<Real> e(static_cast<std::size_t>(count * stride), Real(-1));
      const xent::simd::Rows<Real> stored{e.data(), stride};
      Rows::sums_and_moments(call, z, n, count, stored, &traffic, &tile);
      const long double c = 1.442695040888963407359924681L / static_cast<long double>(static_cast<Real>(temperature));
      for (Index i = 0; i < count; ++i) {
        const Real m = *std::max_element(z[i], z[i] + n);
        const Index argmax = std::max_element(z[i], z[i] + n) - z[i];
        CHECK((tile.maximum[i] == m && prediction[static_cast<std::size_t>(i)] == argmax));
        long double rest = 0;
        long double moment = 0;
        for (Index k = 0; k < n; ++k) {
          const long double expected = exact(z[i][k], tile, i, c);
          // Below the normal range even with its scale it is 0; where that begins depends on a rounded exponent.
          if (expected < lowest<Real>) CHECK((stored[i][k] == Real(0) || expected > lowest<Real> * 0.875L));
          if (stored[i][k] == Real(0)) {
            CHECK(expected < lowest<Real>);
            continue;
          }
          CHECK(near(static_cast<long double>(stored[i][k]), expected, 0.8L * u<Real>));
          if (k != argmax) rest += expected;
          moment += expected * (static_cast<long double>(m) - static_cast<long double>(z[i][k]));
        }
        for (Index k = n; k < stride; ++k) CHECK(stored[i][k] == Real(-1));
        CHECK(near(static_cast<long double>(tile.rest_hi[i]) + static_cast<long double>(tile.rest_lo[i]), rest,
                   2 * u<Real>));
        CHECK(near(static_cast<long double>(tile.moment_hi[i]) + static_cast<long double>(tile.moment_lo[i]), moment,
                   4 * u<Real>));
        const long double one = exact(m, tile, i, c);
        CHECK(near(static_cast<long double>(tile.one_hi[i]) + static_cast<long double>(tile.one_lo[i]), one,
                   0.5L * u<double> * (sizeof(Real) == sizeof(float) ? 1024 : 1)));
        CHECK(tile.stored_one[i] == stored[i][argmax]);
      }
    }
  }
}
