#ifndef XENT_DETAIL_ARGUMENTS_CHECKS_HPP
#define XENT_DETAIL_ARGUMENTS_CHECKS_HPP

/// Every check of a batch that depends on values. They come before the first write.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/options.hpp>
#include <xent/detail/arguments/targets.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/cross_entropy_scalars.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Stands for targets where a loss has none: samples are absent by their weight alone.
struct NoTargets {
  static constexpr bool are_labels = false;
  static constexpr bool are_dense = false;
  static Index label(Index /*i*/) { return -1; }
};

template <class Real>
void check_weights(const char* function, const char* argument, const Weights<Real>& weights, Index size,
                   bool may_be_negative) {
  if (weights.size() == 0) return;
  if (weights.size() != size)
    throw_invalid(function, argument, text(weights.size(), " weights"), text(size, " or none"));
  for (Index i = 0; i < size; ++i)
    if (!is_finite<Real>(weights[i]) || (!may_be_negative && weights[i] < Real(0)))
      throw_invalid(function, text(argument, "[", i, "]"), text(weights[i]),
                    may_be_negative ? "a finite number" : "a finite number >= 0");
}

template <class Real>
void check_denominator(const char* function, Reduction reduction, const std::optional<Real>& denominator) {
  if (reduction == Reduction::mean && denominator && (!(*denominator >= Real(0)) || !is_finite(*denominator)))
    throw_invalid(function, "denominator", text(*denominator), "a finite number > 0");
}

template <class Real>
void check_label_smoothing(const char* function, const Real& epsilon) {
  if (!(epsilon >= Real(0)) || !(epsilon <= Real(1)))
    throw_invalid(function, "label_smoothing", text(epsilon), "a number in [0, 1]");
}

template <class Real>
void check_numbers(const char* function, const CrossEntropyOptions<Real>& options) {
  check_temperature(function, options.temperature);
  check_label_smoothing(function, options.label_smoothing);
  if (!(options.z_loss >= Real(0)) || !is_finite(options.z_loss))
    throw_invalid(function, "z_loss", text(options.z_loss), "a finite number >= 0");
}
template <class Real>
void check_numbers(const char* function, const LogitOptions<Real>& options) {
  check_temperature(function, options.temperature);
}
template <class Real>
void check_numbers(const char* /*function*/, const NllOptions<Real>& /*options*/) {}

template <class Targets, class Options>
void check_options(const char* function, const Options& options, [[maybe_unused]] Index classes, Index count) {
  check_numbers(function, options);
  check_denominator(function, options.reduction, options.denominator);
  if constexpr (!std::is_same_v<Targets, NoTargets>)
    check_weights(function, "class_weights", options.class_weights, classes, false);
  const bool signed_weights = options.reduction == Reduction::sum || options.denominator.has_value();
  check_weights(function, "sample_weights", options.sample_weights, count, signed_weights);
}

/// Which samples count, and what their mean divides by unless the options say otherwise.
template <class Real>
struct CountedSamples {
  using W = Wide<Real>;

  Index counted = 0;
  Index bad_sample = -1;  // the first counted sample whose label is no class
  W denominator{0};       // for labels the sum of w c_label, for distributions the sum of w
};

/// How many labels are classes, and how many are ignored.
template <class Integer>
struct LabelCounts {
  using Unsigned = std::make_unsigned_t<Integer>;
  static constexpr auto greatest = (std::numeric_limits<Integer>::max)();
  static constexpr Index most = 64;  // at a time

  Unsigned classes;
  Integer ignored_label;
  bool ignores;
  Index in_range = 0;
  Index ignored = 0;

  LabelCounts(Index number_of_classes, Index ignore_index)
      : classes(number_of_classes > greatest ? Unsigned{greatest} + 1U : static_cast<Unsigned>(number_of_classes)),
        ignored_label(static_cast<Integer>(ignore_index)),
        ignores(ignored_label == ignore_index) {}

  void add(const Integer* labels, Index n) {
    Unsigned is_class = 0;
    Unsigned is_ignored = 0;
    const auto compare = [&](Index i) {
      is_class += static_cast<Unsigned>(labels[i]) < classes ? 1U : 0U;
      is_ignored += labels[i] == ignored_label ? 1U : 0U;
    };
    if (n == most)  // a number that the compiler knows, so that it takes vectors
      for (Index i = 0; i < most; ++i) compare(i);
    else
      for (Index i = 0; i < n; ++i) compare(i);
    in_range += static_cast<Index>(is_class);
    ignored += ignores ? static_cast<Index>(is_ignored) : 0;
  }
};

