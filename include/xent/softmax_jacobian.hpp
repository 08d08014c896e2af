#ifndef XENT_SOFTMAX_JACOBIAN_HPP
#define XENT_SOFTMAX_JACOBIAN_HPP

/// The Jacobian of softmax as an operator that never forms the matrix, and the products with it, and with the Jacobian
/// of log_softmax, of every sample of a batch.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/options.hpp>
#include <xent/detail/arguments/output.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/detail/softmax/jacobian_batch.hpp>
#include <xent/detail/softmax/jacobian_rows.hpp>
#include <xent/detail/softmax/jacobian_sample.hpp>
#include <xent/softmax_options.hpp>
#include <xent/types.hpp>

#include <stdexcept>
#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN

template <class Scalar, int Classes = Eigen::Dynamic, int MaxClasses = Classes>
class SoftmaxJacobian;

namespace detail {

template <class Probabilities>
using SoftmaxJacobianOf = SoftmaxJacobian<typename Probabilities::Scalar, Probabilities::SizeAtCompileTime,
                                          Probabilities::MaxSizeAtCompileTime>;

}  // namespace detail

/// The Jacobian of softmax(z / T) with respect to z at one sample, from s = softmax(z / T).
///
///     J = (diag(s) - s s^T) / T:   J_ii = s_i (1 - s_i) / T,   J_ij = -s_i s_j / T  (i != j)
///
///     const auto J = xent::softmax_jacobian(s);
///     J * v;  J * M;  v.transpose() * J;  J.transpose();  J(i, j);  J.toDenseMatrix();  J.rows();  J.cols();
///
/// @param s            probabilities [classes], a vector at compile time, any dense expression; J keeps its own copy
/// @param temperature  T > 0 that the logits were divided by
/// @return a SoftmaxJacobian
/// @throws std::invalid_argument for a temperature that is not finite and > 0
///
/// A product takes a dense expression with the scalar of s, or RealOf it, whose rows (J * M) or columns (M * J) are the
/// classes, and returns a plain object shaped like it; another size throws std::invalid_argument, J(i, j) outside
/// throws std::out_of_range. Edge cases and errors as for `softmax_jvp`; an entry is rounded once: 1 ULP. Cost:
/// O(classes) a vector, O(classes^2) for toDenseMatrix; allocates the copy and what is returned.
template <class S>
detail::SoftmaxJacobianOf<S> softmax_jacobian(
    const Eigen::DenseBase<S>& s,
    detail::NonDeduced<RealOf<typename S::Scalar>> temperature = RealOf<typename S::Scalar>(1)) {
  return detail::SoftmaxJacobianOf<S>(s, temperature);
}

/// The product of the Jacobian of softmax with a vector, for every sample: how far s moves when the logits move by v.
///
///     out_k = s_k (v_k - <s, v>) / T,   <s, v> = sum_j s_j v_j
///
/// J is symmetric, so `softmax_vjp` is the same map under the name it has in reverse mode: from the gradient with
/// respect to s to the gradient with respect to z.
///
/// @param s        probabilities softmax(z / T) [classes x samples], or [samples x classes] with Axis::rows; any dense
///                 expression; a vector at compile time is one sample
/// @param v, g     shaped like s, with its scalar or RealOf it
/// @param out      shaped like s, with its scalar or RealOf it (see docs/outputs.md)
/// @param options  SoftmaxOptions: axis, temperature T > 0, executor; or an Axis alone
/// @return an object shaped like v with its scalar; the form with `out` returns nothing
/// @throws std::invalid_argument for shapes that differ, or a temperature that is not finite and > 0
///
/// A class with s_k = 0 gets 0 and its v_k is not read. s is used as given: it need not sum to 1.
/// Computed in about twice the digits of the result and rounded once: 1 ULP of the sum of the absolute values of the
/// terms, s_k (|v_k| + sum_j s_j |v_j|) / T. Cost: reads s and v twice, writes once; allocates the result only.
template <class S, class V, class Options = detail::SoftmaxOptionsOf<S>,
          detail::EnableIfOptions<Options, detail::SoftmaxOptionsOf<S>> = 0>
typename V::PlainObject softmax_jvp(const Eigen::DenseBase<S>& s, const Eigen::DenseBase<V>& v,
                                    const Options& options = {}) {
  return detail::jacobian_returned<detail::SoftmaxProduct>({"softmax_jvp", "v"}, s, v,
                                                           detail::options_in<detail::SoftmaxOptionsOf<S>>(options));
}
template <class S, class V, class Out, class Options = detail::SoftmaxOptionsOf<S>,
          detail::EnableIfOutput<Out, detail::SoftmaxOptionsOf<S>> = 0>
