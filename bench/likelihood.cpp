// half_squared_error, gaussian_nll and poisson_nll of 64 MB an argument, against a copy of the bytes that they read and
// write. Every form is checked against Eigen's expressions before it is timed.

#include <xent/likelihood.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>

#include "support/against_memcpy.hpp"
#include "support/copied_bytes.hpp"

namespace {

using Eigen::Index;

template <class Real>
struct Problem {
  using Array = Eigen::Array<Real, Eigen::Dynamic, 1>;
  Array mean, target, variance, d_mean, d_variance;

  explicit Problem(Index bytes)
      : mean(bytes / static_cast<Index>(sizeof(Real))),
        target(mean.size()),
        variance(mean.size()),
        d_mean(Array::Zero(mean.size())),
        d_variance(Array::Zero(mean.size())) {
    std::uint32_t bits = 1;
    const auto next = [&] {
      bits = bits * 1664525U + 1013904223U;
      return static_cast<double>(bits >> 8U) * 0x1p-24;
    };
    for (Index i = 0; i < mean.size(); ++i) {
      mean[i] = static_cast<Real>(4 * next() - 2);
      target[i] = static_cast<Real>(4 * next() - 2);
      variance[i] = static_cast<Real>(0.1 + 4 * next());
    }
  }
};

template <class Real>
Real squares_with_eigen(Problem<Real>& p) {
  p.d_mean = p.mean - p.target;
  return p.d_mean.square().sum() / 2;
}

template <class Real>
Real gaussian_with_eigen(Problem<Real>& p) {
  const auto count = static_cast<Real>(p.mean.size());
  const auto r = p.mean - p.target;
  p.d_mean = r / p.variance / count;
  p.d_variance = (1 - r.square() / p.variance) / p.variance / (2 * count);
  return (p.variance.log() + r.square() / p.variance).sum() / (2 * count);
}

template <class Real>
Real poisson_with_eigen(Problem<Real>& p) {
  const auto count = static_cast<Real>(p.mean.size());
  p.d_mean = (p.mean.exp() - p.variance) / count;
  return (p.mean.exp() - p.variance * p.mean).sum() / count;
}

template <class Real>
using Form = std::function<Real(Problem<Real>&)>;

template <class Real>
void add(const std::string& name, std::size_t arrays, const Form<Real>& reference, const Form<Real>& form) {
  const auto measure = [=](benchmark::State& state) {
    Problem<Real> p(Index{1} << state.range(0));
    const Real expected = reference(p);
    if (!(std::abs(form(p) - expected) <= Real(1e-2) * std::abs(expected))) return state.SkipWithError("wrong loss");
    const auto size = static_cast<std::size_t>(p.mean.size());
    bench::CopiedBytes copy(arrays, size * sizeof(Real));
    bench::against_memcpy(
        state, size, arrays * sizeof(Real) / 2, [&] { copy(); }, [&] { benchmark::DoNotOptimize(form(p)); });
  };
  auto* const made = benchmark::RegisterBenchmark(name.c_str(), measure);
  made->UseManualTime()->Unit(benchmark::kMicrosecond)->ArgName("log2_bytes")->Arg(26)->Arg(18);
}

template <class Real>
void add_all(const std::string& scalar) {
  using P = Problem<Real>;
  using F = Form<Real>;
  const F squares = squares_with_eigen<Real>, gaussian = gaussian_with_eigen<Real>, poisson = poisson_with_eigen<Real>;
  add<Real>(scalar + "/half_squared_error/with_eigen", 3, squares, squares);
  add<Real>(scalar + "/half_squared_error/gradient", 3, squares,
            [](P& p) { return xent::half_squared_error(p.mean, p.target, p.d_mean); });
  add<Real>(scalar + "/half_squared_error/loss", 2, squares,
            [](P& p) { return xent::half_squared_error(p.mean, p.target); });
  add<Real>(scalar + "/gaussian_nll/with_eigen", 5, gaussian, gaussian);
  add<Real>(scalar + "/gaussian_nll/gradients", 5, gaussian,
            [](P& p) { return xent::gaussian_nll(p.mean, p.target, p.variance, p.d_mean, p.d_variance); });
  add<Real>(scalar + "/gaussian_nll/loss", 3, gaussian,
            [](P& p) { return xent::gaussian_nll(p.mean, p.target, p.variance); });
  add<Real>(scalar + "/poisson_nll/gradient", 3, poisson,
            [](P& p) { return xent::poisson_nll(p.mean, p.variance, p.d_mean); });
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
