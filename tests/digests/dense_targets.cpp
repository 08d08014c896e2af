// softmax_cross_entropy of distributions, for float and double.

#include "targets.hpp"

namespace digests {
namespace {

template <class S>
void every_shape() {
  for (Index i = 0; i < shape_count; ++i) {
    const Shape shape = shapes[i];
    target_case<S, Columns>(shape, Option::plain);
    target_case<S, Rows>(shape, Option::plain);
    if (i % 4 == 0) target_case<S, Columns, RowMajor<S>>(shape, Option::plain);
    if (i % 4 == 1) target_case<S, Block>(shape, Option::plain);
    if (i % 4 == 2) target_case<S, RowMajor, Columns<S>>(shape, Option::plain);
    if (i % 4 == 3) target_case<S, Strided>(shape, Option::plain);
    if (i % 2 == 0)
      target_case<S, Columns>(shape, Option::plain, To::itself);
    else
      target_case<S, Rows>(shape, Option::plain, To::itself);
  }
}

template <class S>
void every_option() {
  Index turn = std::is_same_v<S, float> ? 0 : 3;
  for (const Option option : all_options) {
    if (option == Option::ignored) continue;  // labels alone
    if (option == Option::plain) continue;
    target_case<S, Columns>(some_shape(turn), option);
    target_case<S, Rows>(some_shape(turn + 1), option);
    if (turn % 3 == 0) target_case<S, Columns>(some_shape(turn + 2), option, To::itself);
    if (turn % 3 == 1) target_case<S, Rows>(some_shape(turn + 2), option, To::nowhere);
    if (turn % 3 == 2) target_case<S, Fixed>(fixed_shape, option);
    turn += 4;
  }
}

template <class S>
void large() {
  constexpr Index logits = 4400000 / static_cast<Index>(sizeof(S));
  target_case<S, Columns>({1000, logits / 1000}, Option::plain);
  target_case<S, Columns>({1000, logits / 1000}, Option::plain, To::itself);
  target_case<S, Rows>({100, logits / 100}, Option::plain);
  target_case<S, Columns>({10, logits / 10}, Option::plain);
}

}  // namespace

void dense_targets() {
  every_shape<float>();
  every_shape<double>();
  every_option<float>();
  every_option<double>();
  for (const Shape shape : {Shape{10, 130}, Shape{129, 7}, Shape{5000, 2}}) {
    target_case<float, Columns, Columns<double>>(shape, Option::report);
    target_case<float, Rows, Rows<Eigen::half>>(shape, Option::report);
  }
  if (!has_kernels()) return;
  large<float>();
  large<double>();
}

}  // namespace digests