void softmax_jvp(const Eigen::DenseBase<S>& s, const Eigen::DenseBase<V>& v, Out&& out, const Options& options = {}) {
  detail::jacobian_into<detail::SoftmaxProduct>({"softmax_jvp", "v"}, s, v, std::forward<Out>(out),
                                                detail::options_in<detail::SoftmaxOptionsOf<S>>(options));
}
template <class S, class V, class... Rest, detail::EnableIfNotDense<S, V> = 0>
auto softmax_jvp(const S& /*s*/, const V& /*v*/, const Rest&... /*rest*/) {
  return detail::refuse<S, V, Rest...>();
}
template <class S, class G, class Options = detail::SoftmaxOptionsOf<S>,
          detail::EnableIfOptions<Options, detail::SoftmaxOptionsOf<S>> = 0>
typename G::PlainObject softmax_vjp(const Eigen::DenseBase<S>& s, const Eigen::DenseBase<G>& g,
                                    const Options& options = {}) {
  return detail::jacobian_returned<detail::SoftmaxProduct>({"softmax_vjp", "g"}, s, g,
                                                           detail::options_in<detail::SoftmaxOptionsOf<S>>(options));
}
template <class S, class G, class Out, class Options = detail::SoftmaxOptionsOf<S>,
          detail::EnableIfOutput<Out, detail::SoftmaxOptionsOf<S>> = 0>
void softmax_vjp(const Eigen::DenseBase<S>& s, const Eigen::DenseBase<G>& g, Out&& out, const Options& options = {}) {
  detail::jacobian_into<detail::SoftmaxProduct>({"softmax_vjp", "g"}, s, g, std::forward<Out>(out),
                                                detail::options_in<detail::SoftmaxOptionsOf<S>>(options));
}
template <class S, class G, class... Rest, detail::EnableIfNotDense<S, G> = 0>
auto softmax_vjp(const S& /*s*/, const G& /*g*/, const Rest&... /*rest*/) {
  return detail::refuse<S, G, Rest...>();
}

/// How far log_softmax(z / T) moves when the logits move by v.
///
///     out_k = (v_k - <s, v>) / T
///
/// Parameters (s is the softmax, not its logarithm), exceptions and cost as for `softmax_jvp`. A class with s_k = 0
/// adds nothing to <s, v>, whatever its v_k. Bound: 1 ULP of (|v_k| + sum_j s_j |v_j|) / T.
template <class S, class V, class Options = detail::SoftmaxOptionsOf<S>,
          detail::EnableIfOptions<Options, detail::SoftmaxOptionsOf<S>> = 0>
typename V::PlainObject log_softmax_jvp(const Eigen::DenseBase<S>& s, const Eigen::DenseBase<V>& v,
                                        const Options& options = {}) {
  return detail::jacobian_returned<detail::LogSoftmaxProduct>({"log_softmax_jvp", "v"}, s, v,
                                                              detail::options_in<detail::SoftmaxOptionsOf<S>>(options));
}
template <class S, class V, class Out, class Options = detail::SoftmaxOptionsOf<S>,
          detail::EnableIfOutput<Out, detail::SoftmaxOptionsOf<S>> = 0>
void log_softmax_jvp(const Eigen::DenseBase<S>& s, const Eigen::DenseBase<V>& v, Out&& out,
                     const Options& options = {}) {
  detail::jacobian_into<detail::LogSoftmaxProduct>({"log_softmax_jvp", "v"}, s, v, std::forward<Out>(out),
                                                   detail::options_in<detail::SoftmaxOptionsOf<S>>(options));
}
template <class S, class V, class... Rest, detail::EnableIfNotDense<S, V> = 0>
auto log_softmax_jvp(const S& /*s*/, const V& /*v*/, const Rest&... /*rest*/) {
  return detail::refuse<S, V, Rest...>();
}

/// From the gradient g with respect to log_softmax(z / T) to the gradient with respect to z.
///
///     out_k = (g_k - s_k sum_j g_j) / T
///
/// Parameters (s is the softmax, not its logarithm), exceptions and cost as for `softmax_jvp`. A class with s_k = 0
/// gets g_k / T: s alone cannot tell a masked class from one whose probability underflowed. Bound: 1 ULP of (|g_k| +
/// s_k sum_j |g_j|) / T.
template <class S, class G, class Options = detail::SoftmaxOptionsOf<S>,
          detail::EnableIfOptions<Options, detail::SoftmaxOptionsOf<S>> = 0>
typename G::PlainObject log_softmax_vjp(const Eigen::DenseBase<S>& s, const Eigen::DenseBase<G>& g,
                                        const Options& options = {}) {
  return detail::jacobian_returned<detail::LogSoftmaxTransposedProduct>(
      {"log_softmax_vjp", "g"}, s, g, detail::options_in<detail::SoftmaxOptionsOf<S>>(options));
}
template <class S, class G, class Out, class Options = detail::SoftmaxOptionsOf<S>,
          detail::EnableIfOutput<Out, detail::SoftmaxOptionsOf<S>> = 0>
