#ifndef XENT_LOGITS_HPP
#define XENT_LOGITS_HPP

/// Entropy and Kullback-Leibler divergence of the distributions that logits stand for, with gradients: the entropy
/// bonus of a policy, the penalty that keeps it near another one, distillation.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/options.hpp>
#include <xent/detail/arguments/output.hpp>
#include <xent/detail/softmax/cross_entropy.hpp>
#include <xent/detail/softmax/divergence_rows.hpp>
#include <xent/detail/softmax/entropy_chunks.hpp>
#include <xent/detail/softmax/entropy_sample.hpp>
#include <xent/detail/softmax/kl_sample.hpp>
#include <xent/detail/walk/sample_chunks.hpp>
#include <xent/detail/walk/sample_losses.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN

namespace detail {

template <class Logits>
using LogitOptionsOf = LogitOptions<RealOf<typename Logits::Scalar>>;

template <class Real, class Scalar, class Out>
Real entropy_of_batch(const Samples<const Scalar>& z, const Samples<Out>& gradient, const LogitOptions<Real>& options,
                      const CountedSamples<Real>& counted, CrossEntropyReport<Real>* report) {
  const auto portable = [&](Index i, const Wide<Real>& alpha, auto to) {
    XENT_ON_REFUSAL;
    const EntropySample<Real> sample(z[i], z.classes, options.temperature);
    SampleTerm<Real> term = sample.term();
    term.loss = sample.entropy();
    if (to.data != nullptr) term.temperature_gradient = write_entropy_gradient(sample, z[i], z.classes, alpha, to);
    return term;
  };
  return reduce_chunks(z.classes, z.count, z.side_by_side(), options, counted, report, [&] {
    if constexpr (has_kernels<Real>)
      return EntropyChunks(z, gradient, options.temperature, report != nullptr, portable);
    else
      return [&](SampleChunk<Real>& chunk) {
        for (Index j = 0; j < chunk.count; ++j) take_one(chunk, j, portable, z.classes, gradient[chunk.first + j]);
      };
  });
}

template <class Real, class Scalar, class OutP, class OutQ>
Real kl_divergence_of_batch(const Samples<const Scalar>& z_p, const Samples<const Scalar>& z_q,
                            const Samples<OutP>& d_p, const Samples<OutQ>& d_q, const LogitOptions<Real>& options,
                            const CountedSamples<Real>& counted, CrossEntropyReport<Real>* report) {
  const auto portable = [&](Index i, const Wide<Real>& alpha, auto to_p, auto to_q) {
    XENT_ON_REFUSAL;
    const KlSample<Real> sample(z_p[i], z_q[i], z_p.classes, options.temperature);
    SampleTerm<Real> term = sample.term();
    if (to_p.data != nullptr || to_q.data != nullptr)
      term.temperature_gradient = write_kl_gradients(sample, z_p[i], z_q[i], z_p.classes, alpha,
                                                     to_p.data ? &to_p : nullptr, to_q.data ? &to_q : nullptr);
    return term;
  };
  const Index together = (std::max)(z_p.side_by_side(), z_q.side_by_side());
  return reduce_chunks(z_p.classes, z_p.count, together, options, counted, report, [&] {
    if constexpr (has_kernels<Real>)
      return DivergenceRows(z_p, z_q, d_p, d_q, options.temperature, report != nullptr, portable);
    else
      return [&](SampleChunk<Real>& chunk) {
        for (Index j = 0; j < chunk.count; ++j)
          take_one(chunk, j, portable, z_p.classes, d_p[chunk.first + j], d_q[chunk.first + j]);
      };
  });
}

template <class Logits, class Gradient>
RealOf<typename Logits::Scalar> entropy_from_logits_into(const Eigen::DenseBase<Logits>& logits, Gradient&& gradient,
                                                         const LogitOptionsOf<Logits>& options,
                                                         CrossEntropyReportOf<Logits>* report);

template <class P, class Q, class GradientP, class GradientQ>
RealOf<typename P::Scalar> kl_divergence_from_logits_into(const Eigen::DenseBase<P>& logits_p,
                                                          const Eigen::DenseBase<Q>& logits_q, GradientP&& d_p,
                                                          GradientQ&& d_q, const LogitOptionsOf<P>& options,
                                                          CrossEntropyReportOf<P>* report);

}  // namespace detail

