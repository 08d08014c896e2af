// softmax_cross_entropy from 2 to 2^20 classes, 64 MB of logits and a working set of a second-level cache; and a ladder
// of what one would write with Eigen alone. Every form is checked against the first rung before it is timed.

#include "support/against_memcpy.hpp"

#include <xent/softmax_cross_entropy.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>

namespace {

using Eigen::Index;

template <class Real>
struct Problem {
  using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  Matrix logits;
  Matrix gradient;
  Eigen::VectorXi labels;

  Problem(Index classes, Index bytes)
      : logits(classes, std::max<Index>(1, bytes / static_cast<Index>(sizeof(Real)) / classes)),
        gradient(Matrix::Zero(classes, logits.cols())),
        labels(logits.cols()) {
    std::uint32_t bits = 1;
    for (Index i = 0; i < logits.size(); ++i) {
      bits = bits * 1664525U + 1013904223U;
      logits.data()[i] = static_cast<Real>(static_cast<double>(bits >> 8U) * 0x1p-24 * 20 - 10);
    }
    for (Index i = 0; i < labels.size(); ++i) labels[i] = static_cast<int>(i * 7 % classes);
  }
  std::size_t size() const { return static_cast<std::size_t>(logits.size()); }
};

// The first rung: what the formula says, in whole-matrix expressions.
template <class Real>
Real whole_matrix(Problem<Real>& p) {
  const auto batch = static_cast<Real>(p.logits.cols());
  const auto maxima = p.logits.colwise().maxCoeff().eval();
  p.gradient = (p.logits.rowwise() - maxima).array().exp();
  const auto sums = p.gradient.colwise().sum().eval();
  double loss = 0;  // millions of terms
  for (Index i = 0; i < p.logits.cols(); ++i) loss += std::log(sums[i]) + maxima[i] - p.logits(p.labels[i], i);
  p.gradient = (p.gradient.array().rowwise() / (sums.array() * batch)).matrix();
  for (Index i = 0; i < p.logits.cols(); ++i) p.gradient(p.labels[i], i) -= 1 / batch;
  return static_cast<Real>(loss) / batch;
}

// The second: column by column, in cache.
template <class Real>
Real column_loop(Problem<Real>& p) {
  const auto batch = static_cast<Real>(p.logits.cols());
  double loss = 0;  // millions of terms
  for (Index i = 0; i < p.logits.cols(); ++i) {
    const Real maximum = p.logits.col(i).maxCoeff();
    auto g = p.gradient.col(i);
    g = (p.logits.col(i).array() - maximum).exp();
    const Real sum = g.sum();
    loss += std::log(sum) + maximum - p.logits(p.labels[i], i);
    g *= 1 / (sum * batch);
    g[p.labels[i]] -= 1 / batch;
  }
  return static_cast<Real>(loss) / batch;
}

template <class Real>
void measure(benchmark::State& state, Index bytes, const std::function<Real(Problem<Real>&)>& form) {
  Problem<Real> p(state.range(0), bytes);
  const Real expected = whole_matrix(p);
  p.gradient = p.logits;
  if (!(std::abs(form(p) - expected) <= Real(1e-3) * expected)) return state.SkipWithError("wrong loss");
  const auto copy = [&] { std::memcpy(p.gradient.data(), p.logits.data(), p.size() * sizeof(Real)); };
  bench::against_memcpy(state, p.size(), sizeof(Real), copy, [&] { benchmark::DoNotOptimize(form(p)); });
}

template <class Real>
void add(const std::string& name, const std::function<Real(Problem<Real>&)>& form) {
  constexpr Index in_memory = Index{64} << 20U;
  constexpr Index in_cache = Index{512} << 10U;
  for (const auto& [place, bytes] : {std::pair{"/64MB", in_memory}, std::pair{"/L2", in_cache}}) {
    auto* const made = benchmark::RegisterBenchmark(
        (name + place).c_str(), [form, bytes = bytes](benchmark::State& state) { measure<Real>(state, bytes, form); });
    made->UseManualTime()->Unit(benchmark::kMicrosecond)->ArgName("classes");
    for (const Index classes : {2, 10, 32, 128, 1000, 1024, 8192, 32768, 131072, 1 << 20})
      if (classes * static_cast<Index>(sizeof(Real)) <= bytes) made->Arg(classes);
  }
}

template <class Real>
void add_all(const std::string& scalar) {
  using P = Problem<Real>;
  add<Real>(scalar + "/whole_matrix", whole_matrix<Real>);
  add<Real>(scalar + "/column_loop", column_loop<Real>);
  add<Real>(scalar + "/loss", [](P& p) { return xent::softmax_cross_entropy(p.logits, p.labels); });
  add<Real>(scalar + "/fresh_gradient", [](P& p) {
    typename P::Matrix gradient;
    return xent::softmax_cross_entropy(p.logits, p.labels, gradient);
  });
  add<Real>(scalar + "/gradient", [](P& p) { return xent::softmax_cross_entropy(p.logits, p.labels, p.gradient); });
  // The copy that is timed in turn leaves fresh logits in the gradient's memory.
  add<Real>(scalar + "/in_place", [](P& p) { return xent::softmax_cross_entropy(p.gradient, p.labels, p.gradient); });
  add<Real>(scalar + "/report", [report = xent::CrossEntropyReport<Real>{}](P& p) mutable {
    return xent::softmax_cross_entropy(p.logits, p.labels, p.gradient, {}, &report);
  });
}

}  // namespace

int main(int argc, char** argv) {
  add_all<float>("float");
  add_all<double>("double");
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
