#ifndef XENT_SIMD_KERNELS_DECISIONS_HPP
#define XENT_SIMD_KERNELS_DECISIONS_HPP

/// The loop over yes-or-no decisions.

#include <xent/config.hpp>
#include <xent/simd/kernels/coefficients.hpp>

#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace simd {

/// A weight for each of some coefficients, or one for all.
template <class Real>
struct RunWeights {
  Real all;
  const Real* each;  // null: `all`
};

/// Yes-or-no decisions that lie together: y has mass u = p (keep y + share) on yes and d = keep (1 - y) + share on no.
/// The gradient is w alpha times the derivative.
template <class Real>
struct DecisionRun {
  const Real* z;
  const Real* y;
  RunWeights<Real> positive;  // p
  RunWeights<Real> weight;    // w; what has weight 0 takes no part
  Index n;
  Real* gradient;  // null: none
  bool stream;
};

template <class Real>
struct DecisionScalars {
  SplitFactor<Real> keep;
  Real share;
  SplitFactor<Real> alpha;
};

/// What decisions add up to, times CoefficientScale. The report's entries are those of one sample.
template <class Real>
struct DecisionSums {
  Twice loss;  // weighted
  Twice log_partition, entropy;
  Index correct;
  Real largest;
  Index prediction;  // where in the run the first `largest` is
};

/// Documented in decisions.inl.
template <class Real>
struct DecisionKernels {
  /// The most decisions that are counted one by one in Real.
  static constexpr Index most_reported = Index{1} << 20U;

  static Index decisions(const DecisionRun<Real>& run, const DecisionScalars<Real>& scalars, bool report,
                         DecisionSums<Real>* sums);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#define XENT_LOOPS <xent/simd/math/log1p_tail.inl>
#include <xent/simd/isa/each.inl>
#define XENT_LOOPS <xent/simd/kernels/decisions.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
Index DecisionKernels<Real>::decisions(const DecisionRun<Real>& run, const DecisionScalars<Real>& scalars, bool report,
                                       DecisionSums<Real>* sums) {
  return on_best<Real>([&](auto lanes) {
    return report ? decisions_in_lanes(lanes, std::true_type{}, run, scalars, sums)
                  : decisions_in_lanes(lanes, std::false_type{}, run, scalars, sums);
  });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
