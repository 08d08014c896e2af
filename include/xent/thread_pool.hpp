#ifndef XENT_THREAD_POOL_HPP
#define XENT_THREAD_POOL_HPP

/// An executor from an Eigen::ThreadPool, the pool of Eigen's tensors. Opt-in: xent.hpp does not include this header,
/// and who includes it links the threads of the system (-pthread; in CMake Threads::Threads).

#include <xent/config.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/detail/core/shared_ranges.hpp>
#include <xent/types.hpp>

#include <Eigen/Core>

#if __has_include(<Eigen/ThreadPool>)
#include <Eigen/ThreadPool>
#else  // Eigen 3.4
#include <unsupported/Eigen/CXX11/ThreadPool>
#endif

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

XENT_NAMESPACE_BEGIN

/// An executor that works on the calling thread and on all threads of `pool` but one, so that a pool of as many threads
/// as the machine has cores does not get one thread too many.
///
///     Eigen::ThreadPool pool(4);
///     xent::softmax_cross_entropy(logits, labels, gradient, {.executor = xent::thread_pool_executor(pool)});
///
/// It waits for no thread that has not begun: a pool that is busy with other things costs speed, nothing else, and a
/// task of the pool may use the executor of that very pool. The pool must live as long as the executor and its copies.
inline Executor thread_pool_executor(Eigen::ThreadPoolInterface& pool);

/// The same from a pool of its own, which all copies of the executor share. The last copy must not be destroyed by a
/// task of that pool: a pool joins its threads.
///
/// @param threads  how many; 0: one for each core
/// @throws std::invalid_argument for threads < 0; std::system_error when the system has no more threads
inline Executor thread_pool_executor(int threads = 0);

namespace detail {

/// What the caller and its helpers in the pool share.
class PoolJob {
 public:
  PoolJob(Eigen::Index count, Eigen::Index threads, const SharedRanges::Body& body) : ranges_(count, threads, body) {}

  /// A task of the pool. One that begins after `finish` finds no range left and does not touch the body, which is gone.
  void help() {
    count_helper(1);
    ranges_.work();
    count_helper(-1);
  }

  /// The caller's part: works until no range is left, waits for the helpers that have begun.
  void finish() {
    ranges_.work();
    std::unique_lock<std::mutex> lock(mutex_);
    idle_.wait(lock, [this] { return helpers_ == 0; });
  }

  void rethrow() { ranges_.rethrow(); }

 private:
  void count_helper(int change) {
    const std::lock_guard<std::mutex> lock(mutex_);
    helpers_ += change;
    if (helpers_ == 0) idle_.notify_one();
  }

  SharedRanges ranges_;
  std::mutex mutex_;
  std::condition_variable idle_;
  int helpers_ = 0;
};

inline void run_on(Eigen::ThreadPoolInterface& pool, Eigen::Index count, const SharedRanges::Body& body) {
  const Eigen::Index threads = pool.NumThreads();
  const auto job =
      std::make_shared<PoolJob>(count, threads, body);  // shared: a task may begin after this function's end
  {
    struct Finish {  // even if there is no memory for a task: those that were scheduled may have begun
      PoolJob& job;
      ~Finish() { job.finish(); }
    } const finish{*job};
    for (Eigen::Index helper = 1; helper < (std::min)(threads, count); ++helper) pool.Schedule([job] { job->help(); });
  }
  job->rethrow();
}

}  // namespace detail

inline Executor thread_pool_executor(Eigen::ThreadPoolInterface& pool) {
  return [&pool](Eigen::Index count, const std::function<void(Eigen::Index first, Eigen::Index last)>& body) {
    detail::run_on(pool, count, body);
  };
}

inline Executor thread_pool_executor(int threads) {
  if (threads < 0) detail::throw_invalid("thread_pool_executor", "threads", detail::text(threads), "a number >= 0");
  const int cores = (std::max)(1, static_cast<int>(std::thread::hardware_concurrency()));  // 0 when it is not known
  const auto pool = std::make_shared<Eigen::ThreadPool>(threads > 0 ? threads : cores);
  return [pool](Eigen::Index count, const std::function<void(Eigen::Index first, Eigen::Index last)>& body) {
    detail::run_on(*pool, count, body);
  };
}

XENT_NAMESPACE_END

#endif
