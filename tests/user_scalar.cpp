// A number type of the user's needs arithmetic, comparison, exp and log, and what Eigen itself asks for: nothing prints
// it, and no other function of <cmath> is called.

#include <Eigen/Core>

#include <cmath>
#include <limits>

namespace user {

class Number {
 public:
  Number() = default;
  explicit Number(double value) : value_(value) {}
  double value() const { return value_; }

  Number operator-() const { return Number(-value_); }
  Number& operator+=(const Number& x) { return *this = *this + x; }
  Number& operator-=(const Number& x) { return *this = *this - x; }
  Number& operator*=(const Number& x) { return *this = *this * x; }
  Number& operator/=(const Number& x) { return *this = *this / x; }
  friend Number operator+(const Number& a, const Number& b) { return Number(a.value_ + b.value_); }
  friend Number operator-(const Number& a, const Number& b) { return Number(a.value_ - b.value_); }
  friend Number operator*(const Number& a, const Number& b) { return Number(a.value_ * b.value_); }
  friend Number operator/(const Number& a, const Number& b) { return Number(a.value_ / b.value_); }
  friend bool operator==(const Number& a, const Number& b) { return a.value_ == b.value_; }
  friend bool operator!=(const Number& a, const Number& b) { return a.value_ != b.value_; }
  friend bool operator<(const Number& a, const Number& b) { return a.value_ < b.value_; }
  friend bool operator>(const Number& a, const Number& b) { return a.value_ > b.value_; }
  friend bool operator<=(const Number& a, const Number& b) { return a.value_ <= b.value_; }
  friend bool operator>=(const Number& a, const Number& b) { return a.value_ >= b.value_; }
  friend Number exp(const Number& x) { return Number(std::exp(x.value_)); }
  friend Number log(const Number& x) { return Number(std::log(x.value_)); }

 private:
  double value_ = 0;
};

}  // namespace user

template <>
struct Eigen::NumTraits<user::Number> : Eigen::GenericNumTraits<double> {
  using Real = user::Number;
  using NonInteger = user::Number;
  using Nested = user::Number;
  using Literal = user::Number;
  static Real epsilon() { return Real(std::numeric_limits<double>::epsilon()); }
  static Real highest() { return Real(std::numeric_limits<double>::max()); }
  static Real lowest() { return Real(std::numeric_limits<double>::lowest()); }
};

#include <xent/xent.hpp>

#include <stdexcept>
#include <vector>

#include "support/catch.hpp"
#include "support/random.hpp"

namespace {

using Numbers = Eigen::Matrix<user::Number, Eigen::Dynamic, Eigen::Dynamic>;

struct Value {
  double operator()(const user::Number& x) const { return x.value(); }
};

Eigen::MatrixXd values(const Numbers& x) { return x.unaryExpr(Value{}); }

/// Results in double, computed there in the digits of two doubles: those of one differ in the last ones.
void expect(const Numbers& x, const Eigen::MatrixXd& expected) {
  CHECK(((values(x) - expected).array().abs() <= 1e-13 * (1 + expected.array().abs())).all());
}
void expect(const user::Number& x, double expected) { CHECK(std::abs(x.value() - expected) <= 1e-13 * (1 + expected)); }

}  // namespace

TEST_CASE("user scalar: arithmetic, comparison, exp and log are enough") {
  support::Random random(12);
  Eigen::MatrixXd z(5, 4), v(5, 4);
  random.fill_normal(z, 0, 2);
  random.fill_normal(v, 0, 1);
  const auto number = [](double x) { return user::Number(x); };
  const Numbers n = z.unaryExpr(number);
  const Numbers w = v.unaryExpr(number);
  const std::vector<int> labels{0, 4, 2, 2};
  Numbers d, d_q;
  Eigen::MatrixXd g, g_q;

  expect(xent::softmax(n), xent::softmax(z));
  expect(xent::log_softmax(n), xent::log_softmax(z));
  expect(xent::logsumexp(n).matrix(), xent::logsumexp(z).matrix());
  const Numbers p = xent::softmax(n);
  const Numbers q = xent::softmax(w);
  const Eigen::MatrixXd pd = values(p), qd = values(q);
  expect(xent::softmax_jvp(p, w), xent::softmax_jvp(pd, v));
  expect(xent::entropy(p).matrix(), xent::entropy(pd).matrix());
  expect(xent::cross_entropy(p, q).matrix(), xent::cross_entropy(pd, qd).matrix());
  expect(xent::kl_divergence(p, q).matrix(), xent::kl_divergence(pd, qd).matrix());
  expect(xent::js_divergence(p, q).matrix(), xent::js_divergence(pd, qd).matrix());
  expect(xent::mutual_information(p), xent::mutual_information(pd));

  xent::CrossEntropyReport<user::Number> report;
  xent::CrossEntropyOptions<user::Number> options;
  options.label_smoothing = user::Number(0.1);
  xent::CrossEntropyOptions<double> plain;
  plain.label_smoothing = 0.1;
  expect(xent::softmax_cross_entropy(n, labels, d, options, &report), xent::softmax_cross_entropy(z, labels, g, plain));
  expect(d, g);
  expect(xent::softmax_cross_entropy(n, p, d), xent::softmax_cross_entropy(z, pd, g));
  expect(d, g);
  expect(xent::entropy_from_logits(n, d), xent::entropy_from_logits(z, g));
  expect(d, g);
  expect(xent::kl_divergence_from_logits(n, w, d, d_q), xent::kl_divergence_from_logits(z, v, g, g_q));
  expect(d, g);
  expect(d_q, g_q);
  expect(xent::sigmoid_cross_entropy(n, p, d), xent::sigmoid_cross_entropy(z, pd, g));
  expect(d, g);
  expect(xent::nll(xent::log_softmax(n), labels), xent::softmax_cross_entropy(z, labels));
  expect(xent::half_squared_error(n, w, d), xent::half_squared_error(z, v, g));
  expect(d, g);
  expect(xent::gaussian_nll(n, w, p, d, d_q), xent::gaussian_nll(z, v, pd, g, g_q));
  expect(d, g);
  expect(xent::poisson_nll(n, p, d), xent::poisson_nll(z, pd, g));
  expect(d, g);
}

TEST_CASE("user scalar: an error says what was wrong, but not the number") {
  const Numbers n = Numbers::Constant(3, 1, user::Number(0));
  CHECK_THROWS_WITH(xent::softmax(n, {xent::Axis::columns, user::Number(-1)}),
                    "xent::softmax: temperature: got (a number), expected a finite number > 0");
}
