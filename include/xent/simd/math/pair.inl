// The numbers of several samples at once, with about twice the digits of Real: as detail/core/wide.hpp is to one
// sample. A lane is a sample. Samples with infinities are not the business of kernels: their lanes may hold
// anything.

/// For float: a double.
struct One {
  using V = Double::V;
  V hi;

  One(double x) : hi(Double::set1(x)) {}  // NOLINT(google-explicit-constructor): exact
  explicit One(V x) : hi(x) {}
  explicit One(const Twice& x) : hi(Double::set1(x.hi)) {}
  static One load(const float* p) { return One(Double::load(p)); }
  static One load(const double* p) { return One(Double::load(p)); }
  static One load(const double* hi, const double* /*lo*/) { return load(hi); }
  static void store(const One& x, double* hi, double* /*lo*/) { Double::store(hi, x.hi); }
  static void round(const One& x, float* p) { Double::store(p, x.hi); }
  /// x = hi + lo
  static void split(const One& x, float* hi, float* lo) {
    Double::store(hi, x.hi);
    Double::store(lo, x.hi - Double::load(hi));
  }
};

/// For double: an unevaluated sum.
struct Two {
  using V = Double::V;
  V hi;
  V lo;

  Two(double x) : hi(Double::set1(x)), lo(Double::set1(0)) {}  // NOLINT(google-explicit-constructor): exact
  explicit Two(V x) : hi(x), lo(Double::set1(0)) {}
  explicit Two(const Twice& x) : hi(Double::set1(x.hi)), lo(Double::set1(x.lo)) {}
  Two(V high, V low) : hi(high), lo(low) {}
  static Two load(const double* p) { return Two(Double::load(p)); }
  static Two load(const double* hi, const double* lo) { return {Double::load(hi), Double::load(lo)}; }
  static void store(const Two& x, double* hi, double* lo) { split(x, hi, lo); }
  static void round(const Two& x, double* p) { Double::store(p, x.hi); }
  static void split(const Two& x, double* hi, double* lo) {
    Double::store(hi, x.hi);
    Double::store(lo, x.lo);
  }
  /// hi + lo for |high| >= |low|
  static Two renormalised(V high, V low) {
    const V sum = high + low;
    return {sum, low - (sum - high)};
  }
};

inline One operator+(const One& a, const One& b) { return One(a.hi + b.hi); }
inline One operator-(const One& a, const One& b) { return One(a.hi - b.hi); }
inline One operator*(const One& a, const One& b) { return One(rounded(a.hi * b.hi)); }
inline One operator/(const One& a, const One& b) { return One(a.hi / b.hi); }

inline Two operator+(const Two& a, const Two& b) {
  const Double::V sum = a.hi + b.hi;
  const Double::V part = sum - a.hi;
  const Double::V error = (a.hi - (sum - part)) + (b.hi - part);
  return Two::renormalised(sum, error + (a.lo + b.lo));
}
inline Two operator-(const Two& a, const Two& b) { return a + Two(-b.hi, -b.lo); }
inline Two operator*(const Two& a, const Two& b) {
  const Double::V product = rounded(a.hi * b.hi);
  const Double::V error = Double::fms(a.hi, b.hi, product);
  return Two::renormalised(product, error + Double::fma(a.hi, b.lo, rounded(a.lo * b.hi)));
}
inline Two operator/(const Two& a, const Two& b) {
  const Double::V quotient = a.hi / b.hi;
  const Double::V remainder = Double::fma(-quotient, b.hi, a.hi) + (a.lo - rounded(quotient * b.lo));
  return Two::renormalised(quotient, remainder / b.hi);
}

// Exact sums.
inline One sum_of(Double::V a, Double::V b, const One& /*like*/) { return One(a + b); }
inline Two sum_of(Double::V a, Double::V b, const Two& /*like*/) {
  const Double::V sum = a + b;
  const Double::V part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}

/// Adds hi + lo, |lo| <= ulp(hi), to the sum, which is renormalised at the end.
inline void add_to(Two* sum, Double::V hi, Double::V lo) {
  const Double::V next = sum->hi + hi;
  const Double::V part = next - sum->hi;
  sum->lo = sum->lo + (((sum->hi - (next - part)) + (hi - part)) + lo);
  sum->hi = next;
}

