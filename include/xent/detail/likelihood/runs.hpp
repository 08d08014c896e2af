#ifndef XENT_DETAIL_LIKELIHOOD_RUNS_HPP
#define XENT_DETAIL_LIKELIHOOD_RUNS_HPP

/// Gaussians, squared errors and counts by the kernels of simd/, in the place of likelihood/terms.hpp, to which they
/// leave what is irregular.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/logarithm.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/walk/coefficient_runs.hpp>
#include <xent/detail/walk/coefficients.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/runs_out.hpp>
#include <xent/simd/kernels/gaussians.hpp>
#include <xent/simd/kernels/poisson.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

XENT_NAMESPACE_BEGIN
namespace detail {

/// The sum over all coefficients. kernel(first, n, sum) adds to `sum` and returns how many it has done; term(i, k) is
/// what one adds that it leaves.
template <class W, class Scalar, class Kernel, class Term>
W sum_of_runs(const Samples<const Scalar>& shape, const RunLength& length, const Kernel& kernel, const Term& term) {
  return sum_of_blocks<W>(shape, [&](Index first, Index last) {
    W sum(0);
    walk_runs(
        first * shape.classes, last * shape.classes, shape.classes, length,
        [&](Index at, Index n) { return kernel(at, n, sum); },
        [&](Index at) { sum += term(at / shape.classes, at % shape.classes); });
    return sum;
  });
}

/// The sum of a loss of two arguments, with its gradient. loop(first, second, n, out, stream, sum) is the kernel.
template <class Real, class Scalar, class Target, class Out, class Loop, class Term>
Wide<Real> sum_of_pairs(const Samples<const Scalar>& first, const Target& target, const Samples<Out>& gradient,
                        const Loop& loop, const Term& term) {
  using W = Wide<Real>;
  RunsIn<Real, Scalar> x(first);
  auto y = target.template runs<Real>();
  RunsOut<Real, Out> to(gradient);
  const bool stream = is_streamed(gradient, first);
  const auto kernel = [&](Index at, Index n, W& sum) -> Index {
    const Real* const targets = y.read(at, n);
    if (targets == nullptr) return 0;
    simd::Twice terms{};
    Real* const out = to.begin(at, n);
    const Index done = loop(x.read(at, n), targets, n, out, stream && to.in_memory(), &terms);
    to.end(at, done);
    sum += wide_sum<Real>(terms);
    return done;
  };
  const W result = sum_of_runs<W>(first, x.length() & y.length() & to.length(), kernel, term);
  if (stream) simd::fence();
  return result;
}

/// Calls check_one(i, k) for coefficients of `shape` that may not be above the floor. `v` is an argument of that shape.
template <class Real, class Scalar, class Argument, class Check>
void check_above(const Samples<const Scalar>& shape, const Argument& v, const Real& floor, const Check& check_one) {
  auto x = v.template runs<Real>();
  walk_runs(
      Index{0}, shape.classes * shape.count, shape.classes, x.length(),
      [&](Index at, Index n) -> Index {
        const Real* const numbers = x.read(at, n);
        return numbers == nullptr ? 0 : simd::GaussianKernels<Real>::above(numbers, n, floor);
      },
      [&](Index at) { check_one(at / shape.classes, at % shape.classes); });
}

/// Half of the squared errors.
template <class Real, bool = has_kernels<Real>>
struct SquareRuns {
  static bool works() { return simd::has_kernels(); }

  template <class Scalar, class Target, class Out, class Term>
  static Wide<Real> sum(const Samples<const Scalar>& prediction, const Target& target, const Samples<Out>& gradient,
                        const Term& term) {
    return sum_of_pairs<Real>(prediction, target, gradient, simd::GaussianKernels<Real>::squares, term);
  }
};

/// Negative log-likelihoods of Gaussians.
template <class Real, bool = has_kernels<Real>>
struct GaussianRuns {
  using W = Wide<Real>;
  static bool works() { return simd::has_kernels(); }

  /// Calls check_one(i, k) where a variance may not be > 0 after the minimum has replaced it. False if there are no
  /// kernels.
  template <class Scalar, class Variance, class Check>
  static bool check_variances(const Samples<const Scalar>& mean, const Variance& variance, const Real& minimum,
                              const Check& check_one) {
    if (!works()) return false;
    check_above<Real>(mean, variance, minimum > Real(0) ? -infinity<Real>() : Real(0), check_one);
    return true;
  }

  template <class Scalar, class Target, class Variance, class OutMean, class OutVariance, class Term>
  static W sum(const Samples<const Scalar>& mean, const Target& target, const Variance& variance,
               const Samples<OutMean>& d_mean, const Samples<OutVariance>& d_variance, const W& minimum,
               const W& denominator, const Term& term) {
    RunsIn<Real, Scalar> m(mean);
    auto x = target.template runs<Real>();
    auto v = variance.template runs<Real>();
    RunsOut<Real, OutMean> to_mean(d_mean);
    RunsOut<Real, OutVariance> to_variance(d_variance);
    const bool stream = is_streamed(d_mean, mean) || is_streamed(d_variance, mean);
    const simd::GaussianScalars scalars{static_cast<double>(narrow<Real>(minimum)),
                                        split_factor<double>(W(W(1) / denominator))};
    const auto kernel = [&](Index at, Index n, W& sum) -> Index {
      const Real* const targets = x.read(at, n);
      const Real* const variances = v.read(at, n);
      if (targets == nullptr || variances == nullptr) return 0;
      simd::GaussianSums sums{};
      Real* const out_mean = to_mean.begin(at, n);
      Real* const out_variance = to_variance.begin(at, n);
      const bool in_memory = to_mean.in_memory() && to_variance.in_memory();
      const Index done = simd::GaussianKernels<Real>::gaussians(m.read(at, n), targets, variances, n, scalars, out_mean,
                                                                out_variance, stream && in_memory, &sums);
      to_mean.end(at, done);
      to_variance.end(at, done);
      const W logarithms =
          W(W(sums.exponent) * LogarithmOf<W>::two()) + natural_log(wide_sum<Real>({sums.product, sums.product_low}));
      sum += W(W(0.5) * logarithms) + wide_sum<Real>(sums.quotients);
      return done;
    };
    const RunLength length = m.length() & x.length() & v.length() & to_mean.length() & to_variance.length();
    const W result = sum_of_runs<W>(mean, length, kernel, term);
    if (stream) simd::fence();
    return result;
  }

