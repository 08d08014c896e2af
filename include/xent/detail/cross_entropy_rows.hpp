#ifndef XENT_DETAIL_CROSS_ENTROPY_ROWS_HPP
#define XENT_DETAIL_CROSS_ENTROPY_ROWS_HPP

/// Plain labels by the kernels of simd/: samples of float or double whose classes are contiguous. Exponentials are
/// computed once and kept in cache until their sum is known. What else a sample may be (NaN, +inf, no finite logit, a
/// masked label) is not decided here: such a sample is left to the portable path.

#include <xent/config.hpp>
#include <xent/detail/cross_entropy_sample.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/softmax_rows.hpp>
#include <xent/detail/wide.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace detail {

/// Results on their way past the caches: while one buffer fills, the other one flows out.
template <class Real>
class OutflowBuffers {
 public:
  explicit OutflowBuffers(const simd::RowKernels<Real>* kernels) : kernels_(kernels) {}
  OutflowBuffers(const OutflowBuffers&) = delete;
  OutflowBuffers& operator=(const OutflowBuffers&) = delete;

  /// The classes of a sample that fits.
  static constexpr Index half = 16384 / static_cast<Index>(sizeof(Real));

  /// Memory for the results of the next sample, which go to `target`.
  Real* next(Index classes, Real* target) {
    const bool joins = filled_ < enough && filled_ + classes <= half && target == target_ + filled_;
    if (filled_ > 0 && !joins) send();
    if (filled_ == 0) target_ = target;
    filled_ += classes;
    return buffer() + filled_ - classes;
  }

  /// Takes back the memory that was given last.
  void drop(Index classes) { filled_ -= classes; }

  simd::Outflow<Real>* outflow() { return &outflow_; }

  void finish() {
    if (filled_ > 0) send();
    kernels_->finish(&outflow_);
    simd::fence();
  }

 private:
  static constexpr Index line = 64 / static_cast<Index>(sizeof(Real));
  // Short samples leave together, as whole cache lines; more of them would leave the first-level cache on the way.
  static constexpr Index enough = 8192 / static_cast<Index>(sizeof(Real));

  Real* buffer() { return stack_.data() + (second_ ? half : 0); }

  void send() {
    kernels_->finish(&outflow_);
    const Index misaligned = static_cast<Index>(reinterpret_cast<std::uintptr_t>(target_) / sizeof(Real)) & (line - 1);
    const Index head = std::min(filled_, (line - misaligned) & (line - 1));
    std::copy(buffer(), buffer() + head, target_);
    outflow_ = {buffer() + head, target_ + head, filled_ - head};
    second_ = !second_;
    filled_ = 0;
  }

  const simd::RowKernels<Real>* kernels_;
  bool second_ = false;
  Index filled_ = 0;
  Real* target_ = nullptr;
  simd::Outflow<Real> outflow_{};
  alignas(64) std::array<Real, static_cast<std::size_t>(2 * half)> stack_;  // NOLINT: written before it is read
};

/// Samples of one call, one after the other: `sum`, `sample`, `write` for each that is not left to the portable path.
template <class Real>
class LabelRows {
 public:
  using W = Wide<Real>;

  /// `gradient` may be null, and may be the memory of the logits.
  LabelRows(const Samples<const Real>& z, const Samples<Real>* gradient, const CrossEntropyScalars<Real>& scalars)
      : z_(z), scalars_(scalars), rows_(scalars.temperature) {
    works_ = rows_.kernels() != nullptr && z.class_stride == 1 && z.classes > 0 && scalars.epsilon == W(0);
    if (gradient != nullptr && gradient->class_stride == 1) gradient_ = *gradient;
    const Index bytes = z.classes * z.count * static_cast<Index>(sizeof(Real));
    if (!works_ || bytes < beyond_caches) return;
    distance_ahead_ = 1 + ahead / z.classes;
    const bool fits = z.classes <= OutflowBuffers<Real>::half;
    if (writes() && fits && gradient_.data != z.data) outflow_.emplace(rows_.kernels());
  }

