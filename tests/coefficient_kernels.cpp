// The kernels behind sigmoid_cross_entropy, half_squared_error and gaussian_nll: held to the same functions of long
// double, which no kernel serves, for every size, place in memory, option and irregular number. XENT_SIMD chooses
// which.

#include <xent/likelihood.hpp>
#include <xent/sigmoid_cross_entropy.hpp>

#include <Eigen/Core>

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

namespace {

using Eigen::Index;
using support::same;
using support::same_number;
using support::Vector;
using xent::Reduction;

constexpr double inf = std::numeric_limits<double>::infinity();

/// A sum of many such terms may be off by 2 ULP more.
constexpr double bound = 4;

template <class Real>
Vector<long double> exactly(const Vector<Real>& x) {
  return x.template cast<long double>();
}

/// The worst error of got, in ULP of the larger of the exact number and the scale.
template <class Real>
double worst(const Vector<Real>& got, const Vector<long double>& exact, const Vector<long double>& scale) {
  double error = 0;
  for (Index i = 0; i < got.size(); ++i)
    error = std::max(error, oracle::ulp_error_of_scale(got[i], oracle::exactly(exact[i]), double(scale[i])));
  return error;
}
template <class Real>
double worst(const Vector<Real>& got, const Vector<long double>& exact) {
  return worst(got, exact, Vector<long double>::Zero(got.size()));
}

/// Logits of every size, targets of both kinds.
template <class Real>
struct Decisions {
  Vector<Real> z, y;
  Decisions(Index n, support::Random& random, bool hard) : z(n), y(n) {
    for (Index i = 0; i < n; ++i) {
      const double size = random.chance(0.2) ? 60 : random.chance(0.2) ? 1e-3 : 4;
      z[i] = static_cast<Real>(random.normal(0, size));
      y[i] = static_cast<Real>(hard ? random.integer(2) : random.uniform());
    }
  }
};

template <class Real>
struct Options {
  xent::SigmoidOptions<Real> narrow;
  xent::SigmoidOptions<long double> wide;
  Options(Reduction reduction, double eps, double p, double w) {
    narrow.reduction = wide.reduction = reduction;
    wide.label_smoothing = narrow.label_smoothing = static_cast<Real>(eps);
    if (p != 1) {
      narrow.positive_weights = {static_cast<Real>(p)};
      wide.positive_weights = {static_cast<long double>(static_cast<Real>(p))};
    }
    if (w != 1) {
      narrow.sample_weights = {static_cast<Real>(w)};
      wide.sample_weights = {static_cast<long double>(static_cast<Real>(w))};
    }
  }
};

/// Means, targets and variances, some of them with (mean - target)^2 next to the variance.
template <class Real>
struct Gaussians {
  Vector<Real> mean, x, v;
  Gaussians(Index n, support::Random& random) : mean(n), x(n), v(n) {
    for (Index i = 0; i < n; ++i) {
      mean[i] = static_cast<Real>(random.normal(0, 3));
      x[i] = static_cast<Real>(random.normal(0, random.chance(0.2) ? 1e-12 : 3));
      const Real r = mean[i] - x[i];
      v[i] = random.chance(0.3)   ? static_cast<Real>(r * r)
             : random.chance(0.2) ? static_cast<Real>(1 + random.normal(0, 1e-6))
                                  : static_cast<Real>(std::exp(random.normal(0, 3)));
    }
  }
};

}  // namespace

