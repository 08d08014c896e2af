#ifndef XENT_DETAIL_OUTFLOW_BUFFERS_HPP
#define XENT_DETAIL_OUTFLOW_BUFFERS_HPP

/// Results on their way past the caches: while one buffer fills, the other one flows out.

#include <xent/config.hpp>
#include <xent/simd/kernels.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace detail {

template <class Real>
class OutflowBuffers {
 public:
  /// For so many coefficients at a time. Beyond `size`, memory is allocated.
  OutflowBuffers(const simd::Kernels<Real>& kernels, simd::Traffic<Real>& traffic, Eigen::Index coefficients)
      : kernels_(kernels), traffic_(traffic), step_(std::max(coefficients, size) + 2 * line) {
    if (coefficients > size) heap_.resize(static_cast<std::size_t>(2 * step_ + line));
  }
  OutflowBuffers(const OutflowBuffers&) = delete;
  OutflowBuffers& operator=(const OutflowBuffers&) = delete;

  /// Coefficients of a buffer: two of them stay in a first-level cache; and in a second-level cache beside as many
  /// logits and those that are fetched.
  static constexpr Eigen::Index size = 16384 / static_cast<Eigen::Index>(sizeof(Real));
  static constexpr Eigen::Index most = 131072 / static_cast<Eigen::Index>(sizeof(Real));

  /// The buffer to fill, aligned like `like` to lines of a cache: then whole lines go from one to the other.
  Real* buffer(const Real* like) {
    Real* const memory = heap_.empty() ? stack_.data() : heap_.data() + ((line - past_line(heap_.data())) & (line - 1));
    buffer_ = memory + (second_ ? step_ : 0) + line + past_line(like);
    return buffer_;
  }

  /// Sends the first coefficients of the buffer to `target`: whole lines, of which the last one waits to be completed
  /// by what comes next. (Stores into parts of lines, which come to the cache for that, hold up all that follow: 0.2 ns
  /// a logit with 10 classes.)
  void send(Eigen::Index coefficients, Real* target) {
    kernels_.finish(&traffic_);
    if (target != end_) leave_waiting();
    Eigen::Index begin = -waiting_;
    if (waiting_ == 0) {
      begin = std::min(coefficients, (line - past_line(target)) & (line - 1));
      copy(buffer_, begin, target);
    }
    copy(waiting_line_.data(), waiting_, buffer_ - waiting_);
    waiting_ = (coefficients - begin) & (line - 1);
    copy(buffer_ + coefficients - waiting_, waiting_, waiting_line_.data());
    end_ = target + coefficients;
    traffic_.from = buffer_ + begin;
    traffic_.to = target + begin;
    traffic_.sent = 0;
    traffic_.size = coefficients - begin - waiting_;
    second_ = !second_;
  }

  void finish() {
    kernels_.finish(&traffic_);
    leave_waiting();
    simd::fence();
  }

 private:
  static constexpr Eigen::Index line = 64 / static_cast<Eigen::Index>(sizeof(Real));

  static Eigen::Index past_line(const Real* p) {
    return static_cast<Eigen::Index>(reinterpret_cast<std::uintptr_t>(p) / sizeof(Real)) & (line - 1);
  }

  /// As bytes: what is sent may be pairs of 16-bit numbers.
  static void copy(const Real* from, Eigen::Index coefficients, Real* to) {
    if (coefficients != 0) std::memcpy(to, from, static_cast<std::size_t>(coefficients) * sizeof(Real));
  }

  void leave_waiting() {
    copy(waiting_line_.data(), waiting_, end_ - waiting_);
    waiting_ = 0;
  }

  const simd::Kernels<Real>& kernels_;
  simd::Traffic<Real>& traffic_;
  Eigen::Index step_;
  std::vector<Real> heap_{};
  bool second_ = false;
  Real* buffer_ = nullptr;
  Real* end_ = nullptr;  // of what was sent last
  Eigen::Index waiting_ = 0;
  std::array<Real, static_cast<std::size_t>(line)> waiting_line_{};
  // Each buffer has room for a line that waits, and to be aligned.
  alignas(64) std::array<Real, static_cast<std::size_t>(2 * (size + 2 * line))> stack_;  // NOLINT: written first
};

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
