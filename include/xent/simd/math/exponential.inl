// Exponentials of shifted, scaled logits in lanes.

/// 2^(j/8 + f) = t_j (1 + p(f)), |f| <= 1/16, for float; 2^(j/4 + f), |f| <= 1/8, for double. The t_j are 2^(j/8 +
/// theta) with a theta that puts all of them next to numbers of the type, and p has its constant term to undo it: no
/// correction of the table is needed, and 2^0 is 1. p is a minimax polynomial. tests/oracle/exponential.py checks both
/// and prints their errors: 2^-28.0 for float, 2^-57.0 for double.
///
/// Adding `magic` rounds to a multiple of 1/8 or 1/4; the last digits then are j, those before them the integer,
/// `place` digits below the field of the exponent. That much is taken out of the bits of the t_j, which are stored
/// twice.
template <class L>
struct Powers;
template <>
struct Powers<Float> {
  static constexpr float magic = 0x1.8p20F;
  static constexpr int place = 20;
  static constexpr float lowest = magic - 125;
  alignas(64) static constexpr unsigned table[16] = {
      0x3F7F5829, 0x3F7B3A3E, 0x3F77D424, 0x3F759202, 0x3F748E45, 0x3F74E5BE, 0x3F76B7DA, 0x3F7A26DE,
      0x3F7F5829, 0x3F7B3A3E, 0x3F77D424, 0x3F759202, 0x3F748E45, 0x3F74E5BE, 0x3F76B7DA, 0x3F7A26DE};
  static constexpr Index terms = 5;
  static constexpr float polynomial[terms] = {0x1.3c0034p-7F, 0x1.c7e91ep-5F, 0x1.ed3f42p-3F, 0x1.63cd76p-1F,
                                              0x1.508a96p-9F};
};
template <>
struct Powers<Double> {
  static constexpr double magic = 0x1.8p50;
  static constexpr int place = 50;
  static constexpr double lowest = magic - 1020;
  alignas(64) static constexpr unsigned long long table[8] = {
      0x3FEFEEF94A73510D, 0x3FEEFCDE55F9773B, 0x3FEE949453DB1A9F, 0x3FEEDA4E60495B19,
      0x3FEFEEF94A73510D, 0x3FEEFCDE55F9773B, 0x3FEE949453DB1A9F, 0x3FEEDA4E60495B19};
  static constexpr Index terms = 9;
  static constexpr double polynomial[terms] = {0x1.636c2ec6c81fdp-20, 0x1.007dd4152f50ep-16, 0x1.43b550e540813p-13,
                                               0x1.5e425a7004267p-10, 0x1.3bd2c12980310p-7,  0x1.c7a2fb8d87ceap-5,
                                               0x1.ed02307f64f2bp-3,  0x1.63a1683eed08ap-1,  0x1.10fc9837ee53ap-9};
};

/// The shift of one sample in every lane, or of a sample a lane.
template <class L>
struct Shifted {
  typename L::V anchor, c_hi, c_lo, magic, top;

  static Shifted of_sample(const Call<typename L::Real>& call, const Tile<typename L::Real>& tile, Index i) {
    return {L::set1(tile.anchor[i]), L::set1(call.c_hi), L::set1(call.c_lo), L::set1(Powers<L>::magic - tile.k[i]),
            L::set1(tile.top[i])};
  }
  static Shifted of_lanes(const Call<typename L::Real>& call, const Tile<typename L::Real>& tile, Index i) {
    return {L::load(tile.anchor + i), L::set1(call.c_hi), L::set1(call.c_lo),
            L::set1(Powers<L>::magic) - L::load(tile.k + i), L::load(tile.top + i)};
  }
};

// 2^f = 1 + f ln2 + f^2 q(f) on [-1/2, 1/2], ln2 in two parts: this is all but the 1 and f times the first part. q is a
// minimax polynomial (Remez exchange in 60 digits, weighted by f^2 / 2^f): relative error of 2^f below 2^-28.2 at
// degree 4, 2^-57.9 at degree 9.
inline Float::V exp2m1_tail(Float::V f) {
  using L = Float;
  Float::V q = L::set1(0x1.414fe0p-13F);
  q = L::mul_add(q, f, L::set1(0x1.5f037cp-10F));
  q = L::mul_add(q, f, L::set1(0x1.3b2e08p-7F));
  q = L::mul_add(q, f, L::set1(0x1.c6af8ap-5F));
  q = L::mul_add(q, f, L::set1(0x1.ebfbdcp-3F));
  return rounded(f * L::mul_add(f, q, L::set1(-0x1.05c610p-29F)));
}

