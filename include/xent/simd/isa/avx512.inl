// Lanes of AVX-512. Operators on V are those of the compiler's vector types.
//
// The zero-masked forms of unmasked instructions are the same instructions; gcc 12 warns of uninitialised operands
// in the others.

struct Float {
  using Real = float;
  using V = __m512;
  static constexpr Index lanes = 16;
  /// So many vectors are computed step by step together where a result waits long for the one before.
  static constexpr Index abreast = 4;
  static constexpr Index registers = 32;
  // 1.5 2^23: adding it rounds to an integer; 127: the bias of the exponent, see power_of_two.
  static constexpr float magic = 0x1.8p23F + 127;

  static V set1(float x) { return _mm512_set1_ps(x); }
  static V load(const float* p) { return _mm512_loadu_ps(p); }
  static V load_partial(const float* p, Index n, float fill) {
    return _mm512_mask_loadu_ps(_mm512_set1_ps(fill), mask_of(n), p);
  }
  static void store(float* p, V x) { _mm512_storeu_ps(p, x); }
  static void store_partial(float* p, Index n, V x) { _mm512_mask_storeu_ps(p, mask_of(n), x); }
  static void stream(float* p, V x) { _mm512_stream_ps(p, x); }

  static V fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
  static V fms(V a, V b, V c) { return _mm512_fmsub_ps(a, b, c); }
  /// a b + c. Where there is no FMA the product is rounded, too: only for what is small or exact.
  static V mul_add(V a, V b, V c) { return fma(a, b, c); }
  /// The second operand where either is NaN.
  static V larger(V a, V b) { return _mm512_maskz_max_ps(0xFFFF, a, b); }
  static V smaller(V a, V b) { return _mm512_maskz_min_ps(0xFFFF, a, b); }
  /// 2^n, n >= -126, of a number that is magic + n.
  static V power_of_two(V magic_n) {
    return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(0xFFFF, _mm512_castps_si512(magic_n), 23));
  }
  /// a b, and a b + c, but 0 where x < floor; NaN in x is not.
  static V product_unless_below(V x, V floor, V a, V b) {
    return _mm512_maskz_mul_ps(_mm512_cmp_ps_mask(x, floor, _CMP_NLT_UQ), a, b);
  }
  static V fma_unless_below(V x, V floor, V a, V b, V c) {
    return _mm512_maskz_fmadd_ps(_mm512_cmp_ps_mask(x, floor, _CMP_NLT_UQ), a, b, c);
  }
  /// The first lane in which a equals b, or -1.
  static Index first_equal(V a, V b) {
    const unsigned equal = _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
    return equal == 0 ? -1 : __builtin_ctz(equal);
  }
  /// e, but 0 where a equals b: such lanes add 1 to `count` instead.
  static V leave_out_equal(V a, V b, V e, V* count) {
    const __mmask16 equal = _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
    *count = _mm512_mask_add_ps(*count, equal, *count, _mm512_set1_ps(1));
    return _mm512_maskz_mov_ps(static_cast<__mmask16>(~equal), e);
  }
  /// x where a > b, else y.
  static V select_greater(V a, V b, V x, V y) { return _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ), x); }
  static V select_equal(V a, V b, V x, V y) { return _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ), x); }
  static float greatest(V x) {
    const __m256 half = _mm256_max_ps(lower(x), upper(x));
    const __m128 quarter = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    const __m128 pair = _mm_max_ps(quarter, _mm_movehl_ps(quarter, quarter));
    return _mm_cvtss_f32(_mm_max_ss(pair, _mm_movehdup_ps(pair)));
  }

  // Sixteen numbers of 16 bits. to_bfloat16 rounds to the nearest even one; NaN becomes the quiet NaN.
  using Short = __m256i;
  static Short load_16_bits(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
  static void store_16_bits(void* p, Short x) { _mm256_storeu_si256(static_cast<__m256i*>(p), x); }
  static void stream_16_bits(void* p, Short x) { _mm256_stream_si256(static_cast<__m256i*>(p), x); }
  static V from_bfloat16(Short x) {
    return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(0xFFFF, _mm512_maskz_cvtepu16_epi32(0xFFFF, x), 16));
  }
  static V from_half(Short x) { return _mm512_maskz_cvtph_ps(0xFFFF, x); }
  static Short to_bfloat16(V x) {
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_maskz_and_epi32(0xFFFF, _mm512_maskz_srli_epi32(0xFFFF, bits, 16), _mm512_set1_epi32(1));
    const __m512i half = _mm512_maskz_add_epi32(0xFFFF, odd, _mm512_set1_epi32(0x7FFF));
    const __m512i rounded = _mm512_maskz_srli_epi32(0xFFFF, _mm512_maskz_add_epi32(0xFFFF, bits, half), 16);
    const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    return _mm512_maskz_cvtepi32_epi16(0xFFFF, _mm512_mask_mov_epi32(rounded, nan, _mm512_set1_epi32(0x7FC0)));
  }
  static Short to_half(V x) { return _mm512_maskz_cvtps_ph(0xFFFF, x, _MM_FROUND_TO_NEAREST_INT); }

  // A vector as pieces of 16 bytes, `block` numbers each, that lie `step` apart; and the transpose of `block` vectors
  // piece by piece.
  static constexpr Index block = 4;
  static V load_pieces(const float* p, Index step) {
    V x = _mm512_maskz_broadcast_f32x4(0x000F, _mm_loadu_ps(p));
    x = _mm512_mask_broadcast_f32x4(x, 0x00F0, _mm_loadu_ps(p + step));
    x = _mm512_mask_broadcast_f32x4(x, 0x0F00, _mm_loadu_ps(p + 2 * step));
    return _mm512_mask_broadcast_f32x4(x, 0xF000, _mm_loadu_ps(p + 3 * step));
  }
  static void store_pieces(float* p, Index step, V x) {
    _mm_storeu_ps(p, _mm512_maskz_extractf32x4_ps(0xF, x, 0));
    _mm_storeu_ps(p + step, _mm512_maskz_extractf32x4_ps(0xF, x, 1));
    _mm_storeu_ps(p + 2 * step, _mm512_maskz_extractf32x4_ps(0xF, x, 2));
    _mm_storeu_ps(p + 3 * step, _mm512_maskz_extractf32x4_ps(0xF, x, 3));
  }
  static void transpose_pieces(V* x) {
    const V a = _mm512_maskz_unpacklo_ps(0xFFFF, x[0], x[1]);
    const V b = _mm512_maskz_unpackhi_ps(0xFFFF, x[0], x[1]);
    const V c = _mm512_maskz_unpacklo_ps(0xFFFF, x[2], x[3]);
    const V d = _mm512_maskz_unpackhi_ps(0xFFFF, x[2], x[3]);
    x[0] = _mm512_maskz_shuffle_ps(0xFFFF, a, c, 0x44);
    x[1] = _mm512_maskz_shuffle_ps(0xFFFF, a, c, 0xEE);
    x[2] = _mm512_maskz_shuffle_ps(0xFFFF, b, d, 0x44);
    x[3] = _mm512_maskz_shuffle_ps(0xFFFF, b, d, 0xEE);
  }
  using Bits = unsigned __attribute__((vector_size(64)));
  static Bits as_bits(V x) { return reinterpret_cast<Bits>(x); }
  static V as_number(Bits bits) { return reinterpret_cast<V>(bits); }
  /// Of a table that holds 8 entries twice, those that the last three bits say.
  static Bits entries(const unsigned* table, Bits which) {
    return reinterpret_cast<Bits>(
        _mm512_maskz_permutexvar_epi32(0xFFFF, reinterpret_cast<__m512i>(which), _mm512_load_si512(table)));
  }
  static V of_integers(const std::int32_t* p) { return _mm512_maskz_cvtepi32_ps(0xFFFF, _mm512_loadu_si512(p)); }
  /// Lane i is lane from[i] of a or, counting on, of b.
  static V permute(const unsigned* from, V a, V b) {
    return _mm512_maskz_permutex2var_ps(0xFFFF, a, _mm512_loadu_si512(from), b);
  }
  using Mask = decltype(V{} < V{});
  /// a where `condition`, else b.
  static V select(Mask condition, V a, V b) { return condition ? a : b; }
  static Mask first_lanes(Index n) {
    return Mask{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} < static_cast<int>(n);
  }
  static Mask of_bits(unsigned long long bits) {
    return reinterpret_cast<Mask>(_mm512_movm_epi32(static_cast<__mmask16>(bits)));
  }
  static unsigned long long bits(Mask mask) { return _mm512_movepi32_mask(reinterpret_cast<__m512i>(mask)); }

  static __m256 lower(V x) { return _mm256_castpd_ps(_mm512_maskz_extractf64x4_pd(0xF, _mm512_castps_pd(x), 0)); }
  static __m256 upper(V x) { return _mm256_castpd_ps(_mm512_maskz_extractf64x4_pd(0xF, _mm512_castps_pd(x), 1)); }

 private:
  static __mmask16 mask_of(Index n) {
    return n <= 0 ? __mmask16{0} : static_cast<__mmask16>((1U << static_cast<unsigned>(n)) - 1U);
  }
};

