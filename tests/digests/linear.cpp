// linear_cross_entropy. The sums of the portable path are those of Eigen's products, whose order depends on the
// instructions that Eigen is compiled for: there the names begin with eigen/.

#include "cross_entropy.hpp"

#include <xent/instruction_set.hpp>
#include <xent/linear_cross_entropy.hpp>

#include <string>

namespace digests {
namespace {

/// Labels with a bias, or targets without one: each combination takes long to compile. Weights [classes x dim];
/// features and gradients lie as the layout of the logits does. A small workspace cuts the classes into tiles.
template <class S, template <class> class Layout, bool of_labels>
void linear_case(const Shape& shape, Index dim, Option option, bool small, double soft_cap = 0) {
  using Real = RealOf<S>;
  const Shape of_weights{shape.classes, dim};
  const Shape of_features{dim, shape.samples};
  Columns<S> weights(of_weights);
  Numbers numbers(7);
  fill(weights, of_weights, [&](Index, Index) { return numbers.normal() * 0x1p-2; });  // logits of up to some 10
  Layout<S> features = logits_of<Layout<S>>(Option::plain, of_features, 8);
  Columns<Real> bias = logits_of<Columns<Real>>(Option::plain, {shape.classes, 1}, 9);
  Layout<Real> targets = targets_of<Layout<Real>>(option, shape);
  const Eigen::VectorXi labels = labels_of(option, shape);
  xent::LinearCrossEntropyOptions<Real> options{options_of<Real>(option, shape, Layout<S>::axis)};
  if (small) options.workspace_bytes = 60000;
  options.accumulate = small;
  options.soft_cap = static_cast<Real>(soft_cap);

  xent::CrossEntropyReport<Real> report;
  xent::CrossEntropyReport<Real>* const wanted = option == Option::plain ? nullptr : &report;
  Columns<S> d_weights(of_weights);
  fill(d_weights, of_weights, [](Index k, Index d) { return static_cast<double>((k + d) % 5) * 0x1p-8; });
  Layout<S> d_features(of_features);
  Eigen::Matrix<Real, Eigen::Dynamic, 1> d_bias = Eigen::Matrix<Real, Eigen::Dynamic, 1>::Zero(shape.classes);
  Digest digest;
  if constexpr (of_labels) {
    digest.add(xent::linear_cross_entropy(weights.view(), features.view(), bias.view(), labels, d_weights.view(),
                                          d_features.view(), d_bias, options, wanted));
    digest.add(xent::linear_cross_entropy(weights.view(), features.view(), bias.view(), labels, options));
  } else {
    digest.add(xent::linear_cross_entropy(weights.view(), features.view(), xent::none, targets.view(), d_weights.view(),
                                          d_features.view(), xent::none, options, wanted));
  }
  digest.add(d_weights, of_weights);
  digest.add(d_features, of_features);
  digest.add(d_bias);
  if (wanted) add_report(report, digest);
  const bool of_eigen = xent::instruction_set() == xent::InstructionSet::portable;
  print(std::string(of_eigen ? "eigen/" : "") + "linear_cross_entropy/" +
            std::string(of_labels ? "labels/" : "targets/") + scalar_name<S>() + "/" + Layout<S>::name + "/" +
            shape.name() + "/dim_" + std::to_string(dim) + (soft_cap > 0 ? "_capped" : "") + (small ? "_small" : "") +
            "/" + name_of(option),
        digest);
}

template <class S>
void of_scalar() {
  bool small = std::is_same_v<S, double>;
  for (const Option option : all_options) {
    if (option == Option::masked || option == Option::nan || option == Option::offset) continue;
    small = !small;
    linear_case<S, Columns, true>({240, 60}, 12, option, small);
    if (!small && option != Option::ignored) linear_case<S, Rows, false>({240, 60}, 12, option, !small);
  }
  for (const bool tiles : {false, true}) {
    linear_case<S, Columns, true>({10, 70}, 5, Option::plain, tiles);
    linear_case<S, Columns, true>({129, 70}, 16, Option::plain, tiles);
    linear_case<S, Columns, true>({1000, 33}, 24, Option::plain, tiles);
    linear_case<S, Columns, true>({1000, 33}, 300, Option::plain, tiles, 2.5);
    linear_case<S, Rows, false>({300, 70}, 16, Option::several, tiles);
  }
}

}  // namespace

void linear() {
  of_scalar<float>();
  of_scalar<double>();
  linear_case<Eigen::half, Columns, true>({240, 60}, 12, Option::report, true);
  linear_case<Eigen::bfloat16, Columns, true>({240, 60}, 12, Option::report, true);
}

}  // namespace digests
