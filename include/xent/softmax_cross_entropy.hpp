#ifndef XENT_SOFTMAX_CROSS_ENTROPY_HPP
#define XENT_SOFTMAX_CROSS_ENTROPY_HPP

/// The loss of a classifier from its logits, with its gradient in the same call: one function for labels, distributions
/// and sparse distributions, and for every option of CrossEntropyOptions.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/options.hpp>
#include <xent/detail/arguments/output.hpp>
#include <xent/detail/arguments/targets.hpp>
#include <xent/detail/softmax/cross_entropy.hpp>
#include <xent/detail/softmax/hessian_tiles.hpp>
#include <xent/types.hpp>

#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN

namespace detail {

template <class Logits, class Targets, class Gradient>
RealOf<typename Logits::Scalar> softmax_cross_entropy_into(const Eigen::DenseBase<Logits>& logits,
                                                           const Targets& targets, Gradient&& gradient,
                                                           const CrossEntropyOptionsOf<Logits>& options,
                                                           CrossEntropyReportOf<Logits>* report);

template <class Logits, class Targets, class Direction, class Out>
void hvp_into(const Eigen::DenseBase<Logits>& logits, const Targets& targets,
              const Eigen::DenseBase<Direction>& direction, Out&& out, const CrossEntropyOptionsOf<Logits>& options);

}  // namespace detail

/// The softmax cross-entropy of a batch, and its gradient with respect to the logits.
///
/// With s = softmax(z / T), lse = logsumexp(z / T), Y the effective target of a sample (its label or distribution after
/// smoothing, times the class weights), w its weight, zeta = z_loss and D the denominator:
///
///     sample loss = w (sum_k Y_k (lse - z_k / T) + zeta lse^2)              loss = sum of the sample losses / D
///     gradient_k  = w / (D T) ((sum_j Y_j + 2 zeta lse) s_k - Y_k)          for a plain label: w / (D T) (s_k - y_k)
///
/// The loss is computed as w ((sum Y) L + sum_k Y_k x_k + zeta lse^2) with x_k = (max z - z_k) / T and
/// L = log1p(sum_{k != argmax} exp(-x_k)): no term is negative, so a confident prediction costs 2.06e-9, not 0. The
/// gradient at a label is minus the sum of the others, never s - 1.
///
/// @param logits    real [classes x batch], or [batch x classes] with Axis::rows; any dense expression; a vector at
///                  compile time is one sample
/// @param targets   labels: integers [batch], as an Eigen vector of either orientation or a container, for one sample
///                  also a plain integer; or a distribution per sample: dense or sparse, shaped like the logits, any
///                  real scalar
/// @param gradient  the shape of the logits, their scalar or RealOf it (see docs/outputs.md); `none`
/// @param options   see CrossEntropyOptions; or an Axis alone
/// @param report    see CrossEntropyReport; filled in the same pass
/// @return the loss in nats; 0 for an empty batch, or when no sample counts
/// @throws std::invalid_argument for shapes that differ and options out of range, std::out_of_range for a label that is
///         no class and not ignore_index; always before the first write
///
/// A masked class (-inf) is absent; with a positive target it makes the loss +inf. NaN or +inf logits make their sample
/// NaN and no other. An ignored sample, or one of weight 0, is not read; its gradient is 0.
/// docs/softmax_cross_entropy.md has the whole table.
///
/// Bounds for float and double: labels 3.5 ULP (loss of a sample) and 4 ULP (each coefficient of the gradient);
/// distributions and smoothing 4.5 ULP and 6 ULP of w / (D T) max(sum Y s_k, Y_k); with z-loss 10 ULP of the sizes of
/// the terms and 9 ULP of w / (D T) max((sum Y + 2 zeta m) s_k, Y_k), m = max(|lse|, |max z| / T): a square has twice
/// the error. Worst of a search, float / double: 2.9 / 2.1 and 3.3 / 3.5 for labels. One-hot columns cancel at the
/// target as s_k - Y_k does: only labels keep the digits of a confident gradient. Cost: about that of copying the
/// logits, and dense targets of their scalar or of 16 bits, by the kernels of simd/ (docs/performance.md) for float,
/// double and 16-bit logits; elsewhere, and for dense targets of more digits than the logits, which no kernel may
/// round, two exponentials a logit in the wide type: ten times as long and more. No heap for up to 4 MiB of logits, but
/// for a sparse target stored class by class; then at most one tile a block: for a strided class axis (or the numbers
/// of 4 KB of samples, 200 KB), more than 4096 classes of 16 bits, or dense targets that are copied since they lie
/// otherwise than the logits or have 16 bits; and two buffers of a sample's results on their way past the caches.
/// Source: J. S. Bridle, "Probabilistic interpretation of feedforward classification network outputs" (1990), for s -
/// y.
template <class Logits, class Targets, class Options = detail::CrossEntropyOptionsOf<Logits>,
          class Report = detail::CrossEntropyReportOf<Logits>*,
          detail::EnableIfOptions<Options, detail::CrossEntropyOptionsOf<Logits>> = 0>
