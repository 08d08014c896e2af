#ifndef XENT_TESTS_DIGESTS_CROSS_ENTROPY_HPP
#define XENT_TESTS_DIGESTS_CROSS_ENTROPY_HPP

/// Options, labels and targets of the losses over classes, and the digest of all that a call says.

#include "digests.hpp"

#include <xent/cross_entropy_options.hpp>

#include <limits>
#include <string>

namespace digests {

/// What is asked for, or what is wrong with the logits. `plain` is a call without a report and `report` one with it;
/// each other one is both.
enum class Option {
  plain,
  report,
  smoothing,
  smoothing_of_others,
  class_weights,
  class_weights_smoothed,
  sample_weights,
  ignored,
  cold,
  hot,
  z_loss,
  sum,
  signed_weights,
  masked,
  nan,
  offset,
  several,
};
inline constexpr const char* option_names[] = {"plain",
                                               "report",
                                               "smoothing",
                                               "smoothing_of_others",
                                               "class_weights",
                                               "class_weights_smoothed",
                                               "sample_weights",
                                               "ignored",
                                               "cold",
                                               "hot",
                                               "z_loss",
                                               "sum",
                                               "signed_weights",
                                               "masked",
                                               "nan",
                                               "offset",
                                               "several"};
inline constexpr Option all_options[] = {Option::plain,
                                         Option::report,
                                         Option::smoothing,
                                         Option::smoothing_of_others,
                                         Option::class_weights,
                                         Option::class_weights_smoothed,
                                         Option::sample_weights,
                                         Option::ignored,
                                         Option::cold,
                                         Option::hot,
                                         Option::z_loss,
                                         Option::sum,
                                         Option::signed_weights,
                                         Option::masked,
                                         Option::nan,
                                         Option::offset,
                                         Option::several};
inline std::string name_of(Option option) { return option_names[static_cast<int>(option)]; }

/// Where the gradient goes.
enum class To { another, itself, nowhere };
inline std::string name_of(To to) {
  if (to == To::another) return "";
  return to == To::itself ? "_in_place" : "_no_gradient";
}

/// Weights in [1/2, 3/2).
template <class Real>
xent::Weights<Real> weights_of(Index count, std::uint64_t seed) {
  Numbers numbers(seed);
  xent::Weights<Real> weights(Eigen::Array<Real, Eigen::Dynamic, 1>::Zero(count));
  for (Index i = 0; i < count; ++i) weights[i] = as<Real>(0.5 + numbers.uniform());
  return weights;
}
template <class Real>
xent::Weights<Real> sample_weights_of(Index count) {
  xent::Weights<Real> weights = weights_of<Real>(count, 3);
  for (Index i = 1; i < count; i += 4) weights[i] = Real(0);
  return weights;
}
template <class Real>
xent::Weights<Real> signed_weights_of(Index count) {
  xent::Weights<Real> weights = weights_of<Real>(count, 3);
  for (Index i = 1; i < count; i += 3) weights[i] = -weights[i];
  return weights;
}

template <class Real>
xent::CrossEntropyOptions<Real> options_of(Option option, const Shape& shape, Axis axis) {
  xent::CrossEntropyOptions<Real> options;
  options.axis = axis;
  const auto is = [option](auto... any) { return ((option == any) || ...); };
  const bool several = option == Option::several;
  if (is(Option::smoothing, Option::smoothing_of_others, Option::class_weights_smoothed) || several)
    options.label_smoothing = as<Real>(0.1);
  if (is(Option::smoothing_of_others)) options.smoothing = xent::Smoothing::other_classes;
  if (is(Option::class_weights, Option::class_weights_smoothed) || several)
    options.class_weights = weights_of<Real>(shape.classes, 4);
  if (is(Option::sample_weights) || several) options.sample_weights = sample_weights_of<Real>(shape.samples);
  if (is(Option::ignored) || several) options.ignore_index = -1;
  if (is(Option::cold)) options.temperature = as<Real>(0.5);
  if (is(Option::hot) || several) options.temperature = as<Real>(3);
  if (is(Option::z_loss) || several) options.z_loss = as<Real>(1e-3);
  if (is(Option::sum, Option::signed_weights)) options.reduction = xent::Reduction::sum;
  if (is(Option::signed_weights)) options.sample_weights = signed_weights_of<Real>(shape.samples);
  if (several) options.denominator = as<Real>(7.5);
  return options;
}

/// A masked class is never one that has mass.
inline bool is_masked(Index k, Index i) { return (k + 2 * i) % 5 == 1; }

inline Eigen::VectorXi labels_of(Option option, const Shape& shape) {
  Eigen::VectorXi labels(shape.samples);
  for (Index i = 0; i < shape.samples; ++i) {
    Index label = (7 * i + shape.classes / 3) % shape.classes;
    while (is_masked(label, i)) label = (label + 1) % shape.classes;
    const bool ignored = (option == Option::ignored || option == Option::several) && i % 3 == 1;
    labels[i] = ignored ? -1 : static_cast<int>(label);
  }
  return labels;
}

/// Logits, altered as the option says.
template <class Layout>
Layout logits_of(Option option, const Shape& shape, std::uint64_t seed = 1) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Layout layout(shape);
  Numbers numbers(seed + static_cast<std::uint64_t>(shape.classes));
  fill(layout, shape, [&](Index k, Index i) {
    const double z = numbers.normal();
    if (option == Option::offset) return z + 1000;
    if (option == Option::masked && is_masked(k, i)) return -infinity;
    if (option != Option::nan) return z;
    if (i == shape.samples / 2 && k == shape.classes / 2) return std::numeric_limits<double>::quiet_NaN();
    if (shape.samples > 3 && i == 0) return -infinity;
    if (shape.samples > 3 && i == 1 && k == shape.classes - 1) return infinity;
    return z;
  });
  return layout;
}

