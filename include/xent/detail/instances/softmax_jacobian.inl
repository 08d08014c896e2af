// What xent/softmax_jacobian.hpp compiles once where XENT_COMPILED is defined: XENT_INSTANCE is `extern template` where
// it is declared, `template` where it is defined.

XENT_NAMESPACE_BEGIN
namespace detail {

#define XENT_INSTANCES_OF(Product, Scalar, Out)                                                             \
  XENT_INSTANCE void jacobian_of_batch<Product>(const Samples<const Scalar>&, const Samples<const Scalar>&, \
                                                const SoftmaxOptions<RealOf<Scalar>>&, const Samples<Out>&);
#define XENT_INSTANCES(Scalar, Out)                 \
  XENT_INSTANCES_OF(SoftmaxProduct, Scalar, Out)    \
  XENT_INSTANCES_OF(LogSoftmaxProduct, Scalar, Out) \
  XENT_INSTANCES_OF(LogSoftmaxTransposedProduct, Scalar, Out)
XENT_FOR_EACH_SCALAR(XENT_INSTANCES)
#undef XENT_INSTANCES
#undef XENT_INSTANCES_OF

}  // namespace detail
XENT_NAMESPACE_END
