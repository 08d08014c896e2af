// The products with the Jacobians of softmax and log_softmax, against a copy of the bytes that they read and write.
// Every form is checked against a loop over columns in Eigen's expressions before it is timed.

#include <xent/softmax_jacobian.hpp>

#include <benchmark/benchmark.h>

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
  Matrix s, v, out;

  Problem(Index classes, Index bytes)
      : s(classes, bench::samples_in<Real>(bytes, classes)),
        v(classes, s.cols()),
        out(Matrix::Zero(classes, s.cols())) {
    bench::fill_uniform(s, 0.1, 1);
    for (Index i = 0; i < s.cols(); ++i) s.col(i) /= s.col(i).sum();
    bench::fill_uniform(v, -1, 1, 2);
  }
};

template <class Real>
void softmax_with_eigen(Problem<Real>& p) {
  for (Index i = 0; i < p.s.cols(); ++i)
    p.out.col(i) = p.s.col(i).array() * (p.v.col(i).array() - p.s.col(i).dot(p.v.col(i)));
}

template <class Real>
void log_jvp_with_eigen(Problem<Real>& p) {
  for (Index i = 0; i < p.s.cols(); ++i) p.out.col(i) = p.v.col(i).array() - p.s.col(i).dot(p.v.col(i));
}

template <class Real>
void log_vjp_with_eigen(Problem<Real>& p) {
  for (Index i = 0; i < p.s.cols(); ++i) p.out.col(i) = p.v.col(i) - p.v.col(i).sum() * p.s.col(i);
}

template <class Real>
using Form = std::function<void(Problem<Real>&)>;

template <class Real>
void add(const std::string& name, const Form<Real>& reference, const Form<Real>& form) {
  bench::over_classes<Real>(name, [=](benchmark::State& state, Index bytes) {
    Problem<Real> p(state.range(0), bytes);
    reference(p);
    const auto expected = p.out;
    p.out.setZero();
    form(p);
    if (!((p.out - expected).cwiseAbs().maxCoeff() <= Real(1e-3) * expected.cwiseAbs().maxCoeff()))
      return state.SkipWithError("wrong result");
    const auto size = static_cast<std::size_t>(p.s.size());
    bench::CopiedBytes copy(3, size * sizeof(Real));
    bench::against_memcpy(
        state, size, 3 * sizeof(Real) / 2, [&] { copy(); }, [&] { form(p); });
  });
}

template <class Real>
void add_all(const std::string& scalar) {
  using P = Problem<Real>;
  using F = Form<Real>;
  const F product = softmax_with_eigen<Real>, log_jvp = log_jvp_with_eigen<Real>, log_vjp = log_vjp_with_eigen<Real>;
  add<Real>(scalar + "/softmax_jvp/column_loop", product, product);
  add<Real>(scalar + "/softmax_jvp/into", product, [](P& p) { xent::softmax_jvp(p.s, p.v, p.out); });
  add<Real>(scalar + "/log_softmax_jvp/column_loop", log_jvp, log_jvp);
  add<Real>(scalar + "/log_softmax_jvp/into", log_jvp, [](P& p) { xent::log_softmax_jvp(p.s, p.v, p.out); });
  add<Real>(scalar + "/log_softmax_vjp/column_loop", log_vjp, log_vjp);
  add<Real>(scalar + "/log_softmax_vjp/into", log_vjp, [](P& p) { xent::log_softmax_vjp(p.s, p.v, p.out); });
}

}  // namespace

int main(int argc, char** argv) {
  add_all<float>("float");
  add_all<double>("double");
  return bench::run(argc, argv);
}
