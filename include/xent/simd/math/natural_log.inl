// Natural logarithms with the digits of a sum that is rounded once: 2^-34 of the logarithm for float, all of
// double's and what they leave for double.
//
// x = 2^k z with 3/4 <= z < 3/2; log x = k ln 2 + log c + log(1 + r), 1 + r = z / c. Where the machine looks tables
// up, c is near z and r is small; where it does not, c = 1. Where x is near 1, k = 0 and c = 1: r = x - 1 is exact,
// and the logarithm has all its digits.

/// Whether lanes look up tables.
template <class L, class = void>
inline constexpr bool looks_up = false;
template <class L>
inline constexpr bool looks_up<L, std::void_t<decltype(L::table_size)>> = true;

/// -log of each entry of the table of 1 / c below, which was searched for numbers whose logarithm is a multiple of
/// 2^-43 up to 2^-65. One entry for the leading four digits of z behind the point: [1, 17/16), ... [23/16, 3/2), [3/4,
/// 25/32), ... [31/32, 1).
alignas(64) inline constexpr double log_of_cell[16] = {0,
                                                       0x1.6e97964622000p-4,
                                                       0x1.293a893eaa000p-3,
                                                       0x1.957a354e96000p-3,
                                                       0x1.fc0e1ee5bb000p-3,
                                                       0x1.2e8aa61046000p-2,
                                                       0x1.5d358aa1c1800p-2,
                                                       0x1.89c36a23e1800p-2,
                                                       -0x1.117bd4c9a4000p-2,
                                                       -0x1.d13bb9bd4b000p-3,
                                                       -0x1.82170dbfd7000p-3,
                                                       -0x1.362e099f68000p-3,
                                                       -0x1.db0836134c000p-4,
                                                       -0x1.4d1efbb372000p-4,
                                                       -0x1.8a27f66008000p-5,
                                                       0};
alignas(64) inline constexpr double inverse_of_cell[16] = {1,
                                                           0x1.d42ab1d6e1264p-1,
                                                           0x1.bad5546b2ed61p-1,
                                                           0x1.a408ea4ea57c7p-1,
                                                           0x1.8f83ca17dd9f6p-1,
                                                           0x1.7d07439498186p-1,
                                                           0x1.6c0d9fe0116e7p-1,
                                                           0x1.5c8d8d34573b1p-1,
                                                           0x1.4e5efee88f79bp+0,
                                                           0x1.414a1359d09b6p+0,
                                                           0x1.351c38b79d945p+0,
                                                           0x1.29dcd5fef31aap+0,
                                                           0x1.1f7aca49885ecp+0,
                                                           0x1.15b0abca8d872p+0,
                                                           0x1.0c9e56d279d40p+0,
                                                           1};

// q of log(1 + r) = r + r^2 q(r), for float, and of r - r^2/2 + r^3 q(r), for double, in Horner's order: Remez exchange
// in 60 digits, on [-1/32, 1/16] (errors below 2^-34.6 and 2^-57.0) and on [-1/4, 1/2] (2^-35.9 and 2^-54.3).
inline constexpr double log_tail_in_cell[] = {0x1.0e979e921317fp-3,  -0x1.554ab91ef384cp-3, 0x1.99a17e36fcefdp-3,
                                              -0x1.0000087c5559ap-2, 0x1.5555550507275p-2,  -0x1.ffffffffbadfdp-2};
inline constexpr double log_tail[] = {
    -0x1.9a7afa2752902p-6, 0x1.0f836499a0b83p-4,  -0x1.6b502bb709e44p-4, 0x1.811f34a855941p-4,  -0x1.99d1eba5b5062p-4,
    0x1.c6353dde2f04cp-4,  -0x1.ffe7ee714ee21p-4, 0x1.2495b324b018fp-3,  -0x1.5555c22f37799p-3, 0x1.99998ea1f5121p-3,
    -0x1.fffffee32c032p-3, 0x1.5555555add0fap-2,  -0x1.000000001b476p-1};
inline constexpr double long_log_tail_in_cell[] = {
    -0x1.297076a8a162bp-4, 0x1.72f540df464fcp-4,  -0x1.99aaded4d9ff9p-4, 0x1.c71d70d322f16p-4,  -0x1.fffffeba42a51p-4,
    0x1.2492490c85daap-3,  -0x1.5555555549515p-3, 0x1.999999999b11bp-3,  -0x1.0000000000006p-2, 0x1.5555555555555p-2};
