#ifndef XENT_INFORMATION_HPP
#define XENT_INFORMATION_HPP

/// Surprise and expected surprise: information content, entropy, cross-entropy and divergences of probabilities.
///
/// Probabilities are used as given: they are not normalised and need not sum to 1. In every function
///   * p [classes x samples], or [samples x classes] with Axis::rows, is any dense expression of real numbers; q has
///   the
///     same shape and scalar. A vector at compile time is one sample whatever the axis, and two of them fit when their
///     sizes do;
///   * the result is one number per sample, Array [samples] of RealOf the scalar, or that number for a vector; `out`, a
///     vector [samples] of RealOf the scalar or of that scalar, takes it instead (see docs/outputs.md);
///   * the places of the axis and of the unit, which are columns and nats, take InformationOptions, too;
///   * a negative probability or a NaN gives NaN for its sample only, also where the other argument is 0;
///   * p = 0 contributes 0 to entropy and cross-entropy; no class gives 0;
///   * arguments are read once where they lie, a lazy expression is evaluated once, and nothing is allocated but that,
///     the result and, where neither classes nor samples of float or double are contiguous, or there are more than 4096
///     classes of 16 bits, a copy of up to 16 samples (256 KB, or one sample);
///   * sums run in twice the digits of the result and are rounded once, so that errors do not grow with the classes;
///   * float and double run in the kernels of simd/, a sample with a number that is no probability, or one that is out
///     of range (in double next to the subnormal ones), in the portable path;
///   * bits of powers of two are exact: the entropy of 2^k equally likely classes is k bits.
///
/// Measured errors are in ULP of the exact result, the worst in any unit of a search with gcc at -O2 and clang at
/// -O3 -march=native: 1 to 5000 classes, random and peaked distributions, zeros, probabilities down to the smallest
/// normal number, q equal to p up to a factor of 1 + 1e-2 ... 1e-15, ratios next to 3 and 1/3, probabilities next to 1.

#include <xent/config.hpp>
#include <xent/detail/arguments/labels.hpp>
#include <xent/detail/arguments/number_output.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/output.hpp>
#include <xent/detail/core/logarithm.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/information/joint_table.hpp>
#include <xent/detail/information/sums.hpp>
#include <xent/detail/information/surprise.hpp>
#include <xent/information_options.hpp>
#include <xent/types.hpp>

#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN

namespace detail {

template <class P, class Out, class Options>
void entropy_into(const Eigen::DenseBase<P>& p, Out&& out, const Options& options) {
  entropies_into("entropy", p, std::forward<Out>(out), options.axis, options.executor,
                 [&](const auto& nats) { return in_unit(nats, options.unit); });
}

template <class P, class Out, class Options>
void perplexity_into(const Eigen::DenseBase<P>& p, Out&& out, const Options& options) {
  entropies_into("perplexity", p, std::forward<Out>(out), options.axis, options.executor,
                 [](const auto& nats) { return exponential_of(nats); });
}

template <class Term, class P, class Q, class Out, class Options>
void compare_into(const Eigen::DenseBase<P>& p, const Eigen::DenseBase<Q>& q, Out&& out, const Options& options) {
  comparisons_into<Term>(p, q, std::forward<Out>(out), options.axis, options.unit, options.executor);
}

}  // namespace detail

/// The surprise at an outcome of probability p: -log p.
///
/// @param p  a real number, or a dense expression that is taken coefficient by coefficient
/// @return a number, or an object shaped like p, with the scalar of p
///
/// information_content(0) is +inf, information_content(1) is +0. Measured error: 0.5 ULP float, 1.4 ULP double. A
/// number at a time takes as long as a vector of them. Source: C. E. Shannon, A Mathematical Theory of Communication,
/// Bell System Technical Journal 27 (1948) 379.
template <class Number, std::enable_if_t<!detail::is_dense<Number>, int> = 0>
Number information_content(const Number& p, Unit unit = Unit::nats) {
  using Real = RealOf<Number>;
  detail::check_probability_type<Number>();
  return detail::narrow<Number>(detail::in_unit(detail::surprise<Real>(detail::widen<detail::Wide<Real>>(p)), unit));
}
template <class P>
typename P::PlainObject information_content(const Eigen::DenseBase<P>& p, Unit unit = Unit::nats) {
  using Scalar = typename P::Scalar;
  detail::check_probability_type<Scalar>();
  const detail::Operand operand(p);
  typename P::PlainObject result;
  result.resize(operand.rows(), operand.cols());
  detail::surprises(operand.samples(Axis::columns, false), unit,
                    detail::samples_at(result.data(), result, Axis::columns, false));
  return result;
}

