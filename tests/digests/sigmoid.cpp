// sigmoid_cross_entropy.

#include "cross_entropy.hpp"

#include <xent/sigmoid_cross_entropy.hpp>

#include <Eigen/SparseCore>

#include <string>

namespace digests {
namespace {

template <class S, template <class> class Layout, class Targets>
void sigmoid_case(const std::string& kind, const Targets& y, const Shape& shape, Option option, To to) {
  using Real = RealOf<S>;
  const auto of_classes = options_of<Real>(option, shape, Layout<S>::axis);
  xent::SigmoidOptions<Real> options;
  options.axis = of_classes.axis;
  options.reduction = of_classes.reduction;
  options.denominator = of_classes.denominator;
  options.label_smoothing = of_classes.label_smoothing;
  options.positive_weights = of_classes.class_weights;
  options.sample_weights = of_classes.sample_weights;
  const auto call = [&](const auto& z, auto&& gradient, auto* report) {
    if (!report) return xent::sigmoid_cross_entropy(z, y, gradient, options);
    xent::SigmoidReport<Real> decisions;
    const Real loss = xent::sigmoid_cross_entropy(z, y, gradient, options, &decisions);
    *report = {decisions.loss,        0,
               decisions.denominator, 0,
               decisions.counted,     decisions.ignored,
               decisions.correct,     decisions.sample_loss,
               decisions.logsumexp,   decisions.entropy,
               decisions.prediction};
    return loss;
  };
  print("sigmoid_cross_entropy/" + kind + "/" + scalar_name<S>() + "/" + Layout<S>::name + name_of(to) + "/" +
            shape.name() + "/" + name_of(option),
        digest_of(logits_of<Layout<S>>(option, shape), shape, option, to, call));
}

template <class S, template <class> class Layout>
void dense_case(const Shape& shape, Option option, To to = To::another) {
  Numbers numbers(11);
  Layout<S> y(shape);
  fill(y, shape, [&](Index k, Index i) { return (k + i) % 3 == 0 ? numbers.uniform() : double((k + 2 * i) % 2); });
  sigmoid_case<S, Layout>("targets", y.view(), shape, option, to);
}

template <class S>
void hard_case(const Shape& shape, Option option, To to = To::another) {
  Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic> y(shape.classes, shape.samples);
  for (Index i = 0; i < shape.samples; ++i)
    for (Index k = 0; k < shape.classes; ++k) y(k, i) = (3 * k + i) % 4 == 0;
  sigmoid_case<S, Columns>("bool", y, shape, option, to);
  Eigen::SparseMatrix<RealOf<S>> sparse(shape.classes, shape.samples);
  for (Index i = 0; i < shape.samples; ++i)
    for (Index k = 0; k < shape.classes; ++k)
      if (y(k, i)) sparse.insert(k, i) = as<RealOf<S>>(k % 2 == 0 ? 1 : 0.75);
  sigmoid_case<S, Columns>("sparse", sparse, shape, option, to);
}

template <class S>
void of_scalar() {
  Index turn = std::is_same_v<S, float> ? 0 : 3;
  for (const Shape& shape : {Shape{2, 130}, Shape{10, 130}, Shape{33, 70}, Shape{129, 7}, Shape{1000, 7}}) {
    dense_case<S, Columns>(shape, Option::plain);
    dense_case<S, Rows>(shape, Option::report);
  }
  for (const Option option : {Option::smoothing, Option::class_weights, Option::sample_weights, Option::sum,
                              Option::signed_weights, Option::masked, Option::nan, Option::offset, Option::several}) {
    dense_case<S, Columns>(some_shape(turn++), option);
    dense_case<S, Rows>(some_shape(turn++), option, To::nowhere);
    if (turn++ % 2 == 0) hard_case<S>(some_shape(turn), option);
  }
  dense_case<S, RowMajor>({10, 70}, Option::report);
  dense_case<S, Block>({33, 7}, Option::report);
  dense_case<S, Strided>({33, 7}, Option::report);
  dense_case<S, Fixed>(fixed_shape, Option::report);
}

}  // namespace

void sigmoid() {
  of_scalar<float>();
  of_scalar<double>();
  dense_case<Eigen::half, Columns>({129, 7}, Option::several);
  dense_case<Eigen::half, Rows>({10, 70}, Option::plain, To::itself);
  dense_case<Eigen::bfloat16, Columns>({129, 7}, Option::several);
  dense_case<Eigen::bfloat16, Rows>({10, 70}, Option::plain, To::itself);
}

}  // namespace digests
