// softmax and log_softmax.

#include "cross_entropy.hpp"

#include <xent/softmax.hpp>

#include <string>

namespace digests {
namespace {

template <bool logarithms, class S, template <class> class Layout>
void map_case(const Shape& shape, Option option, To to = To::another) {
  const auto of_losses = options_of<RealOf<S>>(option, shape, Layout<S>::axis);
  xent::SoftmaxOptions<RealOf<S>> options;
  options.axis = of_losses.axis;
  options.temperature = of_losses.temperature;
  auto z = logits_of<Layout<S>>(option, shape);
  auto out = z;
  auto& written = to == To::itself ? z : out;
  if constexpr (logarithms)
    xent::log_softmax(z.view(), written.view(), options);
  else
    xent::softmax(z.view(), written.view(), options);
  Digest digest;
  digest.add(written, shape);
  print(std::string(logarithms ? "log_softmax/" : "softmax/") + scalar_name<S>() + "/" + Layout<S>::name + name_of(to) +
            "/" + shape.name() + "/" + name_of(option),
        digest);
}

template <class S, template <class> class Layout>
void both(const Shape& shape, Option option, To to = To::another) {
  map_case<false, S, Layout>(shape, option, to);
  map_case<true, S, Layout>(shape, option, to);
}

template <class S>
void of_scalar() {
  constexpr bool all = std::is_same_v<S, RealOf<S>>;
  Index turn = std::is_same_v<S, float> ? 0 : 3;
  for (Index i = 0; i < shape_count; ++i) {
    const Shape shape = shapes[i];
    if (all || i % 2 == 0) both<S, Columns>(shape, Option::plain);
    if (all ? i % 3 != 0 : i % 4 == 1) both<S, Rows>(shape, Option::plain);
    if (all && i % 4 == 1) both<S, Columns>(shape, Option::plain, To::itself);
    if (all && i % 4 == 3) both<S, Rows>(shape, Option::plain, To::itself);
  }
  for (const Option option : {Option::cold, Option::hot, Option::masked, Option::nan, Option::offset}) {
    ++turn;
    both<S, Columns>(some_shape(turn), option, turn % 2 == 0 ? To::another : To::itself);
    if (all) both<S, Rows>(some_shape(turn + 3), option, turn % 2 == 0 ? To::itself : To::another);
  }
  if (!all) return;
  both<S, RowMajor>({33, 7}, Option::hot);
  both<S, RowMajorRows>({64, 7}, Option::plain);
  both<S, Block>({100, 7}, Option::masked);
  both<S, Strided>({10, 70}, Option::cold);
  both<S, Fixed>(fixed_shape, Option::plain);
}

template <class S>
void large() {
  constexpr Index logits = 4400000 / static_cast<Index>(sizeof(S));
  both<S, Columns>({300000, 3}, Option::plain);
  both<S, Columns>({1000, logits / 1000}, Option::plain);
  both<S, Columns>({1000, logits / 1000}, Option::plain, To::itself);
  both<S, Rows>({100, logits / 100}, Option::plain);
  both<S, Columns>({10, logits / 10}, Option::plain);
}

}  // namespace

void softmax() {
  of_scalar<float>();
  of_scalar<double>();
  of_scalar<Eigen::half>();
  of_scalar<Eigen::bfloat16>();
  if (!has_kernels()) return;
  large<float>();
  large<double>();
}

}  // namespace digests
