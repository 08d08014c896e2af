#ifndef XENT_LOGSUMEXP_HPP
#define XENT_LOGSUMEXP_HPP

/// log(sum_k exp(z_k)) without overflow, and without losing what the smaller terms add: of a sample, of two numbers, of
/// a stream.

#include <xent/config.hpp>
#include <xent/detail/arguments/number_output.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/options.hpp>
#include <xent/detail/arguments/output.hpp>
#include <xent/detail/core/full_exp.hpp>
#include <xent/detail/softmax/part_of_sum.hpp>
#include <xent/detail/softmax/softmax_sample.hpp>
#include <xent/detail/softmax/softmax_tiles.hpp>
#include <xent/detail/walk/coefficient_runs.hpp>
#include <xent/detail/walk/runs_out.hpp>
#include <xent/simd/kernels/logaddexp.hpp>
#include <xent/softmax_options.hpp>
#include <xent/types.hpp>

#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN

namespace detail {

template <class Real, class Scalar>
void logsumexp_samples(const Samples<const Scalar>& z, const Real& temperature, Real* result) {
  const auto portable = [&](Index i) {
    XENT_ON_REFUSAL;
    result[i] = SoftmaxState<Real>(z[i], z.classes, temperature).logsumexp();
  };
  const auto into_nothing = [&](Index i, Sample<Real> /*nowhere*/) { portable(i); };
  const PortablePath<Real> path{into_nothing, portable};
  const Samples<Real>* const nowhere = nullptr;
  if (softmax_tiles<SoftmaxResult::logsumexp>(z, nowhere, temperature, result, 0, z.count, path)) return;
  for (Index i = 0; i < z.count; ++i) portable(i);
}

template <class Logits, class Out>
void logsumexp_into(const Eigen::DenseBase<Logits>& logits, Out&& out, const SoftmaxOptionsOf<Logits>& options) {
  using Scalar = typename Logits::Scalar;
  using Real = RealOf<Scalar>;
  static_assert(is_real<Scalar>, "xent: logits must be real: write .cast<float>() or .cast<double>()");
  check_temperature("logsumexp", options.temperature);
  const Operand operand(logits);
  const auto z = operand.samples(options.axis);
  auto output = make_number_output<is_vector<Logits>, Scalar>(std::forward<Out>(out));
  output.prepare("logsumexp", z.count, z);
  write_numbers<Real>(options.executor, z, output.numbers(), [&](Index first, Index count, Real* to) {
    logsumexp_samples(z.part(first, count), options.temperature, to);
  });
  output.finish();
}

}  // namespace detail

/// The log-sum-exp of every sample.
///
///     lse = log(sum_k exp(z_k / T)) = m / T + log1p(sum_{k != argmax} exp((z_k - m) / T)),   m = max z
///
/// The argmax is left out of the sum: lse(0, -40) is 4.2e-18, not 0.
///
/// @param logits   real [classes x samples], or [samples x classes] with Axis::rows, any dense expression
/// @param out      [samples], a vector of RealOf the scalar of the logits or of that scalar (see docs/outputs.md)
/// @param options  SoftmaxOptions: axis, temperature T > 0, executor; or an Axis alone
/// @return one number for a vector at compile time, else Array [samples]; the form with `out` returns nothing
/// @throws std::invalid_argument for a temperature that is not finite and > 0, or an `out` of another size
///
/// No class, or every logit -inf: -inf. A logit +inf: +inf. A NaN: NaN, and it wins over +inf.
/// Bound: 5.5 ULP of max(|lse|, |max z| / T); worst of a search: 4.4 in float, 3.5 in double. It is for logits whose
/// maximum cancels half of log-sum-exp; elsewhere half of that.
/// Cost: about that of reading the logits, for float, double and 16-bit logits by the kernels of simd/; allocates the
/// result only.
/// Source: P. Blanchard, D. J. Higham, N. J. Higham, IMA J. Numer. Anal. 41 (2021) 2311, for the shifted sum.
template <class Logits, class Options = detail::SoftmaxOptionsOf<Logits>,
          detail::EnableIfOptions<Options, detail::SoftmaxOptionsOf<Logits>> = 0>
detail::NumberPerSample<Logits> logsumexp(const Eigen::DenseBase<Logits>& logits, const Options& options = {}) {
  detail::NumberPerSample<Logits> result{};
  detail::logsumexp_into(logits, result, detail::options_in<detail::SoftmaxOptionsOf<Logits>>(options));
  return result;
}
template <class Logits, class Out, class Options = detail::SoftmaxOptionsOf<Logits>,
          detail::EnableIfOutput<Out, detail::SoftmaxOptionsOf<Logits>> = 0>