/// The entropy of softmax(z / T), reduced over the samples of a batch, and its gradient with respect to the logits.
///
/// With x_k = (max z - z_k) / T, s_k = exp(-x_k) / sum_j exp(-x_j), w the weight of a sample and D the denominator:
///
///     H = log1p(sum_{k != argmax} exp(-x_k)) + sum_k s_k x_k        loss = sum of w H / D
///     gradient_k = w / (D T) s_k (x_k - sum_j s_j x_j)
///
/// Both terms of H are >= 0, so the logits (20, 0) have 4.3e-8, not 0.
///
/// @param logits    real [classes x batch], or [batch x classes] with Axis::rows; any dense expression; a vector at
///                  compile time is one sample
/// @param gradient  the shape of the logits, their scalar or RealOf it (see docs/outputs.md); `none`
/// @param options   LogitOptions: axis, reduction, denominator (default: the sum of the weights of the counted
/// samples),
///                  temperature, sample_weights, executor; or an Axis alone
/// @param report    loss; sample_loss = w H; entropy = H; logsumexp; prediction; temperature_gradient; counted, ignored
/// @return the loss in nats; 0 for an empty batch, or when no sample counts
/// @throws std::invalid_argument for shapes that differ and options out of range; before the first write
///
/// A masked class (-inf) is absent, its gradient 0; a sample with every logit -inf has entropy 0 and gradient 0; NaN or
/// +inf makes its sample NaN and no other. A sample of weight 0 is not read.
/// Bounds: 4 ULP for the entropy of a sample; 8 ULP of w / (D T) s_k max(x_k, sum_j s_j x_j) for the gradient, whose
/// two terms cancel where a class is as surprising as the average one. Worst of a search: 0.8 and 4.7 (float),
/// 1.8 and 6.4 (double).
/// Cost: reads the logits two times, three with a gradient, mostly from cache; no heap, but for samples of more than
/// 2048 classes and for those that are not contiguous.
template <class Logits, class Options = detail::LogitOptionsOf<Logits>,
          class Report = detail::CrossEntropyReportOf<Logits>*,
          detail::EnableIfOptions<Options, detail::LogitOptionsOf<Logits>> = 0>
RealOf<typename Logits::Scalar> entropy_from_logits(const Eigen::DenseBase<Logits>& logits, const Options& options = {},
                                                    const Report& report = nullptr) {
  return detail::entropy_from_logits_into(logits, none, detail::options_in<detail::LogitOptionsOf<Logits>>(options),
                                          detail::report_in<detail::CrossEntropyReportOf<Logits>>(report));
}
template <class Logits, class Gradient, class Options = detail::LogitOptionsOf<Logits>,
          class Report = detail::CrossEntropyReportOf<Logits>*,
          detail::EnableIfOutput<Gradient, detail::LogitOptionsOf<Logits>> = 0>
RealOf<typename Logits::Scalar> entropy_from_logits(const Eigen::DenseBase<Logits>& logits, Gradient&& gradient,
                                                    const Options& options = {}, const Report& report = nullptr) {
  return detail::entropy_from_logits_into(logits, std::forward<Gradient>(gradient),
                                          detail::options_in<detail::LogitOptionsOf<Logits>>(options),
                                          detail::report_in<detail::CrossEntropyReportOf<Logits>>(report));
}
template <class Other, class... Rest, detail::EnableIfNotDense<Other> = 0>
auto entropy_from_logits(const Other& /*logits*/, const Rest&... /*rest*/) {
  return detail::refuse<Other, Rest...>();
}

