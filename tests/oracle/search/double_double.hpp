#ifndef XENT_TESTS_SEARCH_DOUBLE_DOUBLE_HPP
#define XENT_TESTS_SEARCH_DOUBLE_DOUBLE_HPP

/// Real numbers as an unevaluated sum of two doubles, of about 100 bits: the reference for results in double. It needs
/// no wider type of the compiler and no library, and an exponential costs less than a tenth of one in __float128. Holds
/// with fused multiply-add or without, not under -ffast-math.
///
/// Source: T. J. Dekker, "A floating-point technique for extending the available precision" (1971).

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace search {

struct DoubleDouble {
  double hi = 0, lo = 0;

  DoubleDouble() = default;
  DoubleDouble(double high, double low = 0) : hi(high), lo(low) {}  // NOLINT(google-explicit-constructor)
};

/// a + b exactly, for |a| >= |b|.
inline DoubleDouble ordered_sum(double a, double b) {
  const double s = a + b;
  return {s, b - (s - a)};
}

/// a + b exactly.
inline DoubleDouble sum_of(double a, double b) {
  const double s = a + b;
  const double of_b = s - a;
  return {s, (a - (s - of_b)) + (b - of_b)};
}

/// The upper 26 bits of a.
inline double upper_half(double a) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &a, sizeof bits);
  bits &= ~((std::uint64_t(1) << 27U) - 1);
  std::memcpy(&a, &bits, sizeof bits);
  return a;
}

/// a b, but for a part in 2^106.
inline DoubleDouble product_of(double a, double b) {
  const double p = a * b;
#ifdef __FP_FAST_FMA
  return {p, std::fma(a, b, -p)};  // where a compiler may fuse, the other form would lose its rest
#else
  const double ah = upper_half(a), bh = upper_half(b);
  const double al = a - ah, bl = b - bh;
  return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
#endif
}

inline DoubleDouble operator-(const DoubleDouble& a) { return {-a.hi, -a.lo}; }

inline DoubleDouble operator+(const DoubleDouble& a, const DoubleDouble& b) {
  const DoubleDouble s = sum_of(a.hi, b.hi), t = sum_of(a.lo, b.lo);
  const DoubleDouble u = ordered_sum(s.hi, s.lo + t.hi);
  return ordered_sum(u.hi, u.lo + t.lo);
}

inline DoubleDouble operator-(const DoubleDouble& a, const DoubleDouble& b) { return a + -b; }

inline DoubleDouble operator*(const DoubleDouble& a, const DoubleDouble& b) {
  const DoubleDouble p = product_of(a.hi, b.hi);
  return ordered_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

inline DoubleDouble operator/(const DoubleDouble& a, const DoubleDouble& b) {
  const double first = a.hi / b.hi;
  DoubleDouble rest = a - b * DoubleDouble(first);
  const double second = rest.hi / b.hi;
  rest = rest - b * DoubleDouble(second);
  return ordered_sum(first, second) + DoubleDouble(rest.hi / b.hi);
}

inline DoubleDouble& operator+=(DoubleDouble& a, const DoubleDouble& b) { return a = a + b; }

inline bool operator<(const DoubleDouble& a, const DoubleDouble& b) {
  return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}
inline bool operator==(const DoubleDouble& a, const DoubleDouble& b) { return a.hi == b.hi && a.lo == b.lo; }

inline DoubleDouble abs(const DoubleDouble& a) { return a.hi < 0 ? -a : a; }

inline const DoubleDouble& ln2() {
  static const DoubleDouble value(0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56);
  return value;
}

/// exp(r) for |r| < 1/64, by its series. From the sixth power on a double has the digits that count.
inline DoubleDouble exp_series(const DoubleDouble& r) {
  static const DoubleDouble sixth = DoubleDouble(1) / 6, of_4 = DoubleDouble(1) / 24, of_5 = DoubleDouble(1) / 120;
  const double x = r.hi;
  const double tail =
      x * (1. / 720 +
           x * (1. / 5040 + x * (1. / 40320 +
                                 x * (1. / 362880 + x * (1. / 3628800 + x * (1. / 39916800 + x * (1. / 479001600)))))));
  DoubleDouble p = of_5 + DoubleDouble(tail);
  p = of_4 + r * p;
  p = sixth + r * p;
  p = DoubleDouble(0.5) + r * p;
  p = DoubleDouble(1) + r * p;
  return DoubleDouble(1) + r * p;
}

/// exp(x) where its second part is still a normal number: x > -660. Further down the result has fewer digits.
inline DoubleDouble exp(const DoubleDouble& x) {
  constexpr int steps = 64;  // to a factor of 2
  static const DoubleDouble step = ln2() / steps;
  static const std::array<DoubleDouble, steps> powers = [] {
    std::array<DoubleDouble, steps> table;
    for (int j = 0; j < steps; ++j) {
      // exp(j step) as the 64th power of exp(j step / 64).
      DoubleDouble power = exp_series(step * DoubleDouble(double(j) / steps));
      for (int square = 0; square < 6; ++square) power = power * power;
      table[static_cast<std::size_t>(j)] = power;
    }
    return table;
  }();
  if (!(x.hi > -745)) return x.hi == x.hi ? 0 : x.hi;
  const double n = std::nearbyint(x.hi * (steps / 0x1.62e42fefa39efp-1));
  const DoubleDouble r = x - step * DoubleDouble(n);
  const auto whole = static_cast<int>(n);
  const int j = whole & (steps - 1);
  const DoubleDouble p = powers[static_cast<std::size_t>(j)] * exp_series(r);
  const double scale = std::ldexp(1, (whole - j) / steps);
  return {p.hi * scale, p.lo * scale};
}

/// log((1 + t) / (1 - t)) for |t| <= 1/8.
inline DoubleDouble log_series(const DoubleDouble& t) {
  static const std::array<DoubleDouble, 18> odd = [] {
    std::array<DoubleDouble, 18> table;
    for (int k = 0; k < 18; ++k) table[static_cast<std::size_t>(k)] = DoubleDouble(1) / (2 * k + 1);
    return table;
  }();
  const DoubleDouble square = t * t;
  std::size_t terms = 1;
  for (double size = square.hi; size > 0x1p-108; size *= square.hi) ++terms;
  DoubleDouble sum;
  for (; terms > 0; --terms) sum = odd[terms - 1] + square * sum;
  return (t + t) * sum;
}

inline DoubleDouble log(const DoubleDouble& x) {
  if (x.hi > 0.8 && x.hi < 1.25) return log_series((x - 1) / (x + 1));
  // One step of Newton from the double, whose error is squared.
  const DoubleDouble y(std::log(x.hi));
  const DoubleDouble u = x * exp(-y) - 1;
  return y + u - u * u * DoubleDouble(0.5);
}

inline DoubleDouble log1p(const DoubleDouble& x) {
  return x.hi > -0.2 && x.hi < 0.25 ? log_series(x / (x + 2)) : log(x + 1);
}

}  // namespace search

#endif
