#ifndef XENT_LIKELIHOOD_OPTIONS_HPP
#define XENT_LIKELIHOOD_OPTIONS_HPP

/// The options of the negative log-likelihoods of decisions, of real numbers and of counts. The order of the members is
/// API.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/types.hpp>

#include <cstddef>
#include <optional>

XENT_NAMESPACE_BEGIN

/// The options of sigmoid_cross_entropy.
template <class Real>
struct SigmoidOptions {
  Axis axis = Axis::columns;
  Reduction reduction = Reduction::mean;
  std::optional<Real> denominator{};  // what the mean divides by; not read under Reduction::sum
  Real label_smoothing{0};            // eps in [0, 1]: y becomes (1 - eps) y + eps / 2
  Weights<Real> positive_weights{};   // one per class, empty: all ones; multiplies y; >= 0
  Weights<Real> sample_weights{};     // one per sample, empty: all ones; 0: absent; of either sign under Reduction::sum
  Executor executor{};                // empty: the calling thread
};

/// What a call of sigmoid_cross_entropy found on its way. The numbers of a batch count decisions, one per coefficient;
/// the vectors have an entry for each sample. A report that is kept and passed again does not allocate.
template <class Real>
struct SigmoidReport {
  Real loss{0};              // after the reduction
  Real denominator{0};       // what the mean divided by; under Reduction::sum what it would have by default
  Eigen::Index counted = 0;  // decisions that took part: the default denominator
  Eigen::Index ignored = 0;  // those of weight 0
  Eigen::Index correct = 0;  // counted decisions whose logit is on the side of the target: z > 0 where y > 1/2
  Eigen::Array<Real, Eigen::Dynamic, 1> sample_loss{};  // the sum over the decisions of the sample, weighted
  // The sum of log(1 + exp z): the log-sum-exp over all combinations of decisions.
  Eigen::Array<Real, Eigen::Dynamic, 1> logsumexp{};
  Eigen::Array<Real, Eigen::Dynamic, 1> entropy{};               // the sum of those of the decisions, in nats
  Eigen::Array<std::ptrdiff_t, Eigen::Dynamic, 1> prediction{};  // the class with the largest logit
};

/// The options of gaussian_nll.
template <class Real>
struct GaussianOptions {
  Reduction reduction = Reduction::mean;  // the mean divides by the number of coefficients
  Real minimum_variance{0};               // smaller variances are replaced by it
  bool constant = false;                  // adds (1/2) log(2 pi) per coefficient
};

/// The options of poisson_nll.
struct PoissonOptions {
  Reduction reduction = Reduction::mean;  // the mean divides by the number of coefficients
  bool constant = false;                  // adds log(target!) per coefficient
};

XENT_NAMESPACE_END

#endif
