#ifndef XENT_TESTS_ACCURACY_CROSS_ENTROPY_HPP
#define XENT_TESTS_ACCURACY_CROSS_ENTROPY_HPP

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/SparseCore>

#include "accuracy.hpp"

namespace accuracy {

/// softmax_cross_entropy under options: the cases hold a batch each, with labels or distributions.
template <class Real>
class CrossEntropyMeasure {
 public:
  explicit CrossEntropyMeasure(Table& table)
      : plain_{table.row<Real>("loss of a sample, label", 3.5), table.row<Real>("reduced loss, label", 5.5),
               table.row<Real>("gradient of a label, weighted", 4)},
        soft_{table.row<Real>("loss of a sample, smoothed or soft", 4.5), table.row<Real>("reduced loss, other", 6),
              table.row<Real>("gradient, smoothed or soft", 6, "w/(D T) max(sum Y s_k, Y_k)")},
        with_z_loss_{table.row<Real>("loss of a sample, z-loss", 10, "w (sum Y lse - sum_k Y_k z_k / T + zeta m^2)"),
                     table.row<Real>("reduced loss, z-loss", 12, "the sizes of its terms"),
                     table.row<Real>("gradient, z-loss", 9, "w/(D T) max((sum Y + 2 zeta m) s_k, Y_k)")},
        logsumexp_(table.row<Real>("report.logsumexp", 5.5, "max(|lse|, |max z| / T)")),
        entropy_(table.row<Real>("report.entropy", 8)),
        z_loss_(table.row<Real>("report.z_loss", 10, "w zeta max(|lse|, |max z| / T)^2 / D")),
        temperature_(table.row<Real>("temperature gradient", 8, "the sum of the absolute values of its terms")),
        hvp_(table.row<Real>("hvp", 8, "the sum of the absolute values of its terms")) {}

  void measure(const Case& c) {
    const auto classes = static_cast<Eigen::Index>(c.input("shape")[0]);
    const auto batch = static_cast<Eigen::Index>(c.input("shape")[1]);
    const bool own_denominator = c.number("mean") != 0 && !c.has("denominator");
    // More copies of the batch fill the vectors that run across samples; only a default denominator would notice.
    for (const Eigen::Index copies : {Eigen::Index(1), Eigen::Index(17)}) {
      if (copies > 1 && own_denominator) continue;
      for (const xent::Axis axis : {xent::Axis::columns, xent::Axis::rows}) {
        const Call call{c, classes, batch, copies, axis, options(c, batch, copies, axis)};
        const bool neither = call.options.z_loss == 0 && call.options.label_smoothing == 0;
        const Rows& soft = call.options.z_loss == 0 ? soft_ : with_z_loss_;
        if (c.has("labels")) {
          std::vector<Eigen::Index> labels;
          Matrix<Real> one_hot = Matrix<Real>::Zero(classes, batch);
          for (Eigen::Index i = 0; i < batch * copies; ++i) {
            labels.push_back(static_cast<Eigen::Index>(c.input("labels")[static_cast<std::size_t>(i % batch)]));
            one_hot(labels.back(), i % batch) = 1;
          }
          measure(call, labels, "labels", neither ? plain_ : soft, neither);
          // A distribution has another default denominator.
          if (!own_denominator) measure_distribution(call, one_hot);
        } else {
          measure_distribution(call, matrix(c.input("targets"), classes, batch));
        }
      }
    }
  }

 private:
  struct Rows {
    Row& sample_loss;
    Row& loss;
    Row& gradient;
  };

  struct Call {
    const Case& c;
    Eigen::Index classes, batch, copies;
    xent::Axis axis;
    xent::CrossEntropyOptions<Real> options;

    /// The batch, repeated and laid out.
    Matrix<Real> laid_out(const Matrix<Real>& m) const {
      if (axis == xent::Axis::columns) return m.replicate(1, copies);
      return m.transpose().replicate(copies, 1);
    }
    Real at(const Matrix<Real>& m, Eigen::Index k, Eigen::Index i) const {
      return axis == xent::Axis::columns ? m(k, i) : m(i, k);
    }
  };

  static Matrix<Real> matrix(const std::vector<double>& values, Eigen::Index classes, Eigen::Index batch) {
    return vector_of<Real>(values).reshaped(classes, batch);
  }

