#ifndef XENT_DETAIL_INFORMATION_JOINT_TABLE_HPP
#define XENT_DETAIL_INFORMATION_JOINT_TABLE_HPP

/// Sums over a joint distribution and its marginals.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/detail/core/logarithm.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/information/amounts.hpp>
#include <xent/detail/information/divergence.hpp>
#include <xent/detail/information/sums.hpp>
#include <xent/types.hpp>

#include <cstddef>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

/// A joint distribution J(i, j) = P(X = i, Y = j), row by row, and its marginals, in at least twice the digits of
/// double: what is left of J minus the product of its marginals decides about the mutual information.
template <class Scalar>
class JointTable {
 public:
  using Real = RealOf<Scalar>;
  using W = Wider<Wide<Real>>;

  explicit JointTable(const Samples<const Scalar>& rows) : rows_(rows) {}

  /// sum_ij J_ij log(R_i / J_ij), R_i = sum_j J_ij
  Real entropy_within_rows(Unit unit) const {
    W sum(0);
    for (Index i = 0; i < rows_.count; ++i) {
      const W row = row_sum(i);
      if (!is_amount(row)) return nan<Real>();
      if (row > W(0)) sum += entropy_of_amounts(rows_.classes, row, [&](Index j) { return entry(i, j); });
    }
    return narrow<Real>(in_unit(unscaled(sum), unit));
  }

  /// sum_ij core(J_ij, R_i C_j / N), N = sum J: the parts -p + q of the cores cancel identically, also where N has been
  /// rounded, which R_i C_j alone would not do.
  Real dependence(Unit unit) const {
    std::vector<W> shares(static_cast<std::size_t>(rows_.classes), W(0));  // C_j / N
    W total(0);
    for (Index i = 0; i < rows_.count; ++i) {
      for (Index j = 0; j < rows_.classes; ++j) shares[static_cast<std::size_t>(j)] += entry(i, j);
      total += row_sum(i);
    }
    if (!is_amount(total)) return nan<Real>();
    if (total == W(0)) return Real(0);
    for (W& share : shares) share = share / total;
    W sum(0);
    for (Index i = 0; i < rows_.count; ++i) {
      const W row = row_sum(i);
      for (Index j = 0; j < rows_.classes; ++j)
        sum += dependence_of(entry(i, j), row, shares[static_cast<std::size_t>(j)]);
    }
    return narrow<Real>(in_unit(unscaled(sum), unit));
  }

 private:
  /// NaN where it is not a probability.
  W entry(Index i, Index j) const {
    const W value = widen<W>(rows_[i][j]);
    return is_amount(value) ? scaled(value) : W(nan<Real>());
  }

  W row_sum(Index i) const {
    W sum(0);
    for (Index j = 0; j < rows_.classes; ++j) sum += entry(i, j);
    return sum;
  }

  /// Two rare states that always meet, at 1e-200 say, have a product of marginals that leaves the range.
  static W dependence_of(const W& entry, const W& row, const W& share) {
    const W independent = row * share;
    const W difference = entry - independent;
    if (W(entry * W(0x1p-60)) > independent)
      return entry * (log_of_ratio(entry, row) - natural_log(share)) - difference;
    return divergence_term<Real>(entry, independent, difference);
  }

  Samples<const Scalar> rows_;
};

template <class Scalar>
RealOf<Scalar> entropy_within_rows(const Samples<const Scalar>& rows, Unit unit) {
  return JointTable<Scalar>(rows).entropy_within_rows(unit);
}
template <class Scalar>
RealOf<Scalar> dependence(const Samples<const Scalar>& rows, Unit unit) {
  return JointTable<Scalar>(rows).dependence(unit);
}

/// A table that is given as a dense expression; it has an entry.
template <class Dense>
class JointTableArgument {
 public:
  JointTableArgument(const char* function, const Eigen::DenseBase<Dense>& joint) : operand_(joint) {
    check_probability_type<typename Dense::Scalar>();
    if (operand_.size() == 0)
      throw_invalid(function, "joint", shape_text(operand_.rows(), operand_.cols()), "a table with an entry");
  }
  JointTableArgument(const JointTableArgument&) = delete;
  JointTableArgument& operator=(const JointTableArgument&) = delete;

  auto rows() const { return operand_.samples(Axis::rows, false); }
  /// In the order of its memory.
  auto samples() const { return operand_.samples(Dense::IsRowMajor ? Axis::rows : Axis::columns, false); }

 private:
  Operand<Dense> operand_;
};

/// sum_ij J_ij log(1 / J_ij)
template <class Scalar>
RealOf<Scalar> entropy_of_table(const Samples<const Scalar>& samples, Unit unit) {
  using Real = RealOf<Scalar>;
  Wide<Real> sum(0);
  sums_of_samples<EntropyTerm>(samples, samples, [&](Index /*i*/, const Wide<Real>& part) { sum += part; });
  return narrow<Real>(in_unit(sum, unit));
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
