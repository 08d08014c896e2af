// What xent/softmax.hpp compiles.
// XENT_INSTANCE is `extern template` where they are declared, `template` where they are defined.

XENT_NAMESPACE_BEGIN
namespace detail {

#define XENT_INSTANCES(Scalar, Out)                                                                    \
  XENT_INSTANCE void softmax_samples<SoftmaxMap>(const Samples<const Scalar>&, const Samples<Out>&,    \
                                                 const SoftmaxOptions<RealOf<Scalar>>&);               \
  XENT_INSTANCE void softmax_samples<LogSoftmaxMap>(const Samples<const Scalar>&, const Samples<Out>&, \
                                                    const SoftmaxOptions<RealOf<Scalar>>&);
XENT_FOR_EACH_SCALAR(XENT_INSTANCES)
#undef XENT_INSTANCES

}  // namespace detail
XENT_NAMESPACE_END
