#ifndef XENT_LIKELIHOOD_OPTIONS_HPP
#define XENT_LIKELIHOOD_OPTIONS_HPP

/// The options of the negative log-likelihoods of real numbers and counts.

#include <xent/config.hpp>
#include <xent/types.hpp>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {

/// The options of gaussian_nll.
template <class Real>
struct GaussianOptions {
  Reduction reduction = Reduction::mean;  // the mean divides by the number of coefficients
  Real minimum_variance{0};               // smaller variances are replaced by it
  bool constant = false;                  // adds (1/2) log(2 pi) a coefficient
};

/// The options of poisson_nll.
struct PoissonOptions {
  Reduction reduction = Reduction::mean;  // the mean divides by the number of coefficients
  bool constant = false;                  // adds log(target!) a coefficient
};

}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