/// add(first, n) for all labels, in eight streams, since one waits for memory.
template <class Add>
void walk_labels(Index count, Index most, const Add& add) {
  constexpr Index streams = 8;
  const Index part = count / streams / most * most;
  for (Index i = 0; i < part; i += most)
    for (Index j = 0; j < streams; ++j) add(i + j * part, most);
  for (Index i = part * streams; i < count; i += most) add(i, (std::min)(most, count - i));
}

/// Without weights: two comparisons per label.
template <class Real, class Targets>
CountedSamples<Real> count_unweighted(const Targets& targets, Index classes, Index count,
                                      [[maybe_unused]] Index ignore_index) {
  CountedSamples<Real> result;
  result.counted = count;
  if constexpr (Targets::are_labels) {
    const auto take = [&](const auto& counts) {
      result.counted -= counts.ignored;
      const auto is_class = [&](Index label) { return label >= 0 && label < classes; };
      if (counts.in_range + (is_class(ignore_index) ? 0 : counts.ignored) == count) return;
      for (Index i = 0; result.bad_sample < 0; ++i)
        if (targets.label(i) != ignore_index && !is_class(targets.label(i))) result.bad_sample = i;
    };
    constexpr Index most = LabelCounts<Index>::most;
    const std::int32_t* const integers = targets.integers(0);
    LabelCounts<std::int32_t> of_small(classes, ignore_index);
    bool are_small = true;
    walk_labels(count, most, [&](Index first, Index n) {
      std::int32_t labels[most];
      if (integers == nullptr) are_small = targets.read_small_labels(first, n, labels) && are_small;
      of_small.add(integers == nullptr ? labels : integers + first, n);
    });
    if (are_small) {
      take(of_small);
    } else {
      LabelCounts<Index> counts(classes, ignore_index);
      walk_labels(count, most, [&](Index first, Index n) {
        Index labels[most];
        targets.read_labels(first, n, labels);
        counts.add(labels, n);
      });
      take(counts);
    }
  }
  result.denominator = Wide<Real>(static_cast<double>(result.counted));
  return result;
}

template <class Targets, class Options>
CountedSamples<RealOfOptions<Options>> count_samples(const Targets& targets, Index classes, Index count,
                                                     const Options& options) {
  using Real = RealOfOptions<Options>;
  bool weighted = options.sample_weights.size() != 0;
  Index ignore_index = 0;
  if constexpr (Targets::are_labels) {
    weighted = weighted || options.class_weights.size() != 0;
    ignore_index = options.ignore_index;
  }
  if (!weighted) return count_unweighted<Real>(targets, classes, count, ignore_index);
  CountedSamples<Real> result;
  const CrossEntropyScalars<Real> scalars(options);
  for (Index i = 0; i < count; ++i) {
    if (is_absent(targets, i, options)) continue;
    ++result.counted;
    const Index label = targets.label(i);
    if (Targets::are_labels && (label < 0 || label >= classes)) {
      if (result.bad_sample < 0) result.bad_sample = i;
    } else {
      result.denominator += Targets::are_labels ? Wide<Real>(sample_weight(options, i) * scalars.class_weight(label))
                                                : sample_weight(options, i);
    }
  }
  return result;
}

/// Every check of a batch that depends on values, in the order of the semantics table.
template <class Targets, class Options>
CountedSamples<RealOfOptions<Options>> check_batch(const char* function, const Targets& targets, Index classes,
                                                   Index count, const Options& options) {
  using Real = RealOfOptions<Options>;
  check_options<Targets>(function, options, classes, count);
  const CountedSamples<Real> samples = count_samples(targets, classes, count, options);
  if (samples.counted == 0) return samples;
  if (classes == 0) throw_invalid(function, "logits", "0 classes", "at least one class for a sample that counts");
  if (options.reduction == Reduction::mean && options.denominator && *options.denominator == Real(0))
    throw_invalid(function, "denominator", text(*options.denominator), "a finite number > 0");
  if constexpr (Targets::are_labels)
    if (samples.bad_sample >= 0)
      throw_label(function, samples.bad_sample, targets.label_as_given(samples.bad_sample), classes);
  return samples;
}

}  // namespace detail
XENT_NAMESPACE_END

#if XENT_DECLARES_INSTANCES
#include <xent/detail/instances/checks.inl>
#endif

#endif
