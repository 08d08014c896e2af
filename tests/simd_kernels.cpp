// The kernels of simd/ by themselves, for every instruction set that this machine has.

#include "support/catch.hpp"
#include "support/random.hpp"

#include <xent/detail/softmax_rows.hpp>
#include <xent/simd/kernels.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace {

using xent::simd::Index;
using xent::simd::InstructionSet;

// XENT_SIMD may have forced a lower one: then only that and the ones below are tested.
std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> sets;
  for (const InstructionSet set : {InstructionSet::avx512, InstructionSet::avx2})
    if (set >= xent::simd::instruction_set()) sets.push_back(set);
  return sets;
}

template <class Real>
std::vector<Real> logits(Index n, double sigma, support::Random& random) {
  std::vector<Real> z(static_cast<std::size_t>(n));
  for (Real& x : z) x = static_cast<Real>(random.normal(0, sigma));
  return z;
}

// What a kernel stores at a class: exp((z - max) / T) 2^scale, relative to its own k and anchor.
template <class Real>
long double exact(Real z, const xent::simd::Shift<Real>& shift, long double c) {
  const long double d = static_cast<long double>(z) - static_cast<long double>(shift.anchor);
  return std::exp2(d * c - static_cast<long double>(shift.k));
}

}  // namespace

TEMPLATE_TEST_CASE("simd: exponentials are within 1.3 ULP, their sums within 2 ulp of a term", "", float, double) {
  using Real = TestType;
  using Traits = xent::detail::RowTraits<Real>;
  support::Random random(20);
  for (const InstructionSet set : instruction_sets()) {
    const auto* kernels = xent::simd::row_kernels<Real>(set);
    REQUIRE(kernels != nullptr);
    for (const Index n : {1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 129, 1000, 1025, 5000}) {
      for (const double temperature : {1.0, 0.3, 7.0}) {
        const auto z = logits<Real>(n, 8, random);
        const xent::detail::Rows<Real> rows(static_cast<Real>(temperature));
        if (rows.kernels() == nullptr) continue;  // XENT_SIMD=baseline
        Index argmax = -1;
        const Real m = kernels->maximum(z.data(), n, &argmax);
        xent::detail::Wide<Real> at_argmax;
        const auto shift = rows.shift(m, &at_argmax);
        const Index label = n / 2 == argmax ? -1 : n / 2;
        std::vector<Real> e(static_cast<std::size_t>(n));
        const auto sums = kernels->sum_and_moment(z.data(), n, shift, {argmax, label}, e.data(), nullptr, nullptr);
        const long double c = 1.442695040888963407359924681L / static_cast<long double>(static_cast<Real>(temperature));
        long double others = 0;
        long double moment = 0;
        for (Index k = 0; k < n; ++k) {
          const auto at = static_cast<std::size_t>(k);
          const long double expected = exact(z[at], shift, c);
          if (z[at] - shift.anchor < shift.floor)  // below the normal range even with its scale
            CHECK(e[at] == Real(0));
          else
            CHECK(std::fabs(static_cast<long double>(e[at]) - expected) <=
                  1.3L * expected * static_cast<long double>(std::numeric_limits<Real>::epsilon()));
          if (k != argmax && k != label) others += expected;
          moment += expected * (static_cast<long double>(m) - static_cast<long double>(z[at]));
        }
        const long double u = static_cast<long double>(std::numeric_limits<Real>::epsilon());
        CHECK(std::fabs(static_cast<long double>(sums.others.hi) + static_cast<long double>(sums.others.lo) - others) <=
              2 * u * others);
        CHECK(std::fabs(static_cast<long double>(sums.moment.hi) + static_cast<long double>(sums.moment.lo) - moment) <=
              4 * u * moment);
        if (label >= 0) CHECK(sums.at_label == e[static_cast<std::size_t>(label)]);
        CHECK(Traits::scale > 0);
      }
    }
  }
}
