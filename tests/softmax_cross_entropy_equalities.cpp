// Two ways to say the same thing give the same answer: bit for bit in place and on any executor, within the bounds
// where another kind of target, another storage order or another batch may take another path.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/semantics.hpp"

using namespace semantics;

namespace {

template <class Real>
support::Batch<Real> random_batch(std::uint64_t seed, Index classes, Index samples) {
  support::Random random(seed);
  return support::random_batch<Real>(random, classes, samples);
}

/// Option sets with every member of CrossEntropyOptions away from its default somewhere, for 7 classes and 5 samples.
template <class Real>
std::vector<Options<Real>> option_sets() {
  Options<Real> a;
  a.reduction = xent::Reduction::sum;
  a.label_smoothing = Real(0.1);
  a.temperature = Real(1.7);
  a.z_loss = Real(0.02);
  a.class_weights = {Real(1), Real(0.5), Real(3), Real(0), Real(2.25), Real(1.1), Real(0.7)};
  a.sample_weights = {Real(0.3), Real(-2), Real(0), Real(1), Real(1.7)};
  Options<Real> b = a;
  b.reduction = xent::Reduction::mean;
  b.denominator = Real(3.5);
  b.smoothing = xent::Smoothing::other_classes;
  b.ignore_index = 2;
  return {Options<Real>(), a, b};
}

}  // namespace

TEMPLATE_TEST_CASE("a label, its one-hot column and its sparse column", "", float, double, long double) {
  using Real = TestType;
  support::Batch<Real> b = random_batch<Real>(1, 7, 5);
  b.y = support::Batch<Real>(b.z, {b.labels.data(), b.labels.data() + 5}).y;
  for (Options<Real> o : option_sets<Real>()) {
    // Distributions have nothing to ignore, and their mean does not divide by class weights.
    o.ignore_index = -100;
    if (o.reduction == xent::Reduction::mean && !o.denominator) o.class_weights = {};
    const support::Answer<Real> label = support::answer(b, Kind::labels, o);
    support::Answer<Real> dense = support::answer(b, Kind::dense, o);
    CHECK(near(support::answer(b, Kind::sparse_columns, o), dense));
    CHECK(near(support::answer(b, Kind::sparse_rows, o), dense));
    CHECK(dense.report.correct == 0);
    dense.report.correct = label.report.correct;
    if (o.reduction == xent::Reduction::sum) dense.report.denominator = label.report.denominator;
    CHECK(near(dense, label));
  }
}

TEMPLATE_TEST_CASE("columns and rows", "", float, double, long double) {
  using Real = TestType;
  const support::Batch<Real> b = random_batch<Real>(2, 7, 5);
  for (Options<Real> o : option_sets<Real>())
    for (const Kind kind : every_kind) {
      const support::Answer<Real> columns = support::answer(b, kind, o);
      o.axis = xent::Axis::rows;
      CHECK(near(support::answer(b, kind, o), columns));
      o.axis = xent::Axis::columns;
    }
}

TEMPLATE_TEST_CASE("in place and into another matrix", "", float, double, long double) {
  using Real = TestType;
  const support::Batch<Real> b = random_batch<Real>(3, 7, 5);
  const Eigen::SparseMatrix<Real> sparse = b.y.sparseView();
  for (const Options<Real>& o : option_sets<Real>()) {
    const auto agree = [&](const auto& targets) {
      const support::Answer<Real> apart = support::answer(b.z, targets, b.v, o);
      support::Matrix<Real> z = b.z;
      xent::CrossEntropyReport<Real> report;
      if (!same(xent::softmax_cross_entropy(z, targets, z, o, &report), apart.loss)) return false;
      if (!same(z, apart.gradient) || !same(report, apart.report)) return false;
      // Through views of the same memory, and rows of it.
      z = b.z;
      xent::softmax_cross_entropy(z.array(), targets, Eigen::Map<support::Matrix<Real>>(z.data(), 7, 5), o);
      if (!near(z, apart.gradient)) return false;
      z = b.z;
      xent::softmax_cross_entropy_hvp(z, targets, b.v, z, o);
      if (!same(z, apart.hvp)) return false;
      support::Matrix<Real> v = b.v;
      xent::softmax_cross_entropy_hvp(b.z, targets, v, v, o);
      return same(v, apart.hvp);
    };
    CHECK(agree(b.labels));
    CHECK(agree(b.y));
    CHECK(agree(sparse));
  }
  // An expression of the output's own memory is evaluated before the first write.
  const support::Answer<Real> doubled = support::answer<Real>(support::Matrix<Real>(b.z + b.z), b.labels, b.v, {});
  support::Matrix<Real> z = b.z;
  CHECK(near(xent::softmax_cross_entropy(z + z, b.labels, z), doubled.loss));
  CHECK(near(z, doubled.gradient));
  support::Matrix<Real> square = b.z.topRows(5);
  support::Matrix<Real> expected(5, 5);
  xent::softmax_cross_entropy(support::Matrix<Real>(square.transpose()), std::vector<int>{0, 1, 2, 3, 4}, expected);
  xent::softmax_cross_entropy(square.transpose() * Real(1), std::vector<int>{0, 1, 2, 3, 4}, square);
  CHECK(near(square, expected));
}

