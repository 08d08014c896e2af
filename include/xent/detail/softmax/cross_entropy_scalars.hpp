#ifndef XENT_DETAIL_SOFTMAX_CROSS_ENTROPY_SCALARS_HPP
#define XENT_DETAIL_SOFTMAX_CROSS_ENTROPY_SCALARS_HPP

/// Every option of softmax_cross_entropy as a scalar of a call or of a sample.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/types.hpp>

XENT_NAMESPACE_BEGIN
namespace detail {

/// The options that the samples of a call share, exact in wide arithmetic.
template <class Real>
struct CrossEntropyScalars {
  using W = Wide<Real>;

  Real temperature{1};
  W epsilon{0};
  Smoothing smoothing = Smoothing::all_classes;
  W z_loss{0};
  W denominator{1};  // D; 0 where nothing that counts was counted: then loss and gradient are 0
  const Weights<Real>* class_weights = nullptr;  // null: not an option of the function

  explicit CrossEntropyScalars(const CrossEntropyOptions<Real>& options)
      : temperature(options.temperature),
        epsilon(widen<W>(options.label_smoothing)),
        smoothing(options.smoothing),
        z_loss(widen<W>(options.z_loss)),
        class_weights(&options.class_weights) {}
  explicit CrossEntropyScalars(const NllOptions<Real>& options) : class_weights(&options.class_weights) {}
  explicit CrossEntropyScalars(const LogitOptions<Real>& options) : temperature(options.temperature) {}

  W class_weight(Index k) const { return class_weights->size() == 0 ? W(1) : widen<W>((*class_weights)[k]); }

  /// alpha = w / (D T)
  W gradient_scale(const W& weight) const {
    if (denominator == W(0)) return W(0);
    return saturated<W>(W(weight / denominator) / widen<W>(temperature));
  }
};

/// The scalar of options.
template <class Options>
using RealOfOptions = typename decltype(Options::sample_weights)::Scalar;

template <class Targets, class Options>
bool is_absent([[maybe_unused]] const Targets& targets, Index i, const Options& options) {
  using Real = RealOfOptions<Options>;
  if (options.sample_weights.size() != 0 && options.sample_weights[i] == Real(0)) return true;
  if constexpr (Targets::are_labels)
    return targets.label(i) == options.ignore_index;
  else
    return false;
}

template <class Options>
Wide<RealOfOptions<Options>> sample_weight(const Options& options, Index i) {
  using W = Wide<RealOfOptions<Options>>;
  return options.sample_weights.size() == 0 ? W(1) : widen<W>(options.sample_weights[i]);
}

/// Label smoothing of one sample: the y of a class becomes keep y + share (sigma - own y), or keep y where the class is
/// masked. Both rules are linear in y, so a soft target is smoothed as the mixture of labels that it is. Written with
/// sigma - own y, not with a factor of y, no term is negative.
template <class W>
struct SmoothedTarget {
  W keep{1};
  W share{0};
  W own{0};
  W sigma{1};

  SmoothedTarget() = default;

  /// `unmasked` is K; `label` is -1 for a distribution, `label_masked` tells whether the label counts in K.
  SmoothedTarget(const W& epsilon, Smoothing smoothing, const W& total, Index unmasked, Index label, bool label_masked)
      : sigma(saturated<W>(total)) {
    if (epsilon == W(0)) return;
    const bool other = smoothing == Smoothing::other_classes;
    const Index receivers = other ? unmasked - (label >= 0 && label_masked ? 0 : 1) : unmasked;
    if (other && receivers <= 0) return;  // no other class to give to: not smoothed
    keep = W(1) - epsilon;
    if (receivers > 0) share = epsilon / W(static_cast<double>(receivers));
    own = other ? W(1) : W(0);
  }

  W operator()(const W& y, bool masked) const {
    const W kept = keep * y;
    if (masked || share == W(0)) return kept;
    return kept + share * W(sigma - own * y);
  }
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
