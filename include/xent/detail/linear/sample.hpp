#ifndef XENT_DETAIL_LINEAR_SAMPLE_HPP
#define XENT_DETAIL_LINEAR_SAMPLE_HPP

/// Softmax cross-entropy of a sample whose logits arrive in blocks of classes. A block of classes is treated as a small
/// set of classes of its own: targets and class weights are seen from its first class on.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/full_exp.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/cross_entropy_sample.hpp>
#include <xent/detail/softmax/softmax_sample.hpp>
#include <xent/types.hpp>

#include <cstdint>

XENT_NAMESPACE_BEGIN
namespace detail {

/// y_k of a block of classes.
template <class Reader>
struct BlockReader {
  Reader y;
  Index first_class;
  auto operator()(Index k) { return y(first_class + k); }
};

/// The targets of chosen samples of a batch, over the classes from `first_class` on. A label before them is negative,
/// one behind them is too large: neither is ever equal to a class of the block.
template <class Targets>
struct ChosenTargets {
  static constexpr bool are_labels = Targets::are_labels;
  static constexpr bool are_dense = Targets::are_dense;

  const Targets& targets;
  const Index* chosen = nullptr;
  Index first_class = 0;

  Index label(Index j) const { return are_labels ? targets.label(chosen[j]) - first_class : -1; }
  void read_labels(Index first, Index count, Index* to) const {
    for (Index j = 0; j < count; ++j) to[j] = label(first + j);
  }
  bool read_small_labels(Index first, Index count, std::int32_t* to) const {
    return read_small(count, to, [&](Index j) { return label(first + j); });
  }
  static const std::int32_t* integers(Index /*first*/) { return nullptr; }
  auto reader(Index j) const {
    return BlockReader<decltype(targets.reader(0))>{targets.reader(chosen[j]), first_class};
  }
  auto total(Index j, Index classes) const { return targets.total(chosen[j], classes); }
  auto sample(Index j) const { return targets.sample(chosen[j]); }
  template <class Visit>
  void for_each_entry(Index j, const Visit& visit) const {
    targets.for_each_entry(chosen[j], visit);
  }
};

/// The sums of a sample over the classes so far, relative to the highest logit so far. A higher one that arrives moves
/// x_k = (m - z_k) / T by the same distance for all, and scales e_k = exp(-x_k) by one factor, an exponential with the
/// digits of the wide arithmetic (an ordinary one would lose some with every block). All sums are linear in the target,
/// since the number of classes that share the smoothing is not known before the last block.
template <class Real>
class RunningSample {
  using W = Wide<Real>;

 public:
  /// `total` is the sum of y_k over all classes, `label` is -1 for a distribution.
  RunningSample(Index label, const W& total) : label_(label), total_(total) {}

  /// The logits of the block of classes that starts at `first`, which the reader and the scalars see as class 0.
  template <class Reader>
  void push(Sample<const Real> z, Index first, Index classes, Reader y, const CrossEntropyScalars<Real>& scalars) {
    const Maximum<Real> block = find_maximum<Real>(z, classes);
    const Maximum<Real> before = highest_;
    take(block, first);
    if (highest_.condition == Condition::nan || highest_.condition == Condition::infinite) return;
    if (before.index >= 0 && before.index != highest_.index) rescale(before, scalars.temperature);
    const bool highest_is_here = highest_.index >= first;
    for_each_class(z, classes, Exponentials<Real>(highest_.value, scalars.temperature),
                   [&](Index k, bool masked, const W& x, const W& e) {
                     if (first + k == label_) {
                       logit_of_label_ = z[k];
                       weight_of_label_ = scalars.class_weight(k);
                       return;
                     }
                     add_target(scalars.class_weight(k), y(k), masked, x, scalars);
                     if (masked || (highest_is_here && first + k == highest_.index)) return;
                     sums_.others += e;
                     if (!(e == W(0))) sums_.moment += e * x;
                   });
  }

