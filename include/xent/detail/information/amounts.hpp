#ifndef XENT_DETAIL_INFORMATION_AMOUNTS_HPP
#define XENT_DETAIL_INFORMATION_AMOUNTS_HPP

/// The entropy of amounts that need not add up to 1: counts, the row of a joint table.

#include <xent/config.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/core/logarithm.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/simd/kernels/joint.hpp>
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
/// whole, or is no double, and all of them where the kernels refuse.
template <class Amount, class Add>
void add_entropy_of_chunk(Index first, Index n, const Twofold<double>& whole, const Amount& amount, const Add& add,
                          Twofold<double>& sum) {
  using W = Twofold<double>;
  double parts[most_amounts] = {};
  for (Index j = 0; j < n; ++j) {
    const W a = amount(first + j);
    parts[j] = a.lo == 0 ? a.hi : 0;
    if (a.lo != 0) add(a);
  }
  simd::Twice nats{};
  const double most = simd::JointKernels<double>::entropy(parts, n, twice(whole), &nats);
  if (!is_nan(nats.hi)) {
    sum += -W::renormalised(nats.hi, nats.lo);
    if (most > 0) add(W(most));
    return;
  }
  for (Index j = 0; j < n; ++j)
    if (parts[j] != 0) add(W(parts[j]));
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
        add_entropy_of_chunk(first, (std::min)(most_amounts, count - first), whole, amount, add, sum);
      return sum;
    }
  }
  for (Index k = 0; k < count; ++k) add(amount(k));
  return sum;
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
