// Entropies and divergences of logits.

#include <xent/logits.hpp>

#include <Eigen/Core>

#include <string>

#include "lines.hpp"
#include "problem.hpp"
#include "ratio_table.hpp"
#include "variants.hpp"
#include "ways.hpp"

namespace bench {

template <class Scalar>
void logit_lines(RatioTable& table, Problem<Scalar>& p) {
  using Real = xent::RealOf<Scalar>;
  using O = xent::LogitOptions<Real>;
  using Report = xent::CrossEntropyReport<Real>;
  const auto variants = VariantsOf<O>(p.axis)
                            .plain()
                            .add(", sum", [](O& o) { o.reduction = xent::Reduction::sum; })
                            .add(", temperature", [](O& o) { o.temperature = Real(1.5); })
                            .add(", sample weights", [&](O& o) { o.sample_weights = p.sample_weights; })
                            .add(", executor", [](O& o) { o.executor = run_here; })
                            .all();
  for (const auto& [name, options_of] : variants) {
    const O& options = options_of;
    table.line("entropy_from_logits" + name, [&] { return xent::entropy_from_logits(p.z, p.out, options); });
    table.line("kl_divergence_from_logits" + name,
               [&] { return xent::kl_divergence_from_logits(p.z, p.w, p.out, p.out_too, options); });
  }
  ways_of_a_loss<Report>(table, p, "entropy_from_logits", [&](const auto& z, auto&& gradient, auto* report) {
    return xent::entropy_from_logits(z, gradient, p.axis, report);
  });
  ways_of_a_loss<Report>(table, p, "kl_divergence_from_logits, d_p alone",
                         [&](const auto& z, auto&& gradient, auto* report) {
                           return xent::kl_divergence_from_logits(z, p.w, gradient, xent::none, p.axis, report);
                         });
  ways_of_a_loss<Report>(table, p, "kl_divergence_from_logits, d_q alone",
                         [&](const auto& z, auto&& gradient, auto* report) {
                           return xent::kl_divergence_from_logits(p.w, z, xent::none, gradient, p.axis, report);
                         });
}

template void logit_lines(RatioTable&, Problem<float>&);
template void logit_lines(RatioTable&, Problem<double>&);
template void logit_lines(RatioTable&, Problem<Eigen::half>&);
template void logit_lines(RatioTable&, Problem<Eigen::bfloat16>&);

}  // namespace bench