  CrossEntropySample<Real> sample(const CrossEntropyScalars<Real>& scalars) const {
    const Exponentials<Real> exponentials(highest_.value, scalars.temperature);
    const bool label_masked = label_ >= 0 && logit_of_label_ == -infinity<Real>();
    const SmoothedTarget<W> target(scalars.epsilon, scalars.smoothing, total_, highest_.unmasked, label_, label_masked);
    Maximum<Real> highest = highest_;
    if (is_nan(target.sigma)) highest.condition = Condition::nan;

    TargetSums<W> masses;
    const W kept = product(target.keep, kept_) + product(target.share, shared_);
    masses.other_mass = saturated<W>(kept + product(target.keep, masked_kept_));
    masses.unmasked_mass = kept;
    masses.target_distance = product(target.keep, kept_distance_) + product(target.share, shared_distance_);
    ExponentialSums<W> sums = sums_;
    sums.at_argmax = exponentials.one();
    if (label_ >= 0) {
      masses.label_mass = saturated<W>(weight_of_label_ * target(W(1), label_masked));
      if (!label_masked && highest.condition == Condition::regular) {
        const W x = exponentials.distance(logit_of_label_);
        masses.unmasked_mass += masses.label_mass;
        masses.target_distance += product(masses.label_mass, x);
        if (label_ != highest.index) sums.at_label = Exponentials<Real>::exponential(x);
        if (!(sums.at_label == W(0))) sums.moment += sums.at_label * x;
      }
    }
    const bool positive = (masked_positive_ && target.keep > W(0)) || (label_masked && masses.label_mass > W(0));
    if (positive)
      masses.masked_loss = W(infinity<Real>());
    else if (masked_negative_ && target.keep > W(0) && highest.condition == Condition::regular)
      masses.masked_loss = W(-infinity<Real>());
    return {label_, highest, target, masses, sums, scalars};
  }

 private:
  /// Infinite distances of classes without a target do not count.
  static W product(const W& factor, const W& value) { return factor == W(0) ? W(0) : factor * value; }

  void take(const Maximum<Real>& block, Index first) {
    highest_.unmasked += block.unmasked;
    const bool worse = block.condition == Condition::nan || block.condition == Condition::infinite;
    if (highest_.condition == Condition::nan || (highest_.condition == Condition::infinite && !worse)) return;
    if (worse && block.condition == highest_.condition) return;  // the first +inf stays the prediction
    if (worse || block.value > highest_.value) {
      highest_.value = block.value;
      highest_.index = block.index < 0 ? -1 : first + block.index;
      highest_.condition = block.condition;
    }
  }

  /// From one maximum to a higher one, which is highest_ now.
  void rescale(const Maximum<Real>& before, const Real& temperature) {
    const W x = Exponentials<Real>(highest_.value, temperature).distance(before.value);
    const W half = is_finite(x) ? full_exp(W(x * W(-0.5))) : W(0);
    if (!(kept_ == W(0))) kept_distance_ += kept_ * x;
    if (!(shared_ == W(0))) shared_distance_ += shared_ * x;
    sums_.moment = is_finite(x) ? W((sums_.moment + sums_.others * x) * half * half) : W(0);
    sums_.others = sums_.others * half * half;
    if (before.index != label_) {
      const W e = Exponentials<Real>::exponential(x);
      sums_.others += e;
      if (!(e == W(0))) sums_.moment += e * x;
    }
  }

  void add_target(const W& weight, const W& y, bool masked, const W& x, const CrossEntropyScalars<Real>& scalars) {
    const W kept = weight * y;
    if (masked) {
      masked_kept_ += kept;
      masked_positive_ = masked_positive_ || kept > W(0);
      masked_negative_ = masked_negative_ || kept < W(0);
      return;
    }
    kept_ += kept;
    if (!(kept == W(0))) kept_distance_ += kept * x;
    if (scalars.epsilon == W(0)) return;
    const W shared = weight * W(scalars.smoothing == Smoothing::other_classes ? W(total_ - y) : total_);
    shared_ += shared;
    if (!(shared == W(0))) shared_distance_ += shared * x;
  }

  Index label_;
  W total_;
  Maximum<Real> highest_{-infinity<Real>(), -1, 0, Condition::masked};
  ExponentialSums<W> sums_{};  // others: without the argmax and the label; moment: without the label
  Real logit_of_label_{0};
  W weight_of_label_{0};
  // Over the classes other than the label. kept: c_k y_k; shared: c_k times what smoothing shares out.
  W kept_{0}, kept_distance_{0}, shared_{0}, shared_distance_{0}, masked_kept_{0};
  bool masked_positive_ = false;
  bool masked_negative_ = false;
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
