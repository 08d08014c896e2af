// linear_cross_entropy against the three matrix products that no such loss can do without, on logits that are stored
// whole: time, their ratio turn by turn in the same run, and the peak of the heap beyond arguments and outputs. A run
// with another number of threads: OMP_NUM_THREADS, in a build with -fopenmp.

#include "../tests/support/peak_memory.hpp"

#include <xent/linear_cross_entropy.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "support/against_memcpy.hpp"

namespace {

using Eigen::Index;
using Matrix = Eigen::MatrixXf;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Shape {
  Index dim, classes, batch;
  std::size_t budget;  // MiB
};

template <class WeightMatrix>
struct Problem {
  WeightMatrix weights, d_weights;
  Matrix features, d_features;
  Eigen::VectorXf bias, d_bias;
  Eigen::VectorXi labels;

  explicit Problem(const Shape& shape)
      : weights(shape.classes, shape.dim),
        d_weights(WeightMatrix::Zero(shape.classes, shape.dim)),
        features(shape.dim, shape.batch),
        d_features(Matrix::Zero(shape.dim, shape.batch)),
        bias(shape.classes),
        d_bias(Eigen::VectorXf::Zero(shape.classes)),
        labels(shape.batch) {
    std::uint32_t bits = 1;
    const auto fill = [&](float* first, Index size, float bound) {
      for (Index i = 0; i < size; ++i) {
        bits = bits * 1664525U + 1013904223U;
        first[i] = bound * (static_cast<float>(bits >> 8U) * 0x1p-23F - 1);
      }
    };
    // Logits of a few units.
    fill(weights.data(), weights.size(), 6 / std::sqrt(static_cast<float>(shape.dim)));
    fill(features.data(), features.size(), 1);
    fill(bias.data(), bias.size(), 1);
    for (Index i = 0; i < labels.size(); ++i) labels[i] = static_cast<int>(i * 7919 % shape.classes);
  }
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

enum class Wanted { loss, gradients, gradients_of_rows };

template <class WeightMatrix>
void measure(benchmark::State& state, const Shape& shape, Wanted wanted) {
  Problem<WeightMatrix> p(shape);
  Matrix logits = Matrix::Zero(shape.classes, shape.batch);
  xent::LinearCrossEntropyOptions<float> options;
  options.workspace_bytes = shape.budget << 20U;
  Matrix features_of_rows, d_features_of_rows;
  if (wanted == Wanted::gradients_of_rows) {
    options.loss.axis = xent::Axis::rows;
    features_of_rows = p.features.transpose();
    d_features_of_rows = p.d_features.transpose();
  }
  const auto products = [&] {
    logits.noalias() = p.weights * p.features;
    if (wanted == Wanted::loss) return;
    p.d_features.noalias() = p.weights.transpose() * logits;
    p.d_weights.noalias() = logits * p.features.transpose();
  };
  const auto ours = [&] {
    if (wanted == Wanted::loss) return xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, options);
    if (wanted == Wanted::gradients_of_rows)
      return xent::linear_cross_entropy(p.weights, features_of_rows, p.bias, p.labels, p.d_weights, d_features_of_rows,
                                        p.d_bias, options);
    return xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, p.d_weights, p.d_features, p.d_bias,
                                      options);
  };

  products();
  logits.colwise() += p.bias;
  const float expected = xent::softmax_cross_entropy(logits, p.labels);
  float loss = 0;
  const std::ptrdiff_t peak = support::peak_of([&] { loss = ours(); });
  if (!(std::abs(loss - expected) <= 1e-5F * expected)) return state.SkipWithError("wrong loss");

  std::vector<double> of_products, of_ours, ratios;
  for ([[maybe_unused]] auto turn : state) {
    auto start = std::chrono::steady_clock::now();
    products();
    benchmark::ClobberMemory();
    of_products.push_back(seconds_since(start));
    start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(ours());
    benchmark::ClobberMemory();
    of_ours.push_back(seconds_since(start));
    ratios.push_back(of_ours.back() / of_products.back());
    state.SetIterationTime(of_ours.back());
  }
  const double flops = (wanted == Wanted::loss ? 2e-9 : 6e-9) * static_cast<double>(shape.dim) *
                       static_cast<double>(shape.classes) * static_cast<double>(shape.batch);
  state.counters["GFLOP/s"] = flops / bench::median(of_ours);
  state.counters["products_ms"] = 1e3 * bench::median(of_products);
  state.counters["x_products"] = bench::median(of_ours) / bench::median(of_products);
  state.counters["x_turn"] = bench::median(ratios);
  if (support::counts_heap) state.counters["extra_MiB"] = static_cast<double>(peak) * 0x1p-20;
}

template <class WeightMatrix>
void add(const std::string& order, const Shape& shape) {
  const std::string where = "/" + std::to_string(shape.dim) + "x" + std::to_string(shape.classes) + "x" +
                            std::to_string(shape.batch) + "/" + std::to_string(shape.budget) + "MiB/" + order;
  const auto form = [&](const std::string& name, Wanted wanted) {
    benchmark::RegisterBenchmark((name + where).c_str(),
                                 [=](benchmark::State& state) { measure<WeightMatrix>(state, shape, wanted); })
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
  };
  form("gradients", Wanted::gradients);
  form("gradients_of_rows", Wanted::gradients_of_rows);
  form("loss", Wanted::loss);
}

}  // namespace

int main(int argc, char** argv) {
  for (const Shape& shape : {Shape{768, 32000, 2048, 32}, Shape{256, 32768, 1024, 32}, Shape{64, 4096, 4096, 32},
                             Shape{512, 131072, 1024, 64}, Shape{256, 32768, 1024, 2}}) {
    add<Matrix>("column_major", shape);
    add<RowMajor>("row_major", shape);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
