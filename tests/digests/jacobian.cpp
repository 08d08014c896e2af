// softmax_jacobian and the products with it.

#include "cross_entropy.hpp"

#include <xent/softmax_jacobian.hpp>

#include <string>

namespace digests {
namespace {

enum class Product { jvp, vjp, log_jvp, log_vjp };
constexpr const char* product_names[] = {"softmax_jvp", "softmax_vjp", "log_softmax_jvp", "log_softmax_vjp"};

template <class S, class V, class Out>
void multiply(Product product, S&& s, V&& v, Out&& out,
              const xent::SoftmaxOptions<RealOf<typename std::decay_t<S>::Scalar>>& options) {
  switch (product) {
    case Product::jvp:
      return xent::softmax_jvp(s, v, out, options);
    case Product::vjp:
      return xent::softmax_vjp(s, v, out, options);
    case Product::log_jvp:
      return xent::log_softmax_jvp(s, v, out, options);
    case Product::log_vjp:
      return xent::log_softmax_vjp(s, v, out, options);
  }
}

/// In place: in the memory of the probabilities.
template <class S, template <class> class Layout>
void product_case(Product product, const Shape& shape, Option option, To to = To::another) {
  xent::SoftmaxOptions<RealOf<S>> options;
  options.axis = Layout<S>::axis;
  options.temperature = options_of<RealOf<S>>(option, shape, options.axis).temperature;
  auto s = targets_of<Layout<S>>(Option::plain, shape);
  auto v = logits_of<Layout<S>>(option, shape);
  auto out = s;
  auto& written = to == To::itself ? s : out;
  multiply(product, s.view(), v.view(), written.view(), options);
  Digest digest;
  digest.add(written, shape);
  print(std::string(product_names[static_cast<int>(product)]) + "/" + scalar_name<S>() + "/" + Layout<S>::name +
            name_of(to) + "/" + shape.name() + "/" + name_of(option),
        digest);
}

template <class S>
void matrix_case(const Shape& shape, Option option) {
  auto s = targets_of<Columns<S>>(Option::plain, shape);
  auto v = logits_of<Columns<S>>(Option::plain, shape);
  const auto temperature = options_of<RealOf<S>>(option, shape, Axis::columns).temperature;
  const auto jacobian = xent::softmax_jacobian(s.view().col(0), temperature);
  Digest digest;
  digest.add(jacobian.toDenseMatrix());
  digest.add(jacobian * v.view());
  digest.add(jacobian * v.view().col(0));
  digest.add(v.view().transpose() * jacobian);
  digest.add(jacobian(shape.classes - 1, 0));
  print("softmax_jacobian/" + std::string(scalar_name<S>()) + "/" + shape.name() + "/" + name_of(option), digest);
}

template <class S>
void of_scalar() {
  constexpr bool all = std::is_same_v<S, RealOf<S>>;
  Index turn = std::is_same_v<S, float> ? 0 : 3;
  for (const Product product : {Product::jvp, Product::vjp, Product::log_jvp, Product::log_vjp}) {
    product_case<S, Columns>(product, some_shape(turn++), Option::cold, To::itself);
    if (product == Product::vjp) continue;  // the same map as jvp
    for (Index i = 0; i < shape_count; i += all ? 2 : 6) {
      product_case<S, Columns>(product, shapes[i], Option::plain);
      product_case<S, Rows>(product, shapes[i + 1], Option::plain);
    }
    product_case<S, Rows>(product, some_shape(turn++), Option::hot, To::itself);
    product_case<S, Block>(product, some_shape(turn++), Option::offset);
    if (!all) continue;
    product_case<S, RowMajor>(product, some_shape(turn++), Option::nan);
    product_case<S, Strided>(product, some_shape(turn++), Option::cold);
    product_case<S, Fixed>(product, fixed_shape, Option::hot);
  }
  matrix_case<S>({10, 7}, Option::plain);
  matrix_case<S>({33, 2}, Option::cold);
}

}  // namespace

void jacobian() {
  of_scalar<float>();
  of_scalar<double>();
  of_scalar<Eigen::half>();
  of_scalar<Eigen::bfloat16>();
}

}  // namespace digests
