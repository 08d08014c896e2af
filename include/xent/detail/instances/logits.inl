// What xent/logits.hpp compiles once where XENT_COMPILED is defined: XENT_INSTANCE is `extern template` where it is
// declared, `template` where it is defined.

XENT_NAMESPACE_BEGIN
namespace detail {

#define XENT_INSTANCES(Scalar, Out)                                                                         \
  XENT_INSTANCE RealOf<Scalar> entropy_of_batch(                                                            \
      const Samples<const Scalar>&, const Samples<Out>&, const LogitOptions<RealOf<Scalar>>&,               \
      const CountedSamples<RealOf<Scalar>>&, CrossEntropyReport<RealOf<Scalar>>*);                          \
  XENT_INSTANCE RealOf<Scalar> kl_divergence_of_batch(                                                      \
      const Samples<const Scalar>&, const Samples<const Scalar>&, const Samples<Out>&, const Samples<Out>&, \
      const LogitOptions<RealOf<Scalar>>&, const CountedSamples<RealOf<Scalar>>&,                           \
      CrossEntropyReport<RealOf<Scalar>>*);
XENT_FOR_EACH_SCALAR(XENT_INSTANCES)
#undef XENT_INSTANCES

}  // namespace detail
XENT_NAMESPACE_END
