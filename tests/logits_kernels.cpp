// entropy_from_logits and kl_divergence_from_logits where their kernels change their ways: samples side by side or one
// by one, lanes that are left over, irregular samples among regular ones, classes that p masks and q has, samples too
// long to be kept.

#include <xent/logits.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

namespace {

using Eigen::Index;
using support::Matrix;
using support::same;
using support::same_number;
using support::Vector;

template <class Real>
constexpr Real inf = std::numeric_limits<Real>::infinity();

template <class Real>
xent::LogitOptions<Real> sum_of(xent::Axis axis = xent::Axis::columns) {
  xent::LogitOptions<Real> options;
  options.axis = axis;
  options.reduction = xent::Reduction::sum;
  return options;
}

/// Logits of a batch: every seventh sample and its neighbours have something that the kernels leave to others, or that
/// takes another way through them.
template <class Real>
struct Batch {
  Matrix<Real> p, q;

  Batch(Index classes, Index count, std::uint64_t seed) : p(classes, count), q(classes, count) {
    support::Random random(seed);
    random.fill_normal(p, 0, 3);
    random.fill_normal(q, 0, 0.5);
    q += p;
    const Real nan = std::numeric_limits<Real>::quiet_NaN();
    for (Index i = 0; i < count; ++i) {
      const Index k = i % classes;
      switch (i % 21) {
        case 3:
          p(k, i) = nan;
          break;
        case 4:
          q(k, i) = nan;
          break;
        case 6:
          p(k, i) = inf<Real>;
          break;
        case 8:
          p.col(i).setConstant(-inf<Real>);
          break;
        case 9:
          q(k, i) = -inf<Real>;
          break;
        case 10:
          p(k, i) = -inf<Real>;
          break;  // q has the class alone
        case 12:
          p(k, i) = q(k, i) = -inf<Real>;
          break;
        case 14:
          p(k, i) = -800;
          break;  // p has nothing that double can tell
        case 15:
          q(k, i) += 600;
          break;
        case 17:
          p.col(i) = q.col(i);
          break;
        case 19:
          p.col(i).setConstant(Real(0.25));
          break;  // every class is a maximum
        default:
          break;
      }
    }
  }
};

/// What a call says of a batch.
template <class Real>
struct Answer {
  Matrix<Real> d_entropy, d_p, d_q;
  xent::CrossEntropyReport<Real> entropy, divergence;

  template <class P, class Q>
  Answer(const P& p, const Q& q, xent::LogitOptions<Real> options) {
    xent::entropy_from_logits(p, d_entropy, options, &entropy);
    xent::kl_divergence_from_logits(p, q, d_p, d_q, options, &divergence);
  }
};

template <class Real>
bool same_report(const xent::CrossEntropyReport<Real>& a, const xent::CrossEntropyReport<Real>& b) {
  return same(a.sample_loss, b.sample_loss) && same(a.logsumexp, b.logsumexp) && same(a.entropy, b.entropy) &&
         same(a.prediction, b.prediction) && same_number(a.temperature_gradient, b.temperature_gradient);
}

template <class Real>
bool same_answer(const Answer<Real>& a, const Answer<Real>& b) {
  return same(a.d_entropy, b.d_entropy) && same(a.d_p, b.d_p) && same(a.d_q, b.d_q) &&
         same_report(a.entropy, b.entropy) && same_report(a.divergence, b.divergence);
}

}  // namespace

