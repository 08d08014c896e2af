#ifndef XENT_BENCH_OVER_CLASSES_HPP
#define XENT_BENCH_OVER_CLASSES_HPP

/// Benchmarks of functions of a matrix classes x samples: from 2 to 2^20 classes, 64 MB and a working set of a
/// second-level cache.

#include <benchmark/benchmark.h>

#include <Eigen/Core>

#include <algorithm>
#include <string>
#include <utility>

#include "fill_uniform.hpp"

namespace bench {

/// How many samples of so many classes are `bytes`, at least one.
template <class Scalar>
Eigen::Index samples_in(Eigen::Index bytes, Eigen::Index classes) {
  return std::max<Eigen::Index>(1, bytes / static_cast<Eigen::Index>(sizeof(Scalar)) / classes);
}

/// Registers measure(state, bytes of a matrix); state.range(0) is the number of classes.
template <class Scalar, class Measure>
void over_classes(const std::string& name, const Measure& measure) {
  using Eigen::Index;
  constexpr Index in_memory = Index{64} << 20U;
  constexpr Index in_cache = Index{512} << 10U;
  for (const auto& [place, bytes] : {std::pair{"/64MB", in_memory}, std::pair{"/L2", in_cache}}) {
    auto* const made = benchmark::RegisterBenchmark(
        (name + place).c_str(), [measure, bytes = bytes](benchmark::State& state) { measure(state, bytes); });
    made->UseManualTime()->Unit(benchmark::kMicrosecond)->ArgName("classes");
    for (const Index classes : {2, 10, 32, 128, 1000, 1024, 8192, 32768, 131072, 1 << 20})
      if (classes * static_cast<Index>(sizeof(Scalar)) <= bytes) made->Arg(classes);
  }
}

/// The rest of main.
inline int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace bench

#endif
