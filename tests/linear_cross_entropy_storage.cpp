// Many classes: gradients of weights that are summed where they lie, or rounded to 16 bits, in either storage order.

#include <xent/instruction_set.hpp>
#include <xent/linear_cross_entropy.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <type_traits>

#include "support/catch.hpp"
#include "support/linear.hpp"
#include "support/matrices.hpp"

namespace {

using Eigen::Index;
using support::LinearOptions;
using support::LinearProblem;
using support::Matrix;
using support::same;
using support::ulps_of_largest;
using support::Vector;

template <class Scalar>
using RowMajor = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// More classes than a panel has, of which the last is not whole; chunks of samples, or tiles of classes.
constexpr Index classes = 1003;
constexpr Index dim = 300;
constexpr Index batch = 150;
constexpr std::size_t budgets[] = {600000, std::size_t{32} << 20U};

/// Products of kernels have the same bits whatever the layout; those of Eigen add up in another order.
template <class A, class B>
void check_equal(const A& a, const B& b) {
  if (xent::instruction_set() == xent::InstructionSet::portable)
    CHECK(ulps_of_largest(a, b) <= 8);
  else
    CHECK(same(a, b));
}

template <class Real, class Weights, class DWeights>
void add_gradients(const LinearProblem<Real>& p, const Weights& weights, LinearOptions<Real> o, DWeights&& d_weights,
                   Matrix<Real>& d_features, Vector<Real>& d_bias) {
  o.accumulate = true;
  xent::linear_cross_entropy(weights, p.features, p.bias, p.labels, d_weights, d_features, d_bias, o);
}

}  // namespace

TEMPLATE_TEST_CASE("d_weights of many classes, in either order, strided and a block, added to", "", float, double) {
  using Real = TestType;
  const LinearProblem<Real> p(95, classes, dim, batch);
  for (const std::size_t bytes : budgets) {
    LinearOptions<Real> o;
    o.workspace_bytes = bytes;
    CAPTURE(bytes);
    Matrix<Real> expected = Matrix<Real>::Constant(classes, dim, Real(0.5));
    Matrix<Real> expected_features(dim, batch), d_features(dim, batch);
    Vector<Real> expected_bias = Vector<Real>::Ones(classes);
    add_gradients(p, p.weights, o, expected, expected_features, expected_bias);

    RowMajor<Real> by_row = RowMajor<Real>::Constant(classes, dim, Real(0.5));
    Vector<Real> d_bias = Vector<Real>::Ones(classes);
    add_gradients(p, RowMajor<Real>(p.weights), o, by_row, d_features, d_bias);
    check_equal(by_row, expected);
    check_equal(d_features, expected_features);
    check_equal(d_bias, expected_bias);

    RowMajor<Real> frame = RowMajor<Real>::Constant(classes + 2, dim + 3, Real(0.5));
    d_bias.setOnes();
    add_gradients(p, p.weights, o, frame.block(1, 2, classes, dim), d_features, d_bias);
    check_equal(frame.block(1, 2, classes, dim), expected);
    frame.block(1, 2, classes, dim).setConstant(Real(0.5));
    CHECK((frame.array() == Real(0.5)).all());

    Matrix<Real> twice = Matrix<Real>::Constant(2 * classes, dim, Real(0.5));
    using Strided = Eigen::Map<Matrix<Real>, 0, Eigen::Stride<Eigen::Dynamic, 2>>;
    Strided strided(twice.data(), classes, dim, Eigen::Stride<Eigen::Dynamic, 2>(2 * classes, 2));
    d_bias.setOnes();
    add_gradients(p, p.weights, o, strided, d_features, d_bias);
    // Its panel apart leaves room for fewer samples a chunk, each of which is rounded at 1/2.
    CHECK(ulps_of_largest(strided, expected) <= 8);
    strided.setConstant(Real(0.5));
    CHECK((twice.array() == Real(0.5)).all());
  }
}

// The float sum, rounded once.
TEMPLATE_TEST_CASE("d_weights of 16 bits in either order and strided", "", Eigen::bfloat16, Eigen::half) {
  using Scalar = TestType;
  const LinearProblem<Scalar> p(96, classes, dim, batch);
  for (const std::size_t bytes : budgets) {
    LinearOptions<float> o;
    o.workspace_bytes = bytes;
    o.loss.reduction = xent::Reduction::sum;
    CAPTURE(bytes);
    Matrix<float> sum(classes, dim);
    xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, sum, xent::none, xent::none, o);
    const Matrix<Scalar> expected = sum.template cast<Scalar>();
    const auto check = [&](auto&& d_weights) {
      xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, d_weights, xent::none, xent::none, o);
      CHECK(same(d_weights.template cast<float>(), expected.template cast<float>()));
    };
    check(Matrix<Scalar>(classes, dim));
    Matrix<Scalar> twice = Matrix<Scalar>::Constant(2 * classes, dim, Scalar(77.0F));
    using Strided = Eigen::Map<Matrix<Scalar>, 0, Eigen::Stride<Eigen::Dynamic, 2>>;
    check(Strided(twice.data(), classes, dim, Eigen::Stride<Eigen::Dynamic, 2>(2 * classes, 2)));
    CHECK(twice(1, 0) == Scalar(77.0F));
    RowMajor<Scalar> by_row(classes, dim);
    xent::linear_cross_entropy(RowMajor<Scalar>(p.weights), p.features, p.bias, p.labels, by_row, xent::none,
                               xent::none, o);
    Matrix<float> rounded = by_row.template cast<float>();
    if (xent::instruction_set() != xent::InstructionSet::portable)
      CHECK(same(rounded, expected.template cast<float>()));
    else
      CHECK(ulps_of_largest(rounded.cast<Scalar>().template cast<float>(), expected.template cast<float>()) <= 0x1p17);
  }
}
