// softmax_cross_entropy of sparse distributions.

#include "targets.hpp"

#include <Eigen/SparseCore>

namespace digests {
namespace {

template <class S, template <class> class Layout, int order>
void sparse_case(const Shape& shape, Option option, To to = To::another) {
  const auto options = options_of<RealOf<S>>(option, shape, Layout<S>::axis);
  Columns<RealOf<S>> dense = targets_of<Columns<RealOf<S>>>(option, shape);
  // One class in three, and one sample in five without any.
  std::vector<Eigen::Triplet<RealOf<S>>> entries;
  for (Index i = 0; i < shape.samples; ++i) {
    for (Index k = i % 3; k < shape.classes && i % 5 != 4; k += 3) {
      const bool columns = Layout<S>::axis == Axis::columns;
      const auto row = static_cast<int>(columns ? k : i);
      const auto column = static_cast<int>(columns ? i : k);
      if (dense.at(k, i) != 0) entries.emplace_back(row, column, dense.at(k, i));
    }
  }
  auto z = logits_of<Layout<S>>(option, shape);
  Eigen::SparseMatrix<RealOf<S>, order> y(z.view().rows(), z.view().cols());
  y.setFromTriplets(entries.begin(), entries.end());
  const auto call = [&](const auto& from, auto&& gradient, auto* report) {
    return xent::softmax_cross_entropy(from, y, gradient, options, report);
  };
  print("softmax_cross_entropy/sparse_" + std::string(order == Eigen::RowMajor ? "row_major/" : "targets/") +
            scalar_name<S>() + "/" + Layout<S>::name + name_of(to) + "/" + shape.name() + "/" + name_of(option),
        digest_of(z, shape, option, to, call));
}

template <class S>
void of_scalar() {
  constexpr int column_major = Eigen::ColMajor;
  constexpr int row_major = Eigen::RowMajor;
  Index turn = std::is_same_v<S, float> ? 0 : 3;
  for (Index i = 0; i < shape_count; ++i) {
    if (i % 2 == 1) sparse_case<S, Columns, column_major>(shapes[i], Option::plain);
    if (i % 2 == 0) sparse_case<S, Rows, column_major>(shapes[i], Option::plain);
    if (i % 3 == 1) sparse_case<S, Columns, row_major>(shapes[i], Option::plain);
    if (i % 3 == 2) sparse_case<S, Rows, row_major>(shapes[i], Option::plain);
  }
  for (const Option option : all_options) {
    if (option == Option::ignored || option == Option::plain) continue;
    ++turn;
    sparse_case<S, Columns, column_major>(some_shape(turn), option, turn % 2 == 0 ? To::itself : To::another);
    if (turn % 3 == 0) sparse_case<S, Rows, row_major>(some_shape(turn + 3), option);
  }
}

}  // namespace

void sparse_targets() {
  of_scalar<float>();
  of_scalar<double>();
  for (const Shape shape : {Shape{10, 130}, Shape{1000, 7}})
    sparse_case<Eigen::half, Columns, Eigen::ColMajor>(shape, Option::report);
  sparse_case<Eigen::bfloat16, Columns, Eigen::ColMajor>({129, 7}, Option::several);
}

}  // namespace digests