/// KL(p || q) of p = softmax(z_p / T) and q = softmax(z_q / T), reduced over the samples of a batch, and its gradients
/// with respect to both logits.
///
/// With t_k = (z_q,k - z_p,k) / T, tbar = sum_k p_k t_k, w the weight of a sample and D the denominator:
///
///     KL = log1p(sum_k p_k (exp(t_k - tbar) - 1 - (t_k - tbar)))       loss = sum of w KL / D
///     d_p,k = w / (D T) p_k (log(p_k / q_k) - KL) = -w / (D T) p_k (t_k - tbar)
///     d_q,k = w / (D T) (q_k - p_k)               =  w / (D T) p_k expm1(t_k - tbar - KL)
///
/// No term of the sum is negative: KL never is, and of two nearly equal distributions it is right, as are the
/// gradients. (sum p log p - sum p log q loses everything there, and is negative half of the time.)
///
/// @param logits_p, logits_q  real, of one scalar and one shape, [classes x batch] or [batch x classes] as the axis
///                  says; a vector at compile time is one sample
/// @param d_p, d_q  the shape of the logits, their scalar or RealOf it (see docs/outputs.md); `none`
/// @param options   as for entropy_from_logits; both logits are divided by the temperature
/// @param report    loss; sample_loss = w KL; temperature_gradient; counted, ignored; logsumexp, entropy and prediction
///                  are those of p, so that entropy + KL is the cross-entropy of the sample
/// @return the loss in nats; 0 for an empty batch, or when no sample counts
/// @throws std::invalid_argument as entropy_from_logits, before the first write
///
/// A class that p masks adds nothing and has d_p = 0. A class that q masks and p does not makes KL +inf, d_p of the
/// sample 0, and leaves d_q finite, (q_k - p_k) / T. Every class of p masked: 0, gradients 0. Every class of q masked
/// only: +inf, gradients 0. NaN or +inf in either makes the sample NaN, and no other.
/// Bounds: 4.5 ULP for the divergence of a sample; for d_p 4 ULP of w / (D T) p_k max(|log(p_k / q_k)|, sum_j p_j
/// |log(p_j / q_j)|), for d_q 8 ULP of w / (D T) max(p_k, q_k). Worst of a search: 0.5 each (float), 4.1 and 7.5
/// (double, of divergences above 2^-900; 2^-280 of logits that are further apart than 2^80).
/// Cost: reads the logits three times, mostly from cache, in four times the time of softmax_cross_entropy of labels
/// (six in double): of two distributions, each term has its digits where the two are close. No heap, but for samples of
/// more than 2048 classes and for those that are not contiguous. Source: S. Kullback, R. A. Leibler, "On information
/// and sufficiency", Ann. Math. Statist. 22 (1951) 79.
template <class P, class Q, class Options = detail::LogitOptionsOf<P>, class Report = detail::CrossEntropyReportOf<P>*,
          detail::EnableIfOptions<Options, detail::LogitOptionsOf<P>> = 0>
RealOf<typename P::Scalar> kl_divergence_from_logits(const Eigen::DenseBase<P>& logits_p,
                                                     const Eigen::DenseBase<Q>& logits_q, const Options& options = {},
                                                     const Report& report = nullptr) {
  return detail::kl_divergence_from_logits_into(logits_p, logits_q, none, none,
                                                detail::options_in<detail::LogitOptionsOf<P>>(options),
                                                detail::report_in<detail::CrossEntropyReportOf<P>>(report));
}
template <class P, class Q, class GradientP, class GradientQ, class Options = detail::LogitOptionsOf<P>,
          class Report = detail::CrossEntropyReportOf<P>*,
          detail::EnableIfOutput<GradientP, detail::LogitOptionsOf<P>> = 0>
RealOf<typename P::Scalar> kl_divergence_from_logits(const Eigen::DenseBase<P>& logits_p,
                                                     const Eigen::DenseBase<Q>& logits_q, GradientP&& d_p,
                                                     GradientQ&& d_q, const Options& options = {},
                                                     const Report& report = nullptr) {
  return detail::kl_divergence_from_logits_into(logits_p, logits_q, std::forward<GradientP>(d_p),
                                                std::forward<GradientQ>(d_q),
                                                detail::options_in<detail::LogitOptionsOf<P>>(options),
                                                detail::report_in<detail::CrossEntropyReportOf<P>>(report));
}
template <class P, class Q, class... Rest, detail::EnableIfNotDense<P, Q> = 0>
auto kl_divergence_from_logits(const P& /*logits_p*/, const Q& /*logits_q*/, const Rest&... /*rest*/) {
  return detail::refuse<P, Q, Rest...>();
}

