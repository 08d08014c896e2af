// Lanes of SSE2, which every x86-64 has. Included by x86_64.inl inside a namespace of its own, compiled with whatever
// flags the program has. The members are documented in avx512.inl.
//
// There is no FMA. Those of float go through double, where the product is exact: one more rounding, at the 53rd digit.
// Those of double take the product apart. Where flags allow, a compiler would fuse what is meant to be rounded twice:
// `rounded` stands before each such sum.

inline __m128 rounded(__m128 x) {
  asm("" : "+x"(x));
  return x;
}
inline __m128d rounded(__m128d x) {
  asm("" : "+x"(x));
  return x;
}

struct Float {
  using Real = float;
  using V = __m128;
  static constexpr Index lanes = 4;
  static constexpr float magic = 0x1.8p23F + 127;

  static V set1(float x) { return _mm_set1_ps(x); }
  static V load(const float* p) { return _mm_loadu_ps(p); }
  static V load_partial(const float* p, Index n, float fill) {
    return _mm_setr_ps(p[0], n > 1 ? p[1] : fill, n > 2 ? p[2] : fill, fill);
  }
  static void store(float* p, V x) { _mm_storeu_ps(p, x); }
  static void store_partial(float* p, Index n, V x) {
    p[0] = x[0];
    if (n > 1) p[1] = x[1];
    if (n > 2) p[2] = x[2];
  }
  static void stream(float* p, V x) { _mm_stream_ps(p, x); }

  static V fma(V a, V b, V c) {
    const __m128d low = _mm_cvtps_pd(a) * _mm_cvtps_pd(b) + _mm_cvtps_pd(c);
    const __m128d high = _mm_cvtps_pd(upper(a)) * _mm_cvtps_pd(upper(b)) + _mm_cvtps_pd(upper(c));
    return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
  }
  static V fms(V a, V b, V c) { return fma(a, b, -c); }
  static V mul_add(V a, V b, V c) { return rounded(a * b) + rounded(c); }
  static V max(V a, V b) { return _mm_max_ps(a, b); }
  static V min(V a, V b) { return _mm_min_ps(a, b); }
  static V power_of_two(V magic_n) { return _mm_castsi128_ps(_mm_slli_epi32(_mm_castps_si128(magic_n), 23)); }
  static V product_unless_below(V x, V floor, V a, V b) { return _mm_and_ps(_mm_cmpnlt_ps(x, floor), a * b); }
  static Index first_equal(V a, V b) {
    const int equal = _mm_movemask_ps(_mm_cmpeq_ps(a, b));
    return equal == 0 ? -1 : __builtin_ctz(static_cast<unsigned>(equal));
  }
  static V leave_out_equal(V a, V b, V e, V* count) {
    const V equal = _mm_cmpeq_ps(a, b);
    *count = *count + _mm_and_ps(equal, _mm_set1_ps(1));
    return _mm_andnot_ps(equal, e);
  }
  static V select_greater(V a, V b, V x, V y) { return blend(_mm_cmpgt_ps(a, b), x, y); }
  static V select_equal(V a, V b, V x, V y) { return blend(_mm_cmpeq_ps(a, b), x, y); }
  static float greatest(V x) {
    const V pair = _mm_max_ps(x, upper(x));
    return _mm_cvtss_f32(_mm_max_ss(pair, _mm_shuffle_ps(pair, pair, 1)));
  }

