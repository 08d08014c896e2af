// softmax_cross_entropy of Eigen::AutoDiffScalar logits: the analytic gradient of xent/autodiff.hpp against the plain
// template, turn by turn in the same run.

#include <xent/autodiff.hpp>

#include <benchmark/benchmark.h>

#include <unsupported/Eigen/AutoDiff>

#include <chrono>
#include <cmath>
#include <vector>

#include "support/against_memcpy.hpp"

namespace {

using Dual = Eigen::AutoDiffScalar<Eigen::Matrix<double, 8, 1>>;
using Logits = Eigen::Matrix<Dual, Eigen::Dynamic, Eigen::Dynamic>;

Dual plain(const Logits& z, const std::vector<int>& labels) {
  return xent::detail::softmax_cross_entropy_into(z, labels, xent::none, {}, nullptr);
}

void autodiff(benchmark::State& state) {
  Logits z(state.range(0), state.range(1));
  std::vector<int> labels;
  for (Eigen::Index i = 0; i < z.cols(); ++i) {
    labels.push_back(static_cast<int>(i * 7 % z.rows()));
    for (Eigen::Index k = 0; k < z.rows(); ++k) {
      z(k, i).value() = std::sin(static_cast<double>(k + 3 * i));
      for (int d = 0; d < 8; ++d) z(k, i).derivatives()[d] = std::cos(static_cast<double>(k * (d + 1) + i));
    }
  }
  const Dual expected = plain(z, labels), result = xent::softmax_cross_entropy(z, labels);
  if (!(std::abs(result.value() - expected.value()) < 1e-12) ||
      !((result.derivatives() - expected.derivatives()).cwiseAbs().maxCoeff() < 1e-12))
    return state.SkipWithError("wrong loss");
  using Clock = std::chrono::steady_clock;
  std::vector<double> own;
  std::vector<double> others;
  for ([[maybe_unused]] auto turn : state) {
    const auto start = Clock::now();
    benchmark::DoNotOptimize(plain(z, labels));
    const auto middle = Clock::now();
    benchmark::DoNotOptimize(xent::softmax_cross_entropy(z, labels));
    own.push_back(std::chrono::duration<double>(Clock::now() - middle).count());
    others.push_back(std::chrono::duration<double>(middle - start).count());
    state.SetIterationTime(own.back());
  }
  state.counters["times_as_fast"] = bench::median(others) / bench::median(own);
}

BENCHMARK(autodiff)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond)
    ->ArgNames({"classes", "batch"})
    ->Args({1000, 1})
    ->Args({1000, 64})
    ->Args({10, 1000});

}  // namespace

BENCHMARK_MAIN();