/// The entropy of every sample, the expected surprise of one who knows p.
///
///     H(p) = -sum_k p_k log p_k
///
/// Bound for p <= 1: 8 ULP. Measured error: 0.5 ULP float, 1.5 ULP double.
/// Source: Shannon (1948).
template <class P, class Options = detail::InformationOptionsOf<P>, class Second = NoneType,
          detail::EnableIfOptions<Options, detail::InformationOptionsOf<P>> = 0>
detail::NumberPerSample<P> entropy(const Eigen::DenseBase<P>& p, const Options& options = {},
                                   const Second& unit = none) {
  detail::NumberPerSample<P> result{};
  detail::entropy_into(p, result, detail::information_options<P>(options, unit));
  return result;
}
template <class P, class Out, class Options = detail::InformationOptionsOf<P>, class Second = NoneType,
          detail::EnableIfOutput<Out, detail::InformationOptionsOf<P>> = 0>
void entropy(const Eigen::DenseBase<P>& p, Out&& out, const Options& options = {}, const Second& unit = none) {
  detail::entropy_into(p, std::forward<Out>(out), detail::information_options<P>(options, unit));
}
template <class Other, class... Rest, detail::EnableIfNotDense<Other> = 0>
auto entropy(const Other& /*p*/, const Rest&... /*rest*/) {
  return detail::refuse<Other, Rest...>();
}

/// The cross-entropy of every sample, the expected surprise of one who believes q where p holds.
///
///     H(p, q) = -sum_k p_k log q_k = H(p) + KL(p || q)        (the latter for p and q with the same sum)
///
/// @throws std::invalid_argument if q has another shape than p
///
/// p > 0 where q = 0: +inf. For logits and labels call softmax_cross_entropy; labels do not compile here.
/// Bound for p, q <= 1: 8 ULP. Measured error: 0.5 ULP float, 1.5 ULP double.
template <class P, class Q, class Options = detail::InformationOptionsOf<P>, class Second = NoneType,
          detail::EnableIfOptions<Options, detail::InformationOptionsOf<P>> = 0>
detail::NumberPerPair<P, Q> cross_entropy(const Eigen::DenseBase<P>& p, const Eigen::DenseBase<Q>& q,
                                          const Options& options = {}, const Second& unit = none) {
  detail::NumberPerPair<P, Q> result{};
  detail::compare_into<detail::CrossEntropyTerm>(p, q, result, detail::information_options<P>(options, unit));
  return result;
}
template <class P, class Q, class Out, class Options = detail::InformationOptionsOf<P>, class Second = NoneType,
          detail::EnableIfOutput<Out, detail::InformationOptionsOf<P>> = 0>
void cross_entropy(const Eigen::DenseBase<P>& p, const Eigen::DenseBase<Q>& q, Out&& out, const Options& options = {},
                   const Second& unit = none) {
  detail::compare_into<detail::CrossEntropyTerm>(p, q, std::forward<Out>(out),
                                                 detail::information_options<P>(options, unit));
}
/// The habit of calling this function with labels stops here.
template <class P, class Q, class... Rest,
          std::enable_if_t<!detail::is_dense<P> || !detail::is_dense<Q> || detail::holds_integers<Q>, int> = 0>
auto cross_entropy(const P& /*p*/, const Q& /*q*/, const Rest&... /*rest*/) {
  static_assert(!detail::holds_integers<Q>,
                "xent: cross_entropy takes two distributions; for logits and labels call softmax_cross_entropy");
  if constexpr (detail::holds_integers<Q>)
    return detail::Anything{};
  else
    return detail::refuse<P, Q, Rest...>();
}