  // Four numbers of 16 bits, in the lower half.
  using Short = __m128i;
  static Short load_16_bits(const void* p) { return _mm_loadl_epi64(static_cast<const __m128i*>(p)); }
  static void store_16_bits(void* p, Short x) { _mm_storel_epi64(static_cast<__m128i*>(p), x); }
  static void stream_16_bits(void* p, Short x) { _mm_stream_si64(static_cast<long long*>(p), _mm_cvtsi128_si64(x)); }
  static V from_bfloat16(Short x) { return _mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), x)); }
  /// The exponent's bias is corrected by a product, which also makes normal numbers of those below half's normal range.
  static V from_half(Short x) {
    const __m128i bits = _mm_unpacklo_epi16(x, _mm_setzero_si128());
    const __m128i size = _mm_and_si128(bits, _mm_set1_epi32(0x7FFF));
    const __m128i sign = _mm_slli_epi32(_mm_xor_si128(bits, size), 16);
    const V number = _mm_castsi128_ps(_mm_slli_epi32(size, 13)) * _mm_set1_ps(0x1p112F);
    const __m128i not_finite = _mm_and_si128(_mm_cmpgt_epi32(size, _mm_set1_epi32(0x7BFF)), _mm_set1_epi32(0x7F800000));
    return _mm_or_ps(number, _mm_castsi128_ps(_mm_or_si128(sign, not_finite)));
  }
  static Short to_bfloat16(V x) {
    const __m128i bits = _mm_castps_si128(x);
    const __m128i odd = _mm_and_si128(_mm_srli_epi32(bits, 16), _mm_set1_epi32(1));
    const __m128i half = _mm_add_epi32(odd, _mm_set1_epi32(0x7FFF));
    const V rounded_bits = _mm_castsi128_ps(_mm_srai_epi32(_mm_add_epi32(bits, half), 16));
    const V nan = _mm_castsi128_ps(_mm_set1_epi32(0x7FC0));
    const __m128i result = _mm_castps_si128(blend(_mm_cmpunord_ps(x, x), nan, rounded_bits));
    return _mm_packs_epi32(result, result);  // of numbers that fit
  }
  /// Three cases: below half's normal range, where adding 1/2 leaves the rounded number in the low bits; within it,
  /// where the exponent is moved and an integer rounded; and infinite, from 65536 on, or NaN.
  static Short to_half(V x) {
    const V size = _mm_andnot_ps(_mm_set1_ps(-0.0F), x);
    const __m128i bits = _mm_castps_si128(size);
    const V subnormal = _mm_castsi128_ps(
        _mm_sub_epi32(_mm_castps_si128(size + _mm_set1_ps(0.5F)), _mm_castps_si128(_mm_set1_ps(0.5F))));
    const __m128i odd = _mm_and_si128(_mm_srli_epi32(bits, 13), _mm_set1_epi32(1));
    const __m128i moved = _mm_add_epi32(bits, _mm_set1_epi32(0xFFF - (112 << 23)));
    const V normal = _mm_castsi128_ps(_mm_srli_epi32(_mm_add_epi32(moved, odd), 13));
    const V nan = _mm_castsi128_ps(_mm_set1_epi32(0x7E00));
    const V not_finite = blend(_mm_cmpunord_ps(x, x), nan, _mm_castsi128_ps(_mm_set1_epi32(0x7C00)));
    const V finite = blend(_mm_cmplt_ps(size, _mm_set1_ps(0x1p-14F)), subnormal, normal);
    const V result = blend(_mm_cmplt_ps(size, _mm_set1_ps(0x1p16F)), finite, not_finite);
    const __m128i sign = _mm_slli_epi32(_mm_srai_epi32(_mm_castps_si128(x), 31), 15);
    const __m128i both = _mm_or_si128(_mm_castps_si128(result), sign);
    return _mm_packs_epi32(both, both);
  }

  // A vector is one piece.
  static constexpr Index block = 4;
  static V load_pieces(const float* p, Index /*step*/) { return load(p); }
  static void store_pieces(float* p, Index /*step*/, V x) { store(p, x); }
  static void transpose_pieces(V* x) { _MM_TRANSPOSE4_PS(x[0], x[1], x[2], x[3]); }

  using Bits = unsigned __attribute__((vector_size(16)));
  static V permute(V a, V b, const unsigned* from) {
    float both[2 * lanes];
    store(both, a);
    store(both + lanes, b);
    return _mm_setr_ps(both[from[0]], both[from[1]], both[from[2]], both[from[3]]);
  }
  using Mask = decltype(V{} < V{});
  static V select(Mask condition, V a, V b) { return condition ? a : b; }
  static Mask first_lanes(Index n) { return Mask{0, 1, 2, 3} < static_cast<int>(n); }
  static Mask of_bits(unsigned long long bits) { return (static_cast<int>(bits) & Mask{1, 2, 4, 8}) != 0; }
  static unsigned long long bits(Mask mask) {
    return static_cast<unsigned long long>(_mm_movemask_ps((__m128)mask));  // NOLINT: same bits
  }
  static V upper(V x) { return _mm_movehl_ps(x, x); }

 private:
  static V blend(V condition, V a, V b) { return _mm_or_ps(_mm_and_ps(condition, a), _mm_andnot_ps(condition, b)); }
};

struct Double {
  using Real = double;
  static constexpr bool emulates_fma = true;
  using V = __m128d;
  static constexpr Index lanes = 2;
  static constexpr double magic = 0x1.8p52 + 1023;

  static V set1(double x) { return _mm_set1_pd(x); }
  static V load(const double* p) { return _mm_loadu_pd(p); }
  static V load_partial(const double* p, Index /*n*/, double fill) { return _mm_setr_pd(p[0], fill); }
  static void store(double* p, V x) { _mm_storeu_pd(p, x); }
  static void store_partial(double* p, Index /*n*/, V x) { p[0] = x[0]; }
  static void stream(double* p, V x) { _mm_stream_pd(p, x); }