TEMPLATE_TEST_CASE("removing a sample, ignoring it, and giving it weight 0, with NaN in its logits", "", float, double,
                   long double) {
  using Real = TestType;
  support::Batch<Real> b = random_batch<Real>(4, 7, 5);
  const Index gone = 3;
  support::Batch<Real> rest;
  const std::vector<Index> kept{0, 1, 2, 4};
  rest.z = b.z(Eigen::indexing::all, kept);
  rest.y = b.y(Eigen::indexing::all, kept);
  rest.v = b.v(Eigen::indexing::all, kept);
  rest.labels = b.labels(kept);
  b.z.col(gone).setConstant(not_a_number<Real>);
  for (const Options<Real>& o : option_sets<Real>())
    for (const Kind kind : every_kind) {
      CAPTURE(support::name(kind));
      Options<Real> fewer = o;
      if (o.sample_weights.size() != 0) fewer.sample_weights = o.sample_weights(kept);
      const support::Answer<Real> removed = support::answer(rest, kind, fewer);
      const auto agrees = [&](const support::Answer<Real>& a) {
        support::Answer<Real> others = a;
        others.gradient = a.gradient(Eigen::indexing::all, kept);
        others.hvp = a.hvp(Eigen::indexing::all, kept);
        others.report.ignored -= 1;
        others.report.sample_loss = a.report.sample_loss(kept);
        others.report.logsumexp = a.report.logsumexp(kept);
        others.report.entropy = a.report.entropy(kept);
        others.report.prediction = a.report.prediction(kept);
        return near(others, removed) && absent(a, gone);
      };
      Options<Real> weightless = o;
      if (o.sample_weights.size() == 0) weightless.sample_weights.setOnes(5);
      weightless.sample_weights[gone] = Real(0);
      CHECK(agrees(support::answer(b, kind, weightless)));
      if (kind != Kind::labels) continue;
      support::Batch<Real> ignored = b;
      ignored.labels[gone] = static_cast<int>(o.ignore_index);
      CHECK(agrees(support::answer(ignored, kind, o)));
    }
}

TEMPLATE_TEST_CASE("the mean times its denominator is the sum", "", float, double, long double) {
  using Real = TestType;
  const support::Batch<Real> b = random_batch<Real>(5, 7, 5);
  for (const Options<Real>& options : option_sets<Real>())
    for (const Kind kind : every_kind) {
      Options<Real> o = options;
      o.sample_weights = {};
      o.reduction = xent::Reduction::sum;
      const support::Answer<Real> sum = support::answer(b, kind, o);
      o.reduction = xent::Reduction::mean;
      const support::Answer<Real> mean = support::answer(b, kind, o);
      const Real d = mean.report.denominator;
      CHECK(near(mean.loss * d, sum.loss));
      CHECK(near(mean.report.z_loss * d, sum.report.z_loss));
      CHECK(near(mean.report.temperature_gradient * d, sum.report.temperature_gradient));
      CHECK(near(support::Matrix<Real>(mean.gradient * d), sum.gradient));
      CHECK(near(mean.report.sample_loss, sum.report.sample_loss));
      // Under Reduction::sum the report says what the default denominator would have been.
      o.denominator.reset();
      const support::Answer<Real> by_default = support::answer(b, kind, o);
      CHECK(near(by_default.report.denominator, sum.report.denominator));
      o.denominator = by_default.report.denominator;
      CHECK(near(support::answer(b, kind, o).gradient, by_default.gradient));
    }
}

TEMPLATE_TEST_CASE("a batch of N and N batches of one with a common denominator", "", float, double, long double) {
  using Real = TestType;
  const support::Batch<Real> b = random_batch<Real>(6, 7, 5);
  for (const Options<Real>& options : option_sets<Real>())
    for (const Kind kind : every_kind) {
      Options<Real> o = options;
      const support::Answer<Real> whole = support::answer(b, kind, o);
      if (o.reduction == xent::Reduction::mean) o.denominator = whole.report.denominator;
      Real loss(0), size(0), dt(0), z_loss(0);
      for (Index i = 0; i < 5; ++i) {
        support::Batch<Real> one;
        one.z = b.z.col(i);
        one.y = b.y.col(i);
        one.v = b.v.col(i);
        one.labels = b.labels.segment(i, 1);
        if (o.sample_weights.size() != 0) o.sample_weights = {options.sample_weights[i]};
        const support::Answer<Real> a = support::answer(one, kind, o);
        CHECK((near(a.gradient, whole.gradient.col(i)) && near(a.hvp, whole.hvp.col(i))));
        CHECK(near(a.report.sample_loss[0], whole.report.sample_loss[i]));
        CHECK(near(a.report.logsumexp[0], whole.report.logsumexp[i]));
        CHECK(near(a.report.entropy[0], whole.report.entropy[i]));
        loss += a.loss;
        size += std::abs(a.loss);
        dt += a.report.temperature_gradient;
        z_loss += a.report.z_loss;
      }
      CHECK(near(loss, whole.loss, size));
      CHECK(near(dt, whole.report.temperature_gradient, Real(5)));
      CHECK(near(z_loss, whole.report.z_loss, size));
    }
}

