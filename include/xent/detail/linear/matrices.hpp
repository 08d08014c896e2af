#ifndef XENT_DETAIL_LINEAR_MATRICES_HPP
#define XENT_DETAIL_LINEAR_MATRICES_HPP

/// The matrices of linear_cross_entropy as its products want them: blocks of the arguments where they lie, or copied
/// and converted where they do not lie well; sums of gradients that are rounded once.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/linear/buffers.hpp>
#include <xent/detail/linear/plan.hpp>
#include <xent/detail/walk/conversion.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/types.hpp>

#include <type_traits>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

/// `Scalar` may be const.
template <class Scalar, int order>
using PanelOf =
    std::conditional_t<std::is_const_v<Scalar>,
                       const Eigen::Matrix<std::remove_const_t<Scalar>, Eigen::Dynamic, Eigen::Dynamic, order>,
                       Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, order>>;
template <class Scalar, int order = Eigen::ColMajor>
using PanelMap = Eigen::Map<PanelOf<Scalar, order>, Eigen::Unaligned, Eigen::OuterStride<>>;

template <class Dense>
inline constexpr int storage_order = Dense::IsRowMajor ? Eigen::RowMajor : Eigen::ColMajor;

/// A matrix in memory is written here as its samples are: class k of sample i is row k, column i.
template <class Scalar>
Scalar* address(const Samples<Scalar>& matrix, Index row, Index col) {
  if (!matrix.data) return nullptr;  // nothing is there
  return matrix.data + row * matrix.class_stride + col * matrix.sample_stride;
}

/// Whether a matrix lies as Eigen lays one out in that order, but for the distance of its columns, or rows.
template <int order, class Scalar>
bool lies_in_order(const Samples<Scalar>& matrix) {
  return (order == Eigen::ColMajor ? matrix.class_stride : matrix.sample_stride) == 1;
}
template <int order, class Scalar>
PanelMap<Scalar, order> ordered_block(const Samples<Scalar>& matrix, Index row, Index rows, Index col, Index cols) {
  const Index outer = order == Eigen::ColMajor ? matrix.sample_stride : matrix.class_stride;
  return PanelMap<Scalar, order>(address(matrix, row, col), rows, cols, Eigen::OuterStride<>(outer));
}

/// The same with any strides: slower, nothing in it is a vector for the processor.
template <class Scalar>
auto strided_block(const Samples<Scalar>& matrix, Index row, Index rows, Index col, Index cols) {
  using AnyStride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  return Eigen::Map<PanelOf<Scalar, Eigen::ColMajor>, Eigen::Unaligned, AnyStride>(
      address(matrix, row, col), rows, cols, AnyStride(matrix.sample_stride, matrix.class_stride));
}

/// A panel, and the same memory as its transpose.
template <class Panel>
auto transposed(Panel panel) {
  using Scalar = std::remove_pointer_t<decltype(panel.data())>;
  constexpr int order = Panel::IsRowMajor ? Eigen::ColMajor : Eigen::RowMajor;
  return PanelMap<Scalar, order>(panel.data(), panel.cols(), panel.rows(), Eigen::OuterStride<>(panel.outerStride()));
}

/// The lines of a matrix that follow each other in that order, as samples.
template <int order, class Scalar>
Samples<Scalar> lines_of(const Samples<Scalar>& matrix) {
  return order == Eigen::ColMajor ? matrix : turned(matrix);
}

/// A block of a matrix, converted, in the order of a panel. Numbers of 16 bits are by kernels.
template <class Real, int order, class Scalar>
PanelMap<Real, order> copied_panel(const Samples<const Scalar>& matrix, Index row, Index rows, Index col, Index cols,
                                   Index outer_step, Real* to) {
  PanelMap<Real, order> panel(to, rows, cols, Eigen::OuterStride<>(outer_step));
  if constexpr (is_16_bit<Scalar> && has_kernels<Real>) {
    if (simd::has_kernels() && rows * cols > 0) {
      const auto lines = lines_of<order>(
          Samples<const Scalar>{address(matrix, row, col), rows, cols, matrix.class_stride, matrix.sample_stride});
      for (Index j = 0; j < lines.count; ++j) widen_sample(lines[j], lines.classes, to + j * outer_step);
      return panel;
    }
  }
  panel = strided_block(matrix, row, rows, col, cols).template cast<Real>();
  return panel;
}

/// Weights [classes x dim]: a panel of them in place, or converted to the scalar of the products.
template <class Real, class Scalar, int order>
class WeightPanels {
 public:
  explicit WeightPanels(const Samples<const Scalar>& weights)
      : weights_(weights), in_place_(std::is_same_v<Scalar, Real> && lies_in_order<order>(weights)) {}

  Index classes() const { return weights_.classes; }
  Index dim() const { return weights_.count; }
  bool in_place() const { return in_place_; }

