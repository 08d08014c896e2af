// A workspace that is kept: the same results, and no memory after the first call.

#include "support/peak_memory.hpp"

#include <xent/linear_cross_entropy.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/linear.hpp"
#include "support/matrices.hpp"

namespace {

using Eigen::Index;
using support::linear_answer;
using support::LinearAnswer;
using support::LinearOptions;
using support::LinearProblem;
using support::Matrix;
using support::same;
using support::Vector;

template <class Real>
bool equal(const LinearAnswer<Real>& a, const LinearAnswer<Real>& b) {
  return a.loss == b.loss && same(a.d_weights, b.d_weights) && same(a.d_features, b.d_features) &&
         same(a.d_bias, b.d_bias) && same(a.report.sample_loss, b.report.sample_loss) &&
         same(a.report.logsumexp, b.report.logsumexp) && same(a.report.entropy, b.report.entropy) &&
         same(a.report.prediction, b.report.prediction);
}

template <class Real>
std::vector<LinearOptions<Real>> different_options(Index classes, Index batch) {
  std::vector<LinearOptions<Real>> all(5);
  all[1].loss.class_weights = Vector<Real>::LinSpaced(classes, Real(0.5), Real(2));
  all[2].loss.sample_weights = Vector<Real>::LinSpaced(batch, Real(0), Real(2));
  all[2].loss.label_smoothing = Real(0.1);
  all[3].soft_cap = Real(3);
  all[4].loss.ignore_index = 3;
  all[4].loss.temperature = Real(1.5);
  return all;
}

}  // namespace

// One object for calls of every shape, scalar of the arguments, budget and set of options, one after the other.
TEMPLATE_TEST_CASE("what is left in a workspace changes nothing", "", float, double) {
  using Real = TestType;
  xent::LinearWorkspace<Real> workspace;
  for (const std::size_t bytes : {std::size_t{32} << 20U, std::size_t{20000}, std::size_t{200000}})
    for (const Index classes : {Index{200}, Index{31}, Index{500}})
      for (const Index batch : {Index{70}, Index{12}}) {
        const LinearProblem<Real> p(71, classes, 10, batch);
        for (LinearOptions<Real> o : different_options<Real>(classes, batch)) {
          o.workspace_bytes = bytes;
          const LinearAnswer<Real> labels = linear_answer(p, p.labels, o);
          const LinearAnswer<Real> dense = linear_answer(p, p.y, o);
          o.workspace = &workspace;
          CAPTURE(bytes, classes, batch);
          CHECK(equal(linear_answer(p, p.labels, o), labels));
          CHECK(equal(linear_answer(p, p.y, o), dense));
          if constexpr (std::is_same_v<Real, float>) {
            const LinearProblem<Eigen::bfloat16> q(72, classes, 10, batch);
            o.workspace = nullptr;
            const LinearAnswer<float> expected = linear_answer(q, q.labels, o);
            o.workspace = &workspace;
            CHECK(equal(linear_answer(q, q.labels, o), expected));
          }
        }
      }
}

template <class Scalar>
void check_second_call() {
  using Real = xent::RealOf<Scalar>;
  const LinearProblem<Scalar> p(73, 300, 40, 100);
  xent::LinearWorkspace<Real> workspace;
  Matrix<Scalar> d_weights(300, 40);
  Matrix<Scalar> d_features(40, 100);
  Vector<Real> d_bias(300);
  xent::CrossEntropyReport<Real> report;
  for (const std::size_t bytes : {std::size_t{32} << 20U, std::size_t{60000}})
    for (LinearOptions<Real> o : different_options<Real>(300, 100))
      for (const bool gradients : {true, false}) {
        o.workspace = &workspace;
        o.workspace_bytes = bytes;
        const auto call = [&] {
          if (gradients) {
            xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, d_weights, d_features, d_bias, o,
                                       &report);
            xent::linear_cross_entropy(p.weights, p.features, p.bias, p.y, d_weights, d_features, d_bias, o, &report);
          } else {
            xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, o, &report);
          }
        };
        call();
        CAPTURE(bytes, gradients);
        CHECK(support::peak_of(call) == 0);
      }
}

TEST_CASE("a workspace that is cleared has nothing") {
  if (!support::counts_heap) return;
  const LinearProblem<float> p(74, 300, 40, 100);
  xent::LinearWorkspace<float> workspace;
  LinearOptions<float> o;
  o.workspace = &workspace;
  const std::ptrdiff_t before = support::heap_in_use;
  xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, o);
  CHECK(support::heap_in_use > before);
  workspace.clear();
  CHECK(support::heap_in_use == before);
}

TEST_CASE("a second call of the same shapes allocates nothing") {
  if (!support::counts_heap || xent::instruction_set() == xent::InstructionSet::portable)
    return;  // Eigen's products do
  check_second_call<float>();
  check_second_call<double>();
  check_second_call<Eigen::bfloat16>();
}
