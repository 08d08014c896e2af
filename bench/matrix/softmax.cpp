// softmax, log_softmax, their Jacobians, and log-sum-exp.

#include <xent/logsumexp.hpp>
#include <xent/softmax.hpp>
#include <xent/softmax_jacobian.hpp>

#include <Eigen/Core>

#include <string>

#include "lines.hpp"
#include "problem.hpp"
#include "ratio_table.hpp"
#include "variants.hpp"

namespace bench {

template <class Scalar>
void softmax_lines(RatioTable& table, Problem<Scalar>& p) {
  using Real = xent::RealOf<Scalar>;
  using O = xent::SoftmaxOptions<Real>;
  const auto variants = VariantsOf<O>(p.axis)
                            .plain()
                            .add(", temperature", [](O& o) { o.temperature = Real(1.5); })
                            .add(", executor", [](O& o) { o.executor = run_here; })
                            .all();
  for (const auto& [name, options_of] : variants) {
    const O& options = options_of;
    table.line("softmax" + name, [&] { xent::softmax(p.z, p.out, options); });
    table.line("log_softmax" + name, [&] { xent::log_softmax(p.z, p.out, options); });
    table.line("logsumexp" + name, [&] { xent::logsumexp(p.z, p.numbers, options); });
    table.line("softmax_jvp" + name, [&] { xent::softmax_jvp(p.s, p.v, p.out, options); });
    table.line("softmax_vjp" + name, [&] { xent::softmax_vjp(p.s, p.v, p.out, options); });
    table.line("log_softmax_jvp" + name, [&] { xent::log_softmax_jvp(p.s, p.v, p.out, options); });
    table.line("log_softmax_vjp" + name, [&] { xent::log_softmax_vjp(p.s, p.v, p.out, options); });
  }
  const auto restore = [&] { p.out = p.z; };
  table.line(
      "softmax, in place", [&] { xent::softmax(p.out, p.out, p.axis); }, restore);
  table.line(
      "log_softmax, in place", [&] { xent::log_softmax(p.out, p.out, p.axis); }, restore);
  table.line("softmax, returned", [&] { return xent::softmax(p.z, p.axis); });
  table.line("log_softmax, returned", [&] { return xent::log_softmax(p.z, p.axis); });
  table.line("logsumexp, returned", [&] { return xent::logsumexp(p.z, p.axis); });
  table.line("softmax_jacobian of each sample, times a vector", [&] {
    for (Index i = 0; i < p.samples; ++i) {
      const auto product = xent::softmax_jacobian(p.s.sample(i)) * p.v.sample(i);
      take_result(product.data());
    }
  });
  table.line("LogSumExp, a block", [&] {
    xent::LogSumExp<Real> sum;
    sum.push(p.z);
    return sum.value();
  });
  table.line("LogSumExp, numbers", [&] {
    xent::LogSumExp<Real> sum;
    for (Index i = 0; i < p.samples; ++i)
      for (Index k = 0; k < p.classes; ++k) sum.push(static_cast<Real>(p.z.at(k, i)));
    return sum.value();
  });
  table.line("logaddexp, matrices", [&] { return xent::logaddexp(p.z, p.w); });
  table.line("logaddexp, numbers", [&] {
    for (Index i = 0; i < p.samples; ++i)
      for (Index k = 0; k < p.classes; ++k) p.out.at(k, i) = xent::logaddexp(p.z.at(k, i), p.w.at(k, i));
  });
}

template void softmax_lines(RatioTable&, Problem<float>&);
template void softmax_lines(RatioTable&, Problem<double>&);
template void softmax_lines(RatioTable&, Problem<Eigen::half>&);
template void softmax_lines(RatioTable&, Problem<Eigen::bfloat16>&);

}  // namespace bench