  PanelMap<const Real, order> panel(Index first, Index classes, Index first_dim, Index dims,
                                    Numbers<Real>& buffer) const {
    if constexpr (std::is_same_v<Scalar, Real>)
      if (in_place_) return ordered_block<order>(weights_, first, classes, first_dim, dims);
    const Index outer = order == Eigen::ColMajor ? classes : dims;
    const auto copy =
        copied_panel<Real, order>(weights_, first, classes, first_dim, dims, outer, buffer.get(classes * dims));
    return PanelMap<const Real, order>(copy.data(), classes, dims, Eigen::OuterStride<>(outer));
  }

 private:
  Samples<const Scalar> weights_;
  bool in_place_;
};

/// The chosen samples follow each other in the batch.
inline bool are_consecutive(const std::vector<Index>& chosen) {
  return chosen.empty() || chosen.back() - chosen.front() == static_cast<Index>(chosen.size()) - 1;
}

/// The features [dim x samples] of chosen samples: in place, or gathered and converted. Where they are read `crosswise`
/// too, dimension by dimension, they are copied in any case: columns at a distance of a power of two would share the
/// same few sets of the caches.
template <class Real, class Scalar>
PanelMap<const Real> chosen_features(const Samples<const Scalar>& features, const std::vector<Index>& chosen,
                                     bool crosswise, Numbers<Real>& buffer) {
  const Index dim = features.classes;
  const auto count = static_cast<Index>(chosen.size());
  if constexpr (std::is_same_v<Scalar, Real>)
    if (!crosswise && lies_in_order<Eigen::ColMajor>(features) && are_consecutive(chosen))
      return ordered_block<Eigen::ColMajor>(features, 0, dim, chosen.front(), count);
  const Index step = LinearPlan::stride(dim);
  Real* const to = buffer.get(step * count);
  for (Index j = 0; j < count; ++j)
    copied_panel<Real, Eigen::ColMajor>(features, 0, dim, chosen[static_cast<std::size_t>(j)], 1, step, to + j * step);
  return PanelMap<const Real>(to, dim, count, Eigen::OuterStride<>(step));
}

/// A gradient that is a sum over chunks of samples, in panels of rows. What the caller gave is the sum itself where it
/// has the scalar of the products; a sum of 16-bit numbers would stop growing after 256 equal terms, so those get a sum
/// of their own and are rounded once.
template <class Real, class Out, int order>
class GradientSum {
  static constexpr bool direct = std::is_same_v<Out, Real>;

 public:
  static constexpr int storage = order;

  /// Without memory the gradient is not wanted. `buffer` is for a sum of its own.
  GradientSum(const Samples<Out>& out, bool accumulate, Numbers<Real>& buffer)
      : out_(out), accumulate_(accumulate), started_(direct && accumulate) {
    if constexpr (!direct)
      if (wanted()) sum_ = buffer.get(out.classes * out.count);
  }

  bool wanted() const { return out_.data != nullptr; }

  /// Whether what a row gets is added to what it has.
  bool started() const { return started_; }

  /// Whether rows lie in memory as `order` says. If not, what they get goes through `add`.
  bool in_place() const { return !direct || lies_in_order<order>(out_); }
  PanelMap<Real, order> block(Index row, Index rows) {
    if constexpr (direct) {
      return ordered_block<order>(out_, row, rows, 0, out_.count);
    } else {
      const bool by_column = order == Eigen::ColMajor;
      return PanelMap<Real, order>(sum_ + row * (by_column ? 1 : out_.count), rows, out_.count,
                                   Eigen::OuterStride<>(by_column ? out_.classes : out_.count));
    }
  }

  /// Different rows from different threads.
  template <class Values>
  void add(Index row, const Eigen::MatrixBase<Values>& values) {
    const auto add_to = [&](auto&& block) {
      if (started())
        block += values;
      else
        block = values;
    };
    if constexpr (!direct)
      add_to(block(row, values.rows()));
    else
      add_to(strided_block(out_, row, values.rows(), 0, out_.count));
  }

  /// After every row has got its part.
  void end_chunk() { started_ = true; }

  void finish() {
    if (!wanted() || out_.classes == 0 || out_.count == 0) return;
    auto out = strided_block(out_, 0, out_.classes, 0, out_.count);
    if constexpr (!direct) {
      auto sum = block(0, out_.classes);
      if (!started_) sum.setZero();
      if (accumulate_) sum += out.template cast<Real>();
      if constexpr (is_16_bit<Out> && has_kernels<Real>) {
        if (simd::has_kernels()) {
          const Samples<Out> lines = lines_of<order>(out_);
          for (Index j = 0; j < lines.count; ++j)
            narrow_sample(sum_ + j * lines.classes, lines.classes, lines[j], false);
          return;
        }
      }
      out = sum.template cast<Out>();
    } else if (!started_) {
      out.setZero();
    }
  }

 private:
  Samples<Out> out_;
  bool accumulate_;
  bool started_;
  Real* sum_ = nullptr;
};

template <class Real, int order, class Out>
GradientSum<Real, Out, order> make_gradient_sum(const Samples<Out>& out, bool accumulate, Numbers<Real>& buffer) {
  return {out, accumulate, buffer};
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
