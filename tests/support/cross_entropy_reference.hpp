#ifndef XENT_TESTS_SUPPORT_CROSS_ENTROPY_REFERENCE_HPP
#define XENT_TESTS_SUPPORT_CROSS_ENTROPY_REFERENCE_HPP

/// How far an answer of the library is from the plain implementation in reference.hpp.

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "cross_entropy.hpp"
#include "reference.hpp"
#include "ulp.hpp"

namespace support {

template <class Real>
reference::Result reference_answer(const Batch<Real>& batch, Kind kind,
                                   const xent::CrossEntropyOptions<Real>& options) {
  const reference::Matrix z = batch.z.template cast<long double>();
  const reference::Matrix v = batch.v.template cast<long double>();
  const reference::Options o = reference::options_from(options);
  if (kind != Kind::labels)
    return reference::softmax_cross_entropy(z, reference::Matrix(batch.y.template cast<long double>()), o, v);
  const std::vector<Index> labels(batch.labels.data(), batch.labels.data() + batch.labels.size());
  return reference::softmax_cross_entropy(z, labels, o, v);
}

/// Where an answer is further from the reference than the published bounds; empty if nowhere. `slack` is added to the
/// bounds, in ULP: 0 unless the reference has no more digits than the answer.
template <class Real>
std::string disagreement(const Answer<Real>& got, const Batch<Real>& batch, Kind kind,
                         const xent::CrossEntropyOptions<Real>& options, double slack = 0) {
  using std::abs;
  const reference::Result exact = reference_answer(batch, kind, options);
  const reference::Options o = reference::options_from(options);
  std::ostringstream text;
  const auto check = [&](const std::string& what, Index i, Real x, long double e, long double scale, double bound) {
    const double error = oracle::ulp_error_of_scale(x, oracle::exactly(e), static_cast<double>(scale));
    if (!(error <= bound + slack)) text << what << " " << i << ": " << x << " for " << e << ", " << error << " ULP; ";
  };
  const auto check_equal = [&](const char* what, Index x, Index e) {
    if (x != e) text << what << ": " << x << " for " << e << "; ";
  };

  const bool plain_label = kind == Kind::labels && o.label_smoothing == 0 && o.z_loss == 0;
  const bool squares = o.z_loss != 0;
  const bool nothing = o.mean && exact.denominator == 0;
  const long double d = o.mean && !nothing ? exact.denominator : 1;
  const long double t = o.temperature;
  long double loss_scale = 0, z_loss_scale = 0, temperature_scale = 0;
  const auto samples = static_cast<Index>(batch.z.cols());
  for (Index i = 0; i < samples; ++i) {
    const long double w = o.sample_weights.size() ? abs(o.sample_weights[i]) : 1;
    const reference::Vector z = batch.z.col(i).template cast<long double>().array();
    const reference::Vector v = batch.v.col(i).template cast<long double>().array();
    const long double m = z.maxCoeff();
    const long double lse = exact.logsumexp[i];
    const bool regular = std::isfinite(lse);  // neither absent nor masked nor broken
    const long double lse_scale = regular ? std::max(abs(lse), abs(m) / t) : 0;
    const long double z_loss = w * o.z_loss * lse_scale * lse_scale;
    const long double sample_scale = regular ? std::max(abs(exact.sample_loss[i]), z_loss) : 0;
    loss_scale += sample_scale / d;
    z_loss_scale += z_loss / d;
    check("sample_loss", i, got.report.sample_loss[i], exact.sample_loss[i], sample_scale,
          plain_label ? 3.5
          : squares   ? 10
                      : 4);
    check("logsumexp", i, got.report.logsumexp[i], lse, lse_scale, 5.5);
    check("entropy", i, got.report.entropy[i], exact.entropy[i], 0, 8);
    check_equal("prediction", got.report.prediction[i], exact.prediction[i]);

    const bool label = kind == Kind::labels;
    reference::Vector y = reference::Vector::Zero(z.size());
    if (!label) y = batch.y.col(i).template cast<long double>().array();
    if (label && regular) y[batch.labels[i]] = 1;
    const reference::Vector target = reference::effective_target(z, y, label ? batch.labels[i] : Index{-1}, o);
    const reference::Vector s = regular ? ((z / t) - lse).exp().eval() : reference::Vector::Zero(z.size()).eval();
    const long double zeta_lse = 2 * o.z_loss * lse_scale;
    const long double a = regular ? target.abs().sum() + zeta_lse : 0;
    const long double mean_v = (s * v.abs()).sum();
    for (Index k = 0; k < z.size(); ++k) {
      const long double masses = regular && !nothing ? w / (d * t) * std::max(a * s[k], abs(target[k])) : 0;
      const long double moves = nothing ? 0 : w / (d * t * t) * s[k] * (a * (abs(v[k]) + mean_v) + zeta_lse * mean_v);
      check("gradient", k + i * z.size(), got.gradient(k, i), exact.gradient(k, i), plain_label ? 0 : masses,
            plain_label ? 4
            : squares   ? 9
                        : 6);
      check("hvp", k + i * z.size(), got.hvp(k, i), exact.hvp(k, i), moves, 8);
      if (regular && std::isfinite(z[k]) && !nothing)
        temperature_scale += w / (d * t * t) * (a * s[k] + abs(target[k])) * (m - z[k]);
    }
    if (regular && !nothing) temperature_scale += w / (d * t * t) * zeta_lse * abs(m);
  }
  check("loss", 0, got.loss, exact.loss, nothing ? 0 : loss_scale, plain_label ? 5.5 : squares ? 12 : 6);
  check("z_loss", 0, got.report.z_loss, exact.z_loss, nothing ? 0 : z_loss_scale, 10);
  check("denominator", 0, got.report.denominator, exact.denominator, 0, 1);
  check("temperature_gradient", 0, got.report.temperature_gradient, exact.temperature_gradient, temperature_scale, 8);
  check_equal("counted", got.report.counted, exact.counted);
  check_equal("ignored", got.report.ignored, exact.ignored);
  check_equal("correct", got.report.correct, exact.correct);
  return text.str();
}

}  // namespace support

#endif
