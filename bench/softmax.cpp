// softmax and log_softmax, against a copy of the logits. Every form is checked against a loop over columns in Eigen's
// expressions before it is timed.

#include <xent/softmax.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string>

#include "support/against_memcpy.hpp"
#include "support/over_classes.hpp"

namespace {

using Eigen::Index;

template <class Scalar>
struct Problem {
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  Matrix logits;
  Matrix out;

  Problem(Index classes, Index bytes)
      : logits(classes, bench::samples_in<Scalar>(bytes, classes)), out(Matrix::Zero(classes, logits.cols())) {
    bench::fill_uniform(logits, -10, 10);
  }
};

template <class Scalar>
void softmax_with_eigen(Problem<Scalar>& p) {
  for (Index i = 0; i < p.logits.cols(); ++i) {
    auto s = p.out.col(i);
    s = (p.logits.col(i).array() - p.logits.col(i).maxCoeff()).exp();
    s /= s.sum();
  }
}

template <class Scalar>
void log_softmax_with_eigen(Problem<Scalar>& p) {
  for (Index i = 0; i < p.logits.cols(); ++i) {
    const auto z = p.logits.col(i).array();
    const Scalar maximum = z.maxCoeff();
    const Scalar lse = maximum + std::log((z - maximum).exp().sum());
    p.out.col(i) = z - lse;
  }
}

template <class Scalar>
using Form = std::function<void(Problem<Scalar>&)>;

template <class Scalar>
void add(const std::string& name, const Form<Scalar>& reference, const Form<Scalar>& form) {
  bench::over_classes<Scalar>(name, [=](benchmark::State& state, Index bytes) {
    Problem<Scalar> p(state.range(0), bytes);
    reference(p);
    const auto expected = p.out;
    p.out = p.logits;
    form(p);
    // Eigen's sum of 2^20 floats is off by 1e-4.
    const auto error = (p.out - expected).cwiseAbs().eval();
    if (!(error.maxCoeff() <= Scalar(1e-3) * expected.cwiseAbs().maxCoeff()))
      return state.SkipWithError("wrong result");
    const auto size = static_cast<std::size_t>(p.logits.size());
    const auto copy = [&] { std::memcpy(p.out.data(), p.logits.data(), size * sizeof(Scalar)); };
    bench::against_memcpy(state, size, sizeof(Scalar), copy, [&] { form(p); });
  });
}

template <class Scalar>
void add_all(const std::string& scalar) {
  using P = Problem<Scalar>;
  using F = Form<Scalar>;
  const F softmax = softmax_with_eigen<Scalar>, log_softmax = log_softmax_with_eigen<Scalar>;
  add<Scalar>(scalar + "/softmax/column_loop", softmax, softmax);
  add<Scalar>(scalar + "/softmax/returned", softmax, [](P& p) { p.out = xent::softmax(p.logits); });
  add<Scalar>(scalar + "/softmax/into", softmax, [](P& p) { xent::softmax(p.logits, p.out); });
  // The copy that is timed in turn leaves fresh logits in the memory of the results.
  add<Scalar>(scalar + "/softmax/in_place", softmax, [](P& p) { xent::softmax(p.out, p.out); });
  add<Scalar>(scalar + "/log_softmax/column_loop", log_softmax, log_softmax);
  add<Scalar>(scalar + "/log_softmax/into", log_softmax, [](P& p) { xent::log_softmax(p.logits, p.out); });
  add<Scalar>(scalar + "/log_softmax/in_place", log_softmax, [](P& p) { xent::log_softmax(p.out, p.out); });
}

}  // namespace

int main(int argc, char** argv) {
  add_all<float>("float");
  add_all<double>("double");
  return bench::run(argc, argv);
}
