// Sums of lanes.

/// Vectors that are computed and summed together.
inline constexpr Index bundle = 4;

/// x 2^n, n <= 0; 0 where 2^n is below the normal range.
inline Double::V scaled_down(Double::V x, Double::V n) {
  const Double::V least = Double::set1(-1022);
  const Double::V power = Double::power_of_two(Double::larger(n, least) + Double::set1(Double::magic));
  return rounded(x * Double::product_unless_below(n, least, power, Double::set1(1)));  // NaN stays NaN
}

// Sums of lanes whose error does not grow with their number: two vectors are added, then go into accumulators of twice
// the digits; of doubles, with what their own sum was rounded by. (A tree of four vectors before that would cost
// another rounding, which tests/oracle/search.cpp finds.)
struct FloatSum {
  Double::V low, high;

  static FloatSum zero() { return {Double::set1(0), Double::set1(0)}; }
  void add(Float::V x) {
    low = low + low_half(x);
    high = high + high_half(x);
  }
  void add_bundle(const Float::V* x) {
    add(x[0] + x[1]);
    add(x[2] + x[3]);
  }
  Twice total() const { return {Double::total(low + high), 0}; }
  /// Where a lane is a sum of its own.
  void add_product(Float::V x, Float::V y) {
    low = Double::mul_add(low_half(x), low_half(y), low);
    high = Double::mul_add(high_half(x), high_half(y), high);
  }
  void store(double* hi, double* /*lo*/) const {
    Double::store(hi, low);
    Double::store(hi + Double::lanes, high);
  }
  static FloatSum load(const double* hi, const double* /*lo*/) {
    return {Double::load(hi), Double::load(hi + Double::lanes)};
  }
  void scale(Float::V n) {
    low = scaled_down(low, low_half(n));
    high = scaled_down(high, high_half(n));
  }
};

struct DoubleSum {
  Double::V hi, lo;

  static DoubleSum zero() { return {Double::set1(0), Double::set1(0)}; }
  void add(Double::V x) {  // two_sum
    const Double::V sum = hi + x;
    const Double::V part = sum - hi;
    lo = lo + ((hi - (sum - part)) + (x - part));
    hi = sum;
  }
  void add_pair(Double::V x, Double::V y) {
    const Double::V sum = x + y;
    const Double::V part = sum - x;
    lo = lo + ((x - (sum - part)) + (y - part));
    add(sum);
  }
  void add_bundle(const Double::V* x) {
    add_pair(x[0], x[1]);
    add_pair(x[2], x[3]);
  }
  Twice total() const { return total_of(Two(hi, lo)); }
  void add_product(Double::V x, Double::V y) {
    const Double::V product = rounded(x * y);
    add(product);
    lo = lo + Double::fms(x, y, product);
  }
  void store(double* his, double* los) const { Two::split(Two::renormalised(hi, lo), his, los); }
  static DoubleSum load(const double* his, const double* los) { return {Double::load(his), Double::load(los)}; }
  void scale(Double::V n) {
    hi = scaled_down(hi, n);
    lo = scaled_down(lo, n);
  }
};

template <class L>
struct SumOf;
template <>
struct SumOf<Float> {
  using type = FloatSum;
};
template <>
struct SumOf<Double> {
  using type = DoubleSum;
};

/// The sum of lanes that count.
inline double total(Double::V count) { return Double::total(count); }
inline double total(Float::V count) { return Double::total(low_half(count) + high_half(count)); }

/// a + x y
inline Twice sum_of(const Twice& a, double x, double y) {
  const double product = x * y;
  const double error = __builtin_fma(x, y, -product);
  const double sum = a.hi + product;
  const double part = sum - a.hi;
  return {sum, ((a.hi - (sum - part)) + (product - part)) + (a.lo + error)};
}
