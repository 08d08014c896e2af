#ifndef XENT_BENCH_MATRIX_PROBLEM_HPP
#define XENT_BENCH_MATRIX_PROBLEM_HPP

/// The arguments of all functions, in one scalar, one layout in memory and with one kind of logits.

#include <xent/softmax.hpp>
#include <xent/types.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "../support/fill_uniform.hpp"

namespace bench {

using Eigen::Index;

struct MatrixShape {
  Index classes = 1000;
  Index samples = 512;
};

/// Classes one after the other; samples side by side; the first as a part of a larger matrix; every other coefficient.
enum class Layout { columns, rows, block, strided };

/// Logits in [-3, 3); the same with classes of -inf, which are never labels; logits in [-200, 200).
enum class Content { ordinary, one_masked, half_masked, wide };

/// Where class k of sample i lies.
struct Strides {
  Index of_class, of_sample;

  Strides(Layout layout, const MatrixShape& shape)
      : of_class(layout == Layout::rows      ? shape.samples
                 : layout == Layout::strided ? 2
                                             : 1),
        of_sample(layout == Layout::rows      ? 1
                  : layout == Layout::strided ? 2 * shape.classes
                  : layout == Layout::block   ? shape.classes + 3
                                              : shape.classes) {}
};

template <class Scalar>
using View =
    Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

/// Made before the view of it.
template <class Scalar>
struct GridMemory {
  std::vector<Scalar> memory;

  GridMemory(const Strides& strides, const MatrixShape& shape)
      : memory(static_cast<std::size_t>(strides.of_sample * (shape.samples - 1) +
                                        strides.of_class * (shape.classes - 1) + 1)) {}
};

/// A matrix with memory of its own in a layout: [samples x classes] under `rows`, else [classes x samples]. The layout
/// is not known to the compiler, so that a call is compiled once for all of them; which kernel takes it depends on the
/// strides alone.
template <class Scalar>
class Grid : GridMemory<Scalar>, public View<Scalar> {
 public:
  Grid(Layout layout, const MatrixShape& shape)
      : GridMemory<Scalar>(Strides(layout, shape), shape),
        View<Scalar>(this->memory.data(), layout == Layout::rows ? shape.samples : shape.classes,
                     layout == Layout::rows ? shape.classes : shape.samples, stride(layout, Strides(layout, shape))),
        strides_(layout, shape),
        classes_(shape.classes) {}
  Grid(const Grid&) = delete;
  /// The coefficients alone.
  Grid& operator=(const Grid& other) {
    View<Scalar>::operator=(other);
    return *this;
  }
  using View<Scalar>::operator=;

  Scalar& at(Index k, Index i) {
    return this->memory[static_cast<std::size_t>(k * strides_.of_class + i * strides_.of_sample)];
  }

  /// The classes of one sample.
  auto sample(Index i) const {
    using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
    using Stride = Eigen::InnerStride<>;
    return Eigen::Map<const Vector, 0, Stride>(this->data() + i * strides_.of_sample, classes_,
                                               Stride(strides_.of_class));
  }

 private:
  static Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic> stride(Layout layout, const Strides& strides) {
    if (layout == Layout::rows) return {strides.of_class, strides.of_sample};
    return {strides.of_sample, strides.of_class};
  }

  Strides strides_;
  Index classes_;
};

template <class Scalar>
struct Problem {
  using Real = xent::RealOf<Scalar>;
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using Numbers = Eigen::Array<Real, Eigen::Dynamic, 1>;

  Layout layout;
  Content content;
  Index classes, samples;
  xent::Axis axis = layout == Layout::rows ? xent::Axis::rows : xent::Axis::columns;
  Eigen::VectorXi labels, labels_with_ignored;
  std::vector<std::int64_t> long_labels;
  Grid<Scalar> z, w;          // logits, and others with the same masks
  Grid<Scalar> s, t;          // their softmax
  Grid<Scalar> l;             // its logarithm
  Grid<Scalar> v;             // a direction, or real numbers
  Grid<Scalar> variance;      // in [1/2, 3/2)
  Grid<Scalar> one_hot;       // the labels
  Grid<Scalar> decisions;     // 0 or 1; 0 where a class is masked
  Grid<Scalar> out, out_too;  // for results
  Eigen::MatrixXi integers;   // the decisions
  Eigen::SparseMatrix<Scalar> sparse;
  Numbers numbers;
  Numbers class_weights, sample_weights, sample_weights_with_zeros;

