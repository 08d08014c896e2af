// What xent/likelihood.hpp compiles once where XENT_COMPILED is defined: XENT_INSTANCE is `extern template` where it is
// declared, `template` where it is defined.

XENT_NAMESPACE_BEGIN
namespace detail {

#define XENT_INSTANCES(Scalar, Out)                                                                          \
  XENT_INSTANCE Wide<RealOf<Scalar>> half_squares<RealOf<Scalar>>(                                           \
      const Samples<const Scalar>&, const DenseCoefficientsOf<Scalar>&, const Samples<Out>&);                \
  XENT_INSTANCE Wide<RealOf<Scalar>> poisson_sum<RealOf<Scalar>>(                                            \
      const Samples<const Scalar>&, const DenseCoefficientsOf<Scalar>&, const Samples<Out>&,                 \
      const Wide<RealOf<Scalar>>&, bool);                                                                    \
  XENT_INSTANCE Wide<RealOf<Scalar>> gaussian_sum<RealOf<Scalar>>(                                           \
      const GaussianTermsOf<Scalar, DenseCoefficientsOf<Scalar>>&, const Samples<Out>&, const Samples<Out>&, \
      const Wide<RealOf<Scalar>>&);                                                                          \
  XENT_INSTANCE Wide<RealOf<Scalar>> gaussian_sum<RealOf<Scalar>>(                                           \
      const GaussianTermsOf<Scalar, SameCoefficients<Wide<RealOf<Scalar>>>>&, const Samples<Out>&,           \
      const Samples<Scalar>&, const Wide<RealOf<Scalar>>&);
XENT_FOR_EACH_SCALAR(XENT_INSTANCES)
#undef XENT_INSTANCES

}  // namespace detail
XENT_NAMESPACE_END