/// The Kullback-Leibler divergence of every sample, the surprise paid for believing q where p holds. Never negative.
///
///     KL(p || q) = sum_k p_k log(p_k / q_k) - p_k + q_k
///
/// The last two parts cancel for p and q with the same sum; with them each class contributes a number >= 0. Where p_k
/// and q_k are within a factor of 3, that number is d t + 2 p t^3 (1/3 + t^2/5 + ...), d = p - q, t = d / (p + q), so
/// that nothing cancels: the divergence of nearly equal distributions is right, and 0 for equal ones.
///
/// @throws std::invalid_argument if q has another shape than p
///
/// p = 0 contributes q; p > 0 where q = 0: +inf; both 0: 0.
/// Bound: 8 ULP. Measured error: 0.5 ULP float, 1.9 ULP double.
/// Source: S. Kullback, R. A. Leibler, Annals of Mathematical Statistics 22 (1951) 79.
template <class P, class Q, class Options = detail::InformationOptionsOf<P>, class Second = NoneType,
          detail::EnableIfOptions<Options, detail::InformationOptionsOf<P>> = 0>
detail::NumberPerPair<P, Q> kl_divergence(const Eigen::DenseBase<P>& p, const Eigen::DenseBase<Q>& q,
                                          const Options& options = {}, const Second& unit = none) {
  detail::NumberPerPair<P, Q> result{};
  detail::compare_into<detail::KlDivergenceTerm>(p, q, result, detail::information_options<P>(options, unit));
  return result;
}
template <class P, class Q, class Out, class Options = detail::InformationOptionsOf<P>, class Second = NoneType,
          detail::EnableIfOutput<Out, detail::InformationOptionsOf<P>> = 0>
void kl_divergence(const Eigen::DenseBase<P>& p, const Eigen::DenseBase<Q>& q, Out&& out, const Options& options = {},
                   const Second& unit = none) {
  detail::compare_into<detail::KlDivergenceTerm>(p, q, std::forward<Out>(out),
                                                 detail::information_options<P>(options, unit));
}
template <class P, class Q, class... Rest, detail::EnableIfNotDense<P, Q> = 0>
auto kl_divergence(const P& /*p*/, const Q& /*q*/, const Rest&... /*rest*/) {
  return detail::refuse<P, Q, Rest...>();
}

/// The Jensen-Shannon divergence of every sample: symmetric, finite, 0 <= JS <= (ln 2)(sum p + sum q)/2.
///
///     JS(p, q) = KL(p || m)/2 + KL(q || m)/2,   m = (p + q)/2
///
/// A class with p = 0 contributes q (ln 2)/2, one with q = 0 p (ln 2)/2. JS of distributions is 1 bit at most, which is
/// what distributions without a common class have.
///
/// @throws std::invalid_argument if q has another shape than p
///
/// Bound: 8 ULP. Measured error: 0.5 ULP float, 1.8 ULP double.
/// Cost: two logarithms a class, rounded at the end of the sum: four times the entropy.
/// Source: J. Lin, IEEE Transactions on Information Theory 37 (1991) 145.
template <class P, class Q, class Options = detail::InformationOptionsOf<P>, class Second = NoneType,
          detail::EnableIfOptions<Options, detail::InformationOptionsOf<P>> = 0>
detail::NumberPerPair<P, Q> js_divergence(const Eigen::DenseBase<P>& p, const Eigen::DenseBase<Q>& q,
                                          const Options& options = {}, const Second& unit = none) {
  detail::NumberPerPair<P, Q> result{};
  detail::compare_into<detail::JsDivergenceTerm>(p, q, result, detail::information_options<P>(options, unit));
  return result;
}
template <class P, class Q, class Out, class Options = detail::InformationOptionsOf<P>, class Second = NoneType,
          detail::EnableIfOutput<Out, detail::InformationOptionsOf<P>> = 0>
void js_divergence(const Eigen::DenseBase<P>& p, const Eigen::DenseBase<Q>& q, Out&& out, const Options& options = {},
                   const Second& unit = none) {
  detail::compare_into<detail::JsDivergenceTerm>(p, q, std::forward<Out>(out),
                                                 detail::information_options<P>(options, unit));
}
template <class P, class Q, class... Rest, detail::EnableIfNotDense<P, Q> = 0>
auto js_divergence(const P& /*p*/, const Q& /*q*/, const Rest&... /*rest*/) {
  return detail::refuse<P, Q, Rest...>();
}