  /// The product is product + error, every part of which is exact (Dekker 1971). Factors are cut into 26 and 27 digits,
  /// by a mask, since the product that usually cuts (Veltkamp) would leave the range for large numbers; the mask leaves
  /// a digit too many for the product of the lower parts, so that the last one of b goes alone. The correction of what
  /// is not finite is NaN, and is left away.
  static V fma(V a, V b, V c) {
    const V product = rounded(a * b);
    const V a_high = without_last<27>(a);
    const V b_high = without_last<27>(b);
    const V b_middle = without_last<1>(b);
    const V a_low = a - a_high;
    const V b_low = b_middle - b_high;
    const V error =
        ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low + a * (b - b_middle);
    const V addend = rounded(c);
    const V sum = product + addend;
    const V part = sum - product;
    const V correction = ((product - (sum - part)) + (addend - part)) + error;
    return sum + _mm_and_pd(correction, _mm_cmpord_pd(correction, correction));
  }
  static V fms(V a, V b, V c) { return fma(a, b, -c); }
  static V mul_add(V a, V b, V c) { return rounded(a * b) + rounded(c); }
  static V max(V a, V b) { return _mm_max_pd(a, b); }
  static V min(V a, V b) { return _mm_min_pd(a, b); }
  static V power_of_two(V magic_n) { return _mm_castsi128_pd(_mm_slli_epi64(_mm_castpd_si128(magic_n), 52)); }
  static V product_unless_below(V x, V floor, V a, V b) { return _mm_and_pd(_mm_cmpnlt_pd(x, floor), a * b); }
  static Index first_equal(V a, V b) {
    const int equal = _mm_movemask_pd(_mm_cmpeq_pd(a, b));
    return equal == 0 ? -1 : __builtin_ctz(static_cast<unsigned>(equal));
  }
  static V leave_out_equal(V a, V b, V e, V* count) {
    const V equal = _mm_cmpeq_pd(a, b);
    *count = *count + _mm_and_pd(equal, _mm_set1_pd(1));
    return _mm_andnot_pd(equal, e);
  }
  static V select_greater(V a, V b, V x, V y) { return blend(_mm_cmpgt_pd(a, b), x, y); }
  static V select_equal(V a, V b, V x, V y) { return blend(_mm_cmpeq_pd(a, b), x, y); }
  static double greatest(V x) { return _mm_cvtsd_f64(_mm_max_sd(x, _mm_unpackhi_pd(x, x))); }
  static double total(V x) { return _mm_cvtsd_f64(x + _mm_unpackhi_pd(x, x)); }

  using Bits = unsigned long long __attribute__((vector_size(16)));
  static V load(const float* p) {
    __m128 x = _mm_setzero_ps();
    std::memcpy(&x, p, 2 * sizeof *p);
    return _mm_cvtps_pd(x);
  }
  static void store(float* p, V x) {
    const __m128 rounded_to_float = _mm_cvtpd_ps(x);
    std::memcpy(p, &rounded_to_float, 2 * sizeof *p);
  }
  using Mask = decltype(V{} < V{});
  static V select(Mask condition, V a, V b) { return condition ? a : b; }
  static Mask first_lanes(Index n) { return Mask{0, 1} < n; }
  static Mask of_bits(unsigned long long bits) { return (static_cast<long long>(bits) & Mask{1, 2}) != 0; }
  static unsigned long long bits(Mask mask) {
    return static_cast<unsigned long long>(_mm_movemask_pd((__m128d)mask));  // NOLINT: same bits
  }

  static constexpr Index block = 2;
  static V load_pieces(const double* p, Index /*step*/) { return load(p); }
  static void store_pieces(double* p, Index /*step*/, V x) { store(p, x); }
  static void transpose_pieces(V* x) {
    const V a = _mm_unpacklo_pd(x[0], x[1]);
    x[1] = _mm_unpackhi_pd(x[0], x[1]);
    x[0] = a;
  }

 private:
  static V blend(V condition, V a, V b) { return _mm_or_pd(_mm_and_pd(condition, a), _mm_andnot_pd(condition, b)); }
  template <int digits>
  static V without_last(V x) {
    return _mm_and_pd(x, _mm_castsi128_pd(_mm_set1_epi64x(-(1LL << digits))));
  }
};

inline Double::V low_half(Float::V x) { return _mm_cvtps_pd(x); }
inline Double::V high_half(Float::V x) { return _mm_cvtps_pd(Float::upper(x)); }
inline Float::V join_halves(Double::V low, Double::V high) {
  return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
}
