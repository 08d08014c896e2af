// xent/thread_pool.hpp

#include <xent/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <new>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/executors.hpp"

using Eigen::Index;

TEST_CASE("thread_pool_executor does what executors must") {
  for (const int threads : {1, 2, 3, 4}) {
    DYNAMIC_SECTION(threads << " threads") {
      Eigen::ThreadPool pool(threads);
      support::check_executor(xent::thread_pool_executor(pool));
    }
    DYNAMIC_SECTION("its own pool of " << threads) { support::check_executor(xent::thread_pool_executor(threads)); }
  }
  SECTION("its own pool, a thread for each core") { support::check_executor(xent::thread_pool_executor()); }
}

TEST_CASE("thread_pool_executor uses as many threads as the pool has, the caller among them") {
  for (const int threads : {1, 2, 3}) {
    Eigen::ThreadPool pool(threads);
    CHECK(support::threads_that_meet(xent::thread_pool_executor(pool), threads) == threads);
    CHECK(support::threads_that_meet(xent::thread_pool_executor(threads), threads) == threads);
  }
}

TEST_CASE("thread_pool_executor does not wait for threads that are busy elsewhere") {
  std::promise<void> end;
  const std::shared_future<void> ended = end.get_future().share();
  Eigen::ThreadPool pool(2);
  for (int task = 0; task < 2; ++task) pool.Schedule([ended] { ended.wait(); });
  support::check_covers(xent::thread_pool_executor(pool), 1000);
  end.set_value();  // the helper begins now, after the call that asked for it
}

TEST_CASE("thread_pool_executor from all tasks of its own pool at once") {
  Eigen::ThreadPool pool(2);
  const xent::Executor executor = xent::thread_pool_executor(pool);
  std::atomic<long> visits{0};
  Eigen::Barrier done(8);
  for (int task = 0; task < 8; ++task) {
    pool.Schedule([&] {
      executor(1000, [&](Index first, Index last) { visits += static_cast<long>(last - first); });
      done.Notify();
    });
  }
  done.Wait();
  CHECK(visits == 8000);
}

TEST_CASE("thread_pool_executor after the pool was cancelled") {
  Eigen::ThreadPool pool(2);
  pool.Cancel();
  support::check_covers(xent::thread_pool_executor(pool), 1000);
}

TEST_CASE("copies of an executor share its own pool") {
  xent::Executor copy;
  {
    const xent::Executor executor = xent::thread_pool_executor(3);
    copy = executor;
  }
  CHECK(support::threads_that_meet(copy, 3) == 3);
}

namespace {

// Two helpers fit in its memory.
class FullPool final : public Eigen::ThreadPoolInterface {
 public:
  ~FullPool() override {
    for (std::thread& thread : threads_) thread.join();
  }
  void Schedule(std::function<void()> task) override {
    if (threads_.size() == 2) throw std::bad_alloc();
    threads_.emplace_back(std::move(task));
  }
  int NumThreads() const override { return 4; }
  int CurrentThreadId() const override { return -1; }

 private:
  std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE("thread_pool_executor: a pool that takes no more tasks") {
  FullPool pool;
  std::atomic<int> running{0};
  CHECK_THROWS_AS(xent::thread_pool_executor(pool)(1000,
                                                   [&](Index, Index) {
                                                     ++running;
                                                     std::this_thread::sleep_for(std::chrono::milliseconds(1));
                                                     --running;
                                                   }),
                  std::bad_alloc);
  CHECK(running == 0);  // nobody is still in the body
}

TEST_CASE("the executor that docs/executors.md writes") {
  const xent::Executor executor = [](Index count, const std::function<void(Index, Index)>& body) {
    const Index middle = count / 2;
    auto second = std::async(std::launch::async, body, middle, count);
    body(0, middle);
    second.get();  // rethrows
  };
  support::check_same_bits<float>(executor);
  CHECK_THROWS_WITH(executor(2, [](Index first, Index) { throw std::logic_error(first == 0 ? "first" : "second"); }),
                    "first");
  CHECK_THROWS_WITH(executor(2,
                             [](Index first, Index) {
                               if (first == 1) throw std::logic_error("second");
                             }),
                    "second");
}

TEST_CASE("thread_pool_executor begins nothing after an exception") {
  support::check_stops(xent::thread_pool_executor(1));
}

TEST_CASE("thread_pool_executor: wrong arguments") {
  CHECK_THROWS_AS(xent::thread_pool_executor(-1), std::invalid_argument);
  CHECK_THROWS_WITH(xent::thread_pool_executor(-1),
                    "xent::thread_pool_executor: threads: got -1, expected a number >= 0");
}
