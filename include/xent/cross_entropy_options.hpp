#ifndef XENT_CROSS_ENTROPY_OPTIONS_HPP
#define XENT_CROSS_ENTROPY_OPTIONS_HPP

/// What the losses of a batch can be asked for, and what they can report. A function takes options of exactly what it
/// reads. The order of the members is API: designated initialisers and aggregate initialisation rely on it.

#include <xent/config.hpp>
#include <xent/types.hpp>

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <type_traits>
#include <vector>

XENT_NAMESPACE_BEGIN

/// One weight per class or sample: an Eigen array that owns its copy and, unlike an Eigen array, takes {1, 5} as two
/// weights (Eigen reads two integers as a size, silently), and a std::vector.
template <class Real>
class Weights : public Eigen::Array<Real, Eigen::Dynamic, 1> {
  using Base = Eigen::Array<Real, Eigen::Dynamic, 1>;

 public:
  Weights() = default;
  Weights(std::initializer_list<Real> weights) {  // NOLINT(google-explicit-constructor)
    *this = weights;
  }
  Weights(const std::vector<Real>& weights) {  // NOLINT(google-explicit-constructor)
    *this = weights;
  }
  /// From any vector expression of the same scalar, in either orientation.
  template <class Derived>
  Weights(const Eigen::DenseBase<Derived>& weights) {  // NOLINT(google-explicit-constructor)
    *this = weights;
  }

  Weights& operator=(std::initializer_list<Real> weights) {
    copy(weights);
    return *this;
  }
  Weights& operator=(const std::vector<Real>& weights) {
    copy(weights);
    return *this;
  }
  template <class Derived>
  Weights& operator=(const Eigen::DenseBase<Derived>& weights) {
    static_assert(Derived::IsVectorAtCompileTime,
                  "xent: weights are one number per class or sample, in a vector: .col(0)?");
    static_assert(std::is_same_v<typename Derived::Scalar, Real>,
                  "xent: weights have the scalar of the results: write .cast<float>() or .cast<double>()");
    if constexpr (Derived::ColsAtCompileTime == 1)
      Base::operator=(weights.derived().array());
    else
      Base::operator=(weights.derived().transpose().array());
    return *this;
  }

 private:
  template <class Container>
  void copy(const Container& weights) {
    this->resize(static_cast<Eigen::Index>(weights.size()));
    Eigen::Index i = 0;
    for (const Real& weight : weights) (*this)[i++] = weight;
  }
};

/// The options of softmax_cross_entropy. `{}` is the plain mean negative log-likelihood.
template <class Real>
struct CrossEntropyOptions {
  Axis axis = Axis::columns;
  Reduction reduction = Reduction::mean;
  std::optional<Real> denominator{};  // what the mean divides by; not read under Reduction::sum
  Eigen::Index ignore_index = -100;   // a label equal to it: the sample is absent
  Real label_smoothing{0};            // eps in [0, 1]
  Smoothing smoothing = Smoothing::all_classes;
  Real temperature{1};             // logits are divided by it; > 0
  Real z_loss{0};                  // adds z_loss * logsumexp^2 to the loss of each sample; >= 0
  Weights<Real> class_weights{};   // empty: all ones; >= 0
  Weights<Real> sample_weights{};  // empty: all ones; 0: the sample is absent; of either sign under Reduction::sum
  Executor executor{};             // empty: the calling thread
};

template <class Real>
class LinearWorkspace;

/// The options of linear_cross_entropy; those of the loss may stand alone in their place.
template <class Real>
struct LinearCrossEntropyOptions {
  CrossEntropyOptions<Real> loss{};
  Real soft_cap{0};                          // if > 0, logits z become soft_cap tanh(z / soft_cap), before temperature
  std::size_t workspace_bytes = 32U << 20U;  // upper bound on the scratch memory of a call
  bool accumulate = false;                   // += into d_weights and d_bias; d_features is written
  LinearWorkspace<Real>* workspace = nullptr;  // scratch memory that is kept for the next call
};

/// The options of nll.
template <class Real>
struct NllOptions {
  Axis axis = Axis::columns;
  Reduction reduction = Reduction::mean;
  std::optional<Real> denominator{};  // these, and all of the others, as in CrossEntropyOptions
  Eigen::Index ignore_index = -100;
  Weights<Real> class_weights{};
  Weights<Real> sample_weights{};
  Executor executor{};
};

/// The options of entropy_from_logits and kl_divergence_from_logits.
template <class Real>
struct LogitOptions {
  Axis axis = Axis::columns;
  Reduction reduction = Reduction::mean;
  std::optional<Real> denominator{};  // these, and all of the others, as in CrossEntropyOptions
  Real temperature{1};
  Weights<Real> sample_weights{};
  Executor executor{};
};

/// What a call found on its way. A report that is kept and passed again does not allocate.
template <class Real>
struct CrossEntropyReport {
  Real loss{0};                  // after the reduction, z-loss included
  Real z_loss{0};                // its share of the loss
  Real denominator{0};           // what the mean divided by; under Reduction::sum what it would have by default
  Real temperature_gradient{0};  // d loss / d temperature; set by calls that compute a gradient
  Eigen::Index counted = 0;      // samples that took part
  Eigen::Index ignored = 0;      // absent samples
  Eigen::Index correct = 0;      // counted samples whose prediction is their label; 0 for distributions
  Eigen::Array<Real, Eigen::Dynamic, 1> sample_loss{};           // weighted, z-loss included; 0 when absent
  Eigen::Array<Real, Eigen::Dynamic, 1> logsumexp{};             // of z / T; -inf when absent
  Eigen::Array<Real, Eigen::Dynamic, 1> entropy{};               // of softmax(z / T), in nats; 0 when absent
  Eigen::Array<std::ptrdiff_t, Eigen::Dynamic, 1> prediction{};  // argmax z, the lowest index on ties; -1 when absent
};

XENT_NAMESPACE_END

#endif
