// sigmoid_cross_entropy.

#include <xent/sigmoid_cross_entropy.hpp>

#include <Eigen/Core>

#include <string>

#include "lines.hpp"
#include "problem.hpp"
#include "ratio_table.hpp"
#include "variants.hpp"
#include "ways.hpp"

namespace bench {

template <class Scalar>
void sigmoid_lines(RatioTable& table, Problem<Scalar>& p) {
  using Real = xent::RealOf<Scalar>;
  using O = xent::SigmoidOptions<Real>;
  const auto smooth = [](O& o) { o.label_smoothing = Real(0.1); };
  const auto by_class = [&](O& o) { o.positive_weights = p.class_weights; };
  auto list = VariantsOf<O>(p.axis);
  list.plain()
      .add(", sum", [](O& o) { o.reduction = xent::Reduction::sum; })
      .add(", positive weights", by_class)
      .add(", sample weights", [&](O& o) { o.sample_weights = p.sample_weights; })
      .add(", sample weights of which some are 0", [&](O& o) { o.sample_weights = p.sample_weights_with_zeros; })
      .add(", executor", [](O& o) { o.executor = run_here; });
  if (p.content != Content::one_masked && p.content != Content::half_masked)  // what -inf excludes would cost +inf
    list.add(", smoothing", smooth).add(", smoothing, positive weights", [&](O& o) {
      smooth(o);
      by_class(o);
    });
  const auto variants = list.all();
  const auto of = [&](const std::string& kind, const auto& targets) {
    const std::string name = "sigmoid_cross_entropy of " + kind;
    for (const auto& variant : variants) {
      const O& options = variant.second;
      table.line(name + variant.first, [&] { return xent::sigmoid_cross_entropy(p.z, targets, p.out, options); });
    }
    ways_of_a_loss<xent::SigmoidReport<Real>>(table, p, name, [&](const auto& z, auto&& gradient, auto* report) {
      return xent::sigmoid_cross_entropy(z, targets, gradient, p.axis, report);
    });
  };
  of("decisions", p.decisions);
  of("probabilities", p.t);
  of("integers", p.integers);
  of("sparse targets", p.sparse);
}

template void sigmoid_lines(RatioTable&, Problem<float>&);
template void sigmoid_lines(RatioTable&, Problem<double>&);
template void sigmoid_lines(RatioTable&, Problem<Eigen::half>&);
template void sigmoid_lines(RatioTable&, Problem<Eigen::bfloat16>&);

}  // namespace bench
