// Lanes of NEON on 64-bit Arm, four registers to a vector. The members are documented in avx512.inl. V is the
// compiler's vector type, not NEON's, whose operators clang and gcc take differently.

struct QuarterOfFloat {
  using Real = float;
  using V = float __attribute__((vector_size(16)));
  static constexpr Index lanes = 4;
  static constexpr Index abreast = 4;
  static constexpr Index registers = 32;
  static constexpr float magic = 0x1.8p23F + 127;

  static V set1(float x) { return vdupq_n_f32(x); }
  static V load(const float* p) { return vld1q_f32(p); }
  static V load_partial(const float* p, Index n, float fill) {
    if (n >= lanes) return load(p);
    V x = vdupq_n_f32(fill);
    if (n > 0) x = vsetq_lane_f32(p[0], x, 0);
    if (n > 1) x = vsetq_lane_f32(p[1], x, 1);
    if (n > 2) x = vsetq_lane_f32(p[2], x, 2);
    return x;
  }
  static void store(float* p, V x) { vst1q_f32(p, x); }
  static void store_partial(float* p, Index n, V x) {
    if (n >= lanes) return store(p, x);
    if (n > 0) p[0] = x[0];
    if (n > 1) p[1] = x[1];
    if (n > 2) p[2] = x[2];
  }
  /// No instruction of its own: processors see by themselves that whole lines are written one after the other.
  static void stream(float* p, V x) { store(p, x); }

