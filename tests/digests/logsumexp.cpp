// logsumexp, logaddexp and LogSumExp.

#include "cross_entropy.hpp"

#include <xent/logsumexp.hpp>

#include <string>

namespace digests {
namespace {

template <class S, template <class> class Layout>
void lse_case(const Shape& shape, Option option) {
  auto z = logits_of<Layout<S>>(option, shape);
  Digest digest;
  digest.add(xent::logsumexp(z.view(), Layout<S>::axis));
  print(
      "logsumexp/" + std::string(scalar_name<S>()) + "/" + Layout<S>::name + "/" + shape.name() + "/" + name_of(option),
      digest);
}

template <class S, template <class> class Layout>
void add_case(Option option) {
  const Shape shape{10, 130};
  auto a = logits_of<Layout<S>>(option, shape, 1);
  auto b = logits_of<Columns<S>>(option, shape, 5);
  if (Layout<S>::axis == Axis::rows) b.view().transposeInPlace();
  Digest digest;
  digest.add(xent::logaddexp(a.view(), b.view()));
  digest.add(xent::logaddexp(a.at(3, 7), b.view()(3, 7)));
  print("logaddexp/" + std::string(scalar_name<S>()) + "/" + Layout<S>::name + "/" + name_of(option), digest);
}

/// Pushed one by one, in a block, and merged.
template <class Real, class S>
void state_case(const Shape& shape, Option option) {
  auto z = logits_of<Columns<S>>(option, shape);
  Digest digest;
  xent::LogSumExp<Real> all, part;
  for (Index i = 0; i < shape.samples; ++i) {
    for (Index k = 0; k < shape.classes / 2; ++k) all.push(static_cast<Real>(z.at(k, i)));
    digest.add(all.value());
  }
  part.push(z.view().bottomRows(shape.classes - shape.classes / 2));
  digest.add(part.value());
  all.merge(part);
  digest.add(all.value());
  print("LogSumExp/" + std::string(scalar_name<S>()) + "/" + shape.name() + "/" + name_of(option), digest);
}

template <class S>
void of_scalar() {
  constexpr bool all = std::is_same_v<S, RealOf<S>>;
  Index turn = std::is_same_v<S, float> ? 0 : 3;
  for (Index i = 0; i < shape_count; ++i) {
    if (all || i % 3 == 0) lse_case<S, Columns>(shapes[i], Option::plain);
    if (all || i % 3 == 1) lse_case<S, Rows>(shapes[i], Option::plain);
  }
  for (const Option option : {Option::masked, Option::nan, Option::offset}) {
    lse_case<S, Columns>(some_shape(turn++), option);
    add_case<S, Columns>(option);
    state_case<RealOf<S>, S>({33, 7}, option);
    if (!all) continue;
    lse_case<S, Rows>(some_shape(turn++), option);
    lse_case<S, RowMajor>(some_shape(turn++), option);
    lse_case<S, Block>(some_shape(turn++), option);
    lse_case<S, Strided>(some_shape(turn++), option);
  }
  lse_case<S, Fixed>(fixed_shape, Option::plain);
  add_case<S, Rows>(Option::plain);
  state_case<RealOf<S>, S>({100, 7}, Option::plain);
}

}  // namespace

void logsumexp() {
  of_scalar<float>();
  of_scalar<double>();
  of_scalar<Eigen::half>();
  of_scalar<Eigen::bfloat16>();
  if (!has_kernels()) return;
  lse_case<float, Columns>({300000, 3}, Option::plain);
  lse_case<double, Columns>({300000, 3}, Option::plain);
}

}  // namespace digests
