// Natural logarithms with the digits of a sum that is rounded once: 2^-34 of the logarithm for float, all of
// double's and what they leave for double.
//
// x = 2^k z with 3/4 <= z < 3/2; log x = k ln 2 + log c + log(1 + r), 1 + r = z / c, c near z from a table. Where x is
// near 1, k = 0 and c = 1: r = x - 1 is exact, and the logarithm has all its digits.

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

// q of log(1 + r) = r + r^2 q(r), for float, and of r - r^2/2 + r^3 q(r), for double, in Horner's order, on [-1/32,
// 1/16]: Remez exchange in 60 digits (errors below 2^-34.6 and 2^-57.0).
inline constexpr double log_tail[] = {0x1.0e979e921317fp-3,  -0x1.554ab91ef384cp-3, 0x1.99a17e36fcefdp-3,
                                      -0x1.0000087c5559ap-2, 0x1.5555550507275p-2,  -0x1.ffffffffbadfdp-2};
inline constexpr double long_log_tail[] = {
    -0x1.297076a8a162bp-4, 0x1.72f540df464fcp-4,  -0x1.99aaded4d9ff9p-4, 0x1.c71d70d322f16p-4,  -0x1.fffffeba42a51p-4,
    0x1.2492490c85daap-3,  -0x1.5555555549515p-3, 0x1.999999999b11bp-3,  -0x1.0000000000006p-2, 0x1.5555555555555p-2};

template <class L, std::size_t terms>
inline typename L::V polynomial(const double (&coefficients)[terms], typename L::V x) {
  typename L::V sum = L::set1(coefficients[0]);
#pragma GCC unroll 24
  for (std::size_t j = 1; j < terms; ++j) sum = L::mul_add(sum, x, L::set1(coefficients[j]));
  return sum;
}

/// x, positive and normal, in parts: log x = k ln 2 + log_c + log(z by_c).
template <class L>
struct LogParts {
  typename L::V k, z, log_c, by_c;

  [[gnu::always_inline]] explicit LogParts(typename L::V x) {
    L::split(x, &k, &z);
    log_c = L::look_up(log_of_cell, z);
    by_c = L::look_up(inverse_of_cell, z);
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
  sum->hi = L::fma(p, scale + L::fma(r * r, polynomial<L>(log_tail, r), r), sum->hi);
}

template <class L>
inline void add_product_with_log(typename L::V p, typename L::V x, Two* sum) {
  using V = typename L::V;
  const LogParts<L> at(x);
  const V r = L::fma(at.z, at.by_c, L::set1(-1));
  const Two scale = at.scale(*sum);
  const Two leading = Two::renormalised(scale.hi, r);  // |r| is the smaller one, or the other one is 0
  const V tail = L::fma(r, polynomial<L>(long_log_tail, r), L::set1(-0.5));
  const Two term = exact_product(p, {leading.hi, leading.lo + L::fma(r * r, tail, scale.lo)});
  // The square of r is no small part of the term: added up as it is, it would lose a digit every thousand classes.
  const Two normal = Two::renormalised(term.hi, term.lo);
  add_to(sum, normal.hi, normal.lo);
}
