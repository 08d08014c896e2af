// sigmoid_cross_entropy of 64 MB of logits and of a second-level cache, against a copy of the bytes that it reads and
// writes, and against what one would write with Eigen alone. Every form is checked against that before it is timed.

#include <xent/sigmoid_cross_entropy.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "support/against_memcpy.hpp"
#include "support/copied_bytes.hpp"

namespace {

using Eigen::Index;

template <class Real>
struct Problem {
  using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  Matrix logits, targets, gradient;

  Problem(Index classes, Index bytes)
      : logits(classes, std::max<Index>(1, bytes / static_cast<Index>(sizeof(Real)) / classes)),
        targets(classes, logits.cols()),
        gradient(Matrix::Zero(classes, logits.cols())) {
    std::uint32_t bits = 1;
    for (Index i = 0; i < logits.size(); ++i) {
      bits = bits * 1664525U + 1013904223U;
      logits.data()[i] = static_cast<Real>(static_cast<double>(bits >> 8U) * 0x1p-24 * 20 - 10);
      targets.data()[i] = static_cast<Real>(bits >> 5U & 1U);
    }
  }
};

// L = log(1 + exp(-|z|)) + max(z, 0) - y z
template <class Real>
Real with_eigen(Problem<Real>& p) {
  const auto count = static_cast<Real>(p.logits.size());
  const auto z = p.logits.array();
  const auto y = p.targets.array();
  p.gradient = ((1 / (1 + (-z).exp()) - y) / count).matrix();
  // Added up as double: 16 million floats would lose two digits.
  const auto losses = (-z.abs()).exp().log1p() + z.max(Real(0)) - y * z;
  return static_cast<Real>(losses.template cast<double>().sum() / static_cast<double>(count));
}

template <class Real>
using Form = std::function<Real(Problem<Real>&)>;

template <class Real>
void measure(benchmark::State& state, Index bytes, std::size_t arrays, const Form<Real>& form) {
  Problem<Real> p(state.range(0), bytes);
  const Real expected = with_eigen(p);
  if (!(std::abs(form(p) - expected) <= Real(1e-3) * expected)) return state.SkipWithError("wrong loss");
  const auto size = static_cast<std::size_t>(p.logits.size());
  bench::CopiedBytes copy(arrays, size * sizeof(Real));
  bench::against_memcpy(
      state, size, arrays * sizeof(Real) / 2, [&] { copy(); }, [&] { benchmark::DoNotOptimize(form(p)); });
}

template <class Real>
void add(const std::string& name, std::size_t arrays, const Form<Real>& form) {
  constexpr Index in_memory = Index{64} << 20U;
  constexpr Index in_cache = Index{512} << 10U;
  for (const auto& [place, bytes] : {std::pair{"/64MB", in_memory}, std::pair{"/L2", in_cache}}) {
    auto* const made = benchmark::RegisterBenchmark(
        (name + place).c_str(),
        [form, arrays, bytes = bytes](benchmark::State& state) { measure<Real>(state, bytes, arrays, form); });
    made->UseManualTime()->Unit(benchmark::kMicrosecond)->ArgName("classes")->Arg(1)->Arg(10)->Arg(1000);
  }
}

template <class Real>
void add_all(const std::string& scalar) {
  using P = Problem<Real>;
  add<Real>(scalar + "/with_eigen", 3, with_eigen<Real>);
  add<Real>(scalar + "/loss", 2, [](P& p) { return xent::sigmoid_cross_entropy(p.logits, p.targets); });
  add<Real>(scalar + "/gradient", 3, [](P& p) { return xent::sigmoid_cross_entropy(p.logits, p.targets, p.gradient); });
  add<Real>(scalar + "/smoothed", 3, [](P& p) {
    xent::SigmoidOptions<Real> options;
    options.label_smoothing = Real(0.0001);
    return xent::sigmoid_cross_entropy(p.logits, p.targets, p.gradient, options);
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