  static V fma(V a, V b, V c) { return vfmaq_f32(c, a, b); }
  static V fms(V a, V b, V c) { return vfmaq_f32(-c, a, b); }
  static V mul_add(V a, V b, V c) { return fma(a, b, c); }
  // Not FMAX, which is NaN where either operand is.
  static V larger(V a, V b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
  static V smaller(V a, V b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
  static V power_of_two(V magic_n) { return floats(vshlq_n_u32(integers(magic_n), 23)); }
  static V product_unless_below(V x, V floor, V a, V b) {
    return floats(vbicq_u32(integers(a * b), vcltq_f32(x, floor)));
  }
  static V fma_unless_below(V x, V floor, V a, V b, V c) {
    return floats(vbicq_u32(integers(fma(a, b, c)), vcltq_f32(x, floor)));
  }
  static Index first_equal(V a, V b) {
    const uint64x1_t equal = vreinterpret_u64_u16(vmovn_u32(vceqq_f32(a, b)));  // 16 bits a lane
    const std::uint64_t bits = vget_lane_u64(equal, 0);
    return bits == 0 ? -1 : __builtin_ctzll(bits) / 16;
  }
  static V leave_out_equal(V a, V b, V e, V* count) {
    const uint32x4_t equal = vceqq_f32(a, b);
    *count = *count + floats(vandq_u32(equal, integers(set1(1))));
    return floats(vbicq_u32(integers(e), equal));
  }
  static V select_greater(V a, V b, V x, V y) { return vbslq_f32(vcgtq_f32(a, b), x, y); }
  static V select_equal(V a, V b, V x, V y) { return vbslq_f32(vceqq_f32(a, b), x, y); }
  static float greatest(V x) {
    const V pair = larger(x, V(vextq_f32(x, x, 2)));
    return larger(pair, V(vdupq_laneq_f32(pair, 1)))[0];
  }

  using Short = uint16x4_t;
  static Short load_16_bits(const void* p) {
    Short x;
    std::memcpy(&x, p, sizeof x);
    return x;
  }
  static void store_16_bits(void* p, Short x) { std::memcpy(p, &x, sizeof x); }
  static void stream_16_bits(void* p, Short x) { store_16_bits(p, x); }
  static V from_bfloat16(Short x) { return floats(vshlq_n_u32(vmovl_u16(x), 16)); }
  static V from_half(Short x) { return vcvt_f32_f16(vreinterpret_f16_u16(x)); }
  static Short to_bfloat16(V x) {
    const uint32x4_t bits = integers(x);
    const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    const uint32x4_t rounded = vshrq_n_u32(vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7FFF))), 16);
    return vmovn_u32(vbslq_u32(vceqq_f32(x, x), rounded, vdupq_n_u32(0x7FC0)));
  }
  static Short to_half(V x) { return vreinterpret_u16_f16(vcvt_f16_f32(x)); }

  // A vector is one piece.
  static constexpr Index block = 4;
  static V load_pieces(const float* p, Index /*step*/) { return load(p); }
  static void store_pieces(float* p, Index /*step*/, V x) { store(p, x); }
  static void transpose_pieces(V* x) {
    const float32x4x2_t a = vzipq_f32(x[0], x[2]);
    const float32x4x2_t b = vzipq_f32(x[1], x[3]);
    const float32x4x2_t low = vzipq_f32(a.val[0], b.val[0]);
    const float32x4x2_t high = vzipq_f32(a.val[1], b.val[1]);
    x[0] = low.val[0];
    x[1] = low.val[1];
    x[2] = high.val[0];
    x[3] = high.val[1];
  }

  using Bits = unsigned __attribute__((vector_size(16)));
  static Bits as_bits(V x) { return reinterpret_cast<Bits>(x); }
  static V as_number(Bits bits) { return reinterpret_cast<V>(bits); }
  static Bits entries(const unsigned* table, Bits which) {
    const uint8x16x2_t both = {{vreinterpretq_u8_u32(vld1q_u32(table)), vreinterpretq_u8_u32(vld1q_u32(table + 4))}};
    return vreinterpretq_u32_u8(vqtbl2q_u8(both, bytes_of(vandq_u32(which, vdupq_n_u32(7)))));
  }
  static V of_integers(const std::int32_t* p) { return vcvtq_f32_s32(vld1q_s32(p)); }
  /// Of a and b, four registers each.
  static V permute(const unsigned* from, V a0, V b0, V a2, V b2, V a1, V b1, V a3, V b3) {
    const uint8x16x4_t a = {
        {vreinterpretq_u8_f32(a0), vreinterpretq_u8_f32(a1), vreinterpretq_u8_f32(a2), vreinterpretq_u8_f32(a3)}};
    const uint8x16x4_t b = {
        {vreinterpretq_u8_f32(b0), vreinterpretq_u8_f32(b1), vreinterpretq_u8_f32(b2), vreinterpretq_u8_f32(b3)}};
    const uint8x16_t bytes = bytes_of(vld1q_u32(from));
    const uint8x16_t of_b = vqtbl4q_u8(b, vsubq_u8(bytes, vdupq_n_u8(64)));  // 0 for what is not there
    return vreinterpretq_f32_u8(vorrq_u8(vqtbl4q_u8(a, bytes), of_b));
  }
  using Mask = decltype(V{} < V{});
  static V select(Mask condition, V a, V b) { return condition ? a : b; }
  static Mask first_lanes(Index n) { return Mask{0, 1, 2, 3} < static_cast<int>(n); }
  static Mask of_bits(unsigned long long bits) { return ((static_cast<int>(bits) >> Mask{0, 1, 2, 3}) & 1) != 0; }
  static unsigned long long bits(Mask mask) {
    return vaddvq_u32(reinterpret_cast<uint32x4_t>(mask & Mask{1, 2, 4, 8}));
  }

 private:
  /// The bytes of floats that are counted.
  static uint8x16_t bytes_of(uint32x4_t which) {
    return vreinterpretq_u8_u32(vmlaq_n_u32(vdupq_n_u32(0x03020100), which, 0x04040404));
  }
  static uint32x4_t integers(V x) { return vreinterpretq_u32_f32(x); }
  static V floats(uint32x4_t x) { return vreinterpretq_f32_u32(x); }
};

struct QuarterOfDouble {
  using Real = double;
  using V = double __attribute__((vector_size(16)));
  static constexpr Index lanes = 2;
  static constexpr Index abreast = 4;
  static constexpr Index registers = 32;
  static constexpr double magic = 0x1.8p52 + 1023;

  static V set1(double x) { return vdupq_n_f64(x); }
  static V load(const double* p) { return vld1q_f64(p); }
  static V load_partial(const double* p, Index n, double fill) { return V{n > 0 ? p[0] : fill, n > 1 ? p[1] : fill}; }
  static void store(double* p, V x) { vst1q_f64(p, x); }
  static void store_partial(double* p, Index n, V x) {
    if (n > 0) p[0] = x[0];
    if (n > 1) p[1] = x[1];
  }
  static void stream(double* p, V x) { store(p, x); }