  /// The sum of v - r^2 over coefficients [first, last), which share v; NaN where it is left to the caller.
  template <class Scalar, class Target>
  static W sum_of_excesses(const Samples<const Scalar>& mean, const Target& target, Index first, Index last,
                           const Real& v) {
    RunsIn<Real, Scalar> m(mean);
    auto x = target.template runs<Real>();
    W sum(0);
    walk_runs(
        first, last, mean.classes, m.length() & x.length(),
        [&](Index at, Index n) {
          const Real* const targets = x.read(at, n);
          sum += targets == nullptr
                     ? W(nan<Real>())
                     : wide_sum<Real>(simd::GaussianKernels<Real>::excesses(m.read(at, n), targets, v, n));
          return n;
        },
        [](Index /*at*/) {});
    return sum;
  }

  /// use(k, sum over the samples) for every class k, of which each has a v of its own.
  template <class Scalar, class Target, class Variance, class Use>
  static void each_sum_of_excesses(const Samples<const Scalar>& mean, const Target& target, const Variance& v,
                                   const Use& use) {
    constexpr Index room = gathered + 8;
    RunsIn<Real, Scalar> m(mean);
    auto x = target.template runs<Real>();
    GatheredCoefficients<Real> variances;  // NOLINT: written before it is read
    for (Index first = 0; first < mean.classes; first += gathered) {
      const Index n = (std::min)(gathered, mean.classes - first);
      std::array<double, static_cast<std::size_t>(room)> hi{};
      std::array<double, static_cast<std::size_t>(room)> lo{};
      for (Index k = 0; k < n; ++k) variances[static_cast<std::size_t>(k)] = v(first + k);
      bool exact = true;
      for (Index i = 0; i < mean.count && exact; ++i) {
        const Index at = i * mean.classes + first;
        const Real* const targets = x.read(at, n);
        exact = targets != nullptr;
        if (exact)
          simd::GaussianKernels<Real>::add_excesses(m.read(at, n), targets, variances.data(), n, hi.data(), lo.data());
      }
      for (Index k = 0; k < n; ++k) {
        const auto at = static_cast<std::size_t>(k);
        use(first + k, exact ? wide_sum<Real>({hi[at], lo[at]}) : W(nan<Real>()));
      }
    }
  }
};

/// Losses of counts.
template <class Real, bool = has_kernels<Real>>
struct PoissonRuns {
  using W = Wide<Real>;
  static bool works(const W& denominator) { return simd::has_kernels() && denominator < W(0x1p60); }

  /// Calls check_one(i, k) where a log rate may not be > -inf. False if there are no kernels.
  template <class Scalar, class Check>
  static bool check_rates(const Samples<const Scalar>& log_rate, const Check& check_one) {
    if (!simd::has_kernels()) return false;
    check_above<Real>(log_rate, DenseCoefficientsOf<Scalar>(log_rate), -infinity<Real>(), check_one);
    return true;
  }

  template <class Scalar, class Target, class Out, class Term>
  static W sum(const Samples<const Scalar>& log_rate, const Target& target, const Samples<Out>& gradient,
               const W& denominator, const Term& term) {
    const auto alpha = split_factor<Real>(W(W(1) / denominator));
    const auto loop = [&](const Real* l, const Real* x, Index n, Real* out, bool stream, simd::Twice* sum) {
      return simd::PoissonKernels<Real>::poisson(l, x, n, alpha, out, stream, sum);
    };
    return sum_of_pairs<Real>(log_rate, target, gradient, loop, term);
  }
};

/// Where there are no kernels for the scalar.
struct NoRuns {
  template <class... Arguments>
  static bool works(const Arguments&... /*arguments*/) {
    return false;
  }
  template <class... Arguments>
  static bool check_variances(const Arguments&... /*arguments*/) {
    return false;
  }
  template <class... Arguments>
  static bool check_rates(const Arguments&... /*arguments*/) {
    return false;
  }
};
template <class Real>
struct SquareRuns<Real, false> : NoRuns {
  template <class... Arguments>
  static Wide<Real> sum(const Arguments&... /*arguments*/) {
    return Wide<Real>(0);
  }
};
template <class Real>
struct GaussianRuns<Real, false> : SquareRuns<Real, false> {
  template <class... Arguments>
  static Wide<Real> sum_of_excesses(const Arguments&... /*arguments*/) {
    return Wide<Real>(nan<Real>());
  }
  template <class... Arguments>
  static void each_sum_of_excesses(const Arguments&... /*arguments*/) {}
};
template <class Real>
struct PoissonRuns<Real, false> : SquareRuns<Real, false> {};

}  // namespace detail
XENT_NAMESPACE_END

#endif