/// Distributions but for their sums, with zeros.
template <class Layout>
Layout targets_of(Option option, const Shape& shape) {
  Layout layout(shape);
  Numbers numbers(2);
  double scale = 1;
  while (scale * static_cast<double>(shape.classes) > 2) scale /= 2;
  fill(layout, shape, [&](Index k, Index i) {
    const double y = numbers.uniform() * scale;
    return k % 9 == 4 || (option == Option::masked && is_masked(k, i)) ? 0.0 : y;
  });
  return layout;
}

template <class Real>
void add_report(const xent::CrossEntropyReport<Real>& report, Digest& digest) {
  digest.add(report.loss);
  digest.add(report.z_loss);
  digest.add(report.denominator);
  digest.add(report.temperature_gradient);
  digest.add(report.counted);
  digest.add(report.ignored);
  digest.add(report.correct);
  digest.add(report.sample_loss);
  digest.add(report.logsumexp);
  digest.add(report.entropy);
  digest.add(report.prediction);
}

/// call(logits, gradient, report) without a report, with one, or both. A Layout of the gradient's own is for another
/// scalar.
template <class Layout, class GradientLayout = Layout, class Call>
Digest digest_of(const Layout& z, const Shape& shape, Option option, To to, const Call& call) {
  using Real = RealOf<typename Layout::Scalar>;
  Digest digest;
  for (const bool reports : {false, true}) {
    if (option == (reports ? Option::plain : Option::report)) continue;
    xent::CrossEntropyReport<Real> report;
    xent::CrossEntropyReport<Real>* const wanted = reports ? &report : nullptr;
    Layout logits = z;
    if (to == To::nowhere) {
      digest.add(call(logits.view(), xent::none, wanted));
    } else if (to == To::itself) {
      digest.add(call(logits.view(), logits.view(), wanted));
      digest.add(logits, shape);
    } else {
      GradientLayout gradient(shape);
      digest.add(call(logits.view(), gradient.view(), wanted));
      digest.add(gradient, shape);
    }
    if (reports) add_report(report, digest);
  }
  return digest;
}

}  // namespace digests

#endif