void log_softmax_vjp(const Eigen::DenseBase<S>& s, const Eigen::DenseBase<G>& g, Out&& out,
                     const Options& options = {}) {
  detail::jacobian_into<detail::LogSoftmaxTransposedProduct>({"log_softmax_vjp", "g"}, s, g, std::forward<Out>(out),
                                                             detail::options_in<detail::SoftmaxOptionsOf<S>>(options));
}
template <class S, class G, class... Rest, detail::EnableIfNotDense<S, G> = 0>
auto log_softmax_vjp(const S& /*s*/, const G& /*g*/, const Rest&... /*rest*/) {
  return detail::refuse<S, G, Rest...>();
}

/// What `softmax_jacobian` returns.
template <class Scalar, int Classes, int MaxClasses>
class SoftmaxJacobian {
 public:
  using Real = RealOf<Scalar>;
  using Index = Eigen::Index;
  using DenseMatrix = Eigen::Matrix<Scalar, Classes, Classes, Eigen::ColMajor, MaxClasses, MaxClasses>;

  template <class S>
  SoftmaxJacobian(const Eigen::DenseBase<S>& s, const Real& temperature) : temperature_(temperature) {
    static_assert(detail::is_vector<S>,
                  "xent: softmax_jacobian takes one sample, a vector at compile time: write .col(0) or .row(0)");
    static_assert(detail::is_real<Scalar>, "xent: probabilities must be real: write .cast<float>() or .cast<double>()");
    detail::check_temperature("softmax_jacobian", temperature);
    const detail::Operand operand(s);
    s_.resize(operand.size());
    for (Index k = 0; k < operand.size(); ++k) s_[k] = operand.coefficients()[k];
  }

  Index rows() const { return s_.size(); }
  Index cols() const { return s_.size(); }

  Scalar operator()(Index i, Index j) const {
    if (i < 0 || j < 0 || i >= rows() || j >= cols())
      detail::throw_error<std::out_of_range>(detail::message("softmax_jacobian", "index",
                                                             detail::text("(", i, ", ", j, ")"),
                                                             "one inside " + detail::shape_text(rows(), cols())));
    return entry(i, j);
  }

  DenseMatrix toDenseMatrix() const {
    DenseMatrix dense(rows(), cols());
    for (Index j = 0; j < cols(); ++j)
      for (Index i = 0; i < rows(); ++i) dense(i, j) = entry(i, j);
    return dense;
  }

  /// The matrix is symmetric.
  const SoftmaxJacobian& transpose() const& { return *this; }
  SoftmaxJacobian transpose() && { return std::move(*this); }

  template <class M>
  friend typename M::PlainObject operator*(const SoftmaxJacobian& jacobian, const Eigen::DenseBase<M>& right) {
    if (right.rows() != jacobian.cols())
      detail::throw_invalid("softmax_jacobian", "right factor", detail::shape_text(right.rows(), right.cols()),
                            detail::text(jacobian.cols(), " rows"));
    return jacobian.times(right, Axis::columns);
  }
  template <class M>
  friend typename M::PlainObject operator*(const Eigen::DenseBase<M>& left, const SoftmaxJacobian& jacobian) {
    if (left.cols() != jacobian.rows())
      detail::throw_invalid("softmax_jacobian", "left factor", detail::shape_text(left.rows(), left.cols()),
                            detail::text(jacobian.rows(), " columns"));
    return jacobian.times(left, Axis::rows);
  }

 private:
  using W = detail::Wide<Real>;

  Scalar entry(Index i, Index j) const {
    const W row = detail::widen<W>(s_[i]);
    const W column = detail::widen<W>(s_[j]);
    if (row == W(0) || column == W(0)) return Scalar(Real(0));
    return detail::narrow<Scalar>(
        detail::share(row, W(i == j ? W(W(1) - row) : W(-column)), detail::widen<W>(temperature_)));
  }

  template <class M>
  typename M::PlainObject times(const Eigen::DenseBase<M>& factor, Axis axis) const {
    static_assert(std::is_same_v<typename M::Scalar, Scalar> || std::is_same_v<typename M::Scalar, Real>,
                  "xent: the factor of a softmax_jacobian must have its scalar: write .cast<>() on it");
    const detail::Operand operand(factor);
    typename M::PlainObject product;
    product.resize(operand.rows(), operand.cols());
    const auto v = operand.samples(axis, false);
    const auto out = detail::samples_at(product.data(), product, axis, false);
    const detail::Samples<const Scalar> s{s_.data(), v.classes, v.count, 1, 0};
    detail::jacobian_of_samples<detail::SoftmaxProduct>(s, v, temperature_, out, 0, v.count);
    return product;
  }

  Eigen::Matrix<Scalar, Classes, 1, Eigen::ColMajor, MaxClasses, 1> s_;
  Real temperature_;
};

XENT_NAMESPACE_END

#if XENT_DECLARES_INSTANCES
#include <xent/detail/instances/softmax_jacobian.inl>
#endif

#endif
