#ifndef XENT_DETAIL_SOFTMAX_DIVERGENCE_ROWS_HPP
#define XENT_DETAIL_SOFTMAX_DIVERGENCE_ROWS_HPP

/// The divergence of pairs of samples of logits, and its gradients, by the kernels of simd/. Samples with NaN or +inf,
/// with a class that q alone masks, or without any, and those further apart than exp can tell, are left to
/// kl_sample.hpp.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/logit_numbers.hpp>
#include <xent/detail/walk/coefficient_runs.hpp>
#include <xent/detail/walk/gathered_rows.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/outflow_buffers.hpp>
#include <xent/detail/walk/runs_out.hpp>
#include <xent/detail/walk/sample_chunks.hpp>
#include <xent/detail/walk/sample_losses.hpp>
#include <xent/detail/walk/side_by_side.hpp>
#include <xent/simd/kernels/divergence.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Sample j of a chunk by portable(i, alpha, d_p, d_q), the path of one sample; an absent one has gradients 0.
template <class Real, class Portable, class P, class Q>
void take_one(SampleChunk<Real>& chunk, Index j, const Portable& portable, Index classes, Sample<P> d_p,
              Sample<Q> d_q) {
  if (!chunk.is_absent(j)) {
    chunk.term_of(j) = portable(chunk.first + j, chunk.alpha_of(j), d_p, d_q);
    return;
  }
  if (d_p.data != nullptr) fill(d_p, classes, Real(0));
  if (d_q.data != nullptr) fill(d_q, classes, Real(0));
}

/// A block of samples of one call: a function of its chunks.
template <class Real, class Scalar, class OutP, class OutQ, class Portable>
class DivergenceRows {
  using W = Wide<Real>;
  using Chunk = SampleChunk<Real>;

