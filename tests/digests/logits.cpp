// entropy_from_logits and kl_divergence_from_logits.

#include "cross_entropy.hpp"

#include <xent/logits.hpp>

#include <string>

namespace digests {
namespace {

template <class Real>
xent::LogitOptions<Real> logit_options_of(Option option, const Shape& shape, Axis axis) {
  const auto all = options_of<Real>(option, shape, axis);
  return {all.axis, all.reduction, all.denominator, all.temperature, all.sample_weights, {}};
}

template <class S, template <class> class Layout>
std::string rest_of_name(const Shape& shape, Option option, To to) {
  return std::string(scalar_name<S>()) + "/" + Layout<S>::name + name_of(to) + "/" + shape.name() + "/" +
         name_of(option);
}

template <class S, template <class> class Layout>
void entropy_case(const Shape& shape, Option option, To to = To::another) {
  const auto options = logit_options_of<RealOf<S>>(option, shape, Layout<S>::axis);
  const auto call = [&](const auto& z, auto&& gradient, auto* report) {
    return xent::entropy_from_logits(z, gradient, options, report);
  };
  print("entropy_from_logits/" + rest_of_name<S, Layout>(shape, option, to),
        digest_of(logits_of<Layout<S>>(option, shape), shape, option, to, call));
}

/// Distributions far apart in one case, nearly equal in the other. In place: the gradient of p where p was.
template <class S, template <class> class Layout>
void divergence_case(const Shape& shape, Option option, To to = To::another, bool near = false) {
  const auto options = logit_options_of<RealOf<S>>(option, shape, Layout<S>::axis);
  auto q = logits_of<Layout<S>>(option == Option::nan ? Option::plain : option, shape, near ? 1 : 16);
  if (near)
    for (Index i = 0; i < shape.samples; ++i)
      for (Index k = i % 2; k < shape.classes; k += 2) q.at(k, i) = as<S>(static_cast<double>(q.at(k, i)) + 0x1p-8);
  Digest d_q_digest;
  const auto call = [&](const auto& p, auto&& d_p, auto* report) {
    if (to == To::nowhere) return xent::kl_divergence_from_logits(p, q.view(), options, report);
    Layout<S> d_q(shape);
    const RealOf<S> loss = xent::kl_divergence_from_logits(p, q.view(), d_p, d_q.view(), options, report);
    d_q_digest.add(d_q, shape);
    return loss;
  };
  Digest digest = digest_of(logits_of<Layout<S>>(option, shape), shape, option, to, call);
  digest.add(static_cast<std::int64_t>(d_q_digest.value()));
  print("kl_divergence_from_logits/" + rest_of_name<S, Layout>(shape, option, to) + (near ? "_near" : ""), digest);
}

template <class S, template <class> class Layout>
void both(const Shape& shape, Option option, To to = To::another) {
  entropy_case<S, Layout>(shape, option, to);
  divergence_case<S, Layout>(shape, option, to);
}

template <class S>
void of_scalar() {
  constexpr bool all = std::is_same_v<S, RealOf<S>>;
  Index turn = std::is_same_v<S, float> ? 0 : 3;
  for (Index i = 0; i < shape_count; i += all ? 1 : 4) {
    both<S, Columns>(shapes[i], Option::plain);
    if (all && i % 2 == 1) both<S, Rows>(shapes[i], Option::plain);
    if (i % 2 == 0) divergence_case<S, Columns>(shapes[i], Option::report, To::another, true);
  }
  for (const Option option : {Option::report, Option::sample_weights, Option::cold, Option::hot, Option::sum,
                              Option::signed_weights, Option::masked, Option::nan, Option::offset}) {
    ++turn;
    if (all || turn % 2 == 0) both<S, Columns>(some_shape(turn), option, turn % 3 == 0 ? To::nowhere : To::another);
    if (all || turn % 2 == 1) both<S, Rows>(some_shape(turn + 3), option, turn % 4 == 3 ? To::itself : To::another);
  }
  if (!all) return;
  both<S, Columns>({129, 7}, Option::sample_weights, To::itself);
  both<S, RowMajor>({10, 70}, Option::report);
  both<S, Block>({33, 7}, Option::report);
  both<S, Strided>({100, 7}, Option::report);
  both<S, Fixed>(fixed_shape, Option::report);
}

}  // namespace

void logits() {
  of_scalar<float>();
  of_scalar<double>();
  of_scalar<Eigen::half>();
  of_scalar<Eigen::bfloat16>();
}

}  // namespace digests