  Problem(const MatrixShape& shape, Layout layout_of_all, Content content_of_logits)
      : layout(layout_of_all),
        content(content_of_logits),
        classes(shape.classes),
        samples(shape.samples),
        labels(samples),
        z(layout, shape),
        w(layout, shape),
        s(layout, shape),
        t(layout, shape),
        l(layout, shape),
        v(layout, shape),
        variance(layout, shape),
        one_hot(layout, shape),
        decisions(layout, shape),
        out(layout, shape),
        out_too(layout, shape),
        integers(z.rows(), z.cols()),
        sparse(z.rows(), z.cols()),
        numbers(samples),
        class_weights(classes),
        sample_weights(samples) {
    for (Index i = 0; i < samples; ++i) labels[i] = static_cast<int>(i * 7 % classes);
    labels_with_ignored = labels;
    fill_uniform(class_weights, 0.5, 1.5);
    fill_uniform(sample_weights, 0.5, 1.5);
    sample_weights_with_zeros = sample_weights;
    for (Index i = 0; i < samples; i += 8) {
      labels_with_ignored[i] = -100;
      sample_weights_with_zeros[i] = Real(0);
    }
    long_labels.assign(labels.begin(), labels.end());
    const double most = content == Content::wide ? 200 : 3;
    fill(z, -most, most, 1);
    fill(w, -most, most, 2);
    fill(v, -3, 3, 3);
    fill(variance, 0.5, 1.5, 4);
    set_targets();
    xent::softmax(z, s, axis);
    xent::softmax(w, t, axis);
    xent::log_softmax(z, l, axis);
  }

  Index logits() const { return classes * samples; }
  bool is_masked(Index k, Index i) const {
    const Index beyond_label = (k - labels[i] + classes) % classes;
    if (content == Content::one_masked) return beyond_label == 1;
    return content == Content::half_masked && beyond_label % 2 == 1;
  }

 private:
  void fill(Grid<Scalar>& grid, double low, double high, std::uint32_t seed) const {
    Eigen::MatrixXf values(classes, samples);
    fill_uniform(values, low, high, seed);
    for (Index i = 0; i < samples; ++i)
      for (Index k = 0; k < classes; ++k) grid.at(k, i) = static_cast<Scalar>(values(k, i));
  }

  void set_targets() {
    const auto minus_infinity = static_cast<Scalar>(-std::numeric_limits<float>::infinity());
    for (Index i = 0; i < samples; ++i) {
      for (Index k = 0; k < classes; ++k) {
        if (is_masked(k, i)) z.at(k, i) = w.at(k, i) = minus_infinity;
        const bool chosen = !is_masked(k, i) && (k * 5 + i * 3) % 8 == 0;
        decisions.at(k, i) = static_cast<Scalar>(chosen ? 1.0F : 0.0F);
      }
      one_hot.at(labels[i], i) = static_cast<Scalar>(1.0F);
    }
    integers = decisions.template cast<float>().template cast<int>();
    std::vector<Eigen::Triplet<Scalar>> entries;
    const auto add = [&](Index k, Index i, float y) {
      const bool rows = layout == Layout::rows;
      entries.emplace_back(static_cast<int>(rows ? i : k), static_cast<int>(rows ? k : i), static_cast<Scalar>(y));
    };
    for (Index i = 0; i < samples; ++i) {
      add(labels[i], i, 0.75F);
      if (classes > 2) add((labels[i] + 2) % classes, i, 0.25F);
    }
    sparse.setFromTriplets(entries.begin(), entries.end());
  }
};

}  // namespace bench

#endif
