// softmax_cross_entropy from 2 to 2^20 classes, 64 MB of logits and a working set of a second-level cache; and a ladder
// of what one would write with Eigen alone. Every form is checked against the first rung before it is timed.

#include <xent/softmax_cross_entropy.hpp>
#include <xent/thread_pool.hpp>

#include <Eigen/SparseCore>

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string>

#include "support/against_memcpy.hpp"
#include "support/copied_bytes.hpp"
#include "support/over_classes.hpp"

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

namespace {

using Eigen::Index;

template <class Real>
struct Problem {
  using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  Matrix logits;
  Matrix gradient;
  Eigen::VectorXi labels;

  Problem(Index classes, Index bytes)
      : logits(classes, bench::samples_in<Real>(bytes, classes)),
        gradient(Matrix::Zero(classes, logits.cols())),
        labels(logits.cols()) {
    bench::fill_uniform(logits, -10, 10);
    for (Index i = 0; i < labels.size(); ++i) labels[i] = static_cast<int>(i * 7 % classes);
  }
  std::size_t size() const { return static_cast<std::size_t>(logits.size()); }
};

// The first rung: what the formula says, in whole-matrix expressions.
template <class Real>
Real whole_matrix(Problem<Real>& p) {
  const auto batch = static_cast<Real>(p.logits.cols());
  const auto maxima = p.logits.colwise().maxCoeff().eval();
  p.gradient = (p.logits.rowwise() - maxima).array().exp();
  const auto sums = p.gradient.colwise().sum().eval();
  double loss = 0;  // millions of terms
  for (Index i = 0; i < p.logits.cols(); ++i) loss += std::log(sums[i]) + maxima[i] - p.logits(p.labels[i], i);
  p.gradient = (p.gradient.array().rowwise() / (sums.array() * batch)).matrix();
  for (Index i = 0; i < p.logits.cols(); ++i) p.gradient(p.labels[i], i) -= 1 / batch;
  return static_cast<Real>(loss) / batch;
}

// The second: column by column, in cache.
template <class Real>
Real column_loop(Problem<Real>& p) {
  const auto batch = static_cast<Real>(p.logits.cols());
  double loss = 0;  // millions of terms
  for (Index i = 0; i < p.logits.cols(); ++i) {
    const Real maximum = p.logits.col(i).maxCoeff();
    auto g = p.gradient.col(i);
    g = (p.logits.col(i).array() - maximum).exp();
    const Real sum = g.sum();
    loss += std::log(sum) + maximum - p.logits(p.labels[i], i);
    g *= 1 / (sum * batch);
    g[p.labels[i]] -= 1 / batch;
  }
  return static_cast<Real>(loss) / batch;
}

template <class Real>
void measure(benchmark::State& state, Index bytes, const std::function<Real(Problem<Real>&)>& form) {
  Problem<Real> p(state.range(0), bytes);
  const Real expected = whole_matrix(p);
  p.gradient = p.logits;
  if (!(std::abs(form(p) - expected) <= Real(1e-3) * expected)) return state.SkipWithError("wrong loss");
  const auto copy = [&] { std::memcpy(p.gradient.data(), p.logits.data(), p.size() * sizeof(Real)); };
  bench::against_memcpy(state, p.size(), sizeof(Real), copy, [&] { benchmark::DoNotOptimize(form(p)); });
}

template <class Real>
void add(const std::string& name, const std::function<Real(Problem<Real>&)>& form) {
  bench::over_classes<Real>(name, [form](benchmark::State& state, Index bytes) { measure<Real>(state, bytes, form); });
}

template <class Real>
void add_all(const std::string& scalar) {
  using P = Problem<Real>;
  add<Real>(scalar + "/whole_matrix", whole_matrix<Real>);
  add<Real>(scalar + "/column_loop", column_loop<Real>);
  add<Real>(scalar + "/loss", [](P& p) { return xent::softmax_cross_entropy(p.logits, p.labels); });
  add<Real>(scalar + "/fresh_gradient", [](P& p) {
    typename P::Matrix gradient;
    return xent::softmax_cross_entropy(p.logits, p.labels, gradient);
  });
  add<Real>(scalar + "/gradient", [](P& p) { return xent::softmax_cross_entropy(p.logits, p.labels, p.gradient); });
  // The copy that is timed in turn leaves fresh logits in the gradient's memory.
  add<Real>(scalar + "/in_place", [](P& p) { return xent::softmax_cross_entropy(p.gradient, p.labels, p.gradient); });
  add<Real>(scalar + "/report", [report = xent::CrossEntropyReport<Real>{}](P& p) mutable {
    return xent::softmax_cross_entropy(p.logits, p.labels, p.gradient, {}, &report);
  });
}

// What the ladder above leaves out: another layout, storage of 16 bits, other targets, threads.
template <class Scalar>
struct Batch {
  using Real = xent::RealOf<Scalar>;
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  xent::CrossEntropyOptions<Real> options;
  Matrix logits, gradient;
  Eigen::VectorXi labels;

