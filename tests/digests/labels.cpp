// softmax_cross_entropy of labels, for float and double.

#include "labels.hpp"

namespace digests {
namespace {

template <class S>
void every_shape() {
  for (Index i = 0; i < shape_count; ++i) {
    const Shape shape = shapes[i];
    label_case<S, Columns>(shape, Option::plain);
    label_case<S, Rows>(shape, Option::plain);
    if (i % 4 == 0) label_case<S, RowMajor>(shape, Option::plain);
    if (i % 4 == 1) label_case<S, RowMajorRows>(shape, Option::plain);
    if (i % 4 == 2) label_case<S, Block>(shape, Option::plain);
    if (i % 4 == 3) label_case<S, Strided>(shape, Option::plain);
    label_case<S, Columns>(shape, Option::plain, i % 2 == 0 ? To::itself : To::nowhere);
    label_case<S, Rows>(shape, Option::plain, i % 2 == 0 ? To::nowhere : To::itself);
    if (i % 2 == 0)
      label_case<S, Columns>(shape, Option::report);
    else
      label_case<S, Rows>(shape, Option::report);
  }
}

/// Each option with one layout of many, the shape another one each time.
template <class S>
void option_of(Option option, Index layout, const Shape& shape) {
  switch (layout % 8) {
    case 0:
      return label_case<S, Columns>(shape, option);
    case 1:
      return label_case<S, Rows>(shape, option);
    case 2:
      return label_case<S, RowMajor>(shape, option);
    case 3:
      return label_case<S, Block>(shape, option);
    case 4:
      return label_case<S, Strided>(shape, option);
    case 5:
      return label_case<S, Columns>(shape, option, To::itself);
    case 6:
      return label_case<S, Rows>(shape, option, To::itself);
    default:
      return label_case<S, Columns>(shape, option, To::nowhere);
  }
}

void every_option() {
  Index turn = 0;
  for (const Option option : all_options) {
    label_case<float, Fixed>(fixed_shape, option);
    if (option == Option::plain || option == Option::report) continue;
    for (Index layout = 0; layout < 8; ++layout) option_of<float>(option, layout, some_shape(turn++));
    for (Index layout = 0; layout < 3; ++layout)
      option_of<double>(option, turn + 3 * layout, some_shape(turn + layout));
    ++turn;
  }
  label_case<double, Fixed>(fixed_shape, Option::several);
}

/// Long samples, and batches whose results go past the caches.
template <class S>
void large() {
  constexpr Index logits = 4400000 / static_cast<Index>(sizeof(S));
  label_case<S, Columns>({300000, 3}, Option::report);
  label_case<S, Columns>({70000, 2}, Option::several);
  label_case<S, Columns>({1000, logits / 1000}, Option::plain);
  label_case<S, Columns>({1000, logits / 1000}, Option::plain, To::itself);
  label_case<S, Columns>({1000, logits / 1000}, Option::sample_weights);
  label_case<S, Rows>({100, logits / 100}, Option::plain);
  label_case<S, Rows>({100, logits / 100}, Option::plain, To::itself);
  label_case<S, Columns>({10, logits / 10}, Option::plain);
  label_case<S, Columns>({64, logits / 64}, Option::plain);
}

}  // namespace

void labels() {
  every_shape<float>();
  every_shape<double>();
  every_option();
  if (!has_kernels()) return;
  large<float>();
  large<double>();
}

}  // namespace digests
