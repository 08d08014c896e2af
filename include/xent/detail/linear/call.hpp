#ifndef XENT_DETAIL_LINEAR_CALL_HPP
#define XENT_DETAIL_LINEAR_CALL_HPP

/// What a call of linear_cross_entropy is given, and what a sample adds to its results.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/linear/buffers.hpp>
#include <xent/detail/softmax/cross_entropy.hpp>
#include <xent/types.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN
namespace detail {

/// The arguments of a call, checked. What has no memory is not there, or not wanted.
template <class RealType, class WeightsType, class FeaturesType, class BiasType, class TargetsType, class DWeightsType,
          class DFeaturesType, class DBiasType>
struct LinearCall {
  using Real = RealType;
  using Targets = TargetsType;

  WeightsType weights;             // WeightPanels [classes x dim]
  Samples<FeaturesType> features;  // [dim x batch]
  Samples<BiasType> bias;          // [classes x 1]
  const Targets& targets;
  DWeightsType d_weights;             // GradientSum [classes x dim]
  Samples<DFeaturesType> d_features;  // [dim x batch]
  DBiasType d_bias;                   // GradientSum [classes x 1]
  const CrossEntropyOptions<Real>& options;
  Real soft_cap;
  std::size_t workspace_bytes;
  const CrossEntropyScalars<Real>& scalars;
  CrossEntropyReport<Real>* report;
  LinearBuffers<Real>& buffers;

  // A constructor for the sake of the deduction of the parameters: that of aggregates is C++20.
  LinearCall(const WeightsType& w, const Samples<FeaturesType>& x, const Samples<BiasType>& b, const Targets& y,
             DWeightsType d_w, const Samples<DFeaturesType>& d_x, DBiasType d_b,
             const LinearCrossEntropyOptions<Real>& call_options, const CrossEntropyScalars<Real>& call_scalars,
             CrossEntropyReport<Real>* call_report, LinearBuffers<Real>& call_buffers)
      : weights(w),
        features(x),
        bias(b),
        targets(y),
        d_weights(std::move(d_w)),
        d_features(d_x),
        d_bias(std::move(d_b)),
        options(call_options.loss),
        soft_cap(call_options.soft_cap),
        workspace_bytes(call_options.workspace_bytes),
        scalars(call_scalars),
        report(call_report),
        buffers(call_buffers) {}

  /// Whether products read the bias where it is.
  bool bias_in_place() const {
    return std::is_same_v<std::remove_const_t<BiasType>, Real> && (!bias.data || bias.class_stride == 1);
  }
  bool wants_gradient() const { return d_weights.wanted() || d_features.data || d_bias.wanted(); }
};

/// Adds a sample of weight w to the sums and the report.
template <class Real>
void add_sample(const CrossEntropySample<Real>& sample, const Wide<Real>& weight, Index label,
                const CrossEntropyScalars<Real>& scalars, bool with_gradient, CrossEntropyReport<Real>* report, Index i,
                CrossEntropySums<Real>& sums) {
  const Wide<Real> loss = weight * sample.loss(scalars);
  sums.loss += loss;
  if (!report) return;
  if (with_gradient) sums.temperature_gradient += sample.temperature_gradient(scalars.gradient_scale(weight));
  sums.z_loss += weight * sample.z_loss(scalars);
  report->sample_loss[i] = narrow<Real>(loss);
  report->logsumexp[i] = sample.logsumexp();
  report->entropy[i] = sample.entropy();
  report->prediction[i] = sample.prediction();
  if (label >= 0 && sample.prediction() == label) ++sums.correct;
}

template <class Real>
void report_absent(CrossEntropyReport<Real>& report, Index i) {
  report.sample_loss[i] = Real(0);
  report.logsumexp[i] = -infinity<Real>();
  report.entropy[i] = Real(0);
  report.prediction[i] = -1;
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