  Batch(Index classes, Index samples, const xent::CrossEntropyOptions<Real>& o)
      : options(o),
        logits(columns() ? classes : samples, columns() ? samples : classes),
        gradient(Matrix::Zero(logits.rows(), logits.cols())),
        labels(samples) {
    bench::fill_uniform(logits, -10, 10);
    for (Index i = 0; i < samples; ++i) labels[i] = static_cast<int>(i * 7 % classes);
  }

  bool columns() const { return options.axis == xent::Axis::columns; }
  Index classes() const { return columns() ? logits.rows() : logits.cols(); }
  std::size_t bytes() const { return static_cast<std::size_t>(logits.size()) * sizeof(Scalar); }

  /// The labels as distributions, smoothed: the same loss.
  Matrix distributions() const {
    const Real spread = options.label_smoothing / static_cast<Real>(classes());
    Matrix y = Matrix::Constant(logits.rows(), logits.cols(), Scalar(spread));
    for (Index i = 0; i < labels.size(); ++i)
      (columns() ? y(labels[i], i) : y(i, labels[i])) += Scalar(1 - options.label_smoothing);
    return y;
  }

  /// Sample by sample.
  double expected_loss() const {
    const auto smoothing = static_cast<double>(options.label_smoothing);
    double loss = 0;
    for (Index i = 0; i < labels.size(); ++i) {
      Eigen::Array<Real, Eigen::Dynamic, 1> z;
      if (columns())
        z = logits.col(i).template cast<Real>();
      else
        z = logits.row(i).transpose().template cast<Real>();
      const Real maximum = z.maxCoeff();
      const Real lse = maximum + std::log((z - maximum).exp().sum());
      loss += static_cast<double>(lse) - (1 - smoothing) * static_cast<double>(z[labels[i]]) -
              smoothing * static_cast<double>(z.mean());
    }
    return loss / static_cast<double>(labels.size());
  }
};

template <class Scalar>
using Gradient = std::function<xent::RealOf<Scalar>(Batch<Scalar>&)>;

template <class Scalar>
void measure_batch(benchmark::State& state, Batch<Scalar>& batch, const Gradient<Scalar>& form, std::size_t arrays) {
  const double expected = batch.expected_loss();
  if (!(std::abs(static_cast<double>(form(batch)) - expected) <= 1e-3 * expected))
    return state.SkipWithError("wrong loss");
  bench::CopiedBytes copy(arrays, batch.bytes());
  bench::against_memcpy(
      state, static_cast<std::size_t>(batch.logits.size()), arrays * sizeof(Scalar) / 2, [&] { copy(); },
      [&] { benchmark::DoNotOptimize(form(batch)); });
}

template <class Scalar>
using OptionsOf = xent::CrossEntropyOptions<xent::RealOf<Scalar>>;

template <class Scalar>
xent::RealOf<Scalar> gradient_of(Batch<Scalar>& b) {
  return xent::softmax_cross_entropy(b.logits, b.labels, b.gradient, b.options);
}

template <class Scalar>
void add_batches(const std::string& name, const OptionsOf<Scalar>& options) {
  bench::over_classes<Scalar>(name, [=](benchmark::State& state, Index bytes) {
    Batch<Scalar> batch(state.range(0), bench::samples_in<Scalar>(bytes, state.range(0)), options);
    measure_batch<Scalar>(state, batch, gradient_of<Scalar>, 2);
  });
}

void add_dense_targets(const std::string& name, const OptionsOf<float>& smoothed) {
  bench::over_classes<float>(name, [=](benchmark::State& state, Index bytes) {
    Batch<float> batch(state.range(0), bench::samples_in<float>(bytes, state.range(0)), smoothed);
    const Gradient<float> form = [y = batch.distributions()](Batch<float>& b) {
      return xent::softmax_cross_entropy(b.logits, y, b.gradient);
    };
    measure_batch<float>(state, batch, form, 3);
  });
}

void add_sparse_targets(const std::string& name) {
  bench::over_classes<float>(name, [](benchmark::State& state, Index bytes) {
    Batch<float> batch(state.range(0), bench::samples_in<float>(bytes, state.range(0)), {});
    const Gradient<float> form = [y = Eigen::SparseMatrix<float>(batch.distributions().sparseView())](Batch<float>& b) {
      return xent::softmax_cross_entropy(b.logits, y, b.gradient);
    };
    measure_batch<float>(state, batch, form, 2);
  });
}

void add_class_weights(const std::string& name, const OptionsOf<float>& smoothed) {
  bench::over_classes<float>(name, [=](benchmark::State& state, Index bytes) {
    OptionsOf<float> weighted = smoothed;
    weighted.class_weights.setOnes(state.range(0));
    Batch<float> batch(state.range(0), bench::samples_in<float>(bytes, state.range(0)), weighted);
    measure_batch<float>(state, batch, gradient_of<float>, 2);
  });
}

void add_variants() {
  for (const auto axis : {xent::Axis::rows, xent::Axis::columns}) {
    const std::string layout = axis == xent::Axis::rows ? "/rows" : "";
    OptionsOf<float> options;
    options.axis = axis;
    if (axis == xent::Axis::rows) {
      add_batches<float>("float" + layout, options);
      OptionsOf<double> of_doubles;
      of_doubles.axis = axis;
      add_batches<double>("double" + layout, of_doubles);
    }
    add_batches<Eigen::bfloat16>("bfloat16" + layout, options);
    add_batches<Eigen::half>("half" + layout, options);
  }
  OptionsOf<float> smoothed;
  smoothed.label_smoothing = 0.1F;
  add_batches<float>("float/smoothed", smoothed);
  add_class_weights("float/smoothed_and_weighted", smoothed);
  add_dense_targets("float/dense_targets", smoothed);
  add_sparse_targets("float/sparse_targets");
  OptionsOf<float> threads;
  threads.executor = xent::thread_pool_executor(2);
  add_batches<float>("float/two_threads", threads);
}

/// What the machine has, or 0 where that is not known.
Index memory_bytes() {
#if defined(_SC_PHYS_PAGES) && defined(_SC_PAGESIZE)
  return static_cast<Index>(sysconf(_SC_PHYS_PAGES)) * static_cast<Index>(sysconf(_SC_PAGESIZE));
#else
  return 0;
#endif
}

/// The time a logit must not depend on how many there are: from 2^10 to 2^28, 1 GiB, as far as the logits, the gradient
/// and the copy fit. All are in batches of 1024 classes.
void add_scaling() {
  auto* const made = benchmark::RegisterBenchmark("float/scaling", [](benchmark::State& state) {
    constexpr Index classes = 1024;
    Batch<float> batch(classes, (Index{1} << state.range(0)) / classes, {});
    measure_batch<float>(state, batch, gradient_of<float>, 2);
  });
  made->UseManualTime()->Unit(benchmark::kMicrosecond)->ArgName("log2_logits");
  for (int log2_logits = 10; log2_logits <= 28; log2_logits += 2)
    if ((Index{5 * sizeof(float)} << log2_logits) <= std::max(memory_bytes(), Index{1} << 30U)) made->Arg(log2_logits);
}

}  // namespace

int main(int argc, char** argv) {
  add_all<float>("float");
  add_all<double>("double");
  add_variants();
  add_scaling();
  return bench::run(argc, argv);
}
