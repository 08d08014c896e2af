#ifndef XENT_DETAIL_INFORMATION_AMOUNTS_HPP
#define XENT_DETAIL_INFORMATION_AMOUNTS_HPP

/// The entropy of amounts that need not add up to 1: counts, the row of a joint table.

#include <xent/config.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/core/logarithm.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/simd/kernels/information.hpp>
#include <xent/simd/processor.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// So many amounts at a time.
inline constexpr Index most_amounts = 256;

/// Adds what the amounts [first, first + n) have to `sum`: by kernels; by add(a) where one is more than half of the
/// whole, or next to nothing beside it, and all of them where the kernels refuse. `scale` is a power of 2 near 1 /
/// whole.
template <class Amount, class Add>
void add_entropy_of_chunk(Index first, Index n, const Twofold<double>& whole, double scale, const Amount& amount,
                          const Add& add, Twofold<double>& sum) {
  using W = Twofold<double>;
  using Kernels = simd::InformationKernels<double, simd::Measure::cross_entropy>;
  constexpr double next_to_nothing = 0x1p-960;
  double p[most_amounts];
  double q[most_amounts];
  for (Index j = 0; j < n; ++j) {
    const W a = amount(first + j);
    const double share = a.hi / whole.hi;
    const bool apart = a + a > whole || share < next_to_nothing;
    if (apart) add(a);
    p[j] = apart ? 0 : a.hi * scale;
    q[j] = apart ? 1 : share;
  }
  double hi = 0;
  double lo = 0;
  Kernels::rows({p, 0}, {q, 0}, n, 1, &hi, &lo);
  if (!is_nan(hi)) {
    sum += W::renormalised(hi, lo) * W(1 / scale);
    return;
  }
  for (Index j = 0; j < n; ++j)
    if (p[j] != 0) add(amount(first + j));
}

/// sum_k a_k log(A / a_k) in nats, of `count` amounts amount(k) >= 0 that add up to A > 0. One that is more than half
/// of A has log1p((A - a) / a); the quotients of the others are no nearer to 1 than 1/2.
template <class W, class Amount>
W entropy_of_amounts(Index count, const W& whole, const Amount& amount) {
  W sum(0);
  const auto add = [&](const W& a) {
    if (a > W(0)) sum += a * log_of_whole(whole, a);
  };
  if constexpr (std::is_same_v<W, Twofold<double>>) {
    int exponent = 0;
    std::frexp(whole.hi, &exponent);
    if (simd::has_kernels() && std::abs(exponent) < 900) {
      for (Index first = 0; first < count; first += most_amounts)
        add_entropy_of_chunk(first, (std::min)(most_amounts, count - first), whole, std::ldexp(1.0, -exponent), amount,
                             add, sum);
      return sum;
    }
  }
  for (Index k = 0; k < count; ++k) add(amount(k));
  return sum;
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
