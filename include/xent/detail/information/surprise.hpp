#ifndef XENT_DETAIL_INFORMATION_SURPRISE_HPP
#define XENT_DETAIL_INFORMATION_SURPRISE_HPP

/// The surprise at an outcome, -log p.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/logarithm.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/information/divergence.hpp>
#include <xent/detail/walk/coefficient_runs.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/runs_out.hpp>
#include <xent/simd/kernels/surprise.hpp>
#include <xent/types.hpp>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Real, class W>
W surprise(const W& p) {
  if (!is_amount(p)) return W(nan<Real>());
  if (p == W(0)) return W(infinity<Real>());
  return W(0) - natural_log(p);
}

/// Coefficient by coefficient.
template <class Scalar>
void surprises(const Samples<const Scalar>& p, Unit unit, const Samples<Scalar>& out) {
  using Real = RealOf<Scalar>;
  using W = Wide<Real>;
  if constexpr (has_kernels<Real>) {
    if (simd::has_kernels()) {
      const simd::Twice by_unit = twice(in_unit(W(-1), unit));
      RunsIn<Real, Scalar> x(p);
      RunsOut<Real, Scalar> to(out);
      walk_runs(
          0, p.classes * p.count, p.classes, x.length() & to.length(),
          [&](Index first, Index n) {
            simd::SurpriseKernels<Real>::surprises(x.read(first, n), n, by_unit, to.begin(first, n));
            to.end(first, n);
            return n;
          },
          [](Index /*at*/) {});
      return;
    }
  }
  for (Index i = 0; i < p.count; ++i)
    for (Index k = 0; k < p.classes; ++k) out[i][k] = narrow<Scalar>(in_unit(surprise<Real>(widen<W>(p[i][k])), unit));
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
