// The promise of linear_cross_entropy: its memory does not grow as classes x batch. Counted, Eigen's own buffers too.

#include "support/peak_memory.hpp"

#include <xent/linear_cross_entropy.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <vector>

#include "support/catch.hpp"
#include "support/linear.hpp"

namespace {

using Eigen::Index;
using support::LinearOptions;
using support::LinearProblem;
using support::Matrix;
using support::Vector;

struct Shape {
  Index classes, dim, batch;
};
const std::vector<Shape> shapes{{3000, 16, 100}, {200, 150, 120}, {40, 500, 100}, {32, 16, 20000}};

/// Beside the blocks that are counted: rounding up in malloc, and the panels of the last, odd size.
constexpr std::ptrdiff_t slack = 4096;

template <class Scalar>
void check_peaks(const Shape& shape, bool sixteen_bit_weights_gradient) {
  using Real = xent::RealOf<Scalar>;
  const LinearProblem<Scalar> p(30, shape.classes, shape.dim, shape.batch);
  Matrix<Real> d_weights(shape.classes, shape.dim);
  Matrix<Scalar> narrow_d_weights(shape.classes, shape.dim);
  Matrix<Real> d_features(shape.dim, shape.batch);
  Vector<Real> d_bias(shape.classes);
  for (const std::size_t bytes : {std::size_t{150} << 10U, std::size_t{500} << 10U, std::size_t{4} << 20U})
    for (const bool gradients : {false, true})
      for (const bool options : {false, true}) {
        LinearOptions<Real> o;
        o.workspace_bytes = bytes;
        if (options) {
          o.loss.label_smoothing = Real(0.1);
          o.loss.class_weights = Vector<Real>::Ones(shape.classes);
          o.loss.sample_weights = Vector<Real>::Ones(shape.batch);
          o.loss.sample_weights[5] = Real(0);
          o.soft_cap = Real(20);
        }
        xent::CrossEntropyReport<Real> report;
        const auto call = [&] {
          if (!gradients)
            xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, o, options ? &report : nullptr);
          else if (sixteen_bit_weights_gradient)
            xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, narrow_d_weights, d_features, d_bias,
                                       o);
          else
            xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, d_weights, d_features, d_bias, o,
                                       options ? &report : nullptr);
        };
        call();  // the report has its size now
        std::ptrdiff_t most = static_cast<std::ptrdiff_t>(bytes) + slack;
        // The sum in float that a 16-bit output is rounded from.
        if (gradients && sixteen_bit_weights_gradient)
          most += shape.classes * shape.dim * static_cast<Index>(sizeof(Real));
        const std::ptrdiff_t peak = support::peak_of(call);
        CAPTURE(shape.classes, shape.dim, shape.batch, bytes, gradients, options);
        CHECK(peak <= most);
        CHECK(peak > 0);
      }
}

}  // namespace

TEST_CASE("peak memory is within workspace_bytes") {
  if (!support::counts_heap) return;
  for (const Shape& shape : shapes) {
    check_peaks<float>(shape, false);
    check_peaks<double>(shape, false);
    check_peaks<Eigen::bfloat16>(shape, false);
    check_peaks<Eigen::bfloat16>(shape, true);
  }
}

// The smallest tile: one sample, sixteen classes, and what goes with them.
TEST_CASE("a budget of one byte takes a few rows of the weights") {
  if (!support::counts_heap) return;
  for (const Shape& shape : shapes) {
    const LinearProblem<float> p(31, shape.classes, shape.dim, 10);
    LinearOptions<float> o;
    o.workspace_bytes = 1;
    Matrix<float> d_weights(shape.classes, shape.dim);
    Matrix<float> d_features(shape.dim, 10);
    const std::ptrdiff_t peak = support::peak_of([&] {
      xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, d_weights, d_features, xent::none, o);
    });
    CAPTURE(shape.classes, shape.dim, peak);
    CHECK(peak <= 40 * shape.dim * static_cast<Index>(sizeof(float)) + slack);
  }
}