TEMPLATE_TEST_CASE("logits kernels: a sample has the same bits alone, in a batch, and however it lies in memory", "",
                   float, double) {
  using Real = TestType;
  for (const Index classes : {1, 2, 3, 4, 5, 10, 31, 64, 65, 127, 128, 129, 130}) {
    for (const Index count : {1, 2, 7, 8, 9, 15, 17, 33, 64, 65, 131}) {
      if (count > 65 && classes > 64) continue;
      INFO(classes << " classes, " << count << " samples");
      const Batch<Real> batch(classes, count, static_cast<std::uint64_t>(classes * 1000 + count));
      xent::LogitOptions<Real> options = sum_of<Real>();
      options.temperature = Real(1.25);
      options.sample_weights = xent::Weights<Real>(Vector<Real>::Constant(count, Real(0.75)).eval().array());
      options.sample_weights[count / 2] = 0;
      const Answer<Real> answer(batch.p, batch.q, options);

      for (Index i = 0; i < count; i += 1 + count / 24) {
        xent::LogitOptions<Real> alone = options;
        alone.sample_weights = {options.sample_weights[i]};
        const Answer<Real> one(batch.p.middleCols(i, 1).eval(), batch.q.middleCols(i, 1).eval(), alone);
        CHECK(same(one.d_entropy, answer.d_entropy.col(i)));
        CHECK(same(one.d_p, answer.d_p.col(i)));
        CHECK(same(one.d_q, answer.d_q.col(i)));
        CHECK(same_number(one.entropy.sample_loss[0], answer.entropy.sample_loss[i]));
        CHECK(same_number(one.divergence.sample_loss[0], answer.divergence.sample_loss[i]));
        CHECK(same_number(one.divergence.logsumexp[0], answer.divergence.logsumexp[i]));
        CHECK(same_number(one.divergence.entropy[0], answer.divergence.entropy[i]));
        CHECK(one.divergence.prediction[0] == answer.divergence.prediction[i]);
      }

      // The class axis not contiguous.
      xent::LogitOptions<Real> by_rows = options;
      by_rows.axis = xent::Axis::rows;
      const Matrix<Real> p_rows = batch.p.transpose(), q_rows = batch.q.transpose();
      Answer<Real> rows(p_rows, q_rows, by_rows);
      for (Matrix<Real>* gradient : {&rows.d_entropy, &rows.d_p, &rows.d_q}) gradient->transposeInPlace();
      CHECK(same_answer(rows, answer));

      // Gaps between samples and between classes; gradients in place, one of them in the place of the other sample.
      Matrix<Real> large = Matrix<Real>::Constant(2 * classes, count + 3, Real(7));
      using Strided = Eigen::Map<Matrix<Real>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;
      Strided strided(large.data(), classes, count, {2 * classes, 2});
      strided = batch.p;
      CHECK(same_answer(Answer<Real>(strided, batch.q, options), answer));
      Matrix<Real> p = batch.p, q = batch.q;
      xent::kl_divergence_from_logits(p, q, q, p, options);
      CHECK(same(q, answer.d_p));
      CHECK(same(p, answer.d_q));
      p = batch.p;
      xent::entropy_from_logits(p, p, options);
      CHECK(same(p, answer.d_entropy));
      p = p_rows;
      q = q_rows;
      xent::kl_divergence_from_logits(p, q, p, xent::none, by_rows);
      CHECK(same(p.transpose(), answer.d_p));
      p = p_rows;
      xent::kl_divergence_from_logits(p, q, xent::none, q, by_rows);
      CHECK(same(q.transpose(), answer.d_q));
    }
  }
}

TEMPLATE_TEST_CASE("logits kernels: regular and irregular samples are right", "", float, double) {
  using Real = TestType;
  const auto options = sum_of<Real>();
  const auto wide_options = sum_of<long double>();
  const auto epsilon = static_cast<long double>(std::numeric_limits<Real>::epsilon());
  const auto smallest = static_cast<long double>(std::numeric_limits<Real>::min());  // exp(-800) is nothing to it
  for (const Index classes : {2, 10, 64, 100, 129, 777}) {
    const Batch<Real> batch(classes, 42, static_cast<std::uint64_t>(classes));
    const Answer<Real> answer(batch.p, batch.q, options);
    const Answer<long double> exact(batch.p.template cast<long double>(), batch.q.template cast<long double>(),
                                    wide_options);
    for (Index i = 0; i < 42; ++i) {
      INFO(classes << " classes, sample " << i);
      CHECK(answer.divergence.prediction[i] == exact.divergence.prediction[i]);
      const auto right = [](Real got, long double expected) {
        if (!std::isfinite(expected)) return same_number(got, static_cast<Real>(expected));
        return expected == 0 ? got == 0 : oracle::ulp_error(got, oracle::exactly(expected)) <= 4;
      };
      CHECK(right(answer.entropy.sample_loss[i], exact.entropy.sample_loss[i]));
      CHECK(right(answer.divergence.sample_loss[i], exact.divergence.sample_loss[i]));
      CHECK(right(answer.divergence.entropy[i], exact.divergence.entropy[i]));
      const auto close = [&](const auto& got, const auto& expected) {
        if (!expected.allFinite()) return same(got, expected.template cast<Real>());
        return (got.template cast<long double>() - expected).cwiseAbs().maxCoeff() <=
               4 * epsilon * expected.cwiseAbs().maxCoeff() + smallest;
      };
      CHECK(close(answer.d_entropy.col(i), exact.d_entropy.col(i)));
      CHECK(close(answer.d_p.col(i), exact.d_p.col(i)));
      CHECK(close(answer.d_q.col(i), exact.d_q.col(i)));
      for (Index k = 0; k < classes; ++k) {
        if (batch.p(k, i) == -inf<Real> && exact.d_p.col(i).allFinite()) CHECK(same_number(answer.d_p(k, i), Real(0)));
      }
    }
  }
}