// The blocks of samples depend on the shape alone, so that neither threads nor ranges show in the result.
TEMPLATE_TEST_CASE("every executor gives the same bits", "", float, double) {
  using Real = TestType;
  using Body = std::function<void(Index, Index)>;
  const support::Batch<Real> b = random_batch<Real>(7, 40, 7000);  // two times 2^17 coefficients and some
  Options<Real> o;
  o.label_smoothing = Real(0.1);
  o.z_loss = Real(0.01);
  const auto solve = [&](const xent::Executor& executor) {
    o.executor = executor;
    support::Answer<Real> a;
    a.loss = xent::softmax_cross_entropy(b.z, b.labels, a.gradient, o, &a.report);
    a.hvp = xent::softmax_cross_entropy_hvp(b.z, b.labels, b.v, o);
    return a;
  };
  const support::Answer<Real> expected = solve({});
  Index blocks = 0;
  const std::vector<xent::Executor> executors{
      [&blocks](Index count, const Body& body) {
        blocks = count;
        body(0, count);
      },
      [](Index count, const Body& body) {
        for (Index i = count - 1; i >= 0; --i) body(i, i + 1);
      },
      [](Index count, const Body& body) {
        body(count / 3, count);
        body(0, count / 3);
        body(count, count);
      },
      [](Index count, const Body& body) {
        std::vector<std::thread> threads;
        for (Index i = 0; i < count; ++i) threads.emplace_back([&body, i] { body(i, i + 1); });
        for (std::thread& thread : threads) thread.join();
      },
  };
  for (const xent::Executor& executor : executors) CHECK(same(solve(executor), expected));
  CHECK(blocks > 1);

  const xent::Executor broken = [](Index, const Body&) { throw std::runtime_error("no threads today"); };
  CHECK_THROWS_WITH(solve(broken), "no threads today");
}

// Batches beyond the caches may be read ahead and written past the caches: the same numbers.
TEMPLATE_TEST_CASE("a batch of 5 MB", "", float, double) {
  using Real = TestType;
  const Index classes = 997;
  const Index samples = Index{5000000} / (classes * static_cast<Index>(sizeof(Real)));
  support::Random random(8);
  support::Matrix<Real> z(classes, samples);
  random.fill_uniform(z, -8, 8);
  Eigen::VectorXi labels(samples);
  for (Index i = 0; i < samples; ++i) labels[i] = random.integer(static_cast<int>(classes));
  z.col(3).setConstant(not_a_number<Real>);
  z(labels[4], 4) = -inf<Real>;
  labels[5] = -100;
  const Options<Real> o{xent::Axis::columns, xent::Reduction::sum};
  xent::CrossEntropyReport<Real> report;
  support::Matrix<Real> gradient(classes, samples);
  xent::softmax_cross_entropy(z, labels, gradient, o, &report);
  // Without a report, in place, into shifted memory: the same bits.
  std::vector<Real> memory(static_cast<std::size_t>(classes * samples + 64), Real(77));
  for (const Index shift : {1, 5}) {
    Eigen::Map<support::Matrix<Real>> shifted(memory.data() + shift, classes, samples);
    xent::softmax_cross_entropy(z, labels, shifted, o);
    CHECK(same(shifted, gradient));
    CHECK((memory[static_cast<std::size_t>(shift) - 1] == 77 &&
           memory[static_cast<std::size_t>(classes * samples + shift)] == 77));
    memory.assign(memory.size(), Real(77));
  }
  support::Matrix<Real> in_place = z;
  xent::softmax_cross_entropy(in_place, labels, in_place, o);
  CHECK(same(in_place, gradient));
  // Some samples alone, and one with strides that no kernel takes.
  for (const Index i : {Index{0}, Index{2}, Index{3}, Index{4}, Index{6}, samples / 2, samples - 1}) {
    CAPTURE(i);
    support::Matrix<Real> alone(classes, 1);
    xent::CrossEntropyReport<Real> single;
    xent::softmax_cross_entropy(support::Matrix<Real>(z.col(i)), std::vector<int>{labels[i]}, alone, o, &single);
    CHECK(near(alone, gradient.col(i)));
    CHECK((near(single.logsumexp[0], report.logsumexp[i]) && near(single.sample_loss[0], report.sample_loss[i])));
    CHECK((near(single.entropy[0], report.entropy[i]) && single.prediction[0] == report.prediction[i]));
  }
  CHECK(gradient.col(5).isZero(0));
}
