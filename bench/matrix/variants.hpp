#ifndef XENT_BENCH_MATRIX_VARIANTS_HPP
#define XENT_BENCH_MATRIX_VARIANTS_HPP

/// Options by name.

#include <xent/cross_entropy_options.hpp>
#include <xent/types.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "problem.hpp"

namespace bench {

template <class Options>
using Variants = std::vector<std::pair<std::string, Options>>;

template <class Options>
class VariantsOf {
 public:
  explicit VariantsOf(xent::Axis axis) { plain_.axis = axis; }

  template <class Change>
  VariantsOf& add(const std::string& name, const Change& change) {
    variants_.emplace_back(name, plain_);
    change(variants_.back().second);
    return *this;
  }
  VariantsOf& plain() {
    return add("", [](Options& /*o*/) {});
  }
  Variants<Options> all() const { return variants_; }

 private:
  Options plain_{};
  Variants<Options> variants_{};
};

template <class Scalar>
using LossOptions = xent::CrossEntropyOptions<xent::RealOf<Scalar>>;

/// On the calling thread, by way of an executor.
inline void run_here(Index count, const std::function<void(Index, Index)>& body) { body(0, count); }

template <class Scalar>
Variants<LossOptions<Scalar>> loss_variants(const Problem<Scalar>& p) {
  using Real = xent::RealOf<Scalar>;
  using O = LossOptions<Scalar>;
  const auto smooth = [](O& o) { o.label_smoothing = Real(0.1); };
  const auto others = [](O& o) { o.smoothing = xent::Smoothing::other_classes; };
  const auto by_class = [&](O& o) { o.class_weights = p.class_weights; };
  const auto by_sample = [&](O& o) { o.sample_weights = p.sample_weights; };
  const auto warm = [](O& o) { o.temperature = Real(1.5); };
  const auto z_loss = [](O& o) { o.z_loss = Real(0.01); };
  const auto all = [](const auto&... changes) { return [=](O& o) { (changes(o), ...); }; };
  return VariantsOf<O>(p.axis)
      .plain()
      .add(", sum", [](O& o) { o.reduction = xent::Reduction::sum; })
      .add(", denominator", [](O& o) { o.denominator = Real(100); })
      .add(", class weights", by_class)
      .add(", sample weights", by_sample)
      .add(", sample weights of which some are 0", [&](O& o) { o.sample_weights = p.sample_weights_with_zeros; })
      .add(", smoothing", smooth)
      .add(", smoothing of other classes", all(smooth, others))
      .add(", temperature", warm)
      .add(", z-loss", z_loss)
      .add(", executor", [](O& o) { o.executor = run_here; })
      .add(", smoothing, class weights", all(smooth, by_class))
      .add(", smoothing of other classes, class weights", all(smooth, others, by_class))
      .add(", smoothing, class weights, sample weights, temperature, z-loss",
           all(smooth, by_class, by_sample, warm, z_loss))
      .all();
}

}  // namespace bench

#endif