TEMPLATE_TEST_CASE("coefficient kernels: decisions are within 4 ULP under every option that they serve", "", float,
                   double) {
  using Real = TestType;
  support::Random random(1);
  for (const bool hard : {true, false}) {
    for (const double eps : {0.0, 0.1, 1.0})
      for (const double p : {1.0, 0.3, 7.0})
        for (const double w : {1.0, -2.5}) {
          const Decisions<Real> d(300, random, hard);
          const Options<Real> o(Reduction::sum, eps, p, w);
          Vector<Real> gradient;
          Vector<long double> exact;
          const Real loss = xent::sigmoid_cross_entropy(d.z, d.y, gradient, o.narrow);
          const long double exact_loss = xent::sigmoid_cross_entropy(exactly(d.z), exactly(d.y), exact, o.wide);
          CHECK(oracle::ulp_error(loss, oracle::exactly(exact_loss)) <= bound);
          // Of a hard label without smoothing there is one term; else the larger of two: w u sigma(-z), w d sigma(z).
          Vector<long double> scale = Vector<long double>::Zero(300);
          for (Index i = 0; i < 300 && (!hard || eps > 0); ++i) {
            const long double e = static_cast<long double>(static_cast<Real>(eps)), y = d.y[i];
            const long double sigma = 1 / (1 + std::exp(-static_cast<long double>(d.z[i])));
            scale[i] = std::abs(w) * std::max(static_cast<Real>(p) * ((1 - e) * y + e / 2) * (1 - sigma),
                                              ((1 - e) * (1 - y) + e / 2) * sigma);
          }
          CHECK(worst(gradient, exact, scale) <= bound);
        }
  }
}

TEMPLATE_TEST_CASE("coefficient kernels: every size and every place in memory", "", float, double) {
  using Real = TestType;
  support::Random random(2);
  const Decisions<Real> d(700, random, false);
  const Gaussians<Real> g(700, random);
  xent::SigmoidOptions<Real> sum;
  sum.reduction = Reduction::sum;
  Vector<Real> slopes, differences, d_mean, d_variance;
  xent::sigmoid_cross_entropy(d.z, d.y, slopes, sum);
  xent::half_squared_error(d.z, d.y, differences);
  xent::gaussian_nll(g.mean, g.x, g.v, d_mean, d_variance, {Reduction::sum});
  for (const Index n : {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 255, 257, 600}) {
    for (const Index first : {0, 1, 3, 4, 8, 15}) {
      const auto cut = [&](const auto& x) { return x.segment(first, n); };
      Vector<Real> out = Vector<Real>::Constant(n + 40, 7), second = out;
      const auto guarded = [&](Vector<Real>& x, const auto& expected) {
        const bool right = same(x.segment(first, n), cut(expected));
        x.segment(first, n).setConstant(7);
        return right && same(x, Vector<Real>::Constant(n + 40, 7));
      };
      const Real loss = xent::sigmoid_cross_entropy(cut(d.z), cut(d.y), out.segment(first, n), sum);
      CHECK(guarded(out, slopes));
      CHECK(xent::sigmoid_cross_entropy(cut(d.z), cut(d.y), sum) == loss);
      xent::half_squared_error(cut(d.z), cut(d.y), out.segment(first, n));
      CHECK(guarded(out, differences));
      const Real nll = xent::gaussian_nll(cut(g.mean), cut(g.x), cut(g.v), out.segment(first, n),
                                          second.segment(first, n), {Reduction::sum});
      CHECK(guarded(out, d_mean));
      CHECK(guarded(second, d_variance));
      CHECK(xent::gaussian_nll(cut(g.mean), cut(g.x), cut(g.v), {Reduction::sum}) == nll);
    }
  }
}

TEMPLATE_TEST_CASE("coefficient kernels: large results, which pass the caches by, have the same bits", "", float,
                   double) {
  using Real = TestType;
  support::Random random(3);
  const Index n = (Index{5} << 20U) / static_cast<Index>(sizeof(Real));
  const Decisions<Real> few(1000, random, true);
  const Gaussians<Real> some(1000, random);
  const auto many = [&](const Vector<Real>& x) { return Vector<Real>(x.replicate(n / 1000 + 1, 1).topRows(n)); };
  const Vector<Real> z = many(few.z), y = many(few.y), mean = many(some.mean), x = many(some.x), v = many(some.v);
  Vector<Real> slopes, differences, d_mean, d_variance;
  xent::SigmoidOptions<Real> sum;
  sum.reduction = Reduction::sum;
  xent::sigmoid_cross_entropy(few.z, few.y, slopes, sum);
  xent::half_squared_error(few.z, few.y, differences);
  xent::gaussian_nll(some.mean, some.x, some.v, d_mean, d_variance, {Reduction::sum});
  for (const Index place : {0, 1, 8}) {
    Vector<Real> out = Vector<Real>::Constant(n + 9, 7), second = out;
    auto to = out.segment(place, n);
    auto to_variance = second.segment(place == 1 ? 3 : place, n);
    const Real loss = xent::sigmoid_cross_entropy(z, y, to, sum);
    CHECK(same(to, many(slopes)));
    CHECK((place == 0 || out[place - 1] == 7));
    CHECK(out[place + n] == 7);
    Vector<Real> in_place = z;
    CHECK(xent::sigmoid_cross_entropy(in_place, y, in_place, sum) == loss);
    CHECK(same(in_place, many(slopes)));
    const Real squares = xent::half_squared_error(z, y, to);
    CHECK(same(to, many(differences)));
    CHECK(xent::half_squared_error(z, y) == squares);
    const Real nll = xent::gaussian_nll(mean, x, v, to, to_variance, {Reduction::sum});
    CHECK(same(to, many(d_mean)));
    CHECK(same(to_variance, many(d_variance)));
    CHECK(xent::gaussian_nll(mean, x, v, xent::none, to_variance, {Reduction::sum}) == nll);
    CHECK(same(to_variance, many(d_variance)));
  }
}

