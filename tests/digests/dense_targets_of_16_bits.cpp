// softmax_cross_entropy of distributions, for half and bfloat16.

#include "targets.hpp"

namespace digests {
namespace {

template <class S>
void of_scalar() {
  Index turn = std::is_same_v<S, Eigen::half> ? 0 : 3;
  for (Index i = 0; i < shape_count; ++i) {
    if (i % 3 == 0)
      target_case<S, Rows>(shapes[i], Option::plain);
    else
      target_case<S, Columns>(shapes[i], Option::plain);
  }
  for (const Option option : all_options) {
    if (option == Option::ignored || option == Option::plain) continue;
    ++turn;
    if (turn % 3 == 0)
      target_case<S, Rows>(some_shape(turn), option);
    else
      target_case<S, Columns>(some_shape(turn), option, turn % 3 == 1 ? To::itself : To::another);
  }
  target_case<S, Columns, Columns<float>>({129, 7}, Option::report);
  target_case<S, Rows, RowMajorRows<float>>({33, 70}, Option::report);
}

}  // namespace

void dense_targets_of_16_bits() {
  of_scalar<Eigen::half>();
  of_scalar<Eigen::bfloat16>();
}

}  // namespace digests
