#ifndef XENT_DETAIL_DIVERGENCE_ROWS_HPP
#define XENT_DETAIL_DIVERGENCE_ROWS_HPP

/// The divergence of two samples of logits, and its gradients, by the kernels of simd/: float and the 16-bit types,
/// which double computes with digits to spare. Samples with NaN or +inf, with a class that q alone masks, or without
/// any, and those further apart than exp can tell, are left to kl_sample.hpp.

#include <xent/config.hpp>
#include <xent/detail/kernel_call.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/sample_losses.hpp>
#include <xent/detail/wide.hpp>
#include <xent/types.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <type_traits>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace detail {

class DivergenceRows {
  static constexpr Index most = 2048;  // classes that are gathered

 public:
  explicit DivergenceRows(float temperature)
      : kernels_(kernels_for(temperature)),
        divergence_(simd::divergence_kernels(simd::instruction_set())),
        temperature_(static_cast<double>(temperature)) {}

  /// Samples z_p and z_q of n classes; nothing if they are not for the kernels. The gradients, times alpha, go to d_p
  /// and d_q unless these have no memory.
  template <class Scalar, class OutP, class OutQ>
  std::optional<SampleTerm<float>> sample(Sample<const Scalar> z_p, Sample<const Scalar> z_q, Index n, double alpha,
                                          Sample<OutP> d_p, Sample<OutQ> d_q) const {
    const bool gathers = !lies(z_p) || !lies(z_q) || !lies(d_p) || !lies(d_q);
    if (kernels_ == nullptr || n == 0 || (gathers && n > most)) return std::nullopt;
    std::array<float, static_cast<std::size_t>(most)> copied_p;  // NOLINT: written before it is read
    std::array<float, static_cast<std::size_t>(most)> copied_q;  // NOLINT: as above
    const float* const p = read(z_p, n, copied_p.data());
    const float* const q = read(z_q, n, copied_q.data());

    simd::DivergenceScalars s{};
    Index argmax = -1;
    Index unused = -1;
    s.max_p = static_cast<double>(maximum(p, n, &argmax));
    s.max_q = static_cast<double>(maximum(q, n, &unused));
    if (!is_finite(s.max_p) || !is_finite(s.max_q)) return std::nullopt;
    s.one_over_t = 1 / temperature_;
    s.log2e_over_t = 0x1.71547652b82fep+0 / temperature_;
    s.anchor = static_cast<double>(q[argmax]);
    const simd::DivergenceSums sums = divergence_->sums(s, p, q, n);
    const double sum_p = 1 + sums.rest_p;
    s.center = sums.t / sum_p;
    const double offset = s.max_q - s.anchor;
    const double log_scale = (offset - s.center) / temperature_;
    constexpr double far_apart = 500;
    if (!(std::fabs(offset) + std::fabs(s.center) < far_apart * temperature_)) return std::nullopt;
    s.scale = std::exp(log_scale);

    // Where this cancels, by as much as the distributions agree, the sum of terms that are not negative does not.
    const double log_sum = std::log1p(sums.rest_p);
    s.divergence = (std::log(sums.sum_q) - log_sum) + log_scale;
    constexpr double no_cancellation = 0x1p-6;  // 2^-53 times the size of the terms over it: below 2^-36
    if (!(s.divergence > no_cancellation)) s.divergence = std::log1p(divergence_->excess(s, p, q, n) / sum_p);
    if (!is_finite(s.divergence)) return std::nullopt;

    SampleTerm<float> term;
    term.loss = s.divergence;
    term.entropy = static_cast<float>(log_sum + sums.moment_p / sum_p / temperature_);
    term.logsumexp = static_cast<float>(s.max_p / temperature_ + log_sum);
    term.prediction = argmax;
    if (d_p.data == nullptr && d_q.data == nullptr) return term;
    s.alpha_p = alpha / sum_p;
    s.alpha_q = alpha / sums.sum_q;
    float* const to_p = place(d_p, copied_p.data());
    float* const to_q = place(d_q, copied_q.data());
    term.temperature_gradient = divergence_->slopes(s, p, q, n, to_p, to_q) / temperature_;
    write(to_p, n, d_p);
    write(to_q, n, d_q);
    return term;
  }

 private:
  template <class Scalar>
  static bool lies(const Sample<Scalar>& x) {
    return x.data == nullptr || (std::is_same_v<std::remove_const_t<Scalar>, float> && x.stride == 1);
  }
  template <class Scalar>
  static const float* read(const Sample<const Scalar>& z, Index n, float* copy) {
    if constexpr (std::is_same_v<Scalar, float>) {
      if (lies(z)) return z.data;
    }
    for (Index k = 0; k < n; ++k) copy[k] = static_cast<float>(z[k]);
    return copy;
  }
  template <class Out>
  static float* place(const Sample<Out>& out, float* copy) {
    if constexpr (std::is_same_v<Out, float>) {
      if (lies(out)) return out.data;
    }
    return out.data == nullptr ? nullptr : copy;
  }
  template <class Out>
  static void write(const float* copy, Index n, const Sample<Out>& out) {
    if (lies(out)) return;
    for (Index k = 0; k < n; ++k) out[k] = narrow<Out>(copy[k]);
  }
  float maximum(const float* z, Index n, Index* index) const {
    simd::Tile<float> tile;  // NOLINT: what is read is written
    simd::Traffic<float> traffic{};
    kernels_->maxima({z, 0}, n, 1, &traffic, &tile);
    kernels_->predictions({z, 0}, n, 1, tile, index);
    return *index < n ? tile.maximum[0] : nan<float>();
  }

  const simd::Kernels<float>* kernels_;
  const simd::DivergenceKernels* divergence_;
  double temperature_;
};

/// Nothing where there are no kernels for the scalar.
template <class Real>
auto make_divergence_rows([[maybe_unused]] const Real& temperature) {
  if constexpr (std::is_same_v<Real, float>)
    return DivergenceRows(temperature);
  else
    return none;
}

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