namespace detail {

template <class Logits, class Gradient>
RealOf<typename Logits::Scalar> entropy_from_logits_into(const Eigen::DenseBase<Logits>& logits, Gradient&& gradient,
                                                         const LogitOptionsOf<Logits>& options,
                                                         CrossEntropyReportOf<Logits>* report) {
  using Scalar = typename Logits::Scalar;
  using Real = RealOf<Scalar>;
  constexpr const char* function = "entropy_from_logits";
  static_assert(is_real<Scalar>, "xent: logits must be real: write .cast<float>() or .cast<double>()");
  const Operand operand(logits);
  auto output = make_output<Scalar>(std::forward<Gradient>(gradient));
  const auto z = operand.samples(options.axis);

  output.check_shape(function, "gradient", operand, is_vector<Logits>);
  const CountedSamples<Real> counted = check_batch(function, NoTargets{}, z.classes, z.count, options);

  output.prepare(operand, is_vector<Logits>);
  output.keep_apart_unless_in_place(z, options.axis);
  output.keep_apart(memory_of_vector(options.sample_weights));
  const Real loss = entropy_of_batch(z, output.samples(options.axis), options, counted, report);
  output.finish();
  return loss;
}

template <class P, class Q, class GradientP, class GradientQ>
RealOf<typename P::Scalar> kl_divergence_from_logits_into(const Eigen::DenseBase<P>& logits_p,
                                                          const Eigen::DenseBase<Q>& logits_q, GradientP&& d_p,
                                                          GradientQ&& d_q, const LogitOptionsOf<P>& options,
                                                          CrossEntropyReportOf<P>* report) {
  using Scalar = typename P::Scalar;
  using Real = RealOf<Scalar>;
  constexpr const char* function = "kl_divergence_from_logits";
  static_assert(is_real<Scalar>, "xent: logits must be real: write .cast<float>() or .cast<double>()");
  static_assert(std::is_same_v<Scalar, typename Q::Scalar>,
                "xent: the two logits have different scalars: write .cast<>() on one of them");
  const Operand operand_p(logits_p);
  const Operand operand_q(logits_q);
  auto output_p = make_output<Scalar>(std::forward<GradientP>(d_p));
  auto output_q = make_output<Scalar>(std::forward<GradientQ>(d_q));
  const auto z_p = operand_p.samples(options.axis);
  const auto z_q = operand_q.samples(options.axis, is_vector<P>);

  check_same_shape(function, "logits_q", operand_p, operand_q);
  output_p.check_shape(function, "d_p", operand_p, is_vector<P>);
  output_q.check_shape(function, "d_q", operand_p, is_vector<P>);
  output_q.check_apart(function, "d_q", output_p, "d_p");
  const CountedSamples<Real> counted = check_batch(function, NoTargets{}, z_p.classes, z_p.count, options);

  output_p.prepare(operand_p, is_vector<P>);
  output_q.prepare(operand_p, is_vector<P>);
  for (const auto& z : {z_p, z_q}) {
    output_p.keep_apart_unless_in_place(z, options.axis);
    output_q.keep_apart_unless_in_place(z, options.axis);
  }
  output_p.keep_apart(memory_of_vector(options.sample_weights));
  output_q.keep_apart(memory_of_vector(options.sample_weights));
  const Real loss = kl_divergence_of_batch(z_p, z_q, output_p.samples(options.axis), output_q.samples(options.axis),
                                           options, counted, report);
  output_p.finish();
  output_q.finish();
  return loss;
}

}  // namespace detail

XENT_NAMESPACE_END

#if XENT_DECLARES_INSTANCES
#include <xent/detail/instances/logits.inl>
#endif

#endif
