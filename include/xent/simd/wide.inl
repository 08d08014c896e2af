// The numbers of several samples at once, with about twice the digits of Real: as detail/wide.hpp is to one sample.
// Included by simd/kernels.hpp after the lanes of an instruction set. A lane is a sample. Samples with infinities are
// not the business of kernels: their lanes may hold anything.

/// Hides that x is a product: fused with a sum, or not, as flags have it, results would differ.
inline Double::V rounded(Double::V x) {
  asm("" : "+v"(x));
  return x;
}

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

inline One select(Double::Mask condition, const One& a, const One& b) {
  return One(Double::select(condition, a.hi, b.hi));
}
inline Two select(Double::Mask condition, const Two& a, const Two& b) {
  return {Double::select(condition, a.hi, b.hi), Double::select(condition, a.lo, b.lo)};
}

/// What 2^f lacks where f is known beyond its leading part.
inline One ln2_of_rest(const One& /*f*/) { return {0}; }
inline Two ln2_of_rest(const Two& f) { return Two(rounded(f.lo * Double::set1(0x1.62e42fefa39efp-1))); }

inline Double::V magnitude(Double::V x) { return Double::max(x, -x); }

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

/// log(1 + y), y >= 0, below 1 ULP. 1 + y = 2^k (1 + g) with g in [sqrt(1/2) - 1, sqrt(2) - 1); with s = g / (2 + g),
/// log(1 + g) = 2 atanh(s) = g - (g^2/2 - s (g^2/2 + R)), R = 2 s^2/3 + 2 s^4/5 + ..., here to s^24: 2^-66. What 1 + y
/// rounds away is added as its quotient by 1 + y.
inline Double::V log1p(Double::V y) {
  using L = Double;
  using Bits = Double::Bits;
  constexpr unsigned long long one = 0x3FF0000000000000ULL;
  constexpr unsigned long long to_half_root = one - 0x3FE6A09E667F3BCDULL;  // sqrt(1/2)
  const Double::V u = L::set1(1) + y;
  const Double::V part = u - L::set1(1);
  const Double::V rounded_away = (L::set1(1) - (u - part)) + (y - part);
  const Bits shifted = (Bits)u + to_half_root;                    // NOLINT: the bits of a vector
  const Bits exponent = shifted >> 52;                            // k + 1023
  const Bits power = (exponent << 52) - one;                      // k in the field of the exponent
  const Double::V g = (Double::V)((Bits)u - power) - L::set1(1);  // NOLINT
  const Double::V k = (Double::V)(exponent | 0x4330000000000000ULL) - L::set1(0x1p52 + 1023);  // NOLINT: 2^52 + n
  const Double::V s = g / (L::set1(2) + g);
  const Double::V z = rounded(s * s);
  Double::V r = L::set1(2.0 / 25);
  for (const double denominator : {23.0, 21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0})
    r = L::fma(r, z, L::set1(2 / denominator));
  const Double::V half_square = rounded(rounded(L::set1(0.5) * g) * g);
  const Double::V low = L::fma(k, L::set1(0x1.a39ef35793c76p-33), rounded_away / u);
  const Double::V tail = L::fma(s, L::fma(r, z, half_square), low);
  return L::fma(k, L::set1(0x1.62e42feep-1), g - (half_square - tail));  // k ln 2, its first 32 bits exact
}

inline One log1p(const One& y) { return One(log1p(y.hi)); }
inline Two log1p(const Two& y) { return Two::renormalised(log1p(y.hi), y.lo / (Double::set1(1) + y.hi)); }