TEMPLATE_TEST_CASE("coefficient kernels: Gaussians are within 4 ULP, also where the variance is the squared error", "",
                   float, double) {
  using Real = TestType;
  support::Random random(4);
  for (int turn = 0; turn < 20; ++turn) {
    const Gaussians<Real> g(300, random);
    for (const double minimum : {0.0, 0.5}) {
      const xent::GaussianOptions<Real> o{turn % 2 ? Reduction::mean : Reduction::sum, static_cast<Real>(minimum)};
      const xent::GaussianOptions<long double> wide{o.reduction, static_cast<long double>(o.minimum_variance)};
      Vector<Real> d_mean, d_variance;
      Vector<long double> exact_mean, exact_variance;
      const Real loss = xent::gaussian_nll(g.mean, g.x, g.v, d_mean, d_variance, o);
      const long double exact =
          xent::gaussian_nll(exactly(g.mean), exactly(g.x), exactly(g.v), exact_mean, exact_variance, wide);
      long double scale = 0;  // the sum of the absolute values of the terms
      for (Index i = 0; i < 300; ++i) {
        const long double v = std::max(g.v[i], o.minimum_variance), r = exactly(g.mean)[i] - exactly(g.x)[i];
        scale += (std::abs(std::log(v)) + r * r / v) / 2 / (o.reduction == Reduction::mean ? 300 : 1);
      }
      CHECK(oracle::ulp_error_of_scale(loss, oracle::exactly(exact), double(scale)) <= bound);
      CHECK(worst(d_mean, exact_mean) <= bound);
      CHECK(worst(d_variance, exact_variance) <= bound);
    }
  }
  // Variances next to 1 have logarithms next to 0.
  const Vector<Real> zero = Vector<Real>::Zero(500), v = Vector<Real>::Constant(500, std::nextafter(Real(1), Real(2)));
  const long double logarithm = std::log1p(static_cast<long double>(std::numeric_limits<Real>::epsilon()));
  CHECK(oracle::ulp_error(xent::gaussian_nll(zero, zero, v), oracle::exactly(logarithm / 2)) <= bound);
}

TEMPLATE_TEST_CASE("coefficient kernels: sums of numbers below the normal range keep their digits", "", float, double) {
  using Real = TestType;
  constexpr bool single = std::is_same_v<Real, float>;
  const Index n = 4096;
  // exp(-z) is below the normal range; 4096 of them are in it.
  const Vector<Real> z = Vector<Real>::Constant(n, Real(single ? 90 : 711)), y = Vector<Real>::Ones(n);
  xent::SigmoidOptions<Real> sum;
  sum.reduction = Reduction::sum;
  CHECK(oracle::ulp_error(xent::sigmoid_cross_entropy(z, y, sum),
                          oracle::exactly(static_cast<long double>(n) * std::exp(-static_cast<long double>(z[0])))) <=
        bound);
  // The squares of float are those of double.
  const Vector<Real> zero = Vector<Real>::Zero(n);
  if (single) {
    const Vector<Real> tiny = Vector<Real>::Constant(n, Real(1e-20));
    const long double squares = static_cast<long double>(n) / 2 * tiny[0] * tiny[0];
    CHECK(oracle::ulp_error(xent::half_squared_error(tiny, zero), oracle::exactly(squares)) <= bound);
    CHECK(oracle::ulp_error(xent::gaussian_nll(tiny, zero, Vector<Real>(y), {Reduction::sum}),
                            oracle::exactly(squares)) <= bound);
  }
  // Large ones are not lost to infinity on the way to a sum that is none, nor to NaN on the way to one that is.
  for (const double size : {single ? 3e18 : 9e153, single ? 1e19 : 1e154}) {
    const Vector<Real> large = Vector<Real>::Constant(4, static_cast<Real>(size));
    CHECK(oracle::ulp_error(xent::half_squared_error(large, zero.head(4)),
                            oracle::exactly(2.0L * large[0] * large[0])) <= bound);
  }
}

