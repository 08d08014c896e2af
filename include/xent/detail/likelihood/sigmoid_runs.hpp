#ifndef XENT_DETAIL_LIKELIHOOD_SIGMOID_RUNS_HPP
#define XENT_DETAIL_LIKELIHOOD_SIGMOID_RUNS_HPP

/// Sigmoid cross-entropy by the kernels of simd/: dense targets, and positive weights that are the same for all
/// coefficients of a sample. Everything else goes by sigmoid_sample.hpp.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/targets.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/likelihood/sigmoid_sample.hpp>
#include <xent/detail/walk/coefficient_runs.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/likelihood_options.hpp>
#include <xent/simd/kernels/decisions.hpp>
#include <xent/types.hpp>

#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// A block of samples of one call.
template <class Real, class Scalar, class Targets, class Out>
class SigmoidRuns {
  using W = Wide<Real>;
  using TargetScalar = typename Targets::Scalar;
  static constexpr double unscale = 1 / static_cast<double>(simd::CoefficientScale<Real>::of_loss);

 public:
  SigmoidRuns(const Samples<const Scalar>& z, const Targets& targets, const Samples<Out>* gradient,
              const SigmoidCall<Real>& call)
      : z_(z), targets_(targets), gradient_(gradient), call_(call) {}

  /// Whether there are kernels for this call.
  bool works() const {
    return simd::has_kernels() && call_.weight.same_for_classes() && call_.positive_weight.same_for_classes() &&
           in_range(scalars().keep_up) && in_range(scalars().share_up) && in_range(scalars().keep) &&
           in_range(scalars().share);
  }

  /// The sum of the losses of samples [first, last), whose gradients are written.
  W add_up(Index first, Index last) const {
    const Samples<Out> to = gradient_ == nullptr ? Samples<Out>{} : *gradient_;
    RunsIn<Real, Scalar> z(z_);
    RunsIn<Real, TargetScalar> y(targets_.samples());
    RunsOut<Real, Out> gradient(to);
    const bool together = z.together() && y.together() && gradient.together();
    const bool stream = is_streamed(to, z_);
    simd::DecisionScalars<Real> scalars = this->scalars();
    W sum(0);
    const auto run = [&](Index from, Index until, const W& w) {
      const W alpha = saturated<W>(W(w / call_.denominator));
      const bool regular = is_regular(alpha);
      scalars.alpha = split_factor<Real>(W(alpha * W(unscale)));
      walk_runs(
          from, until, together,
          [&](Index at, Index n) -> Index {
            const Real* const target = y.read(at, n);
            if (!regular || target == nullptr) return 0;
            simd::TermSum terms{};
            const Index done = simd::DecisionKernels<Real>::decisions(z.read(at, n), target, n, scalars,
                                                                      gradient.begin(at), stream, &terms);
            gradient.end(at, done);
            sum += w * W(wide_sum<Real>(terms) * W(unscale));
            return done;
          },
          [&](Index at) {
            const Index i = at / z_.classes;
            const Index k = at % z_.classes;
            sum += sigmoid_coefficient(z_, targets_.reader(i)(k), gradient_, call_, i, k);
          });
    };
    if (call_.weight.same_for_samples()) {
      run(first * z_.classes, last * z_.classes, call_.weight(0, 0));
    } else {
      for (Index i = first; i < last; ++i) run(i * z_.classes, (i + 1) * z_.classes, call_.weight(i, 0));
    }
    if (stream) simd::fence();
    return sum;
  }

 private:
  simd::DecisionScalars<Real> scalars() const {
    const W p = call_.positive_weight(0, 0);
    return {narrow<Real>(W(p * call_.target.keep)),
            narrow<Real>(W(p * call_.target.share)),
            narrow<Real>(call_.target.keep),
            narrow<Real>(call_.target.share),
            {}};
  }
  static constexpr double smallest = std::is_same_v<Real, float> ? 0x1p-60 : 0x1p-500;
  /// Digits are lost in nothing that is multiplied by it.
  static bool in_range(const Real& x) { return x == Real(0) || (x > Real(smallest) && x < Real(1 / smallest)); }
  static bool is_regular(const W& alpha) {
    const W size = alpha < W(0) ? W(W(0) - alpha) : alpha;
    return size > W(smallest * 0x1p20) && size < W(1 / smallest);
  }

  const Samples<const Scalar>& z_;
  const Targets& targets_;
  const Samples<Out>* gradient_;
  const SigmoidCall<Real>& call_;
};

/// Samples [first, last): their gradients are written, their entries of the report too, their sums are added.
template <class Real, class Scalar, class Targets, class Out>
void sigmoid_block(const Samples<const Scalar>& z, const Targets& targets, const Samples<Out>* gradient,
                   const SigmoidCall<Real>& call, SigmoidReport<Real>* report, Index first, Index last,
                   SigmoidSums<Real>& sums) {
  if constexpr (has_kernels<Real> && Targets::are_dense) {
    const SigmoidRuns<Real, Scalar, Targets, Out> runs(z, targets, gradient, call);
    if (runs.works()) {
      if (report) {  // before the gradient may overwrite the logits; the loss does not depend on whether there is one
        SigmoidSums<Real> reported;
        sigmoid_samples(z, targets, static_cast<const Samples<Out>*>(nullptr), call, report, first, last, reported);
        sums.correct += reported.correct;
      }
      sums.loss += runs.add_up(first, last);
      return;
    }
  }
  sigmoid_samples(z, targets, gradient, call, report, first, last, sums);
}

/// All of them.
template <class Real, class Scalar, class Targets, class Out>
SigmoidSums<Real> sigmoid_of_batch(const Samples<const Scalar>& z, const Targets& targets, const Samples<Out>* gradient,
                                   const Executor& executor, const SigmoidCall<Real>& call,
                                   SigmoidReport<Real>* report) {
  return sum_over_blocks<SigmoidSums<Real>>(executor, Blocks(z.count, z.classes),
                                            [&](Index first, Index last, SigmoidSums<Real>& partial) {
                                              sigmoid_block(z, targets, gradient, call, report, first, last, partial);
                                            });
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
