#ifndef XENT_TESTS_EVERY_FUNCTION_HPP
#define XENT_TESTS_EVERY_FUNCTION_HPP

/// A call of every function for samples along an axis, for what must hold in any state of the floating-point unit.

#include <xent/xent.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <cmath>
#include <limits>
#include <vector>

#include "random.hpp"

namespace support {

/// Logits, others near them, and the softmax of both.
template <class Scalar>
struct Inputs {
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  Matrix z, w, s, t;
  std::vector<int> labels{};

  Inputs(Eigen::Index classes, xent::Axis axis, double sigma = 3) {
    constexpr Eigen::Index batch = 9;
    const bool columns = axis == xent::Axis::columns;
    Random random(11);
    z.resize(columns ? classes : batch, columns ? batch : classes);
    w = z;
    for (Eigen::Index i = 0; i < z.size(); ++i) {
      z.data()[i] = static_cast<Scalar>(random.normal(0, sigma));
      w.data()[i] = z.data()[i] + static_cast<Scalar>(random.normal(0, 0.01));  // the divergence of these is a series
    }
    for (Eigen::Index i = 0; i < batch; ++i) labels.push_back(random.integer(static_cast<int>(classes)));
    s = xent::softmax(z, axis);
    t = xent::softmax(w, axis);
  }

  /// Subnormal probabilities become 0.
  void flush() {
    const auto flushed = [](const Scalar& x) { return x < (std::numeric_limits<Scalar>::min)() ? Scalar(0) : x; };
    s = s.unaryExpr(flushed).eval();
    t = t.unaryExpr(flushed).eval();
  }
};

/// visit(name, call) for every function, where call() returns all of its results in one vector.
template <class Scalar, class Visit>
void for_every_function(const Inputs<Scalar>& inputs, xent::Axis axis, const Visit& visit) {
  using Matrix = typename Inputs<Scalar>::Matrix;
  using Real = xent::RealOf<Scalar>;
  using Results = std::vector<double>;
  const auto& [z_of, w_of, s_of, t_of, labels_of] = inputs;
  const Matrix &z = z_of, &w = w_of, &s = s_of, &t = t_of;
  const std::vector<int>& labels = labels_of;
  const auto keep = [](Results& all, const auto& numbers) {
    for (Eigen::Index i = 0; i < numbers.size(); ++i)
      all.push_back(double{static_cast<Real>(numbers.derived().data()[i])});
  };
  Matrix out(z.rows(), z.cols());
  Matrix other(z.rows(), z.cols());
  /// Of a call that returns its results, and of one that returns a loss and writes `out`, or `out` and `other`.
  const auto returned = [&](const char* name, const auto& call) {
    visit(name, [&] {
      Results all;
      keep(all, call());
      return all;
    });
  };
  const auto number = [&](const char* name, const auto& call) {
    visit(name, [&] { return Results{static_cast<double>(static_cast<Real>(call()))}; });
  };
  const auto loss = [&](const char* name, const auto& call, bool both = false) {
    visit(name, [&] {
      Results all{static_cast<double>(call())};
      keep(all, out);
      if (both) keep(all, other);
      return all;
    });
  };

  const xent::SoftmaxOptions<Real> softmax{axis, Real(0.7), {}};
  returned("softmax", [&] { return xent::softmax(z, softmax); });
  returned("log_softmax", [&] { return xent::log_softmax(z, softmax); });
  returned("logsumexp", [&] { return xent::logsumexp(z, axis); });
  returned("softmax_jvp", [&] { return xent::softmax_jvp(s, z, softmax); });
  returned("softmax_vjp", [&] { return xent::softmax_vjp(s, w, softmax); });
  returned("softmax_jacobian", [&] {
    const Matrix v = z.topRows(1).transpose();
    return Matrix(xent::softmax_jacobian(s.row(0)) * v);
  });
  returned("log_softmax_jvp", [&] { return xent::log_softmax_jvp(s, z, softmax); });
  returned("log_softmax_vjp", [&] { return xent::log_softmax_vjp(s, z, softmax); });
  for (const bool smoothed : {false, true}) {
    xent::CrossEntropyOptions<Real> options;
    options.axis = axis;
    if (smoothed) {
      options.label_smoothing = Real(0.1);
      options.temperature = Real(1.5);
      options.z_loss = Real(0.01);
    }
    xent::CrossEntropyReport<Real> report;
    loss("softmax_cross_entropy of labels", [&] { return xent::softmax_cross_entropy(z, labels, out, options); });
    returned("its report", [&] {
      xent::softmax_cross_entropy(z, labels, out, options, &report);
      return report.entropy;
    });
    loss("softmax_cross_entropy of distributions", [&] { return xent::softmax_cross_entropy(z, t, out, options); });
    loss("softmax_cross_entropy of sparse distributions",
         [&] { return xent::softmax_cross_entropy(z, t.sparseView(), out, options); });
    returned("softmax_cross_entropy_hvp", [&] { return xent::softmax_cross_entropy_hvp(z, labels, w, options); });
  }
  loss("entropy_from_logits", [&] { return xent::entropy_from_logits(z, out, axis); });
  loss(
      "kl_divergence_from_logits", [&] { return xent::kl_divergence_from_logits(z, w, out, other, axis); }, true);
  loss("sigmoid_cross_entropy", [&] { return xent::sigmoid_cross_entropy(z, s, out, axis); });
  loss(
      "gaussian_nll", [&] { return xent::gaussian_nll(z, w, Matrix(t.array() + Scalar(0.5)), out, other); }, true);
  loss("poisson_nll", [&] { return xent::poisson_nll(z, s, out); });
  loss("half_squared_error", [&] { return xent::half_squared_error(z, w, out); });
  returned("entropy", [&] { return xent::entropy(s, axis); });
  returned("cross_entropy", [&] { return xent::cross_entropy(s, Matrix(t.array() + Scalar(0.01)), axis); });
  returned("kl_divergence", [&] { return xent::kl_divergence(s, Matrix(t.array() + Scalar(0.01)), axis); });
  returned("js_divergence", [&] { return xent::js_divergence(s, t, axis); });
  returned("perplexity", [&] { return xent::perplexity(s, axis); });
  returned("information_content", [&] { return xent::information_content(Matrix(t.array() + Scalar(0.01))); });
  const Matrix joint = s * Scalar(1.0 / 9);
  number("joint_entropy", [&] { return xent::joint_entropy(joint); });
  number("conditional_entropy", [&] { return xent::conditional_entropy(joint); });
  number("mutual_information", [&] { return xent::mutual_information(joint); });
  number("nll", [&] { return xent::nll(z, labels, xent::NllOptions<Real>{axis}); });
  returned("logaddexp", [&] { return xent::logaddexp(z, s); });
  number("LogSumExp", [&] {
    xent::LogSumExp<Real> sum;
    sum.push(z);
    return sum.value();
  });
  loss("linear_cross_entropy", [&] {
    return xent::linear_cross_entropy(z, Matrix(Matrix::Ones(z.cols(), 2)), xent::none, std::vector<int>{0, 1}, out,
                                      xent::none, xent::none);
  });
}

}  // namespace support

#endif