TEMPLATE_TEST_CASE("coefficient kernels: irregular numbers are right, and change no bit of the others", "", float,
                   double) {
  using Real = TestType;
  const Real nan = std::numeric_limits<Real>::quiet_NaN(), max = std::numeric_limits<Real>::max();
  const Real least = std::numeric_limits<Real>::denorm_min();
  support::Random random(5);
  const Decisions<Real> d(500, random, false);
  const Gaussians<Real> g(500, random);
  xent::SigmoidOptions<Real> sum;
  sum.reduction = Reduction::sum;
  xent::SigmoidOptions<long double> wide_sum;
  wide_sum.reduction = Reduction::sum;
  Vector<Real> slopes, d_mean, d_variance;
  xent::sigmoid_cross_entropy(d.z, d.y, slopes, sum);
  xent::gaussian_nll(g.mean, g.x, g.v, d_mean, d_variance, {Reduction::sum});
  const auto agrees = [](Real got, long double exact) {
    return std::isnan(exact) ? std::isnan(got) : oracle::ulp_error(got, oracle::exactly(exact)) <= bound;
  };
  for (const Real odd : {nan, Real(inf), Real(-inf), max, Real(-max), least, Real(-least), Real(0)}) {
    for (const Index at : {0, 77, 499}) {
      for (const bool in_logits : {true, false}) {
        if (!in_logits && std::abs(odd) == max) continue;  // the products overflow, in long double not
        Decisions<Real> broken = d;
        (in_logits ? broken.z : broken.y)[at] = odd;
        Vector<Real> gradient;
        Vector<long double> exact;
        const Real loss = xent::sigmoid_cross_entropy(broken.z, broken.y, gradient, sum);
        const long double exact_loss =
            xent::sigmoid_cross_entropy(exactly(broken.z), exactly(broken.y), exact, wide_sum);
        CHECK(agrees(loss, exact_loss));
        CHECK(oracle::ulp_error_of_scale(gradient[at], oracle::exactly(exact[at]), 1) <= bound);
        gradient[at] = slopes[at];
        CHECK(same(gradient, slopes));
      }
      for (const int argument : {0, 1, 2}) {
        Gaussians<Real> broken = g;
        if (argument == 2 && !(odd > Real(0))) continue;  // throws
        (argument == 0 ? broken.mean : argument == 1 ? broken.x : broken.v)[at] = odd;
        Vector<Real> to_mean, to_variance;
        Vector<long double> exact_mean, exact_variance;
        const Real loss = xent::gaussian_nll(broken.mean, broken.x, broken.v, to_mean, to_variance, {Reduction::sum});
        const long double exact = xent::gaussian_nll(exactly(broken.mean), exactly(broken.x), exactly(broken.v),
                                                     exact_mean, exact_variance, {Reduction::sum});
        CHECK(agrees(loss, exact));
        CHECK(agrees(to_mean[at], exact_mean[at]));
        CHECK(agrees(to_variance[at], exact_variance[at]));
        to_mean[at] = d_mean[at];
        to_variance[at] = d_variance[at];
        CHECK(same(to_mean, d_mean));
        CHECK(same(to_variance, d_variance));
      }
      Vector<Real> broken = d.z, gradient;
      broken[at] = odd;
      const Real squares = xent::half_squared_error(broken, d.y, gradient);
      CHECK(agrees(squares, xent::half_squared_error(exactly(broken), exactly(d.y))));
      CHECK(same_number(gradient[at], Real(odd - d.y[at])));
    }
  }
}
