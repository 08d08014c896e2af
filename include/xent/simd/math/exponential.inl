// Exponentials of shifted, scaled logits in lanes.

/// The shift of one sample in every lane, or of a sample a lane.
template <class L>
struct Shifted {
  typename L::V anchor, c_hi, c_lo, magic, floor, top, farthest;

  static Shifted of_sample(const Call<typename L::Real>& call, const Tile<typename L::Real>& tile, Index i) {
    return {L::set1(tile.anchor[i]),
            L::set1(call.c_hi),
            L::set1(call.c_lo),
            L::set1(L::magic - tile.k[i]),
            L::set1(tile.floor[i]),
            L::set1(tile.top[i]),
            L::set1(tile.top[i] - tile.floor[i])};
  }
  static Shifted of_lanes(const Call<typename L::Real>& call, const Tile<typename L::Real>& tile, Index i) {
    const typename L::V floor = L::load(tile.floor + i);
    const typename L::V top = L::load(tile.top + i);
    return {L::load(tile.anchor + i),
            L::set1(call.c_hi),
            L::set1(call.c_lo),
            L::set1(L::magic) - L::load(tile.k + i),
            floor,
            top,
            top - floor};
  }
};

// 2^f = 1 + f ln2 + f^2 q(f) on [-1/2, 1/2], ln2 in two parts. q is a minimax polynomial (Remez exchange in 60 digits,
// weighted by f^2 / 2^f): relative error of 2^f below 2^-28.2 at degree 4, 2^-57.9 at degree 9.
inline Float::V exp2m1_of_fraction(Float::V f) {
  using L = Float;
  Float::V q = L::set1(0x1.414fe0p-13F);
  q = L::mul_add(q, f, L::set1(0x1.5f037cp-10F));
  q = L::mul_add(q, f, L::set1(0x1.3b2e08p-7F));
  q = L::mul_add(q, f, L::set1(0x1.c6af8ap-5F));
  q = L::mul_add(q, f, L::set1(0x1.ebfbdcp-3F));
  const Float::V tail = f * L::mul_add(f, q, L::set1(-0x1.05c610p-29F));
  return L::mul_add(f, L::set1(0x1.62e430p-1F), tail);
}
inline Float::V exp2_of_fraction(Float::V f) { return Float::set1(1) + exp2m1_of_fraction(f); }

inline Double::V exp2m1_of_fraction(Double::V f) {
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
  const Double::V tail = f * L::mul_add(f, q, L::set1(0x1.abc9e3b39803fp-56));
  return L::mul_add(f, L::set1(0x1.62e42fefa39efp-1), tail);
}
inline Double::V exp2_of_fraction(Double::V f) { return Double::set1(1) + exp2m1_of_fraction(f); }

/// 2^(d c - k), d a logit relative to the anchor; 0 below the floor, so at -inf; NaN for NaN.
/// Adding `magic` rounds d c to the integer n and leaves n - k in the low bits, where the exponent field of 2^(n - k)
/// is made of it. Every product that is added to something is fused by name: what the compiler may fuse depends on
/// flags.
template <class L>
inline typename L::V exponential(const Shifted<L>& shift, typename L::V d) {
  const typename L::V magic_n = L::mul_add(d, shift.c_hi, shift.magic);
  const typename L::V n = magic_n - shift.magic;
  const typename L::V f = L::mul_add(d, shift.c_lo, L::fms(d, shift.c_hi, n));
  return L::product_unless_below(d, shift.floor, exp2_of_fraction(f), L::power_of_two(magic_n));
}
