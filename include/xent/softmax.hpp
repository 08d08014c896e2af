#ifndef XENT_SOFTMAX_HPP
#define XENT_SOFTMAX_HPP

/// softmax and log_softmax with temperature: returning a new object, or into memory of the caller's.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/options.hpp>
#include <xent/detail/arguments/output.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/softmax/softmax_sample.hpp>
#include <xent/detail/softmax/softmax_tiles.hpp>
#include <xent/softmax_options.hpp>
#include <xent/types.hpp>

#include <utility>

XENT_NAMESPACE_BEGIN

namespace detail {

/// softmax_k = e_k / S
struct SoftmaxMap {
  static constexpr const char* name = "softmax";
  static constexpr auto result = SoftmaxResult::softmax;
  template <class Out, class Real, class Scalar>
  static void apply(Sample<const Scalar> z, Index classes, const SoftmaxState<Real>& state, Sample<Out> out);
};

/// log_softmax_k = -(x_k + L): two non-negative terms, exactly -L at the argmax
struct LogSoftmaxMap {
  static constexpr const char* name = "log_softmax";
  static constexpr auto result = SoftmaxResult::log_softmax;
  template <class Out, class Real, class Scalar>
  static void apply(Sample<const Scalar> z, Index classes, const SoftmaxState<Real>& state, Sample<Out> out);
};

template <class Map, class Logits, class Out>
void softmax_into(const Eigen::DenseBase<Logits>& logits, Out&& out, const SoftmaxOptionsOf<Logits>& options);

template <class Map, class Logits>
typename Logits::PlainObject softmax_returned(const Eigen::DenseBase<Logits>& logits,
                                              const SoftmaxOptionsOf<Logits>& options);

}  // namespace detail

/// The softmax of every sample: positive numbers that sum to 1.
///
///     s_k = exp(z_k / T) / sum_j exp(z_j / T) = exp(-x_k) / sum_j exp(-x_j),   x_k = (max z - z_k) / T
///
/// @param logits   real [classes x samples], or [samples x classes] with Axis::rows, any dense expression; a vector at
///                 compile time is one sample
/// @param out      the same shape, the scalar of the logits or RealOf it (see docs/outputs.md)
/// @param options  SoftmaxOptions: axis, temperature T > 0, executor; or an Axis alone
/// @return an object shaped like the logits with their scalar; the form with `out` returns nothing
/// @throws std::invalid_argument for a temperature that is not finite and > 0, or an `out` of another shape
///
/// A masked class (-inf) gets 0; a sample with every logit -inf is 0; a sample with NaN or +inf is NaN.
/// Bound: 4 ULP a coefficient, not growing with classes, offset or range; worst of a search: 3.0 in float, 2.4 in
/// double.
/// Cost: about that of copying the logits, for float, double and 16-bit logits by the kernels of simd/; allocates the
/// result only (and a tile, as softmax_cross_entropy does).
template <class Logits, class Options = detail::SoftmaxOptionsOf<Logits>,
          detail::EnableIfOptions<Options, detail::SoftmaxOptionsOf<Logits>> = 0>
typename Logits::PlainObject softmax(const Eigen::DenseBase<Logits>& logits, const Options& options = {}) {
  return detail::softmax_returned<detail::SoftmaxMap>(logits,
                                                      detail::options_in<detail::SoftmaxOptionsOf<Logits>>(options));
}
template <class Logits, class Out, class Options = detail::SoftmaxOptionsOf<Logits>,
          detail::EnableIfOutput<Out, detail::SoftmaxOptionsOf<Logits>> = 0>
void softmax(const Eigen::DenseBase<Logits>& logits, Out&& out, const Options& options = {}) {
  detail::softmax_into<detail::SoftmaxMap>(logits, std::forward<Out>(out),
                                           detail::options_in<detail::SoftmaxOptionsOf<Logits>>(options));
}
template <class Other, class... Rest, detail::EnableIfNotDense<Other> = 0>
auto softmax(const Other& /*logits*/, const Rest&... /*rest*/) {
  return detail::refuse<Other, Rest...>();
}

/// The logarithm of the softmax of every sample.
///
///     l_k = log s_k = -(x_k + L),   L = log1p(sum_{j != argmax} exp(-x_j))
///
/// Both terms are >= 0, so nothing cancels: the argmax of a confident sample has -2.06e-9, not 0.
/// Parameters, exceptions and cost as for `softmax`. A masked class gets -inf; a sample with every logit -inf is -inf;
/// a sample with NaN or +inf is NaN. Bound: 3.5 ULP a coefficient; worst of a search:
/// 2.9 in float, 1.9 in double.
template <class Logits, class Options = detail::SoftmaxOptionsOf<Logits>,
          detail::EnableIfOptions<Options, detail::SoftmaxOptionsOf<Logits>> = 0>
