// logsumexp, its running state and logaddexp, against a copy of the bytes that they read and write. Every form is
// checked against Eigen's expressions before it is timed.

#include <xent/logsumexp.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <string>

#include "support/against_memcpy.hpp"
#include "support/copied_bytes.hpp"
#include "support/over_classes.hpp"

namespace {

using Eigen::Index;

template <class Real>
struct Problem {
  using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  Matrix logits, others, out;

  Problem(Index classes, Index bytes)
      : logits(classes, bench::samples_in<Real>(bytes, classes)),
        others(classes, logits.cols()),
        out(Matrix::Zero(classes, logits.cols())) {
    bench::fill_uniform(logits, -10, 10);
    bench::fill_uniform(others, -10, 10, 2);
  }
};

// Forms return a mean: over samples, the whole matrix taken as one, or over coefficients.
template <class Real>
double column_loop(Problem<Real>& p) {
  double sum = 0;
  for (Index i = 0; i < p.logits.cols(); ++i) {
    const auto z = p.logits.col(i).array();
    const Real maximum = z.maxCoeff();
    sum += static_cast<double>(maximum + std::log((z - maximum).exp().sum()));
  }
  return sum / static_cast<double>(p.logits.cols());
}

template <class Real>
double of_all(Problem<Real>& p) {
  double sum = 0;
  for (Index i = 0; i < p.logits.cols(); ++i) sum += static_cast<double>(p.logits.col(i).array().exp().sum());
  return std::log(sum);
}

template <class Real>
double mean(const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& matrix) {
  double sum = 0;
  for (Index i = 0; i < matrix.cols(); ++i) sum += static_cast<double>(matrix.col(i).sum());
  return sum / static_cast<double>(matrix.size());
}

template <class Real>
void pairs_with_eigen(Problem<Real>& p) {
  p.out.array() = p.logits.array().max(p.others.array()) + (-(p.logits - p.others).array().abs()).exp().log1p();
}

template <class Real>
using Form = std::function<double(Problem<Real>&)>;

template <class Real>
void add(const std::string& name, std::size_t arrays, const Form<Real>& reference, const Form<Real>& form) {
  bench::over_classes<Real>(name, [=](benchmark::State& state, Index bytes) {
    Problem<Real> p(state.range(0), bytes);
    const double expected = reference(p);
    if (!(std::abs(form(p) - expected) <= 1e-4 * std::abs(expected))) return state.SkipWithError("wrong result");
    const auto size = static_cast<std::size_t>(p.logits.size());
    bench::CopiedBytes copy(arrays, size * sizeof(Real));
    bench::against_memcpy(
        state, size, arrays * sizeof(Real) / 2, [&] { copy(); }, [&] { benchmark::DoNotOptimize(form(p)); });
  });
}

template <class Real>
void add_pairs(const std::string& name, const std::function<void(Problem<Real>&)>& form) {
  bench::over_classes<Real>(name, [=](benchmark::State& state, Index bytes) {
    Problem<Real> p(state.range(0), bytes);
    pairs_with_eigen(p);
    const double expected = mean(p.out);
    p.out.setZero();
    form(p);
    if (!(std::abs(mean(p.out) - expected) <= 1e-4 * std::abs(expected))) return state.SkipWithError("wrong result");
    const auto size = static_cast<std::size_t>(p.logits.size());
    bench::CopiedBytes copy(3, size * sizeof(Real));
    bench::against_memcpy(
        state, size, 3 * sizeof(Real) / 2, [&] { copy(); }, [&] { form(p); });
  });
}

template <class Real>
void add_all(const std::string& scalar) {
  using P = Problem<Real>;
  const Form<Real> samples = column_loop<Real>, all = of_all<Real>;
  add<Real>(scalar + "/logsumexp/column_loop", 1, samples, samples);
  add<Real>(scalar + "/logsumexp/samples", 1, samples,
            [](P& p) { return static_cast<double>(xent::logsumexp(p.logits).template cast<double>().mean()); });
  add<Real>(scalar + "/running/with_eigen", 1, all, all);
  add<Real>(scalar + "/running/push", 1, all, [](P& p) {
    xent::LogSumExp<Real> state;
    state.push(p.logits);
    return static_cast<double>(state.value());
  });
  add_pairs<Real>(scalar + "/logaddexp/with_eigen", pairs_with_eigen<Real>);
  add_pairs<Real>(scalar + "/logaddexp/into", [](P& p) { p.out = xent::logaddexp(p.logits, p.others); });
}

}  // namespace

int main(int argc, char** argv) {
  add_all<float>("float");
  add_all<double>("double");
  return bench::run(argc, argv);
}