  static V fma(V a, V b, V c) { return vfmaq_f64(c, a, b); }
  static V fms(V a, V b, V c) { return vfmaq_f64(-c, a, b); }
  static V mul_add(V a, V b, V c) { return fma(a, b, c); }
  static V larger(V a, V b) { return vbslq_f64(vcgtq_f64(a, b), a, b); }
  static V smaller(V a, V b) { return vbslq_f64(vcltq_f64(a, b), a, b); }
  static V power_of_two(V magic_n) { return vreinterpretq_f64_u64(vshlq_n_u64(vreinterpretq_u64_f64(magic_n), 52)); }
  static V product_unless_below(V x, V floor, V a, V b) {
    return vreinterpretq_f64_u64(vbicq_u64(vreinterpretq_u64_f64(a * b), vcltq_f64(x, floor)));
  }
  static V fma_unless_below(V x, V floor, V a, V b, V c) {
    return vreinterpretq_f64_u64(vbicq_u64(vreinterpretq_u64_f64(fma(a, b, c)), vcltq_f64(x, floor)));
  }
  static Index first_equal(V a, V b) {
    const uint64x2_t equal = vceqq_f64(a, b);
    return vgetq_lane_u64(equal, 0) != 0 ? 0 : vgetq_lane_u64(equal, 1) != 0 ? 1 : -1;
  }
  static V leave_out_equal(V a, V b, V e, V* count) {
    const uint64x2_t equal = vceqq_f64(a, b);
    *count = *count + V(vreinterpretq_f64_u64(vandq_u64(equal, vreinterpretq_u64_f64(set1(1)))));
    return vreinterpretq_f64_u64(vbicq_u64(vreinterpretq_u64_f64(e), equal));
  }
  static V select_greater(V a, V b, V x, V y) { return vbslq_f64(vcgtq_f64(a, b), x, y); }
  static V select_equal(V a, V b, V x, V y) { return vbslq_f64(vceqq_f64(a, b), x, y); }
  static double greatest(V x) { return larger(x, V(vdupq_laneq_f64(x, 1)))[0]; }
  static double total(V x) { return x[0] + x[1]; }

  using Bits = unsigned long long __attribute__((vector_size(16)));
  static Bits as_bits(V x) { return reinterpret_cast<Bits>(x); }
  static V as_number(Bits bits) { return reinterpret_cast<V>(bits); }
  static Bits entries(const unsigned long long* table, Bits which) {
    return Bits{table[which[0] & 3], table[which[1] & 3]};
  }
  static V look_up(const double* table, V x) {
    const Bits at = (as_bits(x) >> 48) & 15;
    return V{table[at[0]], table[at[1]]};
  }
  static V of_integers(const std::int32_t* p) { return vcvtq_f64_s64(vmovl_s32(vld1_s32(p))); }
  static V load(const float* p) { return vcvt_f64_f32(vld1_f32(p)); }
  static void store(float* p, V x) { vst1_f32(p, vcvt_f32_f64(x)); }
  using Mask = decltype(V{} < V{});
  static V select(Mask condition, V a, V b) { return condition ? a : b; }
  static Mask first_lanes(Index n) { return Mask{0, 1} < n; }
  static Mask of_bits(unsigned long long bits) { return ((static_cast<long long>(bits) >> Mask{0, 1}) & 1) != 0; }
  static unsigned long long bits(Mask mask) { return static_cast<unsigned long long>((mask[0] & 1) | (mask[1] & 2)); }

  static constexpr Index block = 2;
  static V load_pieces(const double* p, Index /*step*/) { return load(p); }
  static void store_pieces(double* p, Index /*step*/, V x) { store(p, x); }
  static void transpose_pieces(V* x) {
    const V a = vzip1q_f64(x[0], x[1]);
    x[1] = vzip2q_f64(x[0], x[1]);
    x[0] = a;
  }
};

using FloatRegister = QuarterOfFloat::V;
using DoubleRegister = QuarterOfDouble::V;

inline DoubleRegister low_half(FloatRegister x) { return vcvt_f64_f32(vget_low_f32(x)); }
inline DoubleRegister high_half(FloatRegister x) { return vcvt_high_f64_f32(x); }
inline FloatRegister join_halves(DoubleRegister low, DoubleRegister high) {
  return vcvt_high_f32_f64(vcvt_f32_f64(low), high);
}

inline DoubleRegister rounded(DoubleRegister x) {
  asm("" : "+w"(x));
  return x;
}
inline FloatRegister rounded(FloatRegister x) {
  asm("" : "+w"(x));
  return x;
}

#include <xent/simd/isa/halves.inl>

using Float = FloatOfHalves<FloatOfHalves<QuarterOfFloat>>;
using Double = DoubleOfHalves<DoubleOfHalves<QuarterOfDouble>>;
