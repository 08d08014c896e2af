// The products of linear_cross_entropy by themselves, for the instruction set in use.

#include "support/catch.hpp"
#include "support/random.hpp"

#include <xent/simd/kernels/product.hpp>
#include <xent/simd/kernels/soft_cap.hpp>
#include <xent/simd/processor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace {

using xent::simd::Index;

/// A matrix by any steps, in memory that ends with its last coefficient.
template <class Real>
struct Steps {
  Index row, column;
  std::vector<Real> memory;

  Steps(Index rows, Index columns, Index row_step, Index column_step)
      : row(row_step),
        column(column_step),
        memory(rows * columns > 0 ? static_cast<std::size_t>((rows - 1) * row + (columns - 1) * column + 1) : 0) {}

  Real& operator()(Index i, Index j) { return memory[static_cast<std::size_t>(i * row + j * column)]; }
};

template <class Real>
Steps<Real> random_matrix(support::Random& random, Index rows, Index columns, int kind) {
  const Index gap = kind % 2 == 1 ? 3 : 0;
  Steps<Real> m = kind < 2   ? Steps<Real>(rows, columns, 1, rows + gap)
                  : kind < 4 ? Steps<Real>(rows, columns, columns + gap, 1)
                             : Steps<Real>(rows, columns, 2, 2 * rows + 1);
  for (Index j = 0; j < columns; ++j)
    for (Index i = 0; i < rows; ++i) m(i, j) = static_cast<Real>(random.normal(0, 1));
  return m;
}

/// What the sum is defined to be: blocks of at most 256 terms of nearly equal size, each one chain of fused operations;
/// then the bias.
template <class Real>
Real coefficient(Steps<Real>& a, Steps<Real>& b, Index i, Index j, Index depth, Real before, bool add, Real bias) {
  const Index blocks = (depth + 255) / 256;
  const Index step = (depth + blocks - 1) / blocks;
  Real c = before;
  for (Index block = 0; block < blocks; ++block) {
    Real sum = 0;
    for (Index k = block * step; k < std::min(depth, (block + 1) * step); ++k) sum = std::fma(a(i, k), b(k, j), sum);
    c = add || block > 0 ? c + sum : sum;
  }
  return c + bias;
}

template <class Real>
void check_product(support::Random& random, Index rows, Index columns, Index depth, int a_kind, int b_kind, bool add,
                   bool biased) {
  Steps<Real> a = random_matrix<Real>(random, rows, depth, a_kind);
  Steps<Real> b = random_matrix<Real>(random, depth, columns, b_kind);
  Steps<Real> c = random_matrix<Real>(random, rows, columns, 1);
  Steps<Real> expected = c;
  std::vector<Real> bias(static_cast<std::size_t>(rows));
  for (Real& x : bias) x = static_cast<Real>(random.normal(0, 1));
  for (Index j = 0; j < columns; ++j)
    for (Index i = 0; i < rows; ++i)
      expected(i, j) =
          coefficient(a, b, i, j, depth, c(i, j), add, biased ? bias[static_cast<std::size_t>(i)] : Real(0));
  xent::simd::ProductKernels<Real>::multiply({a.memory.data(), a.row, a.column, b.memory.data(), b.row, b.column,
                                              c.memory.data(), c.column, rows, columns, depth, add,
                                              biased ? bias.data() : nullptr});
  CAPTURE(rows, columns, depth, a_kind, b_kind, add, biased);
  CHECK(c.memory == expected.memory);  // what lies between the columns, too
}

}  // namespace

// To the bit: whatever the instruction set, the layout and the place in a tile.
TEMPLATE_TEST_CASE("simd: products are chains of fused operations, whatever their shape and layout", "", float,
                   double) {
  using Real = TestType;
  if (!xent::simd::has_kernels()) return;
  support::Random random(51);
  for (int a_kind = 0; a_kind < 4; ++a_kind)
    for (int b_kind = 0; b_kind < 5; ++b_kind) {
      const bool add = (a_kind + b_kind) % 2 == 0;
      check_product<Real>(random, 50, 9, 21, a_kind, b_kind, add, !add);
      check_product<Real>(random, 100, 17, 300, a_kind, b_kind, !add, add);
    }
  for (const Index rows : {1, 2, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 49, 96, 97})
    for (const Index columns : {1, 5, 6, 7, 8, 9, 16, 25})
      check_product<Real>(random, rows, columns, 1 + (rows + columns) % 11, static_cast<int>(rows % 4),
                          static_cast<int>(columns % 4), rows % 2 == 0, columns % 2 == 0);
  for (const Index depth : {1, 2, 3, 255, 256, 257, 511, 512, 513, 1000})
    check_product<Real>(random, 19, 10, depth, static_cast<int>(depth % 4), 0, depth % 3 == 0, true);
}

TEMPLATE_TEST_CASE("simd: a product without rows or columns writes nothing", "", float, double) {
  using Real = TestType;
  if (!xent::simd::has_kernels()) return;
  support::Random random(52);
  check_product<Real>(random, 0, 9, 4, 0, 0, false, false);
  check_product<Real>(random, 20, 0, 4, 0, 0, false, false);
}

