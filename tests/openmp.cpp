// xent/openmp.hpp

#include <xent/openmp.hpp>

#include <omp.h>

#include <stdexcept>

#include "support/catch.hpp"
#include "support/executors.hpp"

TEST_CASE("openmp_executor does what executors must") {
  for (const int threads : {1, 2, 3, 4}) {
    DYNAMIC_SECTION(threads << " threads") { support::check_executor(xent::openmp_executor(threads)); }
  }
  SECTION("as many threads as OpenMP has") { support::check_executor(xent::openmp_executor()); }
}

TEST_CASE("openmp_executor uses the threads that it is given") {
  CHECK(support::threads_that_meet(xent::openmp_executor(3), 3) == 3);
  CHECK(support::threads_that_meet(xent::openmp_executor(1), 1) == 1);

  const xent::Executor executor = xent::openmp_executor();  // asks at each call
  const int before = omp_get_max_threads();
  omp_set_num_threads(2);
  CHECK(support::threads_that_meet(executor, 2) == 2);
  omp_set_num_threads(3);
  CHECK(support::threads_that_meet(executor, 3) == 3);
  omp_set_num_threads(before);
}

TEST_CASE("openmp_executor within a parallel region") {
  for (const int levels : {1, 2}) {
    omp_set_max_active_levels(levels);
    const xent::Executor executor = xent::openmp_executor(2);
    std::atomic<long> visits{0};
#pragma omp parallel num_threads(2)
    executor(1000, [&](Eigen::Index first, Eigen::Index last) { visits += static_cast<long>(last - first); });
    CHECK(visits == 2000);
  }
  omp_set_max_active_levels(1);
}

TEST_CASE("openmp_executor begins nothing after an exception") { support::check_stops(xent::openmp_executor(1)); }

TEST_CASE("openmp_executor: wrong arguments") {
  CHECK_THROWS_AS(xent::openmp_executor(-1), std::invalid_argument);
  CHECK_THROWS_WITH(xent::openmp_executor(-1), "xent::openmp_executor: threads: got -1, expected a number >= 0");
}
