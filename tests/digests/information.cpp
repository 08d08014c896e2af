// Information measures of probabilities, and of joint tables.

#include "cross_entropy.hpp"

#include <xent/information.hpp>

#include <string>

namespace digests {
namespace {

/// What is special about the probabilities.
enum class Kind { any, near, zeros, out_of_range, nan };
constexpr const char* kind_names[] = {"any", "near", "zeros", "out_of_range", "nan"};

/// Probabilities but for their sum, multiples of a power of two; the second set may be near the first.
template <class Layout>
Layout probabilities_of(Kind kind, const Shape& shape, bool second) {
  Layout layout(shape);
  Numbers numbers(17);
  Numbers others(18);
  double scale = 1;
  while (scale * static_cast<double>(shape.classes) > 2) scale /= 2;
  fill(layout, shape, [&](Index k, Index i) {
    const double p = (numbers.uniform() + 0x1p-20) * scale;
    const double q = (others.uniform() + 0x1p-20) * scale;
    if (kind == Kind::zeros && (second ? k % 7 == 3 && i % 3 == 1 : k % 5 == 2)) return 0.0;
    if (kind == Kind::out_of_range && i % 3 == 1) return second ? q * 0x1p-300 : p * 0x1p40;
    if (kind == Kind::nan && i == shape.samples / 2) return k == 0 ? -p : std::numeric_limits<double>::quiet_NaN();
    if (kind == Kind::near && second) return p + (k % 2 == 0 ? p : -p) * 0x1p-12;
    return second ? q : p;
  });
  return layout;
}

template <class S, template <class> class Layout>
void measure_case(const Shape& shape, Kind kind, xent::Unit unit = xent::Unit::nats) {
  constexpr Axis axis = Layout<S>::axis;
  auto p = probabilities_of<Layout<S>>(kind, shape, false);
  auto q = probabilities_of<Layout<S>>(kind, shape, true);
  const char* const units[] = {"", "_bits", "_hartleys"};
  const std::string rest = "/" + std::string(scalar_name<S>()) + "/" + Layout<S>::name + "/" + shape.name() + "/" +
                           kind_names[static_cast<int>(kind)] + units[static_cast<int>(unit)];
  const auto line = [&](const std::string& function, const auto& result) {
    Digest digest;
    digest.add(result);
    print(function + rest, digest);
  };
  Digest of_one;
  of_one.add(xent::entropy(p.view(), axis, unit));
  of_one.add(xent::perplexity(p.view(), axis));
  print("entropy" + rest, of_one);
  line("cross_entropy", xent::cross_entropy(p.view(), q.view(), axis, unit));
  line("kl_divergence", xent::kl_divergence(p.view(), q.view(), axis, unit));
  line("js_divergence", xent::js_divergence(p.view(), q.view(), axis, unit));
}

template <class S, template <class> class Layout>
void table_case(const Shape& shape, Kind kind, xent::Unit unit) {
  auto joint = probabilities_of<Layout<S>>(kind, shape, false);
  Digest digest;
  digest.add(xent::joint_entropy(joint.view(), unit));
  digest.add(xent::conditional_entropy(joint.view(), unit));
  digest.add(xent::mutual_information(joint.view(), unit));
  digest.add(xent::information_content(joint.view(), unit));
  digest.add(xent::information_content(joint.at(1, 0), unit));
  print("joint_table/" + std::string(scalar_name<S>()) + "/" + Layout<S>::name + "/" + shape.name() + "/" +
            kind_names[static_cast<int>(kind)],
        digest);
}

template <class S>
void of_scalar() {
  const bool all = std::is_same_v<S, RealOf<S>>;
  for (Index i = 0; i < shape_count; i += all ? 3 : 6) measure_case<S, Columns>(shapes[i], Kind::any);
  for (Index i = 1; i < shape_count; i += all ? 4 : 8) measure_case<S, Rows>(shapes[i], Kind::near);
  measure_case<S, Columns>({33, 70}, Kind::zeros, xent::Unit::bits);
  if (all) {
    measure_case<S, Columns>({100, 7}, Kind::nan);
    measure_case<S, Columns>({10, 70}, Kind::near);
    measure_case<S, Columns>({33, 7}, Kind::out_of_range);
    measure_case<S, RowMajor>({10, 7}, Kind::any, xent::Unit::hartleys);
    measure_case<S, Block>({129, 7}, Kind::zeros);
    measure_case<S, Strided>({33, 7}, Kind::near, xent::Unit::bits);
    measure_case<S, Fixed>(fixed_shape, Kind::any);
    table_case<S, Rows>({33, 100}, Kind::any, xent::Unit::bits);
    table_case<S, Strided>({10, 16}, Kind::zeros, xent::Unit::hartleys);
  }
  table_case<S, Columns>({10, 16}, Kind::any, xent::Unit::nats);
  table_case<S, Columns>({16, 10}, Kind::zeros, xent::Unit::bits);
}

}  // namespace

void information() {
  of_scalar<float>();
  of_scalar<double>();
  of_scalar<Eigen::half>();
  of_scalar<Eigen::bfloat16>();
}

}  // namespace digests
