#ifndef XENT_TESTS_OVERLAP_DRAW_HPP
#define XENT_TESTS_OVERLAP_DRAW_HPP

/// What random calls are made with: options of every function, sparse targets, a report or none.

#include <xent/thread_pool.hpp>
#include <xent/xent.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "overlap.hpp"
#include "random.hpp"

namespace support {

/// All numbers of a loss and its report.
template <class Real, class Report>
std::vector<Real> numbers_of(const Real& loss, const Report& report) {
  std::vector<Real> all{loss, report.loss, report.denominator};
  for (const Index n : {report.counted, report.ignored, report.correct}) all.push_back(static_cast<Real>(n));
  for (const auto* numbers : {&report.sample_loss, &report.logsumexp, &report.entropy})
    all.insert(all.end(), numbers->data(), numbers->data() + numbers->size());
  for (const auto k : report.prediction) all.push_back(static_cast<Real>(k));
  if constexpr (std::is_same_v<Report, xent::CrossEntropyReport<Real>>) {
    all.push_back(report.z_loss);
    all.push_back(report.temperature_gradient);
  }
  return all;
}

/// Places of the entries of sparse targets, whose values lie in a view.
template <class Scalar, int order>
struct Pattern {
  Index rows, cols;
  std::vector<int> starts{0}, places{};

  Pattern(Index r, Index c, Random& random) : rows(r), cols(c) {
    const bool by_columns = order == Eigen::ColMajor;
    for (Index outer = 0; outer < (by_columns ? cols : rows); ++outer) {
      for (Index k = random.integer(places.empty() ? 1 : 5); k < (by_columns ? rows : cols); k += 1 + random.integer(5))
        places.push_back(static_cast<int>(k));
      starts.push_back(static_cast<int>(places.size()));
    }
  }
  Index size() const { return static_cast<Index>(places.size()); }
  auto over(const View<Scalar>& values) const {
    return Eigen::Map<const Eigen::SparseMatrix<Scalar, order>>(rows, cols, size(), starts.data(), places.data(),
                                                                values.data());
  }
};

/// Shapes and options of random calls.
template <class Scalar>
struct Draw {
  using Real = xent::RealOf<Scalar>;

  Index classes, batch, dim;  // the last one of linear_cross_entropy
  xent::Axis axis;
  std::vector<int> labels{};
  bool reports;
  xent::SoftmaxOptions<Real> softmax{};
  xent::CrossEntropyOptions<Real> loss{};
  xent::LogitOptions<Real> of_logits{};
  xent::SigmoidOptions<Real> sigmoid{};
  xent::GaussianOptions<Real> gaussian{};
  xent::PoissonOptions poisson{};
  xent::LinearCrossEntropyOptions<Real> linear{};
  xent::InformationOptions<Real> measures{};

  Draw(Index classes_, Index batch_, xent::Axis axis_, Random& random)
      : classes(classes_), batch(batch_), dim(1 + random.integer(12)), axis(axis_), reports(random.integer(2) == 0) {
    static const xent::Executor pool = xent::thread_pool_executor(2);
    const auto coin = [&] { return random.integer(2) == 0; };
    const auto weights = [&](Index size, bool some_absent) {
      xent::Weights<Real> numbers;
      if (coin()) return numbers;
      numbers.resize(size);
      for (Real& w : numbers) w = some_absent && random.integer(9) == 0 ? Real(0) : Real(random.uniform(0.5, 2));
      return numbers;
    };
    for (Index i = 0; i < batch; ++i) labels.push_back(random.integer(static_cast<int>(classes)));
    if (coin())
      for (int& label : labels)
        if (random.integer(9) == 0) label = -100;
    if (random.integer(4) == 0) softmax.executor = pool;
    softmax.axis = loss.axis = of_logits.axis = sigmoid.axis = measures.axis = axis;
    loss.executor = of_logits.executor = sigmoid.executor = measures.executor = softmax.executor;
    gaussian.minimum_variance = Real(0.25);
    linear.loss = loss;
    linear.workspace_bytes = coin() ? 1 : std::size_t{1} << 20U;
    linear.accumulate = coin();
    if (coin()) return;  // plain calls have loops of their own
    softmax.temperature = loss.temperature = of_logits.temperature = coin() ? Real(1) : Real(1.5);
    if (coin()) loss.reduction = xent::Reduction::sum;
    of_logits.reduction = sigmoid.reduction = gaussian.reduction = poisson.reduction = loss.reduction;
    if (coin()) loss.label_smoothing = sigmoid.label_smoothing = Real(0.125);
    if (coin() && classes > 1) loss.smoothing = xent::Smoothing::other_classes;
    if (coin()) loss.z_loss = Real(0.01);
    loss.class_weights = sigmoid.positive_weights = weights(classes, false);
    loss.sample_weights = of_logits.sample_weights = sigmoid.sample_weights = weights(batch, true);
    if (coin()) measures.unit = xent::Unit::bits;
    linear.loss = loss;
  }
  /// One sample has `numbers`.
  std::pair<Index, Index> shape(Index numbers) const {
    return axis == xent::Axis::columns ? std::pair(numbers, batch) : std::pair(batch, numbers);
  }
};

}  // namespace support

#endif
