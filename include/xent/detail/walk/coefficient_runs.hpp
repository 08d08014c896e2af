#ifndef XENT_DETAIL_WALK_COEFFICIENT_RUNS_HPP
#define XENT_DETAIL_WALK_COEFFICIENT_RUNS_HPP

/// Where coefficients that stand alone meet the kernels of simd/. Coefficient j of a walk is class j % classes of
/// sample j / classes. A run of them that lies together in memory is used where it lies; any other is gathered a few
/// hundred at a time, so that scalars, strides and storage orders make no difference to the results.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/walk/caches.hpp>
#include <xent/simd/kernels/coefficients.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// The most coefficients that are gathered.
inline constexpr Index gathered = 512;

/// True if coefficient j lies at data[j].
template <class Scalar>
bool lies_together(const Samples<Scalar>& samples) {
  return (samples.classes <= 1 || samples.class_stride == 1) &&
         (samples.count <= 1 || samples.sample_stride == samples.classes);
}

template <class Real>
using GatheredCoefficients = std::array<Real, static_cast<std::size_t>(gathered)>;

/// Visits coefficients [first, first + n) with their place 0, 1, ... in the run.
template <class Scalar, class Visit>
void for_each_of_run(const Samples<Scalar>& samples, Index first, Index n, const Visit& visit) {
  if (n == 0) return;
  Index i = first / samples.classes;
  Index k = first % samples.classes;
  for (Index j = 0; j < n; ++j) {
    visit(j, i, k);
    if (++k < samples.classes) continue;
    k = 0;
    ++i;
  }
}

/// An argument, run by run.
template <class Real, class Scalar>
class RunsIn {
 public:
  explicit RunsIn(const Samples<const Scalar>& samples) : samples_(samples) {
    if constexpr (std::is_same_v<Real, Scalar>) together_ = lies_together(samples);
  }
  RunsIn(const RunsIn&) = delete;
  RunsIn& operator=(const RunsIn&) = delete;

  bool together() const { return together_; }

  /// Null where a number cannot be told by a Real: an integer or a number of another type with more digits.
  const Real* read(Index first, Index n) {
    if constexpr (std::is_same_v<Real, Scalar>) {
      if (together_) return samples_.data + first;
    }
    bool exact = true;
    for_each_of_run(samples_, first, n, [&](Index j, Index i, Index k) {
      const Scalar& x = samples_[i][k];
      const Real value = static_cast<Real>(x);
      if constexpr (!std::is_same_v<Real, Scalar>)
        exact = exact && (is_nan(value) || widen<Wide<Real>>(x) == widen<Wide<Real>>(value));
      gathered_[static_cast<std::size_t>(j)] = value;
    });
    return exact ? gathered_.data() : nullptr;
  }

 private:
  Samples<const Scalar> samples_;
  bool together_ = false;
  GatheredCoefficients<Real> gathered_;  // NOLINT: written before it is read
};

/// One number in the place of an argument.
template <class Real>
class NumberRuns {
 public:
  explicit NumberRuns(const Wide<Real>& number) : exact_(widen<Wide<Real>>(narrow<Real>(number)) == number) {
    gathered_.fill(narrow<Real>(number));
  }

  static bool together() { return false; }
  const Real* read(Index /*first*/, Index /*n*/) { return exact_ ? gathered_.data() : nullptr; }

 private:
  bool exact_;
  GatheredCoefficients<Real> gathered_;
};

/// A result, run by run: `begin` says where to write, `end` that it is written.
template <class Real, class Out>
class RunsOut {
 public:
  explicit RunsOut(const Samples<Out>& samples) : samples_(samples) {
    if constexpr (std::is_same_v<Real, Out>) together_ = samples.data == nullptr || lies_together(samples);
  }
  RunsOut(const RunsOut&) = delete;
  RunsOut& operator=(const RunsOut&) = delete;

  bool together() const { return together_ || samples_.data == nullptr; }

  Real* begin(Index first) {
    if (samples_.data == nullptr) return nullptr;
    if constexpr (std::is_same_v<Real, Out>) {
      if (together_) return samples_.data + first;
    }
    return gathered_.data();
  }
  void end(Index first, Index n) {
    if (together()) return;
    for_each_of_run(samples_, first, n, [&](Index j, Index i, Index k) {
      samples_[i][k] = narrow<Out>(gathered_[static_cast<std::size_t>(j)]);
    });
  }

 private:
  Samples<Out> samples_;
  bool together_ = false;
  GatheredCoefficients<Real> gathered_;  // NOLINT: written before it is read
};

/// Whether a result should pass the caches by: one that would not stay in them, and whose memory has not just been
/// read.
template <class Out, class... In>
bool is_streamed(const Samples<Out>& out, const Samples<In>&... in) {
  const auto reads = [&](const auto& samples) {
    return static_cast<const void*>(samples.data) == static_cast<const void*>(out.data);
  };
  return out.data != nullptr && out.classes * out.count * static_cast<Index>(sizeof(Out)) >= beyond_caches &&
         !(reads(in) || ...);
}

/// Coefficients [first, last): kernel(first, n) returns how many it has done, from the first on. Where it stops short,
/// it is asked for the next ones one by one, and portable(at) does those that it refuses: the others have the same bits
/// whatever their neighbours are.
template <class Kernel, class Portable>
void walk_runs(Index first, Index last, bool together, const Kernel& kernel, const Portable& portable) {
  constexpr Index one_by_one = 128;
  while (first < last) {
    first += kernel(first, together ? last - first : (std::min)(last - first, gathered));
    for (const Index until = (std::min)(last, first + one_by_one); first < until; ++first) {
      if (kernel(first, Index{1}) != 0) continue;
      XENT_ON_REFUSAL;
      portable(first);
    }
  }
}

/// The sum of a kernel for results of type Real. (Beyond the range only its leading part means something.)
template <class Real>
Wide<Real> wide_sum(const simd::TermSum& sum) {
  if constexpr (std::is_same_v<Real, float>)
    return sum.hi;
  else
    return is_finite(sum.hi) ? Twofold<double>::renormalised(sum.hi, sum.lo) : Twofold<double>(sum.hi);
}

/// The factor x = hi + lo in Real. A lo that changes no digit of a product is dropped: below the normal range it would
/// cost a hundred cycles a vector.
template <class Real, class W>
simd::SplitFactor<Real> split_factor(const W& x) {
  const Real hi = narrow<Real>(x);
  const Real lo = narrow<Real>(W(x - W(static_cast<double>(hi))));
  const Real negligible = hi * (std::numeric_limits<Real>::epsilon() * Real(0x1p-12));
  return {hi, std::fabs(lo) > std::fabs(negligible) ? lo : Real(0)};
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