/// The perplexity of every sample: the number of equally likely classes with the same entropy.
///
///     exp(H(p)) = exp(-sum_k p_k log p_k),   H in nats      (2^H of bits is the same: the unit changes nothing)
///
/// 1 for a sample without classes or with p = 0 alone. Exact for 2^k equally likely classes.
/// Measured error: 0.5 ULP float, 0.8 ULP double.
/// Source: F. Jelinek et al., Journal of the Acoustical Society of America 62 (1977) S63.
template <class P, class Options = detail::InformationOptionsOf<P>,
          detail::EnableIfOptions<Options, detail::InformationOptionsOf<P>> = 0>
detail::NumberPerSample<P> perplexity(const Eigen::DenseBase<P>& p, const Options& options = {}) {
  detail::NumberPerSample<P> result{};
  detail::perplexity_into(p, result, detail::options_in<detail::InformationOptionsOf<P>>(options));
  return result;
}
template <class P, class Out, class Options = detail::InformationOptionsOf<P>,
          detail::EnableIfOutput<Out, detail::InformationOptionsOf<P>> = 0>
void perplexity(const Eigen::DenseBase<P>& p, Out&& out, const Options& options = {}) {
  detail::perplexity_into(p, std::forward<Out>(out), detail::options_in<detail::InformationOptionsOf<P>>(options));
}
template <class Other, class... Rest, detail::EnableIfNotDense<Other> = 0>
auto perplexity(const Other& /*p*/, const Rest&... /*rest*/) {
  return detail::refuse<Other, Rest...>();
}

/// The entropy of a pair of variables, from their joint table.
///
///     H(X, Y) = -sum_ij J_ij log J_ij
///
/// @param joint  [outcomes of X x outcomes of Y], J(i, j) = P(X = i, Y = j)
/// @throws std::invalid_argument if the table has no entry
///
/// A negative entry or a NaN: NaN. Bound for entries <= 1 and measured error as for entropy.
template <class J>
RealOf<typename J::Scalar> joint_entropy(const Eigen::DenseBase<J>& joint, Unit unit = Unit::nats) {
  const detail::JointTableArgument table("joint_entropy", joint);
  return detail::entropy_of_table(table.samples(), unit);
}

/// The entropy of Y that is left when X is known, from their joint table; of the transposed table it is H(X | Y).
///
///     H(Y | X) = -sum_ij J_ij log(J_ij / R_i) = H(X, Y) - H(X),   R_i = sum_j J_ij
///
/// Where J_ij > R_i / 2 the logarithm is -log1p((R_i - J_ij) / J_ij): the little that Y has left is not lost.
/// Parameters and exceptions as for joint_entropy. A row of zeros contributes 0.
/// Measured error: 0.5 ULP float, 1.3 ULP double. Cost: reads the table twice, about 2 ns an entry: sums run in pairs
/// of doubles, whatever the scalar.
template <class J>
RealOf<typename J::Scalar> conditional_entropy(const Eigen::DenseBase<J>& joint, Unit unit = Unit::nats) {
  const detail::JointTableArgument table("conditional_entropy", joint);
  return detail::entropy_within_rows(table.rows(), unit);
}

/// The mutual information of X and Y, what one of them tells about the other, from their joint table. Never negative.
///
///     I(X; Y) = KL(J || R C^T / N) = sum_ij J_ij log(J_ij N / (R_i C_j)),   C_j = sum_i J_ij,   N = sum J
///
/// Summed like kl_divergence, class by class >= 0, with marginals in twice the digits of double: the naive sum of
/// logarithms cancels.
/// Parameters and exceptions as for joint_entropy. A table of zeros: 0.
/// Measured error: 0.5 ULP float, 0.9 ULP double, at a dependence of 1e-10 and of 1 alike.
/// Cost: reads the table twice; allocates two numbers for each row and column. Where kernels refuse a row, and where
/// there are none, each entry takes some 60 ns.
/// Source: Shannon (1948); T. M. Cover, J. A. Thomas, Elements of Information Theory (2006), section 2.3.
template <class J>
RealOf<typename J::Scalar> mutual_information(const Eigen::DenseBase<J>& joint, Unit unit = Unit::nats) {
  const detail::JointTableArgument table("mutual_information", joint);
  return detail::dependence(table.rows(), unit);
}

XENT_NAMESPACE_END

#if XENT_DECLARES_INSTANCES
#include <xent/detail/instances/information.inl>
#endif

#endif