TEMPLATE_TEST_CASE("simd: rows are added up in blocks, from left to right", "", float, double) {
  using Real = TestType;
  if (!xent::simd::has_kernels()) return;
  support::Random random(53);
  for (const Index rows : {1, 7, 8, 16, 17, 50})
    for (const Index columns : {1, 13, 256, 600}) {
      Steps<Real> m = random_matrix<Real>(random, rows, columns, 1);
      std::vector<Real> sums(static_cast<std::size_t>(rows), Real(-1));
      xent::simd::ProductKernels<Real>::add_up_rows(m.memory.data(), m.column, rows, columns, sums.data());
      for (Index i = 0; i < rows; ++i) {
        Real expected = 0;
        for (Index first = 0; first < columns; first += 256) {
          Real block = 0;
          for (Index j = first; j < std::min(columns, first + 256); ++j) block += m(i, j);
          expected += block;
        }
        CHECK(sums[static_cast<std::size_t>(i)] == expected);
      }
    }
}

// cap tanh(z / cap) and its derivative: from where it is z to where it is the cap and the derivative is next to
// nothing.
TEMPLATE_TEST_CASE("simd: soft caps and their slopes are rounded once for float, within 3 ULP for double", "", float,
                   double) {
  using Real = TestType;
  if (!xent::simd::has_kernels()) return;
  support::Random random(54);
  std::vector<Real> z{Real(0), Real(-0.0)};
  for (int i = 0; i < 20000; ++i)
    z.push_back(static_cast<Real>(
        std::ldexp(random.normal(0, 1), random.integer(i % 2 == 0 ? 8 : 60) - (i % 2 == 0 ? 3 : 50))));
  for (const Real cap : {Real(30), Real(0.7), Real(1e-20), Real(1e30)}) {
    std::vector<Real> capped = z;
    std::vector<Real> slopes(z.size());
    const auto n = static_cast<Index>(z.size());
    xent::simd::SoftCapKernels<Real>::cap(capped.data(), n, cap, slopes.data());
    const auto u = static_cast<long double>(std::numeric_limits<Real>::epsilon());
    long double worst = 0;
    long double worst_slope = 0;
    for (std::size_t k = 0; k < z.size(); ++k) {
      const long double x = static_cast<long double>(z[k]) / static_cast<long double>(cap);
      const long double value = static_cast<long double>(cap) * std::tanh(x);
      const long double cosh = std::cosh(x);
      const long double slope = 1 / (cosh * cosh);
      const long double least = static_cast<long double>(std::numeric_limits<Real>::min());
      if (std::fabs(value) > least)
        worst = std::max(worst, std::fabs(static_cast<long double>(capped[k]) - value) / std::fabs(value) / u);
      else
        CHECK(std::fabs(static_cast<long double>(capped[k]) - value) <= least);
      if (slope > least)
        worst_slope = std::max(worst_slope, std::fabs(static_cast<long double>(slopes[k]) - slope) / slope / u);
      else
        CHECK(static_cast<long double>(slopes[k]) <= least);
    }
    CAPTURE(cap, static_cast<double>(worst), static_cast<double>(worst_slope));
    CHECK(worst <= (sizeof(Real) == sizeof(float) ? 0.51L : 2.5L));
    CHECK(worst_slope <= (sizeof(Real) == sizeof(float) ? 0.51L : 3.0L));
    // Without slopes, and not in whole vectors.
    std::vector<Real> alone(z.begin(), z.begin() + 13);
    xent::simd::SoftCapKernels<Real>::cap(alone.data(), 13, cap, nullptr);
    CHECK(std::equal(alone.begin(), alone.end(), capped.begin()));
  }
}

TEMPLATE_TEST_CASE("simd: the soft cap of an infinity and of NaN", "", float, double) {
  using Real = TestType;
  if (!xent::simd::has_kernels()) return;
  constexpr Real infinite = std::numeric_limits<Real>::infinity();
  constexpr Real most = std::numeric_limits<Real>::max();
  std::vector<Real> z{-infinite, infinite, std::numeric_limits<Real>::quiet_NaN(), -most, most};
  std::vector<Real> slopes(z.size(), Real(-1));
  xent::simd::SoftCapKernels<Real>::cap(z.data(), 5, Real(0.5), slopes.data());
  CHECK((z[0] == -infinite && slopes[0] == 0));  // a masked class is masked
  CHECK((z[1] == Real(0.5) && slopes[1] == 0));
  CHECK((std::isnan(z[2]) && std::isnan(slopes[2])));
  CHECK((z[3] == Real(-0.5) && slopes[3] == 0));
  CHECK((z[4] == Real(0.5) && slopes[4] == 0));
}

TEMPLATE_TEST_CASE("simd: where the slope is nothing, an infinite gradient is", "", float, double) {
  using Real = TestType;
  if (!xent::simd::has_kernels()) return;
  constexpr Real infinite = std::numeric_limits<Real>::infinity();
  std::vector<Real> g{infinite, -infinite, infinite, std::numeric_limits<Real>::quiet_NaN(), Real(3)};
  const std::vector<Real> slopes{Real(0), Real(0), Real(0.5), Real(0), Real(0.25)};
  xent::simd::SoftCapKernels<Real>::scale(g.data(), slopes.data(), 5);
  CHECK((g[0] == 0 && g[1] == 0 && g[2] == infinite && std::isnan(g[3]) && g[4] == Real(0.75)));
}