/// a (b.hi + b.lo), not renormalised
inline Two exact_product(Double::V a, const Two& b) {
  const Double::V product = rounded(a * b.hi);
  return {product, Double::fma(a, b.lo, Double::fms(a, b.hi, product))};
}

inline One select(Double::Mask condition, const One& a, const One& b) {
  return One(Double::select(condition, a.hi, b.hi));
}
inline Two select(Double::Mask condition, const Two& a, const Two& b) {
  return {Double::select(condition, a.hi, b.hi), Double::select(condition, a.lo, b.lo)};
}

/// 2^f - 1, |f| <= 1/2. For double with three digits more than it has: an error here is in every sum.
inline One exp2m1(const One& f) { return One(exp2m1_of_fraction(f.hi)); }
inline Two exp2m1(const Two& f) {
  const Double::V ln2 = Double::set1(0x1.62e42fefa39efp-1);
  const Double::V product = rounded(f.hi * ln2);
  const Double::V low = Double::fms(f.hi, ln2, product) + rounded(f.lo * ln2);
  return Two::renormalised(product, exp2m1_tail(f.hi) + low);
}

inline Double::V magnitude(Double::V x) { return Double::larger(x, -x); }

inline Twice total_of(const One& x) { return {Double::total(x.hi), 0}; }
inline Twice total_of(const Two& x) {
  double his[Double::lanes];
  double los[Double::lanes];
  Two::split(x, his, los);
  Twice sum{0, 0};
  for (Index j = 0; j < Double::lanes; ++j) {
    const double next = sum.hi + his[j];
    const double part = next - sum.hi;
    sum.lo += ((sum.hi - (next - part)) + (his[j] - part)) + los[j];
    sum.hi = next;
  }
  return sum;
}

template <class L>
struct WideOf;
template <>
struct WideOf<Float> {
  using type = One;
};
template <>
struct WideOf<Double> {
  using type = Two;
};

/// The parts of log(1 + y), y >= 0: whole + fraction + rest() = k ln 2 + g - curvature. 1 + y = 2^k (1 + g) with g in
/// [sqrt(1/2) - 1, sqrt(2) - 1]; with s = g / (2 + g), log(1 + g) = 2 atanh(s) = g - (g^2/2 - s (g^2/2 + R)), R = 2
/// s^2/3 + 2 s^4/5 + ..., here a polynomial in s^2 (Chebyshev interpolation in 60 digits, 2^-57 relative to the
/// logarithm). For k = 0, g is y itself; else what 1 + y rounds away, c < 2^(k - 52), adds c / (1 + y), of which a few
/// digits are enough.
template <class L>
struct Log1pParts;
template <>
struct Log1pParts<Double> {
  using L = Double;
  using V = Double::V;
  static constexpr double ln2 = 0x1.62e42feep-1;  // its first 32 bits: k ln 2 is exact

  V k{}, g{}, curvature{}, whole{}, fraction{};

  explicit Log1pParts(V y) {
    using Bits = Double::Bits;
    constexpr unsigned long long one = 0x3FF0000000000000ULL;
    constexpr unsigned long long to_half_root = one - 0x3FE6A09E667F3BCDULL;  // sqrt(1/2)
    const V u = L::set1(1) + y;
    const V c = L::select(y > L::set1(1), L::set1(1) - (u - y), y - (u - L::set1(1)));
    const Bits shifted = L::as_bits(u) + to_half_root;
    const Bits exponent = shifted >> 52;                                          // k + 1023
    const Bits power = (exponent << 52) - one;                                    // k in the field of the exponent
    k = L::as_number(exponent | 0x4330000000000000ULL) - L::set1(0x1p52 + 1023);  // 2^52 + n
    const auto unscaled = k == L::set1(0);
    g = L::select(unscaled, y, L::as_number(L::as_bits(u) - power) - L::set1(1));
    const V g_squared = rounded(g * g);
    const V inverse = rounded((L::set1(1) - g + g_squared) * L::as_number(one - power));  // 2^-k
    const V low = L::select(unscaled, L::set1(0), L::mul_add(c, inverse, rounded(k * L::set1(0x1.a39ef35793c76p-33))));
    const V s = g / (L::set1(2) + g);
    const V z = rounded(s * s);
    const V z_squared = rounded(z * z);
    const V low_terms = L::mul_add(z, L::mul_add(z, L::set1(0x1.2492492df14dfp-2), L::set1(0x1.99999999952e2p-2)),
                                   L::set1(0x1.5555555555558p-1));
    const V high_terms = L::mul_add(z_squared, L::set1(0x1.2b584dae87b55p-3),
                                    L::mul_add(z, L::set1(0x1.39fe60271f67fp-3), L::set1(0x1.7462b4ad0d879p-3)));
    const V r = L::mul_add(z_squared * z, L::mul_add(z, high_terms, L::set1(0x1.c71c62e579789p-3)), low_terms);
    const V half_square = rounded(L::set1(0.5) * g_squared);
    curvature = half_square - L::mul_add(s, L::mul_add(r, z, half_square), low);
    whole = k * L::set1(ln2);
    fraction = g - curvature;
  }
  /// What the fraction was rounded by.
  V rest() const { return (g - fraction) - curvature; }
};

