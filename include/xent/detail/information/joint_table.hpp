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
#include <xent/detail/walk/coefficient_runs.hpp>
#include <xent/detail/walk/gathered_rows.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/simd/kernels/joint.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <cstddef>
#include <type_traits>
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
  using Rows = KernelRows<Real, Scalar>;

  /// `is_huge`: sums of its entries may leave the range.
  explicit JointTable(const Samples<const Scalar>& rows, bool is_huge = false) : rows_(rows), is_huge_(is_huge) {}

  /// sum_ij J_ij log(R_i / J_ij), R_i = sum_j J_ij
  Real entropy_within_rows(Unit unit) const {
    W sum(0);
    Rows rows(rows_);
    for (Index i = 0; i < rows_.count; ++i) {
      if (add_entropy_by_kernels(rows, i, sum)) continue;
      const W row = row_sum(i);
      if (!is_amount(row) || !is_finite(row))
        return is_huge_ ? nan<Real>() : JointTable(rows_, true).entropy_within_rows(unit);
      XENT_ON_REFUSAL;
      if (row > W(0)) sum += entropy_of_amounts(rows_.classes, row, [&](Index j) { return entry(i, j); });
    }
    return in_unit_of_table(sum, unit);
  }

  /// sum_ij core(J_ij, R_i C_j / N), N = sum J: the parts -p + q of the cores cancel identically, also where N has been
  /// rounded, which R_i C_j alone would not do.
  Real dependence(Unit unit) const {
    if constexpr (has_kernels<Real>)
      if (simd::has_kernels()) return dependence_by_kernels(unit);
    return portable_dependence(unit);
  }

 private:
  Real portable_dependence(Unit unit) const {
    std::vector<W> shares(static_cast<std::size_t>(rows_.classes), W(0));  // C_j / N
    W total(0);
    for (Index i = 0; i < rows_.count; ++i) {
      for (Index j = 0; j < rows_.classes; ++j) shares[static_cast<std::size_t>(j)] += entry(i, j);
      total += row_sum(i);
    }
    if (!is_amount(total) || !is_finite(total))
      return is_huge_ ? nan<Real>() : JointTable(rows_, true).portable_dependence(unit);
    if (total == W(0)) return Real(0);
    for (W& share : shares) share = share / total;
    W sum(0);
    for (Index i = 0; i < rows_.count; ++i)
      add_dependence(
          i, row_sum(i), [&](Index j) { return shares[static_cast<std::size_t>(j)]; }, sum);
    return in_unit_of_table(sum, unit);
  }

  /// False where a row is left to the caller.
  bool add_entropy_by_kernels([[maybe_unused]] Rows& rows, [[maybe_unused]] Index i, [[maybe_unused]] W& sum) const {
    if constexpr (has_kernels<Real>) {
      using Kernels = simd::JointKernels<Real>;
      if (!simd::has_kernels() || is_huge_) return false;
      const simd::Twice of_row = Kernels::add_row(rows[i], rows_.classes, nullptr, nullptr);
      const W row = W::renormalised(of_row.hi, of_row.lo);
      if (row == W(0)) return true;
      if (!(row > W(0x1p-900)) || !(row < W(0x1p900))) return false;
      simd::Twice nats{};
      const W most(Kernels::entropy(rows[i], rows_.classes, of_row, &nats));
      if (is_nan(nats.hi)) return false;
      sum += scaled(-W::renormalised(nats.hi, nats.lo));
      if (most > W(0)) sum += scaled(W(most * log_of_whole(row, most)));
      return true;
    }
    return false;
  }

  Real dependence_by_kernels(Unit unit) const {
    using Kernels = simd::JointKernels<Real>;
    const auto columns = static_cast<std::size_t>(rows_.classes + Kernels::together);
    std::vector<double> shares_hi(columns, 0);
    std::vector<double> shares_lo(columns, 0);
    std::vector<simd::Twice> rows(static_cast<std::size_t>(rows_.count));
    Rows entries(rows_);
    W total(0);
    for (Index i = 0; i < rows_.count; ++i) {
      const simd::Twice sum = Kernels::add_row(entries[i], rows_.classes, shares_hi.data(), shares_lo.data());
      rows[static_cast<std::size_t>(i)] = sum;
      total += W::renormalised(sum.hi, sum.lo);
    }
    if (total == W(0)) return Real(0);
    if (!is_finite(total.hi)) return JointTable(rows_, true).portable_dependence(unit);
    for (std::size_t j = 0; j < columns; ++j)
      put(W(W::renormalised(shares_hi[j], shares_lo[j]) / total), &shares_hi[j], &shares_lo[j]);
    W sum(0);
    for (Index i = 0; i < rows_.count; ++i) {
      const simd::Twice& row = rows[static_cast<std::size_t>(i)];
      const simd::Twice part = Kernels::dependence(entries[i], rows_.classes, row, shares_hi.data(), shares_lo.data());
      if (!is_nan(part.hi)) {
        sum += scaled(W::renormalised(part.hi, part.lo));
        continue;
      }
      XENT_ON_REFUSAL;
      const auto share = [&](Index j) {
        return W(shares_hi[static_cast<std::size_t>(j)], shares_lo[static_cast<std::size_t>(j)]);
      };
      add_dependence(i, scaled(W::renormalised(row.hi, row.lo)), share, sum);
    }
    return in_unit_of_table(sum, unit);
  }

  template <class Share>
  void add_dependence(Index i, const W& row, const Share& share, W& sum) const {
    for (Index j = 0; j < rows_.classes; ++j) sum += dependence_of(entry(i, j), row, share(j));
  }

  /// NaN where it is not a probability.
  W entry(Index i, Index j) const {
    const W value = widen<W>(rows_[i][j]);
    if (!is_amount(value)) return W(nan<Real>());
    return is_huge_ ? W(value * W(0x1p-100)) : scaled(value);
  }

  Real in_unit_of_table(const W& sum, Unit unit) const {
    if (!is_huge_) return narrow<Real>(in_unit(unscaled(sum), unit));
    const W result = in_unit(sum, unit) * W(0x1p100);
    return is_finite(result) || is_nan(sum) ? narrow<Real>(result) : infinity<Real>();
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
  bool is_huge_;
};

template <class Scalar>
RealOf<Scalar> entropy_within_rows(const Samples<const Scalar>& rows, Unit unit) {
  return JointTable<Scalar>(rows).entropy_within_rows(unit);
}
/// The same of a table and its transpose: kernels take the one whose rows lie together.
template <class Scalar>
RealOf<Scalar> dependence(const Samples<const Scalar>& rows, Unit unit) {
  const bool turns = has_kernels<RealOf<Scalar>> && simd::has_kernels() && rows.class_stride > rows.sample_stride;
  return JointTable<Scalar>(turns ? turned(rows) : rows).dependence(unit);
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
