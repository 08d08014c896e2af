#ifndef XENT_DETAIL_SOFTMAX_JACOBIAN_BATCH_HPP
#define XENT_DETAIL_SOFTMAX_JACOBIAN_BATCH_HPP

/// A product of every sample of a batch with a Jacobian, from the arguments of the call.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/options.hpp>
#include <xent/detail/arguments/output.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/softmax/jacobian_rows.hpp>
#include <xent/softmax_options.hpp>
#include <xent/types.hpp>

#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN
namespace detail {

/// For messages.
struct ProductName {
  const char* function;
  const char* argument;
};

template <class Product, class Real, class Scalar, class V, class Out>
void jacobian_of_batch(const Samples<const Scalar>& s, const Samples<const V>& v, const SoftmaxOptions<Real>& options,
                       const Samples<Out>& out) {
  const Blocks blocks(s.count, s.classes, out.side_by_side());
  for_blocks(options.executor, blocks, [&](Index /*block*/, Index first, Index last) {
    jacobian_of_samples<Product>(s, v, options.temperature, out, first, last);
  });
}

template <class Product, class S, class V, class Out>
void jacobian_into(const ProductName& name, const Eigen::DenseBase<S>& s, const Eigen::DenseBase<V>& v, Out&& out,
                   const SoftmaxOptionsOf<S>& options) {
  using Scalar = typename S::Scalar;
  static_assert(is_real<Scalar>, "xent: probabilities must be real: write .cast<float>() or .cast<double>()");
  static_assert(std::is_same_v<typename V::Scalar, Scalar> || std::is_same_v<typename V::Scalar, RealOf<Scalar>>,
                "xent: probabilities and vectors must have the same scalar: write .cast<>() on one of them");
  check_temperature(name.function, options.temperature);
  const Operand probabilities(s);
  const Operand vectors(v);
  auto output = make_result_output<Scalar>(std::forward<Out>(out));
  check_same_shape(name.function, name.argument, probabilities, vectors);
  output.check_shape(name.function, "out", probabilities, is_vector<S>);
  output.prepare(probabilities, is_vector<S>);
  const auto from = probabilities.samples(options.axis);
  const auto along = vectors.samples(options.axis, is_vector<S>);
  output.keep_apart_unless_in_place(from, options.axis);
  output.keep_apart_unless_in_place(along, options.axis);
  jacobian_of_batch<Product>(from, along, options, output.samples(options.axis));
  output.finish();
}

template <class Product, class S, class V>
typename V::PlainObject jacobian_returned(const ProductName& name, const Eigen::DenseBase<S>& s,
                                          const Eigen::DenseBase<V>& v, const SoftmaxOptionsOf<S>& options) {
  typename V::PlainObject result;
  result.resize(v.rows(), v.cols());
  jacobian_into<Product>(name, s, v, result, options);
  return result;
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
