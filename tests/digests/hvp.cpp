// softmax_cross_entropy_hvp.

#include "cross_entropy.hpp"

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/SparseCore>

#include <string>

namespace digests {
namespace {

/// In place: in the memory of the direction.
template <class S, template <class> class Layout, class Targets>
void hvp_case(const std::string& kind, const Targets& targets, const Shape& shape, Option option, To to) {
  const auto options = options_of<RealOf<S>>(option, shape, Layout<S>::axis);
  auto z = logits_of<Layout<S>>(option, shape);
  auto v = logits_of<Layout<S>>(Option::plain, shape, 6);
  auto out = v;
  auto& written = to == To::itself ? v : out;
  xent::softmax_cross_entropy_hvp(z.view(), targets, v.view(), written.view(), options);
  Digest digest;
  digest.add(written, shape);
  print("softmax_cross_entropy_hvp/" + kind + "/" + scalar_name<S>() + "/" + Layout<S>::name + name_of(to) + "/" +
            shape.name() + "/" + name_of(option),
        digest);
}

template <class S, template <class> class Layout>
void of_labels(const Shape& shape, Option option, To to = To::another) {
  hvp_case<S, Layout>("labels", labels_of(option, shape), shape, option, to);
}

template <class S, template <class> class Layout>
void of_targets(const Shape& shape, Option option) {
  auto y = targets_of<Layout<S>>(option, shape);
  hvp_case<S, Layout>("targets", y.view(), shape, option, To::another);
}

template <class S>
void of_scalar() {
  Index turn = std::is_same_v<S, float> ? 0 : 3;
  for (Index i = 0; i < shape_count - 1; i += 2) {
    of_labels<S, Columns>(shapes[i], Option::plain);
    of_labels<S, Rows>(shapes[i + 1], Option::plain);
  }
  for (const Option option : all_options) {
    if (option == Option::report || option == Option::plain) continue;
    ++turn;
    if (turn % 3 != 2 || option == Option::ignored)
      of_labels<S, Columns>(some_shape(turn), option, turn % 3 == 0 ? To::itself : To::another);
    else
      of_targets<S, Rows>(some_shape(turn), option);
  }
  of_labels<S, RowMajor>({33, 7}, Option::several);
  of_labels<S, Block>({100, 7}, Option::several);
  of_labels<S, Strided>({10, 70}, Option::several);
  of_labels<S, Fixed>(fixed_shape, Option::several);
}

}  // namespace

void hvp() {
  of_scalar<float>();
  of_scalar<double>();
  of_labels<Eigen::half, Columns>({129, 7}, Option::several);
  of_labels<Eigen::half, Rows>({10, 70}, Option::plain);
  of_labels<Eigen::bfloat16, Columns>({129, 7}, Option::several);
  of_labels<Eigen::bfloat16, Rows>({10, 70}, Option::plain);
}

}  // namespace digests
