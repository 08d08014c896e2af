#ifndef XENT_BENCH_AGAINST_MEMCPY_HPP
#define XENT_BENCH_AGAINST_MEMCPY_HPP

/// Times a body against std::memcpy of the same bytes, turn by turn in the same run: on a machine whose speed drifts,
/// only their ratio means something.

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <vector>

#include "median.hpp"

namespace bench {

/// Runs `body` and `copy` in turn and reports the median of the body's time a coefficient, the bytes that a copy would
/// read and write in its time, and the ratio of the medians.
template <class Copy, class Body>
void against_memcpy(benchmark::State& state, std::size_t coefficients, std::size_t coefficient_bytes, Copy copy,
                    Body body) {
  using Clock = std::chrono::steady_clock;
  const auto seconds = [](auto from, auto to) { return std::chrono::duration<double>(to - from).count(); };
  std::vector<double> own;
  std::vector<double> copied;
  for ([[maybe_unused]] auto turn : state) {
    const auto start = Clock::now();
    copy();
    benchmark::ClobberMemory();
    const auto middle = Clock::now();
    body();
    benchmark::ClobberMemory();
    const auto end = Clock::now();
    copied.push_back(seconds(start, middle));
    own.push_back(seconds(middle, end));
    state.SetIterationTime(own.back());
  }
  const double time = median(own);
  const auto count = static_cast<double>(coefficients);
  state.counters["ns/logit"] = 1e9 * time / count;
  state.counters["GB/s"] = 2e-9 * count * static_cast<double>(coefficient_bytes) / time;
  state.counters["x_memcpy"] = time / median(copied);
}

}  // namespace bench

#endif
