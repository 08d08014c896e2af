// Designated initialisers, which C++20 brings: the names of the options in a call, and the weights in braces.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <cmath>
#include <vector>

#include "support/catch.hpp"

TEST_CASE("designated initialisers") {
  const Eigen::MatrixXf z = Eigen::MatrixXf::Random(3, 2);
  const std::vector<int> labels{0, 2};
  Eigen::MatrixXf gradient;
  xent::CrossEntropyReport<float> report;

  xent::CrossEntropyOptions<float> options;
  options.label_smoothing = 0.1F;
  const float smoothed = xent::softmax_cross_entropy(z, labels, options);
  CHECK(xent::softmax_cross_entropy(z, labels, {.label_smoothing = 0.1F}) == smoothed);
  CHECK(std::abs(xent::softmax_cross_entropy(z, labels, gradient, {.label_smoothing = 0.1F}, &report) - smoothed) <
        1e-6F);

  options.class_weights = {1, 5, 2};
  options.sample_weights = {2, 3};
  CHECK(xent::softmax_cross_entropy(z, labels,
                                    {.label_smoothing = 0.1F, .class_weights = {1, 5, 2}, .sample_weights = {2, 3}}) ==
        xent::softmax_cross_entropy(z, labels, options));

  const xent::CrossEntropyOptions<double> named{
      .axis = xent::Axis::rows,
      .reduction = xent::Reduction::sum,
      .denominator = 2,
      .ignore_index = -1,
      .label_smoothing = 0.1,
      .smoothing = xent::Smoothing::other_classes,
      .temperature = 0.5,
      .z_loss = 0.25,
      .class_weights = {1, 5},
      .sample_weights = {2, 3},
      .executor = {},
  };
  const xent::LinearCrossEntropyOptions<double> linear{.loss = named, .workspace_bytes = 64, .accumulate = true};
  CHECK((named.axis == xent::Axis::rows && named.denominator == 2.0 && named.class_weights.size() == 2));
  CHECK((named.class_weights[1] == 5 && named.sample_weights[0] == 2));
  CHECK((linear.loss.ignore_index == -1 && linear.workspace_bytes == 64 && linear.accumulate));
}