RealOf<typename Logits::Scalar> softmax_cross_entropy(const Eigen::DenseBase<Logits>& logits, const Targets& targets,
                                                      const Options& options = {}, const Report& report = nullptr) {
  return detail::softmax_cross_entropy_into(logits, targets, none,
                                            detail::options_in<detail::CrossEntropyOptionsOf<Logits>>(options),
                                            detail::report_in<detail::CrossEntropyReportOf<Logits>>(report));
}
template <class Logits, class Targets, class Gradient, class Options = detail::CrossEntropyOptionsOf<Logits>,
          class Report = detail::CrossEntropyReportOf<Logits>*,
          detail::EnableIfOutput<Gradient, detail::CrossEntropyOptionsOf<Logits>> = 0>
RealOf<typename Logits::Scalar> softmax_cross_entropy(const Eigen::DenseBase<Logits>& logits, const Targets& targets,
                                                      Gradient&& gradient, const Options& options = {},
                                                      const Report& report = nullptr) {
  return detail::softmax_cross_entropy_into(logits, targets, std::forward<Gradient>(gradient),
                                            detail::options_in<detail::CrossEntropyOptionsOf<Logits>>(options),
                                            detail::report_in<detail::CrossEntropyReportOf<Logits>>(report));
}
template <class Other, class... Rest, detail::EnableIfNotDense<Other> = 0>
auto softmax_cross_entropy(const Other& /*logits*/, const Rest&... /*rest*/) {
  return detail::refuse<Other, Rest...>();
}

/// The Hessian of softmax_cross_entropy with respect to the logits, times a direction v, for every sample in
/// O(classes).
///
///     out_k = w / (D T^2) s_k (A (v_k - vbar) + 2 zeta vbar),   vbar = sum_k s_k v_k,   A = sum_k Y_k + 2 zeta lse
///
/// The Hessian is block diagonal, a block a sample: diag(s) - s s^T for a plain label. It depends on the target only
/// through the sum of Y.
///
/// @param direction  shaped like the logits, with their scalar or RealOf it
/// @param out        shaped like the logits (see docs/outputs.md)
/// @return an object shaped like the logits; the form with `out` returns nothing
///
/// Parameters and exceptions otherwise as for softmax_cross_entropy. Masked classes and absent samples get 0, and their
/// part of the direction is not read. Bound: 8 ULP of the sum of the absolute values of the terms.
/// Cost: reads logits and direction three times, in two to three times the time of the gradient (distributions are
/// added up before: up to seven times); heap as there, and a copy in the place of the direction. Smoothing with class
/// weights, and of distributions to other classes, goes by the portable path, in ten times that or more.
///
/// Source: B. A. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6 (1994) 147.
template <class Logits, class Targets, class Direction, class Options = detail::CrossEntropyOptionsOf<Logits>,
          detail::EnableIfOptions<Options, detail::CrossEntropyOptionsOf<Logits>> = 0>
typename Logits::PlainObject softmax_cross_entropy_hvp(const Eigen::DenseBase<Logits>& logits, const Targets& targets,
                                                       const Eigen::DenseBase<Direction>& direction,
                                                       const Options& options = {}) {
  typename Logits::PlainObject out;
  out.resize(logits.rows(), logits.cols());
  detail::hvp_into(logits, targets, direction, out, detail::options_in<detail::CrossEntropyOptionsOf<Logits>>(options));
  return out;
}
template <class Logits, class Targets, class Direction, class Out,
          class Options = detail::CrossEntropyOptionsOf<Logits>,
          detail::EnableIfOutput<Out, detail::CrossEntropyOptionsOf<Logits>> = 0>
void softmax_cross_entropy_hvp(const Eigen::DenseBase<Logits>& logits, const Targets& targets,
                               const Eigen::DenseBase<Direction>& direction, Out&& out, const Options& options = {}) {
  detail::hvp_into(logits, targets, direction, std::forward<Out>(out),
                   detail::options_in<detail::CrossEntropyOptionsOf<Logits>>(options));
}
template <class Other, class... Rest, detail::EnableIfNotDense<Other> = 0>
auto softmax_cross_entropy_hvp(const Other& /*logits*/, const Rest&... /*rest*/) {
  return detail::refuse<Other, Rest...>();
}

