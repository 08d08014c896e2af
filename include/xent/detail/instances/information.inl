// What xent/information.hpp compiles once where XENT_COMPILED is defined: XENT_INSTANCE is `extern template` where it
// is declared, `template` where it is defined.

XENT_NAMESPACE_BEGIN
namespace detail {

#define XENT_INSTANCES(Scalar)                                                                                     \
  XENT_INSTANCE void sums_of_samples<EntropyTerm>(const Samples<const Scalar>&, const Samples<const Scalar>&,      \
                                                  const UseOfSum<Scalar>&);                                        \
  XENT_INSTANCE void sums_of_samples<CrossEntropyTerm>(const Samples<const Scalar>&, const Samples<const Scalar>&, \
                                                       const UseOfSum<Scalar>&);                                   \
  XENT_INSTANCE void sums_of_samples<KlDivergenceTerm>(const Samples<const Scalar>&, const Samples<const Scalar>&, \
                                                       const UseOfSum<Scalar>&);                                   \
  XENT_INSTANCE void sums_of_samples<JsDivergenceTerm>(const Samples<const Scalar>&, const Samples<const Scalar>&, \
                                                       const UseOfSum<Scalar>&);                                   \
  XENT_INSTANCE RealOf<Scalar> entropy_within_rows(const Samples<const Scalar>&, Unit);                            \
  XENT_INSTANCE RealOf<Scalar> dependence(const Samples<const Scalar>&, Unit);
XENT_INSTANCES(float)
XENT_INSTANCES(double)
XENT_INSTANCES(Eigen::half)
XENT_INSTANCES(Eigen::bfloat16)
#undef XENT_INSTANCES

}  // namespace detail
XENT_NAMESPACE_END