  static xent::CrossEntropyOptions<Real> options(const Case& c, Eigen::Index batch, Eigen::Index copies,
                                                 xent::Axis axis) {
    const auto number = [&](const char* name) { return static_cast<Real>(c.number(name)); };
    xent::CrossEntropyOptions<Real> o;
    o.axis = axis;
    o.reduction = c.number("mean") != 0 ? xent::Reduction::mean : xent::Reduction::sum;
    if (c.has("denominator")) o.denominator = number("denominator");
    o.label_smoothing = number("smoothing");
    o.smoothing = c.number("other_classes") != 0 ? xent::Smoothing::other_classes : xent::Smoothing::all_classes;
    o.temperature = number("temperature");
    o.z_loss = number("z_loss");
    if (c.has("class_weights")) o.class_weights = vector_of<Real>(c.input("class_weights"));
    if (c.has("sample_weights")) {
      o.sample_weights = vector_of<Real>(c.input("sample_weights")).replicate(copies, 1).col(0).head(batch * copies);
    }
    return o;
  }

  void measure_distribution(const Call& call, const Matrix<Real>& y) {
    const Matrix<Real> dense = call.laid_out(y);
    const Rows& rows = call.options.z_loss == 0 ? soft_ : with_z_loss_;
    measure(call, dense, "dense", rows, false);
    measure(call, Eigen::SparseMatrix<Real>(dense.sparseView()), "sparse", rows, false);
  }

  template <class Targets>
  void measure(const Call& call, const Targets& targets, const char* kind, const Rows& rows, bool own_ulp) {
    const Case& c = call.c;
    const Matrix<Real> z = call.laid_out(matrix(c.input("logits"), call.classes, call.batch));
    const Matrix<Real> v = call.laid_out(matrix(c.input("direction"), call.classes, call.batch));
    const std::string where = std::string(kind) + (call.axis == xent::Axis::columns ? ", columns" : ", rows") +
                              (call.copies > 1 ? ", repeated" : "");
    Matrix<Real> gradient(z.rows(), z.cols()), plain_gradient(z.rows(), z.cols());
    xent::CrossEntropyReport<Real> report;
    const Real loss = xent::softmax_cross_entropy(z, targets, gradient, call.options, &report);
    const Real plain_loss = xent::softmax_cross_entropy(z, targets, plain_gradient, call.options);
    const Matrix<Real> hvp = xent::softmax_cross_entropy_hvp(z, targets, v, call.options);

    if (call.copies == 1) {
      see(rows.loss, c, where + ", report", loss, c.result("loss")[0], c.scale("loss")[0]);
      see(rows.loss, c, where, plain_loss, c.result("loss")[0], c.scale("loss")[0]);
      see(z_loss_, c, where, report.z_loss, c.result("z_loss")[0], c.scale("z_loss")[0]);
      see(temperature_, c, where, report.temperature_gradient, c.result("temperature_gradient")[0],
          c.scale("temperature_gradient")[0]);
    }
    for (Eigen::Index i = 0; i < call.batch * call.copies; ++i) {
      const auto n = static_cast<std::size_t>(i % call.batch);
      const std::string sample = where + ", sample " + std::to_string(i);
      see(rows.sample_loss, c, sample, report.sample_loss[i], c.result("sample_loss")[n],
          own_ulp ? 0 : c.scale("sample_loss")[n]);
      see(logsumexp_, c, sample, report.logsumexp[i], c.result("logsumexp")[n], c.scale("logsumexp")[n]);
      see(entropy_, c, sample, report.entropy[i], c.result("entropy")[n]);
      for (Eigen::Index k = 0; k < call.classes; ++k) {
        const std::string at = sample + ", class " + std::to_string(k);
        const std::size_t kn = n * static_cast<std::size_t>(call.classes) + static_cast<std::size_t>(k);
        const double scale = own_ulp ? 0 : c.scale("gradient")[kn];
        see(rows.gradient, c, at + ", report", call.at(gradient, k, i), c.result("gradient")[kn], scale);
        see(rows.gradient, c, at, call.at(plain_gradient, k, i), c.result("gradient")[kn], scale);
        see(hvp_, c, at, call.at(hvp, k, i), c.result("hvp")[kn], c.scale("hvp")[kn]);
      }
    }
  }

  Rows plain_, soft_, with_z_loss_;
  Row &logsumexp_, &entropy_, &z_loss_, &temperature_, &hvp_;
};

template <class Real>
void measure_cross_entropy(Table& table) {
  CrossEntropyMeasure<Real> measure(table);
  for (const Case& c : cases<Real>("cross_entropy", "cross_entropy")) measure.measure(c);
}

}  // namespace accuracy

#endif