namespace detail {

template <class Logits, class Targets, class Gradient>
RealOf<typename Logits::Scalar> softmax_cross_entropy_into(const Eigen::DenseBase<Logits>& logits,
                                                           const Targets& targets, Gradient&& gradient,
                                                           const CrossEntropyOptionsOf<Logits>& options,
                                                           CrossEntropyReportOf<Logits>* report) {
  using Scalar = typename Logits::Scalar;
  using Real = RealOf<Scalar>;
  constexpr const char* function = "softmax_cross_entropy";
  static_assert(is_real<Scalar>,
                "xent: logits must be real: write .cast<float>() or .cast<double>(); and they come before the labels");
  const Operand operand(logits);
  const auto argument = make_targets<Wide<Real>, Logits>(targets, options.axis);
  const auto& target = argument.view();
  auto output = make_output<Scalar>(std::forward<Gradient>(gradient));
  const auto z = operand.samples(options.axis);

  argument.check_shape(function, operand, is_vector<Logits>, z.count);
  output.check_shape(function, "gradient", operand, is_vector<Logits>);
  const CountedSamples<Real> counted = check_batch(function, target, z.classes, z.count, options);
  const CrossEntropyScalars<Real> scalars = call_scalars(options, counted);

  output.prepare(operand, is_vector<Logits>);
  output.keep_apart_unless_in_place(z, options.axis);
  output.keep_apart(argument.memory());
  output.keep_apart(memory_of_vector(options.class_weights));
  output.keep_apart(memory_of_vector(options.sample_weights));
  if (report) resize_report(*report, z.count);
  const auto written = output.samples(options.axis);
  const auto* const wanted = is_none<Gradient> ? nullptr : &written;
  const auto sums = cross_entropy_of_batch(z, target, wanted, options, scalars, report);
  output.finish();
  if (report) finish_report(*report, sums, scalars, counted, z.count, options.reduction);
  return reduced<Real>(sums.loss, scalars);
}

template <class Real, class Scalar, class Targets, class V, class Out>
void hvp_of_batch(const Samples<const Scalar>& z, const Targets& target, const Samples<const V>& v,
                  const CrossEntropyOptions<Real>& options, const CrossEntropyScalars<Real>& scalars,
                  const Samples<Out>& out) {
  const auto one = [&](Index i, auto to) {
    XENT_ON_REFUSAL;
    if (is_absent(target, i, options))
      fill(to, z.classes, Real(0));
    else
      write_hvp(CrossEntropySample<Real>(z[i], z.classes, target, i, scalars, false), z[i], v[i], z.classes, scalars,
                scalars.gradient_scale(sample_weight(options, i)), to);
  };
  for_blocks(
      options.executor, Blocks(z.count, z.classes, z.side_by_side()), [&](Index /*block*/, Index first, Index last) {
        const auto in_place = [&](Index i) { one(i, out[i]); };
        if constexpr (has_target_kernels<Targets, Real, Scalar, Out>()) {
          const auto into = [&](Index i, Sample<Real> to) { one(i, to); };
          if (hessian_tiles(z, target, v, out, options, scalars, first, last, PortablePath<Real>{into, in_place}))
            return;
        }
        for (Index i = first; i < last; ++i) in_place(i);
      });
}

template <class Logits, class Targets, class Direction, class Out>
void hvp_into(const Eigen::DenseBase<Logits>& logits, const Targets& targets,
              const Eigen::DenseBase<Direction>& direction, Out&& out, const CrossEntropyOptionsOf<Logits>& options) {
  using Scalar = typename Logits::Scalar;
  using Real = RealOf<Scalar>;
  using V = typename Direction::Scalar;
  constexpr const char* function = "softmax_cross_entropy_hvp";
  static_assert(is_real<Scalar>,
                "xent: logits must be real: write .cast<float>() or .cast<double>(); and they come before the labels");
  static_assert(std::is_same_v<V, Scalar> || std::is_same_v<V, Real>,
                "xent: the direction has another scalar than the logits: write .cast<>() on one of them");
  const Operand operand(logits);
  const Operand v_operand(direction);
  const auto argument = make_targets<Wide<Real>, Logits>(targets, options.axis);
  const auto& target = argument.view();
  auto output = make_result_output<Scalar>(std::forward<Out>(out));
  const auto z = operand.samples(options.axis);
  const auto v = v_operand.samples(options.axis, is_vector<Logits>);

  argument.check_shape(function, operand, is_vector<Logits>, z.count);
  check_same_shape(function, "direction", operand, v_operand);
  output.check_shape(function, "out", operand, is_vector<Logits>);
  const CountedSamples<Real> counted = check_batch(function, target, z.classes, z.count, options);
  const CrossEntropyScalars<Real> scalars = call_scalars(options, counted);

  output.prepare(operand, is_vector<Logits>);
  output.keep_apart_unless_in_place(z, options.axis);
  output.keep_apart(Memory(v));  // which is read again after exponentials have been stored
  output.keep_apart(argument.memory());
  output.keep_apart(memory_of_vector(options.class_weights));
  output.keep_apart(memory_of_vector(options.sample_weights));
  hvp_of_batch(z, target, v, options, scalars, output.samples(options.axis));
  output.finish();
}

}  // namespace detail

XENT_NAMESPACE_END

#if XENT_DECLARES_INSTANCES
#include <xent/detail/instances/softmax_cross_entropy.inl>
#endif

#endif
