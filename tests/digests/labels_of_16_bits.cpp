// softmax_cross_entropy of labels, for half and bfloat16.

#include "labels.hpp"

namespace digests {
namespace {

/// A gradient of floats.
template <class S>
void float_gradient(const Shape& shape) {
  const auto options = options_of<float>(Option::report, shape, Axis::columns);
  const Eigen::VectorXi labels = labels_of(Option::report, shape);
  const auto call = [&](const auto& z, auto&& gradient, auto* report) {
    return xent::softmax_cross_entropy(z, labels, gradient, options, report);
  };
  print("softmax_cross_entropy/labels/" + std::string(scalar_name<S>()) + "/columns_float_gradient/" + shape.name(),
        digest_of<Columns<S>, Columns<float>>(logits_of<Columns<S>>(Option::report, shape), shape, Option::report,
                                              To::another, call));
}

template <class S>
void of_scalar() {
  for (Index i = 0; i < shape_count; ++i) {
    label_case<S, Columns>(shapes[i], Option::plain);
    if (i % 3 == 0) label_case<S, Rows>(shapes[i], Option::plain);
  }
  Index turn = std::is_same_v<S, Eigen::half> ? 0 : 3;
  for (const Option option : all_options) {
    if (option == Option::plain) continue;
    label_case<S, Columns>(some_shape(turn++), option);
    ++turn;
    if (turn % 3 == 0)
      label_case<S, Rows>(some_shape(turn), option);
    else
      label_case<S, Columns>(some_shape(turn), option, turn % 3 == 1 ? To::itself : To::nowhere);
  }
  label_case<S, RowMajor>({33, 70}, Option::plain);
  label_case<S, Block>({129, 70}, Option::plain);
  label_case<S, Strided>({100, 7}, Option::plain);
  label_case<S, Fixed>(fixed_shape, Option::plain);
  if (has_kernels()) label_case<S, Columns>({1000, 2200}, Option::plain);
  for (const Shape shape : {Shape{10, 130}, Shape{1000, 7}, Shape{5000, 2}}) float_gradient<S>(shape);
}

}  // namespace

void labels_of_16_bits() {
  of_scalar<Eigen::half>();
  of_scalar<Eigen::bfloat16>();
}

}  // namespace digests