 public:
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): kept_ is written before it is read
  DivergenceRows(const Samples<const Scalar>& z_p, const Samples<const Scalar>& z_q, const Samples<OutP>& d_p,
                 const Samples<OutQ>& d_q, const Real& temperature, bool with_report, const Portable& portable)
      : works_(uses_kernels(temperature) && z_p.classes > 0),
        portable_(portable),
        z_p_(z_p),
        z_q_(z_q),
        d_p_(d_p),
        d_q_(d_q) {
    if (!works_) return;
    call_ = logit_call(temperature, with_report);
    const Index n = z_p.classes;
    if (n > most_kept && n <= OutflowBuffers<Real>::most) kept_of_long_.resize(static_cast<std::size_t>(3 * (n + 8)));
    flows_p_.prepare(d_p, z_p, z_q);
    flows_q_.prepare(d_q, z_p, z_q);
  }
  DivergenceRows(const DivergenceRows&) = delete;
  DivergenceRows& operator=(const DivergenceRows&) = delete;
  ~DivergenceRows() {
    flows_p_.finish();
    flows_q_.finish();
  }

  void operator()(Chunk& chunk) {
    const Index n = z_p_.classes;
    if (works_ && n <= SideBySide<Real>::most_classes) {
      const Index most = SideBySide<Real>::samples(n);
      for (Index j = 0; j < chunk.count; j += most) tile(chunk, j, (std::min)(most, chunk.count - j));
      return;
    }
    const bool gathers = !lies_in_rows<Real>(z_p_) || !lies_in_rows<Real>(z_q_) || !lies_in_rows<Real>(d_p_) ||
                         !lies_in_rows<Real>(d_q_);
    if (works_ && gathers) {
      const Index most = GatheredRows<Real>::together(n);
      for (Index j = 0; j < chunk.count; j += most) gather(chunk, j, (std::min)(most, chunk.count - j));
      return;
    }
    for (Index j = 0; j < chunk.count; ++j) {
      if (works_ && is_for_kernels(chunk, j) && row(chunk, j)) continue;
      take_one(chunk, j, portable_, n, d_p_[chunk.first + j], d_q_[chunk.first + j]);
    }
  }

 private:
  static constexpr Index most_kept = 2048;  // classes

  bool with_gradients() const { return d_p_.data != nullptr || d_q_.data != nullptr; }

  void tile(Chunk& chunk, Index from, Index count) {
    const Index first = chunk.first + from;
    set_alphas(chunk, from, count, numbers_);
    p_.load(z_p_, first, count, &flows_p_.traffic);
    q_.load(z_q_, first, count, &flows_q_.traffic);
    const TileMask regular = simd::DivergenceKernels<Real>::of_samples(call_, p_.rows(), q_.rows(), z_p_.classes, count,
                                                                       kept_.data(), with_gradients(), &numbers_);
    for (Index j = 0; j < count; ++j) {
      if ((regular & tile_bit(j)) != 0 && is_for_kernels(chunk, from + j))
        take_numbers(numbers_, j, call_.with_report, with_gradients(), chunk.term_of(from + j));
      else
        take_one(chunk, from + j, portable_, z_p_.classes, d_p_.data ? p_[j] : Sample<Real>{nullptr, 1},
                 d_q_.data ? q_[j] : Sample<Real>{nullptr, 1});
    }
    flows_p_.store(p_, d_p_, first, count);
    flows_q_.store(q_, d_q_, first, count);
  }

  /// Samples whose classes do not lie together, or of another scalar.
  void gather(Chunk& chunk, Index from, Index count) {
    const Index n = z_p_.classes;
    const Index first = chunk.first + from;
    rows_p_.load(z_p_, first, count);
    rows_q_.load(z_q_, first, count);
    for (Index j = 0; j < count; ++j) {
      Real* const to_p = d_p_.data == nullptr ? nullptr : rows_p_[j];
      Real* const to_q = d_q_.data == nullptr ? nullptr : rows_q_[j];
      if (!is_for_kernels(chunk, from + j) || !classes(chunk, from + j, rows_p_[j], rows_q_[j], to_p, to_q))
        take_one(chunk, from + j, portable_, n, Sample<Real>{to_p, 1}, Sample<Real>{to_q, 1});
    }
    if (d_p_.data != nullptr) rows_p_.store(d_p_, first, count);
    if (d_q_.data != nullptr) rows_q_.store(d_q_, first, count);
  }

  /// A sample where it lies. False, with nothing written, if it is not for the kernels.
  bool row([[maybe_unused]] Chunk& chunk, [[maybe_unused]] Index j) {
    constexpr bool writes_p = std::is_same_v<OutP, Real>;
    constexpr bool writes_q = std::is_same_v<OutQ, Real>;
    if constexpr (std::is_same_v<Scalar, Real> && writes_p && writes_q) {
      const Index n = z_p_.classes;
      const Index i = chunk.first + j;
      if (i + 1 < z_p_.count && n <= OutflowBuffers<Real>::most) {
        flows_p_.fetch(z_p_[i + 1].data, n);
        flows_q_.fetch(z_q_[i + 1].data, n);
      }
      Real* const to_p = d_p_[i].data;
      Real* const to_q = d_q_[i].data;
      if (!classes(chunk, j, z_p_[i].data, z_q_[i].data, flows_p_.buffer(to_p), flows_q_.buffer(to_q))) return false;
      flows_p_.send(n, to_p);
      flows_q_.send(n, to_q);
      return true;
    } else {
      return false;
    }
  }

  bool classes(Chunk& chunk, Index j, const Real* p, const Real* q, Real* to_p, Real* to_q) {
    const Index n = z_p_.classes;
    set_alphas(chunk, j, 1, numbers_);
    double* const kept = n <= most_kept ? kept_.data() : kept_of_long_.empty() ? nullptr : kept_of_long_.data();
    if (!simd::DivergenceKernels<Real>::of_sample(call_, p, q, n, kept, {to_p, &flows_p_.traffic},
                                                  {to_q, &flows_q_.traffic}, &numbers_))
      return false;
    take_numbers(numbers_, 0, call_.with_report, with_gradients(), chunk.term_of(j));
    return true;
  }

  /// What memory does for one of the two samples.
  struct Flows {
    simd::Traffic<Real> traffic{};
    std::optional<OutflowBuffers<Real>> out{};

    template <class Out>
    void prepare([[maybe_unused]] const Samples<Out>& gradient, [[maybe_unused]] const Samples<const Scalar>& z_p,
                 [[maybe_unused]] const Samples<const Scalar>& z_q) {
      if constexpr (std::is_same_v<Out, Real>)
        if (lies_in_rows<Real>(gradient) && is_streamed(gradient, z_p, z_q) &&
            gradient.classes <= OutflowBuffers<Real>::most)
          out.emplace(traffic, gradient.classes);
    }
    void fetch(const Real* z, Index n) {
      traffic.fetched = reinterpret_cast<const char*>(z);
      traffic.end = reinterpret_cast<const char*>(z + n);
    }
    Real* buffer(Real* target) { return out && target != nullptr ? out->buffer(target) : target; }
    void send(Index n, Real* target) {
      if (out && target != nullptr) out->send(n, target);
    }
    template <class Out>
    void store(SideBySide<Real>& tile, const Samples<Out>& gradient, Index first, Index count) {
      if (gradient.data == nullptr) return;
      if constexpr (std::is_same_v<Out, Real>) {
        const Index n = gradient.classes;
        if (out && gradient.sample_stride == n) {
          Real* const target = gradient[first].data;
          tile.store(Samples<Real>{out->buffer(target), n, count, 1, n}, 0);
          return out->send(n * count, target);
        }
      }
      tile.store(gradient, first);
    }
    void finish() {
      if (out) out->finish();
    }
  };

  bool works_;
  simd::LogitCall call_{};
  const Portable& portable_;
  Samples<const Scalar> z_p_, z_q_;
  Samples<OutP> d_p_;
  Samples<OutQ> d_q_;
  Flows flows_p_{}, flows_q_{};
  simd::LogitNumbers<Real> numbers_{};
  SideBySide<Real> p_{}, q_{};
  GatheredRows<Real> rows_p_{}, rows_q_{};
  std::vector<double> kept_of_long_{};
  alignas(64) std::array<double, static_cast<std::size_t>(3 * most_kept)> kept_;  // NOLINT: written before it is read
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
