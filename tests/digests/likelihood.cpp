// nll, gaussian_nll, poisson_nll and half_squared_error.

#include "cross_entropy.hpp"

#include <xent/likelihood.hpp>

#include <string>

namespace digests {
namespace {

template <class S, template <class> class Layout>
void nll_case(const Shape& shape, Option option) {
  const auto all = options_of<RealOf<S>>(option, shape, Layout<S>::axis);
  const xent::NllOptions<RealOf<S>> options{
      all.axis, all.reduction, all.denominator, all.ignore_index, all.class_weights, all.sample_weights, {}};
  const Eigen::VectorXi labels = labels_of(option, shape);
  const auto call = [&](const auto& l, const auto& /*none*/, auto* report) {
    return xent::nll(l, labels, options, report);
  };
  print("nll/" + std::string(scalar_name<S>()) + "/" + Layout<S>::name + "/" + shape.name() + "/" + name_of(option),
        digest_of(logits_of<Layout<S>>(option, shape), shape, option, To::nowhere, call));
}

template <class S>
xent::GaussianOptions<RealOf<S>> gaussian_options(int number) {
  xent::GaussianOptions<RealOf<S>> options;
  if (number == 1) options.minimum_variance = as<RealOf<S>>(0.75);
  if (number == 2) options.reduction = xent::Reduction::sum;
  options.constant = number == 2;
  return options;
}

/// A variance for each coefficient, then one for all. In place: in the memory of the mean and of the variances.
template <class S, template <class> class Layout>
void gaussian_case(const Shape& shape, int number, To to = To::another) {
  const auto options = gaussian_options<S>(number);
  auto mean = logits_of<Layout<S>>(number == 0 ? Option::nan : Option::plain, shape);
  auto x = logits_of<Layout<S>>(Option::plain, shape, 12);
  Layout<S> variance(shape);
  Numbers numbers(13);
  fill(variance, shape, [&](Index, Index) { return numbers.uniform() * 4 + 0x1p-10; });
  auto d_mean = mean;
  auto d_variance = mean;
  Digest digest;
  const RealOf<S> one = as<RealOf<S>>(1.5);
  RealOf<S> d_one(0);
  digest.add(xent::gaussian_nll(mean.view(), x.view(), one, d_mean.view(), d_one, options));
  digest.add(d_mean, shape);
  digest.add(d_one);
  digest.add(xent::gaussian_nll(mean.view(), x.view(), one, options));
  if (to == To::itself) {
    digest.add(xent::gaussian_nll(mean.view(), x.view(), variance.view(), mean.view(), variance.view(), options));
    digest.add(mean, shape);
    digest.add(variance, shape);
  } else {
    digest.add(xent::gaussian_nll(mean.view(), x.view(), variance.view(), d_mean.view(), d_variance.view(), options));
    digest.add(d_mean, shape);
    digest.add(d_variance, shape);
    digest.add(xent::gaussian_nll(mean.view(), x.view(), variance.view(), options));
  }
  const char* const names[] = {"nan", "minimum_variance", "sum_constant", "plain"};
  print("gaussian_nll/" + std::string(scalar_name<S>()) + "/" + Layout<S>::name + name_of(to) + "/" + shape.name() +
            "/" + names[number],
        digest);
}

template <class S, template <class> class Layout>
void poisson_case(const Shape& shape, bool constant, To to = To::another) {
  const xent::PoissonOptions options{constant ? xent::Reduction::sum : xent::Reduction::mean, constant};
  auto log_rate = logits_of<Layout<S>>(Option::plain, shape);
  Layout<S> x(shape);
  Numbers numbers(14);
  fill(x, shape, [&](Index, Index) { return static_cast<double>(numbers.bits() % 9); });
  auto gradient = log_rate;
  auto& written = to == To::itself ? log_rate : gradient;
  Digest digest;
  digest.add(xent::poisson_nll(log_rate.view(), x.view(), options));
  digest.add(xent::poisson_nll(log_rate.view(), x.view(), written.view(), options));
  digest.add(written, shape);
  print("poisson_nll/" + std::string(scalar_name<S>()) + "/" + Layout<S>::name + name_of(to) + "/" + shape.name() +
            (constant ? "/sum_constant" : "/plain"),
        digest);
}

template <class S, template <class> class Layout>
void square_case(const Shape& shape, To to = To::another) {
  auto prediction = logits_of<Layout<S>>(Option::plain, shape);
  auto target = logits_of<Layout<S>>(Option::plain, shape, 15);
  auto gradient = prediction;
  auto& written = to == To::itself ? prediction : gradient;
  Digest digest;
  digest.add(xent::half_squared_error(prediction.view(), target.view()));
  digest.add(xent::half_squared_error(prediction.view(), target.view(), written.view()));
  digest.add(written, shape);
  print(
      "half_squared_error/" + std::string(scalar_name<S>()) + "/" + Layout<S>::name + name_of(to) + "/" + shape.name(),
      digest);
}

template <class S, template <class> class Layout>
void all_of(const Shape& shape, int number, To to = To::another) {
  gaussian_case<S, Layout>(shape, number, to);
  poisson_case<S, Layout>(shape, number == 2, to);
  square_case<S, Layout>(shape, to);
}

template <class S>
void of_scalar() {
  constexpr bool all = std::is_same_v<S, RealOf<S>>;
  Index turn = std::is_same_v<S, float> ? 0 : 3;
  for (const Option option :
       {Option::plain, Option::report, Option::class_weights, Option::sample_weights, Option::ignored, Option::sum,
        Option::signed_weights, Option::masked, Option::nan, Option::offset}) {
    if (all || turn % 2 == 0) nll_case<S, Columns>(some_shape(turn), option);
    if (turn % 2 == 1) nll_case<S, Rows>(some_shape(turn), option);
    turn += 3;
  }
  nll_case<S, Strided>({33, 7}, Option::report);
  if (all) nll_case<S, Fixed>(fixed_shape, Option::report);
  for (int number = 1; number < 4; ++number) all_of<S, Columns>(some_shape(turn++), number);
  all_of<S, RowMajor>({33, 7}, 2, To::itself);
  if (!all) return;
  all_of<S, Rows>({33, 70}, 3);
  all_of<S, Columns>({10, 130}, 1, To::itself);
  all_of<S, Columns>({1000, 70}, 0);
  all_of<S, Block>({33, 7}, 2);
  all_of<S, Strided>({33, 7}, 0);
  all_of<S, Fixed>(fixed_shape, 1);
}

}  // namespace

void likelihood() {
  of_scalar<float>();
  of_scalar<double>();
  of_scalar<Eigen::half>();
  of_scalar<Eigen::bfloat16>();
}

}  // namespace digests
