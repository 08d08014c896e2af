// Measures of probabilities, of joint tables and of counts.

#include <xent/counts.hpp>
#include <xent/information.hpp>

#include <Eigen/Core>

#include <string>

#include "lines.hpp"
#include "problem.hpp"
#include "ratio_table.hpp"
#include "variants.hpp"

namespace bench {

template <class Scalar>
void information_lines(RatioTable& table, Problem<Scalar>& p) {
  using O = xent::InformationOptions<xent::RealOf<Scalar>>;
  const auto variants = VariantsOf<O>(p.axis)
                            .plain()
                            .add(", bits", [](O& o) { o.unit = xent::Unit::bits; })
                            .add(", executor", [](O& o) { o.executor = run_here; })
                            .all();
  for (const auto& [name, options_of] : variants) {
    const O& options = options_of;
    table.line("entropy" + name, [&] { xent::entropy(p.s, p.numbers, options); });
    table.line("perplexity" + name, [&] { xent::perplexity(p.s, p.numbers, options); });
    table.line("cross_entropy" + name, [&] { xent::cross_entropy(p.s, p.t, p.numbers, options); });
    table.line("kl_divergence" + name, [&] { xent::kl_divergence(p.s, p.t, p.numbers, options); });
    table.line("js_divergence" + name, [&] { xent::js_divergence(p.s, p.t, p.numbers, options); });
  }
  table.line("cross_entropy of one-hot p", [&] { xent::cross_entropy(p.one_hot, p.t, p.numbers, p.axis); });
  table.line("kl_divergence of one-hot p", [&] { xent::kl_divergence(p.one_hot, p.t, p.numbers, p.axis); });
  table.line("entropy, returned", [&] { return xent::entropy(p.s, p.axis); });
  table.line("joint_entropy", [&] { return xent::joint_entropy(p.s); });
  table.line("conditional_entropy", [&] { return xent::conditional_entropy(p.s); });
  table.line("mutual_information", [&] { return xent::mutual_information(p.s); });
  table.line("information_content, matrix", [&] { return xent::information_content(p.s); });
  table.line("information_content, numbers", [&] {
    for (Index i = 0; i < p.samples; ++i)
      for (Index k = 0; k < p.classes; ++k) p.out.at(k, i) = xent::information_content(p.s.at(k, i));
  });
}

/// Of as many labels, and counts, as there are logits.
template <class Scalar>
void count_lines(RatioTable& table, Problem<Scalar>& p) {
  if (p.layout != Layout::columns || p.content != Content::ordinary) return;
  using xent::Estimator;
  const Eigen::VectorXi labels = p.labels.replicate(p.classes, 1);
  const Eigen::VectorXi integers = labels.array() + 1;
  const Eigen::Array<Scalar, Eigen::Dynamic, 1> reals = integers.cast<float>().template cast<Scalar>();
  table.line("empirical_distribution", [&] { return xent::empirical_distribution<Scalar>(labels, p.classes); });
  table.line("entropy_from_counts of integers", [&] { return xent::entropy_from_counts(integers); });
  table.line("entropy_from_counts of real numbers", [&] { return xent::entropy_from_counts(reals); });
  table.line("entropy_from_counts of real numbers, Miller-Madow",
             [&] { return xent::entropy_from_counts(reals, Estimator::miller_madow); });
}

template void information_lines(RatioTable&, Problem<float>&);
template void information_lines(RatioTable&, Problem<double>&);
template void information_lines(RatioTable&, Problem<Eigen::half>&);
template void information_lines(RatioTable&, Problem<Eigen::bfloat16>&);
template void count_lines(RatioTable&, Problem<float>&);
template void count_lines(RatioTable&, Problem<double>&);
template void count_lines(RatioTable&, Problem<Eigen::half>&);
template void count_lines(RatioTable&, Problem<Eigen::bfloat16>&);

}  // namespace bench
