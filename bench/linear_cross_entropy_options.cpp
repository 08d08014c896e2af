// linear_cross_entropy under each option, and of other scalars, over the plain call: turn by turn in the same run, loss
// and three gradients.

#include <xent/linear_cross_entropy.hpp>
#include <xent/thread_pool.hpp>

#include <benchmark/benchmark.h>
#include <Eigen/SparseCore>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "support/median.hpp"

namespace {

using Eigen::Index;
template <class Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
using Options = xent::LinearCrossEntropyOptions<float>;
using Run = std::function<void()>;

constexpr Index dim = 256;
constexpr Index classes = 32768;
constexpr Index batch = 512;

/// Weights, features and their gradients.
template <class Scalar, class DWeight>
struct Problem {
  Matrix<Scalar> weights = Matrix<Scalar>::Random(classes, dim) * Scalar(6 / std::sqrt(static_cast<float>(dim)));
  Matrix<Scalar> features = Matrix<Scalar>::Random(dim, batch);
  Matrix<DWeight> d_weights{classes, dim};
  Matrix<Scalar> d_features{dim, batch};
};

struct Case {
  Problem<float, float> numbers{};
  Eigen::VectorXf bias = Eigen::VectorXf::Random(classes);
  Eigen::VectorXf d_bias{classes};
  std::vector<int> labels = std::vector<int>(static_cast<std::size_t>(batch));
  xent::LinearWorkspace<float> workspace{};

  Case() {
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int>(i * 7919 % classes / 3 * 3 + 1);
  }

  template <class Targets>
  Run run(const Options& options, const Targets& targets, const Eigen::VectorXf& b) {
    return [this, options, targets, b] {
      auto& n = numbers;
      xent::linear_cross_entropy(n.weights, n.features, b, targets, n.d_weights, n.d_features, d_bias, options);
    };
  }
  Run run(const Options& options) { return run(options, labels, bias); }
  template <class Scalar, class DWeight>
  Run run_of_scalar(std::size_t bytes) {
    using Real = xent::RealOf<Scalar>;
    return [=, p = std::make_shared<Problem<Scalar, DWeight>>()] {
      xent::LinearCrossEntropyOptions<Real> options;
      options.workspace_bytes = bytes;
      Eigen::Matrix<Real, Eigen::Dynamic, 1> d_b(classes);
      xent::linear_cross_entropy(p->weights, p->features, bias, labels, p->d_weights, p->d_features, d_b, options);
    };
  }
};

double seconds_of(const Run& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  benchmark::ClobberMemory();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void measure(benchmark::State& state, const Run& plain, const Run& other) {
  std::vector<double> of_plain, of_other;
  plain();
  other();
  for ([[maybe_unused]] auto turn : state) {
    of_plain.push_back(seconds_of(plain));
    of_other.push_back(seconds_of(other));
    state.SetIterationTime(of_other.back());
  }
  state.counters["x_plain"] = bench::median(of_other) / bench::median(of_plain);
}

void add(const std::string& name, const Run& plain, const Run& other) {
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { measure(state, plain, other); })
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond)
      ->Iterations(5);
}

void add_all(Case& c, std::size_t mebibytes) {
  Options o;
  o.workspace_bytes = mebibytes << 20U;
  o.workspace = &c.workspace;
  const Run plain = c.run(o);
  const std::string where = "/" + std::to_string(mebibytes) + "MiB";
  const auto with = [&](const std::string& name, const std::function<void(Options&)>& change) {
    Options changed = o;
    change(changed);
    add(name + where, plain, c.run(changed));
  };
  with("label_smoothing", [](Options& q) { q.loss.label_smoothing = 0.1F; });
  with("class_weights", [](Options& q) { q.loss.class_weights = Eigen::VectorXf::Ones(classes); });
  with("label_smoothing_and_class_weights", [](Options& q) {
    q.loss.label_smoothing = 0.1F;
    q.loss.class_weights = Eigen::VectorXf::Ones(classes);
  });
  with("z_loss", [](Options& q) { q.loss.z_loss = 0.001F; });
  with("soft_cap", [](Options& q) { q.soft_cap = 30; });
  with("two_threads", [](Options& q) { q.loss.executor = xent::thread_pool_executor(2); });
  Eigen::VectorXf masked = c.bias;
  for (Index k = 0; k < classes; k += 3) masked[k] = -std::numeric_limits<float>::infinity();
  add("masked_third" + where, plain, c.run(o, c.labels, masked));
  std::vector<int> ignored = c.labels;
  for (std::size_t i = 0; i < ignored.size(); i += 2) ignored[i] = -100;
  add("half_ignored" + where, plain, c.run(o, ignored, c.bias));
  std::vector<Eigen::Triplet<float>> entries;
  for (Index i = 0; i < batch; ++i)
    for (Index k = 0; k < 8; ++k) entries.emplace_back((i * 7919 + k * 977) % classes, i, 0.125F);
  Eigen::SparseMatrix<float> eight(classes, batch);
  eight.setFromTriplets(entries.begin(), entries.end());
  add("eight_labels" + where, plain, c.run(o, eight, c.bias));
  add("dense_targets" + where, plain,
      c.run(o, Matrix<float>(Matrix<float>::Constant(classes, batch, 1.0F / static_cast<float>(classes))), c.bias));
  add("bfloat16" + where, plain, c.run_of_scalar<Eigen::bfloat16, float>(o.workspace_bytes));
  add("bfloat16_and_d_weights" + where, plain, c.run_of_scalar<Eigen::bfloat16, Eigen::bfloat16>(o.workspace_bytes));
  add("double" + where, plain, c.run_of_scalar<double, double>(o.workspace_bytes));
}

}  // namespace

int main(int argc, char** argv) {
  Case problem;
  for (const std::size_t mebibytes : {std::size_t{32}, std::size_t{2}}) add_all(problem, mebibytes);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
