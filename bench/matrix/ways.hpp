#ifndef XENT_BENCH_MATRIX_WAYS_HPP
#define XENT_BENCH_MATRIX_WAYS_HPP

#include <xent/types.hpp>

#include <Eigen/Core>

#include <string>
#include <type_traits>

#include "problem.hpp"
#include "ratio_table.hpp"

namespace bench {

/// loss(logits, gradient or none, report or null), once for each of the ways in which it can be called.
template <class Report, class Scalar, class Loss>
void ways_of_a_loss(RatioTable& table, Problem<Scalar>& p, const std::string& name, const Loss& loss) {
  using Real = xent::RealOf<Scalar>;
  static Report report;
  Report* const none = nullptr;
  table.line(name + ", loss alone", [&] { return loss(p.z, xent::none, none); });
  table.line(name + ", report without gradient", [&] { return loss(p.z, xent::none, &report); });
  table.line(name + ", report", [&] { return loss(p.z, p.out, &report); });
  table.line(
      name + ", in place", [&] { return loss(p.out, p.out, none); }, [&] { p.out = p.z; });
  table.line(
      name + ", in place, report", [&] { return loss(p.out, p.out, &report); }, [&] { p.out = p.z; });
  table.line(name + ", fresh gradient", [&] {
    typename Problem<Scalar>::Matrix gradient;
    return loss(p.z, gradient, none);
  });
  if constexpr (!std::is_same_v<Scalar, Real>) {
    Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic> gradient(p.z.rows(), p.z.cols());
    table.line(name + ", gradient of float", [&] { return loss(p.z, gradient, none); });
  }
}

}  // namespace bench

#endif