inline constexpr double long_log_tail[] = {
    -0x1.1917aee7cfb65p-7, 0x1.ea4ce6012f70dp-6,  -0x1.96a3c5252fb1ap-5, 0x1.d0b99a4aa457fp-5,  -0x1.d417d4d199b0bp-5,
    0x1.e0c7b82413a50p-5,  -0x1.fe54859a615e0p-5, 0x1.10f9a1d0da06dp-4,  -0x1.249dea774411bp-4, 0x1.3b16235eb87d8p-4,
    -0x1.5555076ffb073p-4, 0x1.745cfde13c450p-4,  -0x1.99999a7181c1ap-4, 0x1.c71c724a29e53p-4,  -0x1.0000000001ab1p-3,
    0x1.24924923ef9eep-3,  -0x1.5555555553cd6p-3, 0x1.999999999a347p-3,  -0x1.0000000000008p-2, 0x1.5555555555555p-2};

template <class L, int terms>
inline typename L::V polynomial(const double (&coefficients)[terms], typename L::V x) {
  typename L::V sum = L::set1(coefficients[0]);
#pragma GCC unroll 24
  for (int j = 1; j < terms; ++j) sum = L::mul_add(sum, x, L::set1(coefficients[j]));
  return sum;
}

/// (log(1 + r) - r) / r^2
template <class L>
inline typename L::V log_tail_of(typename L::V r) {
  if constexpr (looks_up<L>)
    return polynomial<L>(log_tail_in_cell, r);
  else
    return polynomial<L>(log_tail, r);
}
/// (log(1 + r) - r + r^2/2) / r^3
template <class L>
inline typename L::V long_log_tail_of(typename L::V r) {
  if constexpr (looks_up<L>)
    return polynomial<L>(long_log_tail_in_cell, r);
  else
    return polynomial<L>(long_log_tail, r);
}

/// x = 2^k z, 3/4 <= z < 3/2.
template <class L>
inline void split(typename L::V x, typename L::V* k, typename L::V* z) {
  using V = typename L::V;
  using Bits = typename L::Bits;
  if constexpr (looks_up<L>) {
    *z = L::significand(x);
    *k = L::exponent(x) - L::exponent(*z);
  } else {
    constexpr unsigned long long to_three_quarters = 0x0018000000000000ULL;  // from 3/4 on, the exponent is k + 1024
    const Bits shifted = (Bits)x + to_three_quarters;                        // NOLINT: the bits of a vector
    const Bits power = shifted & 0xFFF0000000000000ULL;
    *k = (V)((shifted >> 52) | 0x4330000000000000ULL) - L::set1(0x1p52 + 1024);  // NOLINT: 2^52 + n
    *z = (V)((Bits)x - power + 0x4000000000000000ULL);                           // NOLINT
  }
}

/// x, positive and normal, in parts: log x = k ln 2 + log_c + log(z by_c).
template <class L>
struct LogParts {
  typename L::V k, z, log_c, by_c;

  explicit LogParts(typename L::V x) {
    split<L>(x, &k, &z);
    if constexpr (looks_up<L>) {
      log_c = L::look_up(log_of_cell, z);
      by_c = L::look_up(inverse_of_cell, z);
    } else {
      log_c = L::set1(0);
      by_c = L::set1(1);
    }
  }
  /// k ln 2 + log c, exactly 0 if x is near 1.
  One scale(const One& /*like*/) const { return One(L::fma(k, L::set1(0x1.62e42fefa39efp-1), log_c)); }
  Two scale(const Two& /*like*/) const {  // the first 43 digits of ln 2 behind the point: exact
    return {L::fma(k, L::set1(0x1.62e42fefa3800p-1), log_c), k * L::set1(0x1.ef35793c76730p-45)};
  }
};

/// sum += p log x
template <class L>
inline void add_product_with_log(typename L::V p, typename L::V x, One* sum) {
  const LogParts<L> at(x);
  const typename L::V r = L::fma(at.z, at.by_c, L::set1(-1));
  const typename L::V scale = at.scale(*sum).hi;
  sum->hi = L::fma(p, scale + L::fma(r * r, log_tail_of<L>(r), r), sum->hi);
}

template <class L>
inline void add_product_with_log(typename L::V p, typename L::V x, Two* sum) {
  using V = typename L::V;
  const LogParts<L> at(x);
  const V r = L::fma(at.z, at.by_c, L::set1(-1));
  const Two scale = at.scale(*sum);
  const Two leading = Two::renormalised(scale.hi, r);  // |r| is the smaller one, or the other one is 0
  const V tail = L::fma(r, long_log_tail_of<L>(r), L::set1(-0.5));
  const Two term = exact_product(p, {leading.hi, leading.lo + L::fma(r * r, tail, scale.lo)});
  // The square of r is no small part of the term: added up as it is, it would lose a digit every thousand classes.
  const Two normal = Two::renormalised(term.hi, term.lo);
  add_to(sum, normal.hi, normal.lo);
}
