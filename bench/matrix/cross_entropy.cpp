// softmax_cross_entropy of every kind of targets, and its Hessian.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <string>
#include <type_traits>

#include "lines.hpp"
#include "problem.hpp"
#include "ratio_table.hpp"
#include "variants.hpp"
#include "ways.hpp"

namespace bench {

/// softmax_cross_entropy of some targets: with every option or the first one alone, in every way.
template <class Scalar, class Targets>
void losses_of(RatioTable& table, Problem<Scalar>& p, const std::string& kind, const Targets& targets,
               bool every_option = true) {
  const std::string name = "softmax_cross_entropy of " + kind;
  const auto variants = loss_variants(p);
  for (const auto& variant : variants) {
    const auto& options = variant.second;
    table.line(name + variant.first, [&] { return xent::softmax_cross_entropy(p.z, targets, p.out, options); });
    if (!every_option) return;
  }
  for (const std::size_t which : {std::size_t{0}, std::size_t{6}}) {
    const auto& options = variants[which].second;
    ways_of_a_loss<xent::CrossEntropyReport<xent::RealOf<Scalar>>>(
        table, p, name + variants[which].first, [&](const auto& z, auto&& gradient, auto* report) {
          return xent::softmax_cross_entropy(z, targets, gradient, options, report);
        });
  }
  for (const std::size_t which : {std::size_t{0}, std::size_t{6}, std::size_t{8}, std::size_t{9}}) {
    const auto& options = variants[which].second;
    table.line("softmax_cross_entropy_hvp of " + kind + variants[which].first,
               [&] { xent::softmax_cross_entropy_hvp(p.z, targets, p.v, p.out, options); });
  }
}

template <class Scalar>
void cross_entropy_lines(RatioTable& table, Problem<Scalar>& p) {
  losses_of(table, p, "labels", p.labels);
  losses_of(table, p, "labels of which some are ignored", p.labels_with_ignored, false);
  losses_of(table, p, "labels of 64 bits", p.long_labels, false);
  losses_of(table, p, "dense targets", p.t);
  losses_of(table, p, "one-hot dense targets", p.one_hot, false);
  losses_of(table, p, "sparse targets", p.sparse);
  using Other = std::conditional_t<std::is_same_v<Scalar, double>, float, double>;
  const Eigen::Matrix<Other, Eigen::Dynamic, Eigen::Dynamic> other = p.t.template cast<Other>();
  losses_of(table, p, std::is_same_v<Other, float> ? "dense targets of float" : "dense targets of double", other,
            false);
}

template void cross_entropy_lines(RatioTable&, Problem<float>&);
template void cross_entropy_lines(RatioTable&, Problem<double>&);
template void cross_entropy_lines(RatioTable&, Problem<Eigen::half>&);
template void cross_entropy_lines(RatioTable&, Problem<Eigen::bfloat16>&);

}  // namespace bench
