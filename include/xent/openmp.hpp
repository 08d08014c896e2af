#ifndef XENT_OPENMP_HPP
#define XENT_OPENMP_HPP

/// An executor from the threads of OpenMP. Opt-in: xent.hpp does not include this header, and who includes it compiles
/// with OpenMP (-fopenmp; in CMake OpenMP::OpenMP_CXX).

#include <xent/config.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/detail/core/shared_ranges.hpp>
#include <xent/types.hpp>

#include <Eigen/Core>

#include <functional>

#ifndef _OPENMP
#error "xent/openmp.hpp: compile with OpenMP (-fopenmp): without it all work would stay on one thread"
#endif

#include <omp.h>

XENT_NAMESPACE_BEGIN

/// An executor that opens one parallel region a call.
///
///     xent::softmax_cross_entropy(logits, labels, gradient, {.executor = xent::openmp_executor()});
///
/// @param threads  how many; 0 asks OpenMP at each call, which knows OMP_NUM_THREADS and omp_set_num_threads
/// @throws std::invalid_argument for threads < 0
///
/// Within a parallel region OpenMP runs a further one on the calling thread alone, unless it is told otherwise
/// (OMP_MAX_ACTIVE_LEVELS): the result is the same.
inline Executor openmp_executor(int threads = 0) {
  if (threads < 0) detail::throw_invalid("openmp_executor", "threads", detail::text(threads), "a number >= 0");
  return [threads](Eigen::Index count, const std::function<void(Eigen::Index first, Eigen::Index last)>& body) {
    const int most = threads > 0 ? threads : omp_get_max_threads();
    detail::SharedRanges ranges(count, most, body);
#pragma omp parallel num_threads(most) default(none) shared(ranges)
    ranges.work();  // lets no exception out: OpenMP would end the program
    ranges.rethrow();
  };
}

XENT_NAMESPACE_END

#endif
