#ifndef XENT_CERES_HPP
#define XENT_CERES_HPP

/// Softmax regression for the solvers of Ceres. Opt-in: xent.hpp does not include this header, and who includes it
/// links Ceres::ceres.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/softmax_cross_entropy.hpp>
#include <xent/types.hpp>

#include <ceres/first_order_function.h>

#include <Eigen/Core>

#include <limits>
#include <utility>

XENT_NAMESPACE_BEGIN

/// The loss of softmax regression as a function of its weights W and bias b, with its gradient, for
/// ceres::GradientProblem.
///
///     f(W, b) = softmax_cross_entropy(W X + b, targets) + (penalty / 2) |W|^2
///
///     ceres::GradientProblem problem(new xent::SoftmaxRegression(features, labels, 10));
///     std::vector<double> parameters(problem.NumParameters());
///     ceres::GradientProblemSolver::Summary summary;
///     ceres::Solve({}, problem, parameters.data(), &summary);
///
/// The parameters are W [classes x dim], column by column, and then b [classes]. The bias is not penalised: without a
/// penalty the minimum is not unique (a common vector may be added to all rows of W), and with separable data there is
/// none.
template <class Targets>
class SoftmaxRegression final : public ceres::FirstOrderFunction {
 public:
  using Options = CrossEntropyOptions<double>;
  using Weights = Eigen::Map<const Eigen::MatrixXd>;
  using Bias = Eigen::Map<const Eigen::VectorXd>;

  /// @param features  X [dim x samples], or [samples x dim] with Axis::rows; finite. It and the targets are kept: move
  ///                  them in to save the copy. (An Eigen::Map or expression among the targets shows memory that must
  ///                  outlive the function)
  /// @param targets   what softmax_cross_entropy takes: labels [samples], or a distribution for each sample
  /// @param options   those of softmax_cross_entropy
  /// @param penalty   >= 0
  /// @throws what softmax_cross_entropy throws for logits of these shapes, here and not from within the solver;
  ///         std::invalid_argument for a penalty that is negative or not finite, and where Ceres, which counts
  ///         parameters in int, cannot count these
  SoftmaxRegression(Eigen::MatrixXd features, Targets targets, Eigen::Index classes, Options options = {},
                    double penalty = 0)
      : features_(std::move(features)),
        targets_(std::move(targets)),
        classes_(classes),
        options_(std::move(options)),
        penalty_(penalty) {
    if (!(penalty >= 0) || !detail::is_finite(penalty))
      detail::throw_invalid("SoftmaxRegression", "penalty", detail::text(penalty), "a finite number >= 0");
    const double parameters = static_cast<double>(classes) * static_cast<double>(dim() + 1);
    if (classes < 0 || parameters > (std::numeric_limits<int>::max)())
      detail::throw_invalid("SoftmaxRegression", "classes", detail::text(classes),
                            "a number >= 0, with fewer than 2^31 parameters");
    const Eigen::Index samples = by_rows() ? features_.rows() : features_.cols();
    const Eigen::MatrixXd logits = Eigen::MatrixXd::Zero(by_rows() ? samples : classes, by_rows() ? classes : samples);
    xent::softmax_cross_entropy(logits, targets_, options_);
  }

  int NumParameters() const override { return static_cast<int>(classes_ * (dim() + 1)); }

  /// Where W and b lie in an array of parameters.
  Weights weights(const double* parameters) const { return {parameters, classes_, dim()}; }
  Bias bias(const double* parameters) const { return {parameters + classes_ * dim(), classes_}; }

  /// Called by Ceres. False where the loss is not finite: the solver then tries a shorter step. Allocates the logits.
  bool Evaluate(const double* parameters, double* cost, double* gradient) const override {
    const Weights w = weights(parameters);
    Eigen::MatrixXd logits;  // then their gradient
    if (by_rows())
      logits = (features_ * w.transpose()).rowwise() + bias(parameters).transpose();
    else
      logits = (w * features_).colwise() + bias(parameters);
    if (gradient == nullptr) {
      *cost = xent::softmax_cross_entropy(logits, targets_, options_);
    } else {
      *cost = xent::softmax_cross_entropy(logits, targets_, logits, options_);
      Eigen::Map<Eigen::MatrixXd> d_weights(gradient, classes_, dim());
      Eigen::Map<Eigen::VectorXd> d_bias(gradient + classes_ * dim(), classes_);
      if (by_rows()) {
        d_weights.noalias() = logits.transpose() * features_;
        d_bias = logits.colwise().sum().transpose();
      } else {
        d_weights.noalias() = logits * features_.transpose();
        d_bias = logits.rowwise().sum();
      }
      d_weights += penalty_ * w;
    }
    *cost += 0.5 * penalty_ * w.squaredNorm();
    return detail::is_finite(*cost);
  }

 private:
  bool by_rows() const { return options_.axis == Axis::rows; }
  Eigen::Index dim() const { return by_rows() ? features_.cols() : features_.rows(); }

  Eigen::MatrixXd features_;
  Targets targets_;
  Eigen::Index classes_;
  Options options_;
  double penalty_;
};

XENT_NAMESPACE_END

#endif
