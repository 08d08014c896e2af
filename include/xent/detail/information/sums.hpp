#ifndef XENT_DETAIL_INFORMATION_SUMS_HPP
#define XENT_DETAIL_INFORMATION_SUMS_HPP

/// What one class adds to each information measure, and the sums over the classes of a sample.
/// Sums run in the wide arithmetic of the result, in nats, and are rounded once.

#include <xent/config.hpp>
#include <xent/detail/arguments/number_output.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/function_ref.hpp>
#include <xent/detail/core/logarithm.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/information/divergence.hpp>
#include <xent/detail/information/rows.hpp>
#include <xent/detail/information/surprise.hpp>
#include <xent/types.hpp>

#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Probabilities carry a factor while they are summed, so that thousands of terms below the smallest normal number
/// still add up to a result in the normal range with all its digits. No probability comes near the other end of the
/// range. float needs none: its wide type has the range.
template <class W>
W scaled(const W& p) {
  return p;
}
template <class T>
Twofold<T> scaled(const Twofold<T>& p) {
  return {p.hi * T(0x1p32), p.lo * T(0x1p32)};
}
template <class W>
W unscaled(const W& sum) {
  return sum;
}
template <class T>
Twofold<T> unscaled(const Twofold<T>& sum) {
  return {sum.hi * T(0x1p-32), sum.lo * T(0x1p-32)};
}

/// Terms are scaled.
struct CrossEntropyTerm {
  static constexpr const char* name = "cross_entropy";
  static constexpr auto measure = simd::Measure::cross_entropy;
  template <class Real, class W>
  static W of(const W& p, const W& q) {
    if (!is_amount(p) || !is_amount(q)) return W(nan<Real>());
    return p == W(0) ? W(0) : W(scaled(p) * surprise<Real>(q));
  }
};

/// With p in both places.
struct EntropyTerm : CrossEntropyTerm {
  static constexpr auto measure = simd::Measure::entropy;
};

struct KlDivergenceTerm {
  static constexpr const char* name = "kl_divergence";
  static constexpr auto measure = simd::Measure::kl_divergence;
  template <class Real, class W>
  static W of(const W& p, const W& q) {
    if (!is_amount(p) || !is_amount(q)) return W(nan<Real>());
    return divergence_term<Real>(scaled(p), scaled(q), scaled(W(p - q)));
  }
};

/// The halves d/2 are passed on: p - m would lose the digits that m = (p + q)/2 rounds away in a number type of the
/// user's, which has no wider one.
struct JsDivergenceTerm {
  static constexpr const char* name = "js_divergence";
  static constexpr auto measure = simd::Measure::js_divergence;
  template <class Real, class W>
  static W of(const W& p, const W& q) {
    if (!is_amount(p) || !is_amount(q)) return W(nan<Real>());
    const W half(0.5);
    const W middle = W(scaled(p) + scaled(q)) * half;  // the smallest number has no half
    const W difference = W(scaled(p) - scaled(q)) * half;
    return (divergence_term<Real>(scaled(p), middle, difference) +
            divergence_term<Real>(scaled(q), middle, W(-difference))) *
           half;
  }
};

/// In nats.
template <class Term, class Real, class ScalarP, class ScalarQ>
Wide<Real> sum_over_classes(Sample<ScalarP> p, Sample<ScalarQ> q, Index classes) {
  using W = Wide<Real>;
  W sum(0);
  for (Index k = 0; k < classes; ++k) sum += Term::template of<Real>(widen<W>(p[k]), widen<W>(q[k]));
  return unscaled(sum);
}

/// use(i, sum in nats) for every sample.
template <class Scalar>
using UseOfSum = FunctionRef<void(Index i, const Wide<RealOf<Scalar>>& nats)>;

/// By kernels where there are any.
template <class Term, class Scalar>
void sums_of_samples(const Samples<const Scalar>& p, const Samples<const Scalar>& q, const UseOfSum<Scalar>& use) {
  using Real = RealOf<Scalar>;
  const auto portable = [&](Index i) {
    XENT_ON_REFUSAL;
    return sum_over_classes<Term, Real>(p[i], q[i], p.classes);
  };
  if constexpr (has_kernels<Real>) {
    InformationRows<Term::measure, Real, Scalar>(p, q).each(portable, use);
  } else {
    for (Index i = 0; i < p.count; ++i) use(i, portable(i));
  }
}

/// finish(sum in nats), rounded, of every sample.
template <class Term, bool one_sample, class Scalar, class Out, class Finish>
void write_sums(const char* function, const Samples<const Scalar>& p, const Samples<const Scalar>& q, Out&& out,
                const Executor& executor, const Finish& finish) {
  using Real = RealOf<Scalar>;
  auto output = make_number_output<one_sample, Scalar>(std::forward<Out>(out));
  output.prepare(function, p.count, p, q);
  write_numbers<Real>(executor, p, output.numbers(), [&](Index first, Index count, Real* to) {
    sums_of_samples<Term>(p.part(first, count), q.part(first, count),
                          [&](Index i, const Wide<Real>& nats) { to[i] = narrow<Real>(finish(nats)); });
  });
  output.finish();
}

template <class Scalar>
constexpr void check_probability_type() {
  static_assert(is_real<Scalar>,
                "xent: probabilities must be real: write .cast<float>() or .cast<double>(); for counts call "
                "entropy_from_counts");
}

/// The entropy of every sample in nats, handed to `finish` before it is rounded.
template <class P, class Out, class Finish>
void entropies_into(const char* function, const Eigen::DenseBase<P>& p, Out&& out, Axis axis, const Executor& executor,
                    const Finish& finish) {
  check_probability_type<typename P::Scalar>();
  const Operand operand(p);
  const auto samples = operand.samples(axis);
  write_sums<EntropyTerm, is_vector<P>>(function, samples, samples, std::forward<Out>(out), executor, finish);
}

/// Two arguments hold one sample each if either is a vector at compile time: that one cannot be anything else.
template <class P, class Q>
using NumberPerPair = PerSample<is_vector<P> || is_vector<Q>, RealOf<typename P::Scalar>>;

template <class Term, class P, class Q, class Out>
void comparisons_into(const Eigen::DenseBase<P>& p, const Eigen::DenseBase<Q>& q, Out&& out, Axis axis, Unit unit,
                      const Executor& executor) {
  constexpr bool one_sample = is_vector<P> || is_vector<Q>;
  check_probability_type<typename P::Scalar>();
  static_assert(std::is_same_v<typename P::Scalar, typename Q::Scalar>,
                "xent: p and q have different scalars: write .cast<float>() or .cast<double>() on one of them");
  const Operand operand_p(p);
  const Operand operand_q(q);
  check_same_shape(Term::name, "q", operand_p, operand_q);
  write_sums<Term, one_sample>(Term::name, operand_p.samples(axis, one_sample), operand_q.samples(axis, one_sample),
                               std::forward<Out>(out), executor, [&](const auto& nats) { return in_unit(nats, unit); });
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
