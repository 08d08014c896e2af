// What xent/softmax_cross_entropy.hpp compiles once where XENT_COMPILED is defined: XENT_INSTANCE is `extern template`
// where it is declared, `template` where it is defined.

XENT_NAMESPACE_BEGIN
namespace detail {

#define XENT_INSTANCES_OF(Targets, Scalar, Out)                                                                       \
  XENT_INSTANCE CrossEntropySums<RealOf<Scalar>> cross_entropy_of_batch(                                              \
      const Samples<const Scalar>&, const Targets<Scalar>&, const Samples<Out>*,                                      \
      const CrossEntropyOptions<RealOf<Scalar>>&, const CrossEntropyScalars<RealOf<Scalar>>&,                         \
      CrossEntropyReport<RealOf<Scalar>>*);                                                                           \
  XENT_INSTANCE void hvp_of_batch(const Samples<const Scalar>&, const Targets<Scalar>&, const Samples<const Scalar>&, \
                                  const CrossEntropyOptions<RealOf<Scalar>>&,                                         \
                                  const CrossEntropyScalars<RealOf<Scalar>>&, const Samples<Out>&);
#define XENT_INSTANCES(Scalar, Out)              \
  XENT_INSTANCES_OF(LabelTargetsOf, Scalar, Out) \
  XENT_INSTANCES_OF(DenseTargetsOf, Scalar, Out) \
  XENT_INSTANCES_OF(EntryTargetsOf, Scalar, Out)
XENT_FOR_EACH_SCALAR(XENT_INSTANCES)
#undef XENT_INSTANCES
#undef XENT_INSTANCES_OF

}  // namespace detail
XENT_NAMESPACE_END