/// The same in float, with 1 + g = 1 + g - g^2/2 + g^3 P(g): P is a minimax polynomial (Remez exchange in 40 digits,
/// weighted by g^3 / log(1 + g)), 2^-30 relative to the logarithm.
template <>
struct Log1pParts<Float> {
  using L = Float;
  using V = Float::V;
  static constexpr float ln2 = 0x1.62e4p-1F;  // its first 16 bits: k ln 2 is exact

  V k{}, g{}, curvature{}, whole{}, fraction{};

  explicit Log1pParts(V y) {
    using Bits = Float::Bits;
    constexpr unsigned one = 0x3F800000U;
    constexpr unsigned to_half_root = one - 0x3F3504F3U;  // sqrt(1/2)
    const V u = L::set1(1) + y;
    const V c = L::select(y > L::set1(1), L::set1(1) - (u - y), y - (u - L::set1(1)));
    const Bits shifted = L::as_bits(u) + to_half_root;
    const Bits exponent = shifted >> 23;                                // k + 127
    const Bits power = (exponent << 23) - one;                          // k in the field of the exponent
    k = L::as_number(exponent | 0x4B000000U) - L::set1(0x1p23F + 127);  // 2^23 + n
    const auto unscaled = k == L::set1(0);
    g = L::select(unscaled, y, L::as_number(L::as_bits(u) - power) - L::set1(1));
    const V g_squared = rounded(g * g);
    const V inverse = rounded((L::set1(1) - g + g_squared) * L::as_number(one - power));  // 2^-k
    const V low = L::select(unscaled, L::set1(0), L::mul_add(c, inverse, rounded(k * L::set1(0x1.7f7d1cp-20F))));
    V p = L::set1(0x1.1457c4p-4F);
    p = L::mul_add(p, g, L::set1(-0x1.de3c1cp-4F));
    p = L::mul_add(p, g, L::set1(0x1.e6f062p-4F));
    p = L::mul_add(p, g, L::set1(-0x1.fc2206p-4F));
    p = L::mul_add(p, g, L::set1(0x1.233768p-3F));
    p = L::mul_add(p, g, L::set1(-0x1.555c4ep-3F));
    p = L::mul_add(p, g, L::set1(0x1.99a4b6p-3F));
    p = L::mul_add(p, g, L::set1(-0x1.000006p-2F));
    p = L::mul_add(p, g, L::set1(0x1.555548p-2F));
    const V half_square = rounded(L::set1(0.5F) * g_squared);
    curvature = half_square - L::mul_add(rounded(g_squared * g), p, low);
    whole = k * L::set1(ln2);
    fraction = g - curvature;
  }
  /// What the fraction was rounded by.
  V rest() const { return (g - fraction) - curvature; }
};

/// log(1 + y), y >= 0, below 1 ULP.
inline Double::V log1p(Double::V y) {
  const Log1pParts<Double> log(y);
  return log.whole + log.fraction;
}

inline One log1p(const One& y) { return One(log1p(y.hi)); }
inline Two log1p(const Two& y) {
  const Log1pParts<Double> log(y.hi);
  const Two sum = Two::renormalised(log.whole, log.fraction);  // the fraction is the smaller one, or the other one is 0
  return Two::renormalised(sum.hi, sum.lo + (log.rest() + y.lo / (Double::set1(1) + y.hi)));
}

/// The halves of a float vector in double, or a double one.
template <bool second>
inline Double::V widened(Float::V x) {
  return second ? high_half(x) : low_half(x);
}
template <bool second>
inline Double::V widened(Double::V x) {
  return x;
}

template <class L>
inline constexpr bool is_float = std::is_same_v<typename L::Real, float>;
