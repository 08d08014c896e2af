#ifndef XENT_TESTS_EXECUTORS_HPP
#define XENT_TESTS_EXECUTORS_HPP

/// What every executor must do, whoever brings its threads.

#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>
#include <xent/types.hpp>

#include <Eigen/Core>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "matrices.hpp"
#include "random.hpp"

namespace support {

using Eigen::Index;

/// Each index of [0, count) exactly once, in ranges that are not empty; all of it done when the executor returns.
inline void check_covers(const xent::Executor& executor, Index count) {
  CAPTURE(count);
  std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
  std::atomic<int> wrong{0};
  executor(count, [&](Index first, Index last) {
    if (!(0 <= first && first < last && last <= count)) {
      ++wrong;
      return;
    }
    for (Index i = first; i < last; ++i) ++visits[static_cast<std::size_t>(i)];
  });
  CHECK(wrong == 0);
  long once = 0;
  for (const std::atomic<int>& visit : visits) once += visit == 1;
  CHECK(once == count);
}

/// How many threads meet in one call: its ranges wait for `threads` of them, ten seconds at most.
inline int threads_that_meet(const xent::Executor& executor, int threads) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  executor(1000, [&](Index, Index) {
    for (bool all = false; !all && Clock::now() < deadline; std::this_thread::yield()) {
      const std::lock_guard<std::mutex> lock(mutex);
      seen.insert(std::this_thread::get_id());
      all = static_cast<int>(seen.size()) >= threads;
    }
  });
  return static_cast<int>(seen.size());
}

/// Every index from 300 on throws its own name. That of 300 arrives, the one that a loop would have thrown, whether it
/// is thrown after those that other threads have met by then or before them. The executor can be used again.
inline void check_exceptions(const xent::Executor& executor) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> running{0};
    const auto body = [&](Index first, Index last) {
      ++running;
      std::this_thread::sleep_for(std::chrono::microseconds(50));  // so that all threads come to have a range
      for (Index i = first; i < last; ++i) {
        if (i < 300) continue;
        if ((i == 300) == (round % 2 == 0)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        --running;
        throw std::out_of_range("index " + std::to_string(i));
      }
      --running;
    };
    CHECK_THROWS_WITH(executor(1000, body), "index 300");
    CHECK(running == 0);  // nobody is still in the body
    CHECK_THROWS_AS(executor(1000, body), std::out_of_range);
    CHECK_THROWS_AS(executor(1, [](Index, Index) { throw 7; }), int);
  }
  check_covers(executor, 1000);
}

/// After an exception what has not begun does not begin. Of one thread: with more, the others may be ahead.
inline void check_stops(const xent::Executor& one_thread) {
  int calls = 0;
  const auto body = [&calls](Index, Index) {
    ++calls;
    throw std::logic_error("first");
  };
  CHECK_THROWS_WITH(one_thread(1000, body), "first");
  CHECK(calls == 1);
}

/// A body may use the executor that runs it.
inline void check_nested(const xent::Executor& executor) {
  std::atomic<long> visits{0};
  executor(20, [&](Index first, Index last) {
    for (Index i = first; i < last; ++i) {
      executor(30, [&](Index from, Index to) {
        executor(to - from, [&](Index a, Index b) { visits += static_cast<long>(b - a); });
      });
    }
  });
  CHECK(visits == 600);
  CHECK_THROWS_WITH(
      executor(20, [&](Index, Index) { executor(3, [](Index, Index) { throw std::logic_error("inner"); }); }), "inner");
}

/// The bits of the calling thread: loss, gradient, report and softmax, over shapes of many blocks and of one.
template <class Real>
void check_same_bits(const xent::Executor& executor) {
  struct Shape {
    Index classes;
    Index samples;
  };
  for (const Shape shape : {Shape{1000, 300}, Shape{7, 40000}, Shape{100000, 5}, Shape{3, 4}}) {
    CAPTURE(shape.classes, shape.samples);
    Random random(11);
    Matrix<Real> z(shape.classes, shape.samples);
    for (Real& x : z.reshaped()) x = static_cast<Real>(random.uniform(-20, 20));
    Eigen::VectorXi labels(shape.samples);
    for (int& label : labels) label = random.integer(static_cast<int>(shape.classes));

    Matrix<Real> gradient[2];
    xent::CrossEntropyReport<Real> report[2];
    xent::CrossEntropyOptions<Real> options;
    options.label_smoothing = Real(0.1);
    const Real alone = xent::softmax_cross_entropy(z, labels, gradient[0], options, &report[0]);
    options.executor = executor;
    const Real together = xent::softmax_cross_entropy(z, labels, gradient[1], options, &report[1]);
    CHECK(same_number(alone, together));
    CHECK(same(gradient[0], gradient[1]));
    CHECK(same(report[0].sample_loss, report[1].sample_loss));
    CHECK(report[0].correct == report[1].correct);

    CHECK(same(xent::softmax(z), xent::softmax(z, {xent::Axis::columns, Real(1), executor})));
  }
}

inline void check_executor(const xent::Executor& executor) {
  SECTION("covers [0, count)") {
    for (const Index count : {0, 1, 2, 3, 15, 16, 17, 63, 64, 1000, 100003}) check_covers(executor, count);
  }
  SECTION("the exception of the lowest index") { check_exceptions(executor); }
  SECTION("nested calls") { check_nested(executor); }
  SECTION("calls from several threads at once") {
    std::vector<std::thread> callers;
    std::atomic<long> visits{0};
    for (int caller = 0; caller < 3; ++caller) {
      callers.emplace_back([&] {
        for (int round = 0; round < 50; ++round)
          executor(100, [&](Index first, Index last) { visits += static_cast<long>(last - first); });
      });
    }
    for (std::thread& caller : callers) caller.join();
    CHECK(visits == 15000);
  }
  SECTION("the same bits") {
    check_same_bits<float>(executor);
    check_same_bits<double>(executor);
  }
}

}  // namespace support

#endif