inline Double::V exp2m1_tail(Double::V f) {
  using L = Double;
  Double::V q = L::set1(0x1.e7c47f9484ea4p-32);
  q = L::mul_add(q, f, L::set1(0x1.e616e5865c976p-28));
  q = L::mul_add(q, f, L::set1(0x1.b52653b71799ap-24));
  q = L::mul_add(q, f, L::set1(0x1.62bfca79c4cd9p-20));
  q = L::mul_add(q, f, L::set1(0x1.ffcbfbc7ced70p-17));
  q = L::mul_add(q, f, L::set1(0x1.4309130d8a364p-13));
  q = L::mul_add(q, f, L::set1(0x1.5d87fe78c355ep-10));
  q = L::mul_add(q, f, L::set1(0x1.3b2ab6fba08e9p-7));
  q = L::mul_add(q, f, L::set1(0x1.c6b08d704a047p-5));
  q = L::mul_add(q, f, L::set1(0x1.ebfbdff82c5a0p-3));
  return rounded(f * L::mul_add(f, q, L::set1(0x1.abc9e3b39803fp-56)));
}
inline Double::V exp2m1_of_fraction(Double::V f) {
  return Double::mul_add(f, Double::set1(0x1.62e42fefa39efp-1), exp2m1_tail(f));
}
inline Double::V exp2_of_fraction(Double::V f) { return Double::set1(1) + exp2m1_of_fraction(f); }

/// x[j] of n vectors is 2^(d[j] c - k), d a logit relative to the anchor and magic[j] the one of the table - k; 0 where
/// that is below the normal range, so at -inf; NaN for NaN. Every product that is added to something is fused by name:
/// what the compiler may fuse depends on flags. Step by step for all of them: one would wait for its own last step most
/// of the time.
template <class L, Index n>
[[gnu::always_inline]] inline void exponentials(typename L::V c_hi, typename L::V c_lo, const typename L::V* magic,
                                                const typename L::V* d, typename L::V* x) {
  using V = typename L::V;
  using P = Powers<L>;
  V multiple[bound(n)];
  V f[bound(n)];
  V p[bound(n)];
#pragma GCC unroll 4
  for (Index j = 0; j < n; ++j) multiple[j] = L::fma(d[j], c_hi, magic[j]);
#pragma GCC unroll 4
  for (Index j = 0; j < n; ++j) f[j] = L::fms(d[j], c_hi, multiple[j] - magic[j]);
#pragma GCC unroll 4
  for (Index j = 0; j < n; ++j) f[j] = L::fma(d[j], c_lo, f[j]);
#pragma GCC unroll 4
  for (Index j = 0; j < n; ++j) p[j] = L::fma(f[j], L::set1(P::polynomial[0]), L::set1(P::polynomial[1]));
#pragma GCC unroll 28
  for (Index k = 2 * n; k < P::terms * n; ++k) p[k % n] = L::fma(f[k % n], p[k % n], L::set1(P::polynomial[k / n]));
#pragma GCC unroll 4
  for (Index j = 0; j < n; ++j) {
    const typename L::Bits power = L::as_bits(multiple[j]);
    const V t = L::as_number(L::entries(P::table, power) + (power << P::place));
    x[j] = L::fma_unless_below(multiple[j], L::set1(P::lowest), p[j], t, t);
  }
}

/// Of samples with the same shift.
template <class L, Index n>
[[gnu::always_inline]] inline void exponentials(const Shifted<L>& shift, const typename L::V* d, typename L::V* x) {
  typename L::V magic[bound(n)];
#pragma GCC unroll 4
  for (Index j = 0; j < n; ++j) magic[j] = shift.magic;
  exponentials<L, n>(shift.c_hi, shift.c_lo, magic, d, x);
}

template <class L>
[[gnu::always_inline]] inline typename L::V exponential(const Shifted<L>& shift, const typename L::V& d) {
  typename L::V x;
  exponentials<L, 1>(shift, &d, &x);
  return x;
}

/// exp(d) 2^scale. 0 below the normal range.
template <class L, int scale>
[[gnu::always_inline]] inline typename L::V natural_exponential(const typename L::V& d) {
  using Real = typename L::Real;
  constexpr bool single = std::is_same_v<Real, float>;
  constexpr Real log2e_hi = static_cast<Real>(single ? 0x1.715476p+0 : 0x1.71547652b82fep+0);
  constexpr Real log2e_lo = static_cast<Real>(single ? 0x1.4ae0bf85ddf44p-26 : 0x1.777d0ffda0d24p-56);
  constexpr Real magic = Powers<L>::magic + static_cast<Real>(scale);
  return exponential<L>({L::set1(0), L::set1(log2e_hi), L::set1(log2e_lo), L::set1(magic), L::set1(0)}, d);
}
