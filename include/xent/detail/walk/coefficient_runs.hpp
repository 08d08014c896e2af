#ifndef XENT_DETAIL_WALK_COEFFICIENT_RUNS_HPP
#define XENT_DETAIL_WALK_COEFFICIENT_RUNS_HPP

/// Where coefficients that stand alone meet the kernels of simd/. Coefficient j of a walk is class j % classes of
/// sample j / classes. A run of them that lies together in memory is used where it lies; any other is gathered a few
/// hundred at a time, so that scalars, strides and storage orders make no difference to the results.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/walk/conversion.hpp>
#include <xent/detail/walk/gathered_rows.hpp>
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

/// How many coefficients may be asked for at a time: `most`, of one sample if `by_sample`.
struct RunLength {
  Index most = (std::numeric_limits<Index>::max)();
  bool by_sample = false;

  friend RunLength operator&(const RunLength& a, const RunLength& b) {
    return {(std::min)(a.most, b.most), a.by_sample || b.by_sample};
  }
  /// Where samples are short, they are gathered: a kernel takes its time to start.
  RunLength of_samples(Index classes) const {
    constexpr Index shortest = 128;
    if (!by_sample || classes >= shortest) return *this;
    return {(std::min)(most, gathered), false};
  }
};

/// How long the runs are in which coefficients lie in memory.
template <class Scalar>
RunLength run_length(const Samples<Scalar>& samples) {
  if (samples.classes > 1 && samples.class_stride != 1) return {gathered, false};
  return {RunLength().most, samples.count > 1 && samples.sample_stride != samples.classes};
}

/// Where coefficients [first, first + n) lie if they are a run, else null.
template <class Scalar>
Scalar* run_in_memory(const Samples<Scalar>& samples, Index first, Index n) {
  const RunLength length = run_length(samples);
  if (length.most == gathered) return nullptr;
  if (!length.by_sample) return samples.data + first;
  const Index i = first / samples.classes;
  const Index k = first % samples.classes;
  return k + n <= samples.classes ? samples.data + i * samples.sample_stride + k : nullptr;
}

template <class Real>
using GatheredCoefficients = std::array<Real, static_cast<std::size_t>(gathered)>;

/// Visits coefficients [first, first + n) of samples of so many classes, a sample after the other: visit(j, i, k, size)
/// is for class k of sample i and the next ones, `size` of them, which are at place j in the run and after it.
template <class Visit>
void for_each_part_of_run(Index classes, Index first, Index n, const Visit& visit) {
  Index k = n == 0 ? 0 : first % classes;
  for (Index j = 0; j < n; k = 0) {
    const Index size = (std::min)(n - j, classes - k);
    visit(j, (first + j) / classes, k, size);
    j += size;
  }
}

/// Whether an integer surely is a number of type Real.
template <class Real, class Integer>
bool is_exact_in(const Integer& x) {
  constexpr int digits = std::numeric_limits<Real>::digits;
  if constexpr (std::numeric_limits<Integer>::digits <= digits) {
    return true;
  } else {
    constexpr Integer most = Integer{1} << digits;
    if constexpr (std::is_signed_v<Integer>)
      return x <= most && x >= -most;
    else
      return x <= most;
  }
}

/// An argument, run by run.
template <class Real, class Scalar>
class RunsIn {
 public:
  explicit RunsIn(const Samples<const Scalar>& samples) : samples_(samples) {}
  RunsIn(const RunsIn&) = delete;
  RunsIn& operator=(const RunsIn&) = delete;

  RunLength length() const { return std::is_same_v<Real, Scalar> ? run_length(samples_) : RunLength{gathered, false}; }