typename Logits::PlainObject log_softmax(const Eigen::DenseBase<Logits>& logits, const Options& options = {}) {
  return detail::softmax_returned<detail::LogSoftmaxMap>(logits,
                                                         detail::options_in<detail::SoftmaxOptionsOf<Logits>>(options));
}
template <class Logits, class Out, class Options = detail::SoftmaxOptionsOf<Logits>,
          detail::EnableIfOutput<Out, detail::SoftmaxOptionsOf<Logits>> = 0>
void log_softmax(const Eigen::DenseBase<Logits>& logits, Out&& out, const Options& options = {}) {
  detail::softmax_into<detail::LogSoftmaxMap>(logits, std::forward<Out>(out),
                                              detail::options_in<detail::SoftmaxOptionsOf<Logits>>(options));
}
template <class Other, class... Rest, detail::EnableIfNotDense<Other> = 0>
auto log_softmax(const Other& /*logits*/, const Rest&... /*rest*/) {
  return detail::refuse<Other, Rest...>();
}

namespace detail {

template <class Out, class Real, class Scalar>
void SoftmaxMap::apply(Sample<const Scalar> z, Index classes, const SoftmaxState<Real>& state, Sample<Out> out) {
  using W = Wide<Real>;
  if (state.maximum.condition == Condition::masked) return fill(out, classes, Real(0));
  const W sum = state.rest + state.exponentials.one();
  for_each_class(z, classes, state.exponentials, [&](Index k, bool masked, const W& /*x*/, const W& e) {
    out[k] = masked ? Out(Real(0)) : narrow<Out>(W(e / sum));
  });
}

template <class Out, class Real, class Scalar>
void LogSoftmaxMap::apply(Sample<const Scalar> z, Index classes, const SoftmaxState<Real>& state, Sample<Out> out) {
  using W = Wide<Real>;
  for (Index k = 0; k < classes; ++k) {
    const Real logit = static_cast<Real>(z[k]);
    out[k] = logit == -infinity<Real>() ? Out(-infinity<Real>())
                                        : narrow<Out>(W(-(state.exponentials.distance(logit) + state.log_sum)));
  }
}

template <class Map, class Real, class Scalar, class Out>
void softmax_samples(const Samples<const Scalar>& z, const Samples<Out>& out, const SoftmaxOptions<Real>& options) {
  const auto portable = [&](Index i, auto place) {
    XENT_ON_REFUSAL;
    const SoftmaxState<Real> state(z[i], z.classes, options.temperature);
    if (state.maximum.condition == Condition::nan || state.maximum.condition == Condition::infinite)
      fill(place, z.classes, nan<Real>());
    else
      Map::apply(z[i], z.classes, state, place);
  };
  const auto in_place = [&](Index i) { portable(i, out[i]); };
  const PortablePath<Real> path{portable, in_place};
  for_blocks(options.executor, z.blocks().quick(uses_kernels<Real>(options.temperature)),
             [&](Index /*block*/, Index first, Index last) {
               Real* const no_logsumexp = nullptr;
               if (softmax_tiles<Map::result>(z, &out, options.temperature, no_logsumexp, first, last, path)) return;
               for (Index i = first; i < last; ++i) in_place(i);
             });
}

template <class Map, class Logits, class Out>
void softmax_into(const Eigen::DenseBase<Logits>& logits, Out&& out, const SoftmaxOptionsOf<Logits>& options) {
  using Scalar = typename Logits::Scalar;
  static_assert(is_real<Scalar>, "xent: logits must be real: write .cast<float>() or .cast<double>()");
  check_temperature(Map::name, options.temperature);
  const Operand operand(logits);
  auto output = make_result_output<Scalar>(std::forward<Out>(out));
  output.check_shape(Map::name, "out", operand, is_vector<Logits>);
  const auto z = operand.samples(options.axis);
  output.prepare(operand, is_vector<Logits>);
  output.keep_apart_unless_in_place(z, options.axis);
  softmax_samples<Map>(z, output.samples(options.axis), options);
  output.finish();
}

template <class Map, class Logits>
typename Logits::PlainObject softmax_returned(const Eigen::DenseBase<Logits>& logits,
                                              const SoftmaxOptionsOf<Logits>& options) {
  typename Logits::PlainObject result;
  result.resize(logits.rows(), logits.cols());
  softmax_into<Map>(logits, result, options);
  return result;
}

}  // namespace detail

XENT_NAMESPACE_END

#if XENT_DECLARES_INSTANCES
#include <xent/detail/instances/softmax.inl>
#endif

#endif