void logsumexp(const Eigen::DenseBase<Logits>& logits, Out&& out, const Options& options = {}) {
  detail::logsumexp_into(logits, std::forward<Out>(out), detail::options_in<detail::SoftmaxOptionsOf<Logits>>(options));
}
template <class Other, class... Rest, detail::EnableIfNotDense<Other> = 0>
auto logsumexp(const Other& /*logits*/, const Rest&... /*rest*/) {
  return detail::refuse<Other, Rest...>();
}

/// log(exp(a) + exp(b)) of two numbers, or of two expressions coefficient by coefficient.
///
///     logaddexp(a, b) = m + log1p(exp(-|a - b|)),   m = max(a, b)
///
/// @param a, b  two real numbers of one type, or two dense expressions of one real scalar and one shape
/// @return a number, or a plain object shaped like `a`, with the scalar of the arguments
/// @throws std::invalid_argument for two shapes
///
/// The `logsumexp` of the two: -inf is the neutral element, +inf stays, NaN wins.
/// Bound: 4 ULP of max(|result|, |m|); worst of a search: 0.5 in float, 3.3 in double. Cost: one exp and one log1p a
/// pair, in double, four times a logit of softmax_cross_entropy; two numbers alone take a vector's time, 50 ns.
/// Allocates the result only.
template <class A, class B>
auto logaddexp(const A& a, const B& b);

/// A log-sum-exp that grows: values arrive one by one or in blocks, and partial states merge, in any order and
/// grouping.
///
///     LogSumExp<double> here, there;
///     here.push(z.topRows(9));  there.push(z.bottomRows(1));  there.push(-3.5);
///     here.merge(there);
///     here.value();
///
/// State: the maximum, and the sum of the exponentials of all other values relative to it, in the wide arithmetic of
/// the results. When a higher maximum arrives the sum is rescaled with an exponential of that arithmetic's precision:
/// with an ordinary one, 10^5 values that ascend in steps of 1e-6 lose 1200 ULP (measured; here they lose 0.3).
///
/// No value, or every value -inf: -inf. A value +inf: +inf. A NaN: NaN, and it wins over +inf.
/// Bound: 5.5 ULP of max(|lse|, |max|), however values were pushed and merged; worst of a search of single blocks: 4.4
/// in float, 3.5 in double. Cost: one exponential a value, about eight where it is a new maximum and for a merge: 5 ns
/// a number in float; no allocation. For float, double and long double a state is trivially copyable: send it to
/// another thread, or to a machine of the same kind, as bytes.
template <class Real>
class LogSumExp {
  static_assert(std::is_same_v<Real, RealOf<Real>> && detail::is_real<Real>,
                "xent: LogSumExp runs in float, double, long double or a real number type of yours; in float for the "
                "16-bit types");

 public:
  LogSumExp() = default;

  void push(const Real& z) { merge(LogSumExp(z)); }

  /// Every coefficient of a dense expression of any shape whose scalar is Real, or a 16-bit type when Real is float.
  template <class Values>
  void push(const Eigen::DenseBase<Values>& values);

  void merge(const LogSumExp& other);

  Real value() const;

 private:
  using W = detail::Wide<Real>;

  explicit LogSumExp(const Real& z) : maximum_(z) {}
  LogSumExp(const Real& maximum, const W& rest) : maximum_(maximum), rest_(rest) {}

  /// The sum over all values, the maximum too, of exp(z - maximum) for a maximum that is not lower. The factor comes in
  /// two halves: it may be below the smallest number where the product is not.
  W relative_to(const Real& maximum) const;

  Real maximum_ = -detail::infinity<Real>();
  W rest_{0};  // sum of exp(z - maximum_) over all values but the maximum, scaled as detail::ExponentialScale says
};

