// entropy_from_logits and kl_divergence_from_logits of 64 MB an argument and of a second-level cache, against a copy of
// the bytes that they read and write. Every form is checked against Eigen's expressions before it is timed.

#include <xent/logits.hpp>

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
  Matrix p, q, d_p, d_q;

  Problem(Index classes, Index bytes)
      : p(classes, std::max<Index>(1, bytes / static_cast<Index>(sizeof(Real)) / classes)),
        q(classes, p.cols()),
        d_p(Matrix::Zero(classes, p.cols())),
        d_q(Matrix::Zero(classes, p.cols())) {
    std::uint32_t bits = 1;
    for (Index i = 0; i < p.size(); ++i) {
      bits = bits * 1664525U + 1013904223U;
      p.data()[i] = static_cast<Real>(static_cast<double>(bits >> 8U) * 0x1p-24 * 8 - 4);
      q.data()[i] = p.data()[i] + static_cast<Real>(static_cast<double>(bits >> 3U & 1023U) * 0x1p-10);
    }
  }
};

template <class Real>
Real entropy_with_eigen(Problem<Real>& x) {
  Real sum = 0;
  for (Index i = 0; i < x.p.cols(); ++i) {
    const auto z = (x.p.col(i).array() - x.p.col(i).maxCoeff()).eval();
    const Real total = z.exp().sum();
    sum += std::log(total) - (z.exp() * z).sum() / total;
  }
  return sum / static_cast<Real>(x.p.cols());
}

template <class Real>
Real kl_with_eigen(Problem<Real>& x) {
  Real sum = 0;
  for (Index i = 0; i < x.p.cols(); ++i) {
    const auto log_p = (x.p.col(i).array() - std::log(x.p.col(i).array().exp().sum())).eval();
    const auto log_q = (x.q.col(i).array() - std::log(x.q.col(i).array().exp().sum())).eval();
    sum += (log_p.exp() * (log_p - log_q)).sum();
  }
  return sum / static_cast<Real>(x.p.cols());
}

template <class Real>
using Form = std::function<Real(Problem<Real>&)>;

template <class Real>
void measure(benchmark::State& state, Index bytes, std::size_t arrays, const Form<Real>& reference,
             const Form<Real>& form) {
  Problem<Real> x(state.range(0), bytes);
  const Real expected = reference(x);
  if (!(std::abs(form(x) - expected) <= Real(1e-2) * expected)) return state.SkipWithError("wrong loss");
  const auto size = static_cast<std::size_t>(x.p.size());
  bench::CopiedBytes copy(arrays, size * sizeof(Real));
  bench::against_memcpy(
      state, size, arrays * sizeof(Real) / 2, [&] { copy(); }, [&] { benchmark::DoNotOptimize(form(x)); });
}

template <class Real>
void add(const std::string& name, std::size_t arrays, const Form<Real>& reference, const Form<Real>& form) {
  constexpr Index in_memory = Index{64} << 20U;
  constexpr Index in_cache = Index{512} << 10U;
  for (const auto& [place, bytes] : {std::pair{"/64MB", in_memory}, std::pair{"/L2", in_cache}}) {
    auto* const made = benchmark::RegisterBenchmark(
        (name + place).c_str(),
        [=, bytes = bytes](benchmark::State& state) { measure<Real>(state, bytes, arrays, reference, form); });
    made->UseManualTime()->Unit(benchmark::kMicrosecond)->ArgName("classes")->Arg(10)->Arg(1000)->Arg(32768);
  }
}

template <class Real>
void add_all(const std::string& scalar) {
  using P = Problem<Real>;
  using F = Form<Real>;
  const F entropy = entropy_with_eigen<Real>, kl = kl_with_eigen<Real>;
  add<Real>(scalar + "/entropy/loss", 1, entropy, [](P& x) { return xent::entropy_from_logits(x.p); });
  add<Real>(scalar + "/entropy/gradient", 2, entropy, [](P& x) { return xent::entropy_from_logits(x.p, x.d_p); });
  add<Real>(scalar + "/kl/loss", 2, kl, [](P& x) { return xent::kl_divergence_from_logits(x.p, x.q); });
  add<Real>(scalar + "/kl/gradients", 4, kl,
            [](P& x) { return xent::kl_divergence_from_logits(x.p, x.q, x.d_p, x.d_q); });
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