  /// Null where a number cannot be told by a Real: an integer or a number of another type with more digits.
  const Real* read(Index first, Index n) {
    if constexpr (std::is_same_v<Real, Scalar>) {
      if (const Real* const run = run_in_memory(samples_, first, n)) return run;
    }
    if constexpr (std::is_same_v<Real, Scalar> || (is_16_bit<Scalar> && std::is_same_v<Real, float>)) {
      if (lies_side_by_side()) {
        for_each_part_of_run(samples_.classes, first, n, [&](Index j, Index i, Index k, Index size) {
          std::copy_n(rows_[i] + k, size, gathered_.begin() + j);
        });
        return gathered_.data();
      }
    }
    if constexpr (is_16_bit<Scalar> && std::is_same_v<Real, float>) {
      if (const Scalar* const run = run_in_memory(samples_, first, n))
        widen_sample(Sample<const Scalar>{run, 1}, n, gathered_.data());
      else
        for_each_part_of_run(samples_.classes, first, n, [&](Index j, Index i, Index k, Index size) {
          widen_sample(Sample<const Scalar>{&samples_[i][k], samples_.class_stride}, size, gathered_.data() + j);
        });
      return gathered_.data();
    }
    bool exact = true;
    for_each_part_of_run(samples_.classes, first, n, [&](Index j, Index i, Index k, Index size) {
      const Scalar* from = &samples_[i][k];
      Real* to = &gathered_[static_cast<std::size_t>(j)];
      if constexpr (std::is_same_v<Real, Scalar>)
        if (samples_.class_stride == 0) return static_cast<void>(std::fill_n(to, size, *from));
      for (Index left = size; left > 0; --left, from += samples_.class_stride, ++to) {
        *to = static_cast<Real>(*from);
        if constexpr (std::is_integral_v<Scalar>)
          exact &= is_exact_in<Real>(*from);
        else if constexpr (!std::is_same_v<Real, Scalar>)
          exact &= is_nan(*to) || widen<Wide<Real>>(*from) == widen<Wide<Real>>(*to);
      }
    });
    return exact ? gathered_.data() : nullptr;
  }

 private:
  /// Then a class shares its lines of memory with other samples: some are gathered together.
  bool lies_side_by_side() const {
    return samples_.sample_stride == 1 && samples_.class_stride > 1 && samples_.classes > 1;
  }

  Samples<const Scalar> samples_;
  KernelRows<Real, Scalar> rows_{samples_};
  GatheredCoefficients<Real> gathered_;  // NOLINT: written before it is read
};

/// One number in the place of an argument.
template <class Real>
class NumberRuns {
 public:
  explicit NumberRuns(const Wide<Real>& number) : exact_(widen<Wide<Real>>(narrow<Real>(number)) == number) {
    gathered_.fill(narrow<Real>(number));
  }

  static RunLength length() { return {gathered, false}; }
  const Real* read(Index /*first*/, Index /*n*/) { return exact_ ? gathered_.data() : nullptr; }

 private:
  bool exact_;
  GatheredCoefficients<Real> gathered_;
};

/// Coefficients [first, last) of samples of so many classes, run by run: kernel(first, n) returns how many it has done,
/// from the first on. Where it stops short, it is asked for the next ones one by one, and portable(at) does those that
/// it refuses: the others have the same bits whatever their neighbours are.
template <class Kernel, class Portable>
void walk_runs(Index first, Index last, Index classes, const RunLength& possible, const Kernel& kernel,
               const Portable& portable) {
  constexpr Index one_by_one = 128;
  const RunLength length = possible.of_samples(classes);
  while (first < last) {
    const Index left = length.by_sample ? classes - first % classes : last - first;
    const Index asked = (std::min)({last - first, left, length.most});
    const Index done = kernel(first, asked);
    first += done;
    if (done == asked) continue;
    for (const Index until = (std::min)(last, first + one_by_one); first < until; ++first) {
      if (kernel(first, Index{1}) != 0) continue;
      XENT_ON_REFUSAL;
      portable(first);
    }
  }
}

/// The sum of a kernel for results of type Real. (Beyond the range only its leading part means something.)
template <class Real>
Wide<Real> wide_sum(const simd::Twice& sum) {
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
