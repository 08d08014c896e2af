#ifndef XENT_DETAIL_WALK_RUNS_OUT_HPP
#define XENT_DETAIL_WALK_RUNS_OUT_HPP

/// Where the results of coefficients that stand alone go, run by run; coefficient_runs.hpp has the arguments.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/walk/caches.hpp>
#include <xent/detail/walk/coefficient_runs.hpp>
#include <xent/detail/walk/conversion.hpp>
#include <xent/detail/walk/gathered_rows.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <cstddef>
#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// A result, run by run: `begin` says where to write, `end` that it is written. With `holds_rows`, samples that lie
/// side by side are kept until some are complete: `reread` is told of a coefficient that was written elsewhere,
/// `finish` of the end.
template <class Real, class Out>
class RunsOut {
 public:
  explicit RunsOut(const Samples<Out>& samples, bool holds_rows = false)
      : samples_(samples),
        holds_rows_(holds_rows && samples.data != nullptr && samples.sample_stride == 1 && samples.class_stride > 1 &&
                    samples.classes > 1) {}
  RunsOut(const RunsOut&) = delete;
  RunsOut& operator=(const RunsOut&) = delete;

  RunLength length() const {
    if (samples_.data == nullptr) return {};
    return std::is_same_v<Real, Out> ? run_length(samples_) : RunLength{gathered, false};
  }

  Real* begin(Index first, Index n) {
    in_memory_ = true;
    if (samples_.data == nullptr) return nullptr;
    if constexpr (std::is_same_v<Real, Out>) {
      if (Real* const run = run_in_memory(samples_, first, n)) return run;
    }
    in_memory_ = false;
    return gathered_.data();
  }
  /// Whether the run that was begun goes where results lie.
  bool in_memory() const { return in_memory_; }
  void end(Index first, Index n) {
    if (in_memory_) return;
    if (holds_rows_)
      return for_each_part_of_run(samples_.classes, first, n, [&](Index j, Index i, Index k, Index size) {
        std::copy_n(gathered_.begin() + j, size, row(i) + k);
      });
    if constexpr (is_16_bit<Out> && std::is_same_v<Real, float>) {
      if (Out* const run = run_in_memory(samples_, first, n))
        return narrow_sample(gathered_.data(), n, Sample<Out>{run, 1}, false);
      return for_each_part_of_run(samples_.classes, first, n, [&](Index j, Index i, Index k, Index size) {
        narrow_sample(gathered_.data() + j, size, Sample<Out>{&samples_[i][k], samples_.class_stride}, false);
      });
    }
    for_each_part_of_run(samples_.classes, first, n, [&](Index j, Index i, Index k, Index size) {
      Out* to = &samples_[i][k];
      const Real* from = &gathered_[static_cast<std::size_t>(j)];
      for (Index left = size; left > 0; --left, to += samples_.class_stride, ++from) *to = narrow<Out>(*from);
    });
  }

  void reread(Index i, Index k) {
    if (holds_rows_) row(i)[k] = static_cast<Real>(samples_[i][k]);
  }
  void finish() {
    if (end_ > first_) rows_.store(samples_, first_, end_ - first_);
    first_ = end_;
  }

 private:
  Real* row(Index i) {
    if (i >= first_ + GatheredRows<Real>::together(samples_.classes) || i < first_ || end_ == first_) {
      finish();
      first_ = i;
      rows_.reserve(samples_.classes);
    }
    end_ = i + 1;
    return rows_[i - first_];
  }

  Samples<Out> samples_;
  bool holds_rows_;
  GatheredRows<Real> rows_{};  // samples [first_, end_)
  Index first_ = 0;
  Index end_ = 0;
  bool in_memory_ = true;
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

}  // namespace detail
XENT_NAMESPACE_END

#endif
