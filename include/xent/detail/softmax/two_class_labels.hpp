#ifndef XENT_DETAIL_SOFTMAX_TWO_CLASS_LABELS_HPP
#define XENT_DETAIL_SOFTMAX_TWO_CLASS_LABELS_HPP

/// Softmax cross-entropy of plain labels of two classes: one exponential a sample, in place of sums over its classes.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/cross_entropy_formula.hpp>
#include <xent/detail/walk/formula.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/outflow_buffers.hpp>
#include <xent/simd/kernels/labels.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Real, class Targets>
class TwoClassLabels {
  using Kernels = simd::LabelKernels<Real>;

 public:
  /// `gradient` may be null, and may be the memory of the logits. With `slopes`, the temperature gradient is wanted.
  TwoClassLabels(const Samples<const Real>& z, const Targets& targets, const Samples<Real>* gradient,
                 const simd::Call<Real>& call, Index ignored, bool slopes, const PortablePath<Real>& portable,
                 CrossEntropySums<Real>& sums)
      : z_(z), targets_(targets), call_(call), ignored_(ignored), slopes_(slopes), portable_(portable), sums_(sums) {
    if (gradient) out_ = *gradient;
    const bool pairs = is_in_pairs(z) && (!gradient || is_in_pairs(out_));
    copies_ = !pairs && !(is_in_rows(z) && (!gradient || is_in_rows(out_)));
    fetches_ = pairs && 2 * z.count * static_cast<Index>(sizeof(Real)) >= beyond_caches;
    if (fetches_ && out_.data && out_.data != z.data) outflow_.emplace(traffic_, 2 * most);
  }

  /// Samples [first, last).
  void run(Index first, Index last) {
    for (Index i = first; i < last; i += most) chunk(i, (std::min)(most, last - i));
    if (outflow_) outflow_->finish();
  }

 private:
  static constexpr Index most = Kernels::most_pairs;
  static constexpr Index vector = Kernels::vector_of_pairs;
  template <class T, Index size>
  using Array = std::array<T, static_cast<std::size_t>(size)>;

  template <class Scalar>
  static bool is_in_pairs(const Samples<Scalar>& z) {
    return z.class_stride == 1 && (z.sample_stride == 2 || z.count == 1);
  }
  template <class Scalar>
  static bool is_in_rows(const Samples<Scalar>& z) {
    return z.class_stride != 1 && z.sample_stride == 1;
  }

  void chunk(Index first, Index count) {
    if (copies_) return chunk_elsewhere(first, count);
    Real* const target = out_.data ? out_[first].data : nullptr;
    Samples<Real> out = out_.part(0, count);
    out.data = outflow_ ? outflow_->buffer(target) : target;
    const Samples<const Real> z = z_.part(first, count);
    if (fetches_) {
      traffic_.fetched = reinterpret_cast<const char*>(z.data + 4 * count);
      traffic_.end = reinterpret_cast<const char*>(z.data + 6 * count);
    }
    all(z, first, out);
    if (outflow_) outflow_->send(2 * count, target);
  }

  /// Where memory is laid out otherwise, in pairs that are copied: the same bits.
  void chunk_elsewhere(Index first, Index count) {
    Array<Real, 2 * most> copy;  // NOLINT: written before it is read
    const Samples<Real> pairs{copy.data(), 2, count, 1, 2};
    for (Index i = 0; i < count; ++i)
      for (Index k = 0; k < 2; ++k) pairs[i][k] = z_[first + i][k];
    all({copy.data(), 2, count, 1, 2}, first, pairs);
    for (Index i = 0; out_.data && i < count; ++i)
      for (Index k = 0; k < 2; ++k) out_[first + i][k] = pairs[i][k];
  }

  void all(const Samples<const Real>& z, Index first, const Samples<Real>& out) {
    const Index whole = z.count / vector * vector;
    if (whole > 0) vectors(z, first, whole, out);
    if (whole < z.count) part_of_vector(z, first, whole, z.count - whole, out);
  }

