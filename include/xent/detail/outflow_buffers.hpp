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

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace detail {

template <class Real>
class OutflowBuffers {
 public:
  OutflowBuffers(const simd::Kernels<Real>& kernels, simd::Traffic<Real>& traffic)
      : kernels_(kernels), traffic_(traffic) {}
  OutflowBuffers(const OutflowBuffers&) = delete;
  OutflowBuffers& operator=(const OutflowBuffers&) = delete;

  /// Coefficients of a buffer: two of them stay in a first-level cache.
  static constexpr Eigen::Index size = 16384 / static_cast<Eigen::Index>(sizeof(Real));

  /// The buffer to fill, aligned like `like` to lines of a cache: then whole lines go from one to the other.
  Real* buffer(const Real* like) {
    buffer_ = stack_.data() + (second_ ? size + line : 0) + past_line(like);
    return buffer_;
  }

  /// Sends the first coefficients of the buffer to `target`.
  void send(Eigen::Index coefficients, Real* target) {
    kernels_.finish(&traffic_);
    const Eigen::Index head = std::min(coefficients, (line - past_line(target)) & (line - 1));
    std::copy(buffer_, buffer_ + head, target);
    traffic_.from = buffer_ + head;
    traffic_.to = target + head;
    traffic_.left = coefficients - head;
    second_ = !second_;
  }

  void finish() {
    kernels_.finish(&traffic_);
    simd::fence();
  }

 private:
  static constexpr Eigen::Index line = 64 / static_cast<Eigen::Index>(sizeof(Real));

  static Eigen::Index past_line(const Real* p) {
    return static_cast<Eigen::Index>(reinterpret_cast<std::uintptr_t>(p) / sizeof(Real)) & (line - 1);
  }

  const simd::Kernels<Real>& kernels_;
  simd::Traffic<Real>& traffic_;
  bool second_ = false;
  Real* buffer_ = nullptr;
  alignas(
      64) std::array<Real, static_cast<std::size_t>(2 * (size + line))> stack_;  // NOLINT: written before it is read
};

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