namespace detail {

/// Coefficient by coefficient.
template <class Real, class Scalar>
void logaddexp_of_pairs(const Samples<const Scalar>& a, const Samples<const Scalar>& b, const Samples<Scalar>& out) {
  if constexpr (has_kernels<Real>) {
    if (simd::has_kernels()) {
      RunsIn<Real, Scalar> x(a);
      RunsIn<Real, Scalar> y(b);
      RunsOut<Real, Scalar> to(out);
      walk_runs(
          0, a.classes * a.count, a.classes, x.length() & y.length() & to.length(),
          [&](Index first, Index n) {
            simd::LogaddexpKernels<Real>::logaddexp(x.read(first, n), y.read(first, n), n, to.begin(first, n));
            to.end(first, n);
            return n;
          },
          [](Index /*at*/) {});
      return;
    }
  }
  for (Index i = 0; i < a.count; ++i)
    for (Index k = 0; k < a.classes; ++k) {
      const Scalar pair[2] = {a[i][k], b[i][k]};
      out[i][k] = narrow<Scalar>(SoftmaxState<Real>(Sample<const Scalar>{pair, 1}, 2, Real(1)).logsumexp());
    }
}

}  // namespace detail

template <class A, class B>
auto logaddexp(const A& a, const B& b) {
  static_assert(detail::is_dense<A> == detail::is_dense<B>,
                "xent: logaddexp takes two numbers or two expressions: write Constant(...) for the number");
  if constexpr (detail::is_dense<A>) {
    using Dense = detail::DenseOf<A>;
    using Scalar = typename Dense::Scalar;
    static_assert(std::is_same_v<Scalar, typename detail::DenseOf<B>::Scalar>,
                  "xent: logaddexp takes two expressions with the same scalar: write .cast<>() on one of them");
    constexpr bool vectors = detail::is_vector<Dense> && detail::is_vector<detail::DenseOf<B>>;
    const detail::Operand first(a);
    const detail::Operand second(b);
    detail::check_same_shape("logaddexp", "b", first, second);
    typename Dense::PlainObject result;
    result.resize(first.rows(), first.cols());
    const auto x = first.samples(Axis::columns, vectors);
    const auto y = second.samples(Axis::columns, vectors);
    const auto r = detail::samples_at(result.data(), result, Axis::columns, vectors);
    detail::logaddexp_of_pairs<RealOf<Scalar>>(x, y, r);
    return result;
  } else {
    static_assert(std::is_same_v<A, B>, "xent: logaddexp takes two numbers of the same type");
    static_assert(detail::is_real<A>, "xent: logaddexp takes real numbers: write 2.0 for 2");
    using Pairs = detail::Samples<const A>;
    A result{};
    detail::logaddexp_of_pairs<RealOf<A>>(Pairs{&a, 1, 1, 1, 1}, Pairs{&b, 1, 1, 1, 1},
                                          detail::Samples<A>{&result, 1, 1, 1, 1});
    return result;
  }
}

template <class Real>
template <class Values>
void LogSumExp<Real>::push(const Eigen::DenseBase<Values>& values) {
  static_assert(std::is_same_v<Real, RealOf<typename Values::Scalar>>,
                "xent: LogSumExp takes values of its own scalar: write .cast<>() on them");
  const detail::Operand operand(values);
  detail::for_each_part_of_sum<Real>(operand.samples(Axis::columns), [&](const detail::PartOfSum<Real>& part) {
    merge(LogSumExp(part.maximum, part.rest));
  });
}

/// The higher maximum stays out of the sum, the lower one enters it. A maximum of NaN or +inf stays, whatever the sum
/// is.
template <class Real>
void LogSumExp<Real>::merge(const LogSumExp& other) {
  if (maximum_ == -detail::infinity<Real>() || detail::is_nan(other.maximum_)) {
    *this = other;
    return;
  }
  const bool raised = other.maximum_ > maximum_;
  const LogSumExp& high = raised ? other : *this;
  const LogSumExp& low = raised ? *this : other;
  rest_ = high.rest_ + low.relative_to(high.maximum_);
  if (raised) maximum_ = other.maximum_;
}

template <class Real>
typename LogSumExp<Real>::W LogSumExp<Real>::relative_to(const Real& maximum) const {
  const W x = detail::widen<W>(maximum) - detail::widen<W>(maximum_);
  const W of_maximum = detail::Exponentials<Real>::exponential(x);
  if (rest_ == W(0)) return of_maximum;
  const W half = detail::full_exp(W(x * W(-0.5)));
  return of_maximum + rest_ * half * half;
}

template <class Real>
Real LogSumExp<Real>::value() const {
  if (!detail::is_finite(maximum_)) return maximum_;
  return detail::narrow<Real>(
      W(detail::widen<W>(maximum_) + detail::log_of_sum(rest_, detail::Exponentials<Real>::one())));
}

XENT_NAMESPACE_END

#if XENT_DECLARES_INSTANCES
#include <xent/detail/instances/logsumexp.inl>
#endif

#endif
