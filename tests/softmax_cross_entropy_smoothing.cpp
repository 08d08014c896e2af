// Label smoothing by kernels, with classes masked: held to the same call of long double, which no kernel serves.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

namespace {

using Eigen::Index;
using support::Matrix;
using xent::Axis;

using Wide = long double;
using WideMatrix = Eigen::Matrix<Wide, Eigen::Dynamic, Eigen::Dynamic>;

constexpr double loss_bound = 4;
constexpr double gradient_bound = 6;  // of the larger term

/// Samples are columns. Of those, some have no masked class, others all but the label and perhaps a second one.
template <class Real>
struct Problem {
  Matrix<Real> z;
  std::vector<int> labels;

  Problem(Index classes, Index batch, double spread, support::Random& random) : z(classes, batch) {
    random.fill_normal(z, 0, spread);
    for (Index i = 0; i < batch; ++i) {
      labels.push_back(random.integer(static_cast<int>(classes)));
      const double masked = i % 4 == 0 ? 0 : i % 4 == 1 ? 0.02 : i % 4 == 2 ? 0.5 : 1;
      const Index second = random.integer(classes);
      for (Index k = 0; k < classes; ++k)
        if (k != labels.back() && (k != second || i % 8 == 3) && random.chance(masked))
          z(k, i) = -std::numeric_limits<Real>::infinity();
    }
  }
};

template <class Real>
void check(const Problem<Real>& p, const xent::CrossEntropyOptions<Real>& o) {
  xent::CrossEntropyOptions<Wide> wide;
  wide.temperature = o.temperature;
  wide.label_smoothing = o.label_smoothing;
  wide.smoothing = o.smoothing;
  wide.z_loss = o.z_loss;
  const WideMatrix z = p.z.template cast<Wide>();
  WideMatrix exact;
  xent::CrossEntropyReport<Wide> exact_report;
  xent::softmax_cross_entropy(z, p.labels, exact, wide, &exact_report);

  const auto check_results = [&](const Matrix<Real>& gradient, const xent::CrossEntropyReport<Real>& report) {
    double worst = 0, worst_loss = 0;
    for (Index i = 0; i < z.cols(); ++i) {
      const Wide lse = exact_report.logsumexp[i];
      const auto unmasked = static_cast<Wide>((z.col(i).array() > -std::numeric_limits<Wide>::infinity()).count());
      const Wide by = static_cast<Wide>(z.cols()) * wide.temperature;
      worst_loss =
          std::max(worst_loss, oracle::ulp_error(report.sample_loss[i], oracle::exactly(exact_report.sample_loss[i])));
      for (Index k = 0; k < z.rows(); ++k) {
        if (std::isinf(z(k, i))) {
          CHECK(support::same_number(gradient(k, i), Real(0)));
          continue;
        }
        const bool is_label = k == p.labels[static_cast<std::size_t>(i)];
        const Wide of_target = is_label ? 1 - wide.label_smoothing : wide.label_smoothing / unmasked;
        const Wide of_logit = (1 + 2 * wide.z_loss * std::abs(lse)) * std::exp(z(k, i) / wide.temperature - lse);
        worst = std::max(worst, oracle::ulp_error_of_scale(gradient(k, i), oracle::exactly(exact(k, i)),
                                                           static_cast<double>(std::max(of_target, of_logit) / by)));
      }
    }
    CHECK(worst <= gradient_bound);
    CHECK(worst_loss <= loss_bound);
  };

  Matrix<Real> gradient;
  xent::CrossEntropyReport<Real> report;
  xent::softmax_cross_entropy(p.z, p.labels, gradient, o, &report);
  check_results(gradient, report);
  gradient = p.z;
  xent::softmax_cross_entropy(gradient, p.labels, gradient, o, &report);
  check_results(gradient, report);
  auto by_rows = o;
  by_rows.axis = Axis::rows;
  const Matrix<Real> rows = p.z.transpose();
  Matrix<Real> out;
  xent::softmax_cross_entropy(rows, p.labels, out, by_rows, &report);
  check_results(out.transpose(), report);
  out = rows;
  xent::softmax_cross_entropy(out, p.labels, out, by_rows, &report);
  check_results(out.transpose(), report);
}

}  // namespace

TEMPLATE_TEST_CASE("smoothing: masked classes do not exist, whichever way samples are walked", "", float, double) {
  using Real = TestType;
  support::Random random(51);
  for (const Index classes : {1, 2, 3, 16, 40, 110, 700, 9000, 70000}) {
    const Problem<Real> p(classes, classes > 8000 ? 4 : 45, 3, random);
    for (const auto smoothing : {xent::Smoothing::all_classes, xent::Smoothing::other_classes})
      for (const bool plain : {true, false}) {
        if (classes > 8000 && plain) continue;
        CAPTURE(classes, plain, smoothing == xent::Smoothing::all_classes);
        xent::CrossEntropyOptions<Real> o;
        o.label_smoothing = Real(0.1);
        o.smoothing = smoothing;
        if (!plain) {
          o.temperature = Real(1.7);
          o.z_loss = Real(0.01);
        }
        check(p, o);
      }
  }
}

// Nearly all of the mass goes to the others: the distance of the label must not be taken back from the sum of all.
TEMPLATE_TEST_CASE("smoothing: the loss keeps its digits where the label has next to nothing", "", float, double) {
  using Real = TestType;
  support::Random random(52);
  for (const Index classes : {2, 3, 10, 100})
    for (const double eps : {0.9, 0.999, 0.99999})
      for (const double spread : {0.01, 3.0, 30.0}) {
        CAPTURE(classes, eps, spread);
        xent::CrossEntropyOptions<Real> o;
        o.label_smoothing = static_cast<Real>(eps);
        o.smoothing = xent::Smoothing::other_classes;
        check(Problem<Real>(classes, 40, spread, random), o);
      }
}

// A maximum whose multiple of log2(e) lies halfway between integers: all that shifts it must round it alike.
TEMPLATE_TEST_CASE("cross-entropy: a report is right at logits halfway between powers of two", "", float, double) {
  using Real = TestType;
  for (int halves = -41; halves <= 41; halves += 2) {
    const Real middle = static_cast<Real>(halves * 0x1.62e42fefa39efp-2);
    Real z = middle;
    for (int step = 0; step < 8; ++step) z = std::nextafter(z, Real(-100));
    for (int step = -8; step <= 8; ++step, z = std::nextafter(z, Real(100))) {
      const Matrix<Real> logits = Matrix<Real>::Constant(3, 2, z);
      Matrix<Real> gradient;
      xent::CrossEntropyReport<Real> report;
      const Real loss = xent::softmax_cross_entropy(logits, std::vector<int>{0, 2}, gradient, {}, &report);
      const Wide log_3 = std::log(Wide(3));
      CHECK(oracle::ulp_error(loss, oracle::exactly(log_3)) <= 2.5);
      CHECK(oracle::ulp_error(report.entropy[1], oracle::exactly(log_3)) <= 4);
      CHECK(oracle::ulp_error_of_scale(report.logsumexp[0], oracle::exactly(static_cast<Wide>(z) + log_3),
                                       static_cast<double>(std::abs(z))) <= 3);
    }
  }
}
