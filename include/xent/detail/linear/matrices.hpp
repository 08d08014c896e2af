#ifndef XENT_DETAIL_LINEAR_MATRICES_HPP
#define XENT_DETAIL_LINEAR_MATRICES_HPP

/// The matrices of linear_cross_entropy as its products want them: blocks of the arguments where they lie, or copied
/// and converted where they do not lie well; sums of gradients that are rounded once.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
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

/// Weights [classes x dim]: a panel of them in place, or converted to the scalar of the products.
template <class Real, class Scalar, int order>
class WeightPanels {
 public:
  using Buffer = PanelOf<Real, order>;

  explicit WeightPanels(const Samples<const Scalar>& weights)
      : weights_(weights), in_place_(std::is_same_v<Scalar, Real> && lies_in_order<order>(weights)) {}

  Index classes() const { return weights_.classes; }
  Index dim() const { return weights_.count; }
  bool in_place() const { return in_place_; }

  PanelMap<const Real, order> panel(Index first, Index classes, Index first_dim, Index dims, Buffer& buffer) const {
    if constexpr (std::is_same_v<Scalar, Real>)
      if (in_place_) return ordered_block<order>(weights_, first, classes, first_dim, dims);
    buffer = strided_block(weights_, first, classes, first_dim, dims).template cast<Real>();
    return PanelMap<const Real, order>(buffer.data(), classes, dims, Eigen::OuterStride<>(buffer.outerStride()));
  }

 private:
  Samples<const Scalar> weights_;
  bool in_place_;
};

/// The chosen samples follow each other in the batch.
inline bool are_consecutive(const std::vector<Index>& chosen) {
  return chosen.empty() || chosen.back() - chosen.front() == static_cast<Index>(chosen.size()) - 1;
}

/// The features [dim x samples] of chosen samples: in place, or gathered and converted.
template <class Real, class Scalar>
PanelMap<const Real> chosen_features(const Samples<const Scalar>& features, const std::vector<Index>& chosen,
                                     PanelOf<Real, Eigen::ColMajor>& buffer) {
  const Index dim = features.classes;
  const auto count = static_cast<Index>(chosen.size());
  if constexpr (std::is_same_v<Scalar, Real>)
    if (lies_in_order<Eigen::ColMajor>(features) && are_consecutive(chosen))
      return ordered_block<Eigen::ColMajor>(features, 0, dim, chosen.front(), count);
  if (buffer.cols() < count) buffer.resize(dim, count);
  Index j = 0;
  for (const Index i : chosen) buffer.col(j++) = strided_block(features, 0, dim, i, 1).template cast<Real>();
  return PanelMap<const Real>(buffer.data(), dim, count, Eigen::OuterStride<>(dim));
}

/// A gradient that is a sum over chunks of samples, in panels of rows. What the caller gave is the sum itself where it
/// has the scalar of the products; a sum of 16-bit numbers would stop growing after 256 equal terms, so those get a sum
/// of their own and are rounded once.
template <class Real, class Out, int order>
class GradientSum {
  static constexpr bool direct = std::is_same_v<Out, Real>;

 public:
  using Buffer = PanelOf<Real, order>;

  /// Without memory the gradient is not wanted.
  GradientSum(const Samples<Out>& out, bool accumulate) : out_(out), accumulate_(accumulate), started_(accumulate) {
    if constexpr (!direct)
      if (wanted()) sum_.setZero(out.classes, out.count);
  }

  bool wanted() const { return out_.data != nullptr; }

  /// Different rows from different threads.
  template <class Values>
  void add(Index row, const Eigen::MatrixBase<Values>& values) {
    const Index rows = values.rows();
    const auto add_to = [&](auto&& block) {
      if (started_)
        block += values;
      else
        block = values;
    };
    if constexpr (!direct)
      sum_.middleRows(row, rows) += values;
    else if (lies_in_order<order>(out_))
      add_to(ordered_block<order>(out_, row, rows, 0, out_.count));
    else
      add_to(strided_block(out_, row, rows, 0, out_.count));
  }

  /// After every row has got its part.
  void end_chunk() { started_ = true; }

  void finish() {
    if (!wanted() || out_.classes == 0 || out_.count == 0) return;
    auto out = strided_block(out_, 0, out_.classes, 0, out_.count);
    if constexpr (!direct) {
      if (accumulate_) sum_ += out.template cast<Real>();
      out = sum_.template cast<Out>();
    } else if (!started_) {
      out.setZero();
    }
  }

 private:
  Samples<Out> out_;
  bool accumulate_;
  bool started_;
  std::conditional_t<direct, NoneType, Buffer> sum_{};
};

template <class Real, int order, class Out>
GradientSum<Real, Out, order> make_gradient_sum(const Samples<Out>& out, bool accumulate) {
  return {out, accumulate};
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
