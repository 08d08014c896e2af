// What entropies and divergences of logits are made of. The lanes
// are those of Double, for float too; W is One for it, and Two for double.

/// a - b, with all of its digits that W can tell.
template <class W>
inline W exact_difference(Double::V a, Double::V b);
template <>
inline One exact_difference<One>(Double::V a, Double::V b) {
  return One(a - b);
}
template <>
inline Two exact_difference<Two>(Double::V a, Double::V b) {
  const Double::V difference = a - b;
  const Double::V part = difference - a;
  return {difference, (a - (difference - part)) - (b + part)};
}

/// A sum in each lane.
template <class W>
struct LaneSum;
template <>
struct LaneSum<One> {
  Double::V sum;

  static LaneSum zero() { return {Double::set1(0)}; }
  void add(Double::V x) { sum = sum + x; }
  void add_product(Double::V x, const One& y) { sum = Double::mul_add(x, y.hi, sum); }
  One value() const { return One(sum); }
};
template <>
struct LaneSum<Two> {
  DoubleSum sum;

  static LaneSum zero() { return {DoubleSum::zero()}; }
  void add(Double::V x) { sum.add(x); }
  void add_product(Double::V x, const Two& y) {
    const Double::V product = rounded(x * y.hi);
    sum.add(product);
    sum.lo = sum.lo + Double::mul_add(x, y.lo, Double::fms(x, y.hi, product));
  }
  Two value() const { return Two::renormalised(sum.hi, sum.lo); }
};

/// exp(d / T).
template <class W>
struct UnitExponential {
  using L = Double;
  L::V c_hi, c_lo, floor, top;

  explicit UnitExponential(const LogitCall& call)
      : c_hi(L::set1(call.log2e_over_t.hi)),
        c_lo(L::set1(call.log2e_over_t.lo)),
        floor(L::set1(-1000 / call.log2e_over_t.hi)),
        top(L::set1(1000 / call.log2e_over_t.hi)) {}

  /// Between 2^-1000 and 1.
  [[gnu::always_inline]] L::V of_near(const W& d) const {
    const L::V magic_n = L::mul_add(d.hi, c_hi, L::set1(L::magic));
    return power_of_fraction(d, magic_n - L::set1(L::magic)) * L::power_of_two(magic_n);
  }
  /// Up to 1; 0 below 2^-1000.
  L::V of_negative(const W& d) const {
    const L::V magic_n = L::mul_add(d.hi, c_hi, L::set1(L::magic));
    return L::product_unless_below(d.hi, floor, power_of_fraction(d, magic_n - L::set1(L::magic)),
                                   L::power_of_two(magic_n));
  }
  /// Infinite beyond 2^1000.
  L::V of_any(const W& d) const {
    return L::select_greater(d.hi, top, L::set1(std::numeric_limits<double>::infinity()), of_negative(d));
  }

 private:
  [[gnu::always_inline]] L::V power_of_fraction(const One& d, L::V n) const {
    const L::V f = L::mul_add(d.hi, c_hi, -n);
    // (2^f - 1) / f on [-1/2, 1/2], minimax: 2^f is off by less than 2^-28.9, which float does not see.
    L::V q = L::set1(0x1.41fbbc2673e87p-13);
    q = L::mul_add(q, f, L::set1(0x1.5f3e52ee1df78p-10));
    q = L::mul_add(q, f, L::set1(0x1.3b2d4cf1813f3p-7));
    q = L::mul_add(q, f, L::set1(0x1.c6aee88e9f0e3p-5));
    q = L::mul_add(q, f, L::set1(0x1.ebfbdc3c3101cp-3));
    q = L::mul_add(q, f, L::set1(0x1.62e430af2708cp-1));
    return L::mul_add(q, f, L::set1(1));
  }
  [[gnu::always_inline]] L::V power_of_fraction(const Two& d, L::V n) const {
    return exp2_of_fraction(L::fma(d.lo, c_hi, L::fma(d.hi, c_lo, L::fms(d.hi, c_hi, n))));
  }
};

/// Whether logits that are so far apart, those of two samples added up, keep every number in range.
inline bool is_near(const LogitCall& call, double spans) { return spans * call.one_over_t.hi < 500; }
