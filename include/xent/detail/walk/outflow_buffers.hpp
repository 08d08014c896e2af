#ifndef XENT_DETAIL_WALK_OUTFLOW_BUFFERS_HPP
#define XENT_DETAIL_WALK_OUTFLOW_BUFFERS_HPP

/// Results on their way past the caches: while one buffer fills, the other one flows out.

#include <xent/config.hpp>
#include <xent/detail/walk/caches.hpp>
#include <xent/simd/kernels/rows.hpp>
#include <xent/simd/processor.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Real>
class OutflowBuffers {
 public:
  /// For so many coefficients at a time. Beyond `size`, memory is allocated.
  OutflowBuffers(simd::Traffic<Real>& traffic, Index coefficients)
      : traffic_(traffic), step_((std::max)(coefficients, size) + 2 * line) {
    if (coefficients > size) heap_.resize(static_cast<std::size_t>(2 * step_ + line));
  }
  OutflowBuffers(const OutflowBuffers&) = delete;
  OutflowBuffers& operator=(const OutflowBuffers&) = delete;

  /// Coefficients of a buffer: without memory of its own, and at most.
  static constexpr Index size = Caches<Real>::first_level;
  static constexpr Index most = Caches<Real>::shared_second_level;

  /// The buffer to fill, aligned like `like` to lines of a cache: then whole lines go from one to the other.
  Real* buffer(const Real* like) {
    Real* const memory = heap_.empty() ? stack_.data() : heap_.data() + ((line - past_line(heap_.data())) & (line - 1));
    buffer_ = memory + (second_ ? step_ : 0) + line + past_line(like);
    return buffer_;
  }

  /// Sends the first coefficients of the buffer to `target`: whole lines, of which the last one waits to be completed
  /// by what comes next. (Stores into parts of lines, which come to the cache for that, hold up all that follow: 0.2 ns
  /// a logit with 10 classes.)
  void send(Index coefficients, Real* target) {
    simd::RowKernels<Real>::finish(&traffic_);
    if (target != end_) leave_waiting();
    Index begin = -waiting_;
    if (waiting_ == 0) {
      begin = (std::min)(coefficients, (line - past_line(target)) & (line - 1));
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
    simd::RowKernels<Real>::finish(&traffic_);
    leave_waiting();
    simd::fence();
  }

 private:
  static constexpr Index line = Caches<Real>::line;

  static Index past_line(const Real* p) {
    return static_cast<Index>(reinterpret_cast<std::uintptr_t>(p) / sizeof(Real)) & (line - 1);
  }

  /// As bytes: what is sent may be pairs of 16-bit numbers.
  static void copy(const Real* from, Index coefficients, Real* to) {
    if (coefficients != 0) std::memcpy(to, from, static_cast<std::size_t>(coefficients) * sizeof(Real));
  }

  void leave_waiting() {
    copy(waiting_line_.data(), waiting_, end_ - waiting_);
    waiting_ = 0;
  }

  simd::Traffic<Real>& traffic_;
  Index step_;
  std::vector<Real> heap_{};
  bool second_ = false;
  Real* buffer_ = nullptr;
  Real* end_ = nullptr;  // of what was sent last
  Index waiting_ = 0;
  std::array<Real, static_cast<std::size_t>(line)> waiting_line_{};
  // Each buffer has room for a line that waits, and to be aligned.
  alignas(64) std::array<Real, static_cast<std::size_t>(2 * (size + 2 * line))> stack_;  // NOLINT: written first
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