struct Double {
  using Real = double;
  using V = __m512d;
  static constexpr Index lanes = 8;
  static constexpr Index abreast = 4;
  static constexpr Index registers = 32;
  static constexpr double magic = 0x1.8p52 + 1023;

  static V set1(double x) { return _mm512_set1_pd(x); }
  static V load(const double* p) { return _mm512_loadu_pd(p); }
  static V load_partial(const double* p, Index n, double fill) {
    return _mm512_mask_loadu_pd(_mm512_set1_pd(fill), mask_of(n), p);
  }
  static void store(double* p, V x) { _mm512_storeu_pd(p, x); }
  static void store_partial(double* p, Index n, V x) { _mm512_mask_storeu_pd(p, mask_of(n), x); }
  static void stream(double* p, V x) { _mm512_stream_pd(p, x); }

  static V fma(V a, V b, V c) { return _mm512_fmadd_pd(a, b, c); }
  static V fms(V a, V b, V c) { return _mm512_fmsub_pd(a, b, c); }
  static V mul_add(V a, V b, V c) { return fma(a, b, c); }
  static V larger(V a, V b) { return _mm512_maskz_max_pd(0xFF, a, b); }
  static V smaller(V a, V b) { return _mm512_maskz_min_pd(0xFF, a, b); }
  static V power_of_two(V magic_n) {
    return _mm512_castsi512_pd(_mm512_maskz_slli_epi64(0xFF, _mm512_castpd_si512(magic_n), 52));
  }
  static V product_unless_below(V x, V floor, V a, V b) {
    return _mm512_maskz_mul_pd(_mm512_cmp_pd_mask(x, floor, _CMP_NLT_UQ), a, b);
  }
  static V fma_unless_below(V x, V floor, V a, V b, V c) {
    return _mm512_maskz_fmadd_pd(_mm512_cmp_pd_mask(x, floor, _CMP_NLT_UQ), a, b, c);
  }
  static Index first_equal(V a, V b) {
    const unsigned equal = _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ);
    return equal == 0 ? -1 : __builtin_ctz(equal);
  }
  static V leave_out_equal(V a, V b, V e, V* count) {
    const __mmask8 equal = _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ);
    *count = _mm512_mask_add_pd(*count, equal, *count, _mm512_set1_pd(1));
    return _mm512_maskz_mov_pd(static_cast<__mmask8>(~equal), e);
  }
  static V select_greater(V a, V b, V x, V y) { return _mm512_mask_mov_pd(y, _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ), x); }
  static V select_equal(V a, V b, V x, V y) { return _mm512_mask_mov_pd(y, _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ), x); }
  static double greatest(V x) {
    const __m256d half = _mm256_max_pd(lower(x), upper(x));
    const __m128d pair = _mm_max_pd(_mm256_castpd256_pd128(half), _mm256_extractf128_pd(half, 1));
    return _mm_cvtsd_f64(_mm_max_sd(pair, _mm_unpackhi_pd(pair, pair)));
  }
  /// The sum of the lanes, halves first.
  static double total(V x) {
    const __m256d half = lower(x) + upper(x);
    const __m128d pair = _mm256_castpd256_pd128(half) + _mm256_extractf128_pd(half, 1);
    return _mm_cvtsd_f64(pair + _mm_unpackhi_pd(pair, pair));
  }

  static constexpr Index block = 2;
  static V load_pieces(const double* p, Index step) {
    V x = _mm512_maskz_broadcast_f64x2(0x03, _mm_loadu_pd(p));
    x = _mm512_mask_broadcast_f64x2(x, 0x0C, _mm_loadu_pd(p + step));
    x = _mm512_mask_broadcast_f64x2(x, 0x30, _mm_loadu_pd(p + 2 * step));
    return _mm512_mask_broadcast_f64x2(x, 0xC0, _mm_loadu_pd(p + 3 * step));
  }
  static void store_pieces(double* p, Index step, V x) {
    _mm_storeu_pd(p, _mm512_maskz_extractf64x2_pd(0x3, x, 0));
    _mm_storeu_pd(p + step, _mm512_maskz_extractf64x2_pd(0x3, x, 1));
    _mm_storeu_pd(p + 2 * step, _mm512_maskz_extractf64x2_pd(0x3, x, 2));
    _mm_storeu_pd(p + 3 * step, _mm512_maskz_extractf64x2_pd(0x3, x, 3));
  }
  static void transpose_pieces(V* x) {
    const V a = _mm512_maskz_unpacklo_pd(0xFF, x[0], x[1]);
    x[1] = _mm512_maskz_unpackhi_pd(0xFF, x[0], x[1]);
    x[0] = a;
  }
  /// x = 2^k z, 3/4 <= z < 3/2.
  static void split(V x, V* k, V* z) {
    *z = _mm512_maskz_getmant_pd(0xFF, x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_src);
    *k = _mm512_maskz_getexp_pd(0xFF, x) - _mm512_maskz_getexp_pd(0xFF, *z);
  }
  /// The numbers of a table of 16 that the leading four digits of x behind the point say.
  static V look_up(const double* table, V x) {
    const Bits digits = as_bits(x) >> 48;
    return _mm512_maskz_permutex2var_pd(0xFF, load(table), reinterpret_cast<__m512i>(digits), load(table + 8));
  }
  static __m256d lower(V x) { return _mm512_maskz_extractf64x4_pd(0xF, x, 0); }
  static __m256d upper(V x) { return _mm512_maskz_extractf64x4_pd(0xF, x, 1); }

  using Bits = unsigned long long __attribute__((vector_size(64)));
  static Bits as_bits(V x) { return reinterpret_cast<Bits>(x); }
  static V as_number(Bits bits) { return reinterpret_cast<V>(bits); }
  /// Of a table that holds 4 entries twice, those that the last two bits say.
  static Bits entries(const unsigned long long* table, Bits which) {
    return reinterpret_cast<Bits>(
        _mm512_maskz_permutexvar_epi64(0xFF, reinterpret_cast<__m512i>(which), _mm512_load_si512(table)));
  }
  static V of_integers(const std::int32_t* p) {
    return _mm512_maskz_cvtepi32_pd(0xFF, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static V load(const float* p) { return _mm512_maskz_cvtps_pd(0xFF, _mm256_loadu_ps(p)); }
  static void store(float* p, V x) { _mm256_storeu_ps(p, _mm512_maskz_cvtpd_ps(0xFF, x)); }
  using Mask = decltype(V{} < V{});
  /// a where `condition`, else b.
  static V select(Mask condition, V a, V b) { return condition ? a : b; }
  static Mask first_lanes(Index n) { return Mask{0, 1, 2, 3, 4, 5, 6, 7} < n; }
  static Mask of_bits(unsigned long long bits) {
    return ((static_cast<long long>(bits) >> Mask{0, 1, 2, 3, 4, 5, 6, 7}) & 1) != 0;
  }
  static unsigned long long bits(Mask mask) { return _mm512_movepi64_mask(reinterpret_cast<__m512i>(mask)); }

 private:
  static __mmask8 mask_of(Index n) {
    return n <= 0 ? __mmask8{0} : static_cast<__mmask8>((1U << static_cast<unsigned>(n)) - 1U);
  }
};

/// The two halves of sixteen floats as doubles.
inline Double::V low_half(Float::V x) { return _mm512_maskz_cvtps_pd(0xFF, Float::lower(x)); }
inline Double::V high_half(Float::V x) { return _mm512_maskz_cvtps_pd(0xFF, Float::upper(x)); }
/// And back, rounded.
inline Float::V join_halves(Double::V low, Double::V high) {
  const __m512d lower = _mm512_castpd256_pd512(_mm256_castps_pd(_mm512_maskz_cvtpd_ps(0xFF, low)));
  return _mm512_castpd_ps(
      _mm512_maskz_insertf64x4(0xFF, lower, _mm256_castps_pd(_mm512_maskz_cvtpd_ps(0xFF, high)), 1));
}

/// Hides that x is a product: fused with a sum, or not, as flags have it, results would differ.
inline Double::V rounded(Double::V x) {
  asm("" : "+v"(x));
  return x;
}
inline Float::V rounded(Float::V x) {
  asm("" : "+v"(x));
  return x;
}
