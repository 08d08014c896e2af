#ifndef XENT_DETAIL_CORE_SHARED_RANGES_HPP
#define XENT_DETAIL_CORE_SHARED_RANGES_HPP

/// The part of an executor that does not depend on where its threads come from: who is free takes the next range.

#include <xent/config.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <utility>

XENT_NAMESPACE_BEGIN
namespace detail {

/// [0, count), handed out from the front in short ranges to all threads that call `work`. When each of them has
/// returned, all is done or a body has thrown.
///
/// The exception that is kept is that of the lowest range, the one that a loop over [0, count) would have thrown:
/// ranges are taken in ascending order, so that all below one that throws have begun, and what has begun runs to its
/// end. (tests/support/executors.hpp: "the exception of the lowest index".)
class SharedRanges {
 public:
  using Body = std::function<void(Eigen::Index first, Eigen::Index last)>;

  SharedRanges(Eigen::Index count, Eigen::Index threads, const Body& body)
      : count_(count), size_((std::max<Eigen::Index>)(1, count / (ranges_a_thread * threads))), body_(body) {}

  /// Takes ranges until none is left.
  void work() noexcept {
    for (;;) {
      const Eigen::Index first = next_.fetch_add(size_, std::memory_order_relaxed);
      if (first >= count_) return;
#if XENT_HAS_EXCEPTIONS
      try {
        body_(first, (std::min)(count_, first + size_));
      } catch (...) {
        keep_exception_of(first);
      }
#else
      body_(first, (std::min)(count_, first + size_));
#endif
    }
  }

  /// After all threads have left `work`. Keeps nothing: an exception belongs to who catches it.
  void rethrow() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  // Evens out threads of different speed: the last range is 1/16 of a thread's share.
  static constexpr Eigen::Index ranges_a_thread = 16;

#if XENT_HAS_EXCEPTIONS
  void keep_exception_of(Eigen::Index first) {
    next_.store(count_, std::memory_order_relaxed);  // the rest need not begin
    const std::lock_guard<std::mutex> lock(mutex_);
    if (error_ && error_at_ < first) return;
    error_ = std::current_exception();
    error_at_ = first;
  }
#endif

  const Eigen::Index count_;
  const Eigen::Index size_;
  const Body& body_;
  std::atomic<Eigen::Index> next_{0};
  std::mutex mutex_;
  std::exception_ptr error_;
  Eigen::Index error_at_ = 0;
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