  void vectors(const Samples<const Real>& z, Index first, Index count, const Samples<Real>& out) {
    const std::int32_t* labels = targets_.integers(first);
    auto absent = static_cast<Real>(ignored_);  // which is no label if it is rounded
    Array<std::int32_t, most> copy;             // NOLINT: written before it is read
    if (labels == nullptr) {
      if (!read_small_labels(first, count, copy.data())) {
        read_labels(first, count, copy.data());
        absent = Real(-1);
      }
      labels = copy.data();
    }
    Array<TileMask, most / 64> left{};
    if (run_kernel(z, count, labels, absent, out, left.data())) return;
    for (Index i = 0; i < count; ++i)
      if ((left[static_cast<std::size_t>(i / 64)] & tile_bit(i % 64)) != 0)
        portable(first + i, out.data ? out[i] : Sample<Real>{nullptr, 1});
  }

  /// Samples [from, from + count) of the chunk, among others that are absent.
  void part_of_vector(const Samples<const Real>& z, Index first, Index from, Index count, const Samples<Real>& out) {
    Array<std::int32_t, vector> labels;
    labels.fill(-1);
    read_labels(first + from, count, labels.data());
    Array<Real, 2 * vector> copy{};
    const Samples<Real> pairs{copy.data(), 2, vector, 1, 2};
    for (Index i = 0; i < count; ++i)
      for (Index k = 0; k < 2; ++k) pairs[i][k] = z[from + i][k];
    TileMask left = 0;
    run_kernel({copy.data(), 2, vector, 1, 2}, vector, labels.data(), Real(-1), pairs, &left);
    for (Index i = 0; i < count; ++i) {
      for (Index k = 0; out.data && k < 2; ++k) out[from + i][k] = pairs[i][k];
      if ((left & tile_bit(i)) != 0) portable(first + from + i, out.data ? out[from + i] : Sample<Real>{nullptr, 1});
    }
  }

  bool run_kernel(const Samples<const Real>& z, Index count, const std::int32_t* labels, Real absent,
                  const Samples<Real>& out, TileMask* left) {
    simd::LossSums sums{};
    const bool all = Kernels::two_classes(call_, {z.data, z.class_stride}, count, labels, absent, slopes_,
                                          {out.data, out.class_stride}, &traffic_, &sums, left);
    sums_.loss += wide<Wide<Real>>(sums.loss);
    sums_.temperature_gradient += wide<Wide<Real>>(sums.temperature_gradient);
    return all;
  }

  /// False if one is not of 32 bits: it is absent.
  bool read_small_labels(Index first, Index count, std::int32_t* to) const {
    bool are_small = true;
    for (Index i = 0; i < count; i += 64)
      are_small = targets_.read_small_labels(first + i, (std::min<Index>)(64, count - i), to + i) && are_small;
    return are_small;
  }

  /// -1 for an absent one.
  void read_labels(Index first, Index count, std::int32_t* to) {
    Array<Index, 64> labels;  // NOLINT: written before it is read
    for (Index i = 0; i < count; i += 64) {
      const Index here = (std::min<Index>)(64, count - i);
      targets_.read_labels(first + i, here, labels.data());
      std::transform(labels.begin(), labels.begin() + here, to + i,
                     [&](Index label) { return static_cast<std::int32_t>(label == ignored_ ? -1 : label); });
    }
  }

  void portable(Index i, Sample<Real> out) const {
    if (copies_ || outflow_ || !out.data)
      portable_.into(i, out);
    else
      portable_.in_place(i);
  }

  Samples<const Real> z_;
  Samples<Real> out_{};
  const Targets& targets_;
  const simd::Call<Real>& call_;
  Index ignored_;
  bool slopes_;
  const PortablePath<Real>& portable_;
  CrossEntropySums<Real>& sums_;
  bool copies_;
  bool fetches_;
  simd::Traffic<Real> traffic_{};
  std::optional<OutflowBuffers<Real>> outflow_{};
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
