#ifndef XENT_DETAIL_LIKELIHOOD_COEFFICIENT_WEIGHTS_HPP
#define XENT_DETAIL_LIKELIHOOD_COEFFICIENT_WEIGHTS_HPP

/// The weights of coefficients that stand alone, one by one and run by run.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/walk/coefficient_runs.hpp>
#include <xent/simd/kernels/decisions.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Weights of the coefficients (i, k) of a batch: none, or one a sample, a class, or a coefficient of a single sample.
template <class Real>
class CoefficientWeights {
 public:
  using W = Wide<Real>;

  /// Those of a vector: one for each coefficient, or one for all.
  static CoefficientWeights of_vector(const Weights<Real>& weights) {
    return {weights, 0, weights.size() == 1 ? Index{0} : Index{1}};
  }
  static CoefficientWeights of_samples(const Weights<Real>& weights) { return {weights, 1, 0}; }
  static CoefficientWeights of_classes(const Weights<Real>& weights) { return {weights, 0, 1}; }

  W operator()(Index i, Index k) const { return weights_.size() == 0 ? W(1) : widen<W>(weight(i, k)); }

  /// Where classes are walked as samples.
  CoefficientWeights turned() const { return {weights_, class_stride_, sample_stride_}; }

  bool same_for_classes() const { return class_stride_ == 0 || weights_.size() <= 1; }
  bool same_for_samples() const { return sample_stride_ == 0 || weights_.size() <= 1; }

  bool same_for_all() const { return same_for_classes() && same_for_samples(); }

  /// Whether no coefficient of sample i takes part.
  bool absent(Index i, Index classes) const {
    for (Index k = 0; k < (same_for_classes() ? (std::min<Index>)(classes, 1) : classes); ++k)
      if (!((*this)(i, k) == W(0))) return false;
    return true;
  }

  RunLength length() const { return {RunLength().most, !same_for_all()}; }

  /// Those of coefficients [first, first + n): where they lie if that is one run of them, else gathered.
  simd::RunWeights<Real> of_run(Index first, Index n, Index classes,
                                GatheredCoefficients<Real>& gathered_weights) const {
    if (weights_.size() == 0) return {Real(1), nullptr};
    const Index i = first / classes;
    const Index k = first % classes;
    if (same_for_all() || (same_for_classes() && k + n <= classes)) return {weight(i, k), nullptr};
    if (k + n <= classes) return {Real(0), &weight(i, k)};
    for_each_part_of_run(classes, first, n, [&](Index j, Index sample, Index at, Index size) {
      Real* const to = &gathered_weights[static_cast<std::size_t>(j)];
      if (same_for_classes())
        std::fill_n(to, size, weight(sample, at));
      else
        std::copy_n(&weight(sample, at), size, to);
    });
    return {Real(0), gathered_weights.data()};
  }

  /// The smallest size of a weight that is not 0, and the largest: 1 if there is none.
  std::pair<Real, Real> range() const {
    Real smallest = infinity<Real>();
    Real largest(0);
    for (Index j = 0; j < weights_.size(); ++j) {
      const Real size = std::fabs(weights_[j]);
      if (size > Real(0)) smallest = (std::min)(smallest, size);
      largest = (std::max)(largest, size);
    }
    return largest > Real(0) ? std::pair{smallest, largest} : std::pair{Real(1), Real(1)};
  }

  /// How many coefficients have a weight that is not 0.
  Index counted(Index count, Index classes) const {
    if (weights_.size() == 0 || count * classes == 0) return count * classes;
    Index counted = 0;
    const Index samples = same_for_samples() ? 1 : count;
    const Index numbers = same_for_classes() ? 1 : classes;
    for (Index i = 0; i < samples; ++i)
      for (Index k = 0; k < numbers; ++k)
        if (!(weight(i, k) == Real(0))) ++counted;
    return counted * (count / samples) * (classes / numbers);
  }

 private:
  CoefficientWeights(const Weights<Real>& weights, Index sample_stride, Index class_stride)
      : weights_(weights), sample_stride_(sample_stride), class_stride_(class_stride) {}
  const Real& weight(Index i, Index k) const { return weights_[i * sample_stride_ + k * class_stride_]; }

  const Weights<Real>& weights_;
  Index sample_stride_;
  Index class_stride_;
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
