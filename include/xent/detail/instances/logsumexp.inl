// What xent/logsumexp.hpp compiles.
// XENT_INSTANCE is `extern template` where they are declared, `template` where they are defined.

XENT_NAMESPACE_BEGIN
namespace detail {

XENT_INSTANCE void logsumexp_samples(const Samples<const float>&, const float&, float*);
XENT_INSTANCE void logsumexp_samples(const Samples<const double>&, const double&, double*);
XENT_INSTANCE void logsumexp_samples(const Samples<const Eigen::half>&, const float&, float*);
XENT_INSTANCE void logsumexp_samples(const Samples<const Eigen::bfloat16>&, const float&, float*);

}  // namespace detail
XENT_NAMESPACE_END
