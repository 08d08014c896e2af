// The information measures of distributions, against a copy of the bytes that they read and write. Every form is
// checked against Eigen's expressions before it is timed.

#include <xent/information.hpp>

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
  Matrix p, q;

  Problem(Index classes, Index bytes) : p(classes, bench::samples_in<Real>(bytes, classes)), q(classes, p.cols()) {
    bench::fill_uniform(p, 0.1, 1);
    bench::fill_uniform(q, 0.1, 1, 2);
    for (Index i = 0; i < p.cols(); ++i) {
      p.col(i) /= p.col(i).sum();
      q.col(i) /= q.col(i).sum();
    }
  }
};

// Each returns the mean over samples.
template <class Real, class Term>
double column_loop(const Problem<Real>& x, const Term& term) {
  double sum = 0;
  for (Index i = 0; i < x.p.cols(); ++i) sum += static_cast<double>(term(x.p.col(i).array(), x.q.col(i).array()).sum());
  return sum / static_cast<double>(x.p.cols());
}

template <class Real>
using Form = std::function<double(Problem<Real>&)>;

template <class Numbers>
double mean(const Numbers& numbers) {
  return numbers.template cast<double>().mean();
}

template <class Real>
void add(const std::string& name, std::size_t arrays, const Form<Real>& reference, const Form<Real>& form) {
  const auto register_as = [&](const std::string& rung, const Form<Real>& timed) {
    bench::over_classes<Real>(name + rung, [=](benchmark::State& state, Index bytes) {
      Problem<Real> x(state.range(0), bytes);
      const double expected = reference(x);
      if (!(std::abs(timed(x) - expected) <= 1e-3 * std::abs(expected))) return state.SkipWithError("wrong result");
      const auto size = static_cast<std::size_t>(x.p.size());
      bench::CopiedBytes copy(arrays, size * sizeof(Real));
      bench::against_memcpy(
          state, size, arrays * sizeof(Real) / 2, [&] { copy(); }, [&] { benchmark::DoNotOptimize(timed(x)); });
    });
  };
  register_as("/column_loop", reference);
  register_as("/xent", form);
}

template <class Real>
void add_all(const std::string& scalar) {
  using P = Problem<Real>;
  const auto entropy = [](const auto& p, const auto& /*q*/) { return -p * p.log(); };
  const auto cross_entropy = [](const auto& p, const auto& q) { return -p * q.log(); };
  const auto kl = [](const auto& p, const auto& q) { return p * (p / q).log(); };
  const auto js = [](const auto& p, const auto& q) {
    return (p * (2 * p / (p + q)).log() + q * (2 * q / (p + q)).log()) / 2;
  };
  add<Real>(
      scalar + "/entropy", 1, [=](P& x) { return column_loop(x, entropy); },
      [](P& x) { return mean(xent::entropy(x.p)); });
  add<Real>(
      scalar + "/perplexity", 1,
      [=](P& x) {
        double sum = 0;
        for (Index i = 0; i < x.p.cols(); ++i)
          sum += std::exp(static_cast<double>(entropy(x.p.col(i).array(), x.q.col(i).array()).sum()));
        return sum / static_cast<double>(x.p.cols());
      },
      [](P& x) { return mean(xent::perplexity(x.p)); });
  add<Real>(
      scalar + "/cross_entropy", 2, [=](P& x) { return column_loop(x, cross_entropy); },
      [](P& x) { return mean(xent::cross_entropy(x.p, x.q)); });
  add<Real>(
      scalar + "/kl_divergence", 2, [=](P& x) { return column_loop(x, kl); },
      [](P& x) { return mean(xent::kl_divergence(x.p, x.q)); });
  add<Real>(
      scalar + "/js_divergence", 2, [=](P& x) { return column_loop(x, js); },
      [](P& x) { return mean(xent::js_divergence(x.p, x.q)); });
  // All columns together as one joint table, of mass samples.
  add<Real>(
      scalar + "/joint_entropy", 1, [=](P& x) { return column_loop(x, entropy) * static_cast<double>(x.p.cols()); },
      [](P& x) { return static_cast<double>(xent::joint_entropy(x.p)); });
}

}  // namespace

int main(int argc, char** argv) {
  add_all<float>("float");
  add_all<double>("double");
  return bench::run(argc, argv);
}