  /// False if this sample, of weight w, is not for the kernels.
  bool sum(Index i, Index label, const W& weight, bool want_moment) {
    if (!works_) return false;
    const Index n = z_.classes;
    row_ = &z_[i][0];
    label_ = label;
    maximum_ = rows_.kernels()->maximum(row_, n, &argmax_);
    if (!is_finite(maximum_) || row_[label] == -infinity<Real>() || !admits(weight)) return false;
    W at_argmax;
    shift_ = rows_.shift(maximum_, &at_argmax);
    target_ = writes() ? &gradient_[i][0] : nullptr;
    kept_ = writes() && n <= most_kept ? kept_on_stack_.data() : nullptr;
    if (outflow_) kept_ = outflow_->next(n, target_);
    const bool looks_ahead = distance_ahead_ > 0 && i + distance_ahead_ < z_.count;
    const auto kernel = want_moment ? rows_.kernels()->sum_and_moment : rows_.kernels()->sum;
    const auto sums =
        kernel(row_, n, shift_, {argmax_, label == argmax_ ? -1 : label}, kept_,
               looks_ahead ? &z_[i + distance_ahead_][0] : nullptr, outflow_ ? outflow_->outflow() : nullptr);
    sums_ = rows_.sums(sums, at_argmax);
    stored_sum_ = sums_.others + sums_.at_label + rows_.stored(sums.at_argmax);
    const bool regular = !is_nan(sums_.others) && !is_nan(sums_.at_label);
    if (outflow_ && !regular) outflow_->drop(n);
    return regular;
  }

  CrossEntropySample<Real> sample() const { return {maximum_, argmax_, label_, row_[label_], sums_, scalars_}; }

  /// Whether gradients are written here, too.
  bool writes() const { return gradient_.data != nullptr; }

  void write(const CrossEntropySample<Real>& sample, const W& alpha) const {
    const Real at_label = narrow<Real>(gradient_at_label(sample, gradient_multiple(sample, alpha), alpha,
                                                         label_ == argmax_ ? sums_.at_argmax : sums_.at_label));
    const simd::Factor<Real> factor =
        rows_.factor(saturated<W>(alpha * sample.normaliser) / ExponentialScale<W>::unscaled(stored_sum_));
    Real* const result = outflow_ ? kept_ : target_;
    if (kept_)
      rows_.kernels()->scale(kept_, z_.classes, factor, result);
    else
      rows_.kernels()->exponentiate(row_, z_.classes, shift_, factor, result);
    result[label_] = at_label;
  }

  void finish() {
    if (outflow_) outflow_->finish();
  }

 private:
  static constexpr Index beyond_caches = Index{4} << 20U;                       // bytes of logits
  static constexpr Index ahead = 8192 / static_cast<Index>(sizeof(Real));       // how far ahead logits are fetched
  static constexpr Index most_kept = 32768 / static_cast<Index>(sizeof(Real));  // longer ones are computed again

  /// No factor of an exponential in the loss or the gradient is extreme: w A and alpha A, |lse| <= |max| / T + log n.
  bool admits(const W& weight) const {
    const W most_classes(64);  // more than the logarithm of their number
    const W m = widen<W>(maximum_);
    const W lse = W(m < W(0) ? -m : m) / widen<W>(scalars_.temperature) + most_classes;
    const W normaliser = scalars_.class_weight(label_) + W(2) * scalars_.z_loss * lse;
    return rows_.admits(weight * normaliser) && rows_.admits(scalars_.gradient_scale(weight) * normaliser);
  }

  Samples<const Real> z_;
  Samples<Real> gradient_{};
  const CrossEntropyScalars<Real>& scalars_;
  Rows<Real> rows_;
  bool works_ = false;
  Index distance_ahead_ = 0;
  std::optional<OutflowBuffers<Real>> outflow_{};

  // the sample at hand
  const Real* row_ = nullptr;
  Index label_ = -1;
  Real maximum_{};
  simd::Index argmax_ = -1;
  simd::Shift<Real> shift_{};
  ExponentialSums<W> sums_{};
  W stored_sum_{};  // of the exponentials as they are stored: what is divided by it sums to 1
  Real* target_ = nullptr;
  Real* kept_ = nullptr;
  alignas(
      64) std::array<Real, static_cast<std::size_t>(most_kept)> kept_on_stack_;  // NOLINT: written before it is read
};

/// Where there are no kernels for the scalars or the targets.
template <class Real>
struct NoRows {
  [[noreturn]] static CrossEntropySample<Real> sample() { std::terminate(); }  // never called, but linked at -O0
  template <class... Arguments>
  static void write(const Arguments&... /*arguments*/) {}
  template <class W>
  static bool sum(Index /*i*/, Index /*label*/, const W& /*weight*/, bool /*want_moment*/) {
    return false;
  }
  static bool writes() { return false; }
  static void finish() {}
};

template <class Targets, class Real, class Scalar, class Out>
auto make_rows(const Samples<const Scalar>& z, const Samples<Out>* gradient, const CrossEntropyScalars<Real>& scalars) {
  if constexpr (has_rows<Real> && std::is_same_v<Scalar, Real> && std::is_same_v<Out, Real> && Targets::are_labels)
    return LabelRows<Real>(z, gradient, scalars);
  else
    return NoRows<Real>{};
}

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