TEMPLATE_TEST_CASE("logits kernels: samples that are too long to be kept", "", float, double) {
  using Real = TestType;
  const auto options = sum_of<Real>();
  const auto wide_options = sum_of<long double>();
  // Kept beside the sample, kept on the heap, computed again.
  for (const Index classes : {2049, 16385, 32769}) {
    INFO(classes << " classes");
    Matrix<Real> p(classes, 2), q(classes, 2);
    support::Random random(5);
    random.fill_normal(p, 0, 2);
    random.fill_normal(q, 0, 0.1);
    q += p;
    p(classes - 2, 1) = -inf<Real>;
    p(7, 1) = q(7, 1) = -inf<Real>;
    const Answer<Real> answer(p, q, options);
    const Answer<long double> exact(p.template cast<long double>(), q.template cast<long double>(), wide_options);
    for (Index i = 0; i < 2; ++i) {
      CHECK(oracle::ulp_error(answer.divergence.sample_loss[i], oracle::exactly(exact.divergence.sample_loss[i])) <= 4);
      const auto close = [](const auto& got, const auto& expected) {
        return (got.template cast<long double>() - expected).cwiseAbs().maxCoeff() <=
               4 * static_cast<long double>(std::numeric_limits<Real>::epsilon()) * expected.cwiseAbs().maxCoeff();
      };
      CHECK(close(answer.d_p.col(i), exact.d_p.col(i)));
      CHECK(close(answer.d_q.col(i), exact.d_q.col(i)));
    }
    Matrix<Real> p_rows = p.transpose(), q_rows = q.transpose(), d_p, d_q;
    xent::kl_divergence_from_logits(p_rows, q_rows, d_p, d_q, sum_of<Real>(xent::Axis::rows));
    CHECK(same(d_p.transpose(), answer.d_p));
    CHECK(same(d_q.transpose(), answer.d_q));
  }
}

TEMPLATE_TEST_CASE("logits kernels: large batches of few classes, which pass the caches by, have the same bits", "",
                   float, double) {
  using Real = TestType;
  for (const Index classes : {3, 10, 50}) {
    const Index count = (Index{5} << 20U) / static_cast<Index>(sizeof(Real)) / classes;
    const Batch<Real> few(classes, 210, 11);
    const Matrix<Real> p = few.p.replicate(1, count / 210 + 1).leftCols(count),
                       q = few.q.replicate(1, count / 210 + 1).leftCols(count);
    const auto options = sum_of<Real>();
    const Answer<Real> small(few.p, few.q, options), large(p, q, options);
    for (const Index first : {Index{0}, Index{210}, (count / 210 - 1) * 210}) {
      CHECK(same(large.d_entropy.middleCols(first, 210), small.d_entropy));
      CHECK(same(large.d_p.middleCols(first, 210), small.d_p));
      CHECK(same(large.d_q.middleCols(first, 210), small.d_q));
      CHECK(same(large.divergence.sample_loss.segment(first, 210), small.divergence.sample_loss));
    }
  }
}
