// Lanes of AVX2 with FMA, two registers to a vector. The members are documented in avx512.inl.

struct HalfOfFloat {
  using Real = float;
  using V = float __attribute__((vector_size(32)));
  static constexpr Index lanes = 8;
  static constexpr Index abreast = 4;
  static constexpr Index registers = 16;
  static constexpr float magic = 0x1.8p23F + 127;

  static V set1(float x) { return _mm256_set1_ps(x); }
  static V load(const float* p) { return _mm256_loadu_ps(p); }
  static V load_partial(const float* p, Index n, float fill) {
    return _mm256_blendv_ps(_mm256_set1_ps(fill), _mm256_maskload_ps(p, mask_of(n)), _mm256_castsi256_ps(mask_of(n)));
  }
  static void store(float* p, V x) { _mm256_storeu_ps(p, x); }
  static void store_partial(float* p, Index n, V x) { _mm256_maskstore_ps(p, mask_of(n), x); }
  static void stream(float* p, V x) { _mm256_stream_ps(p, x); }

  static V fma(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
  static V fms(V a, V b, V c) { return _mm256_fmsub_ps(a, b, c); }
  static V mul_add(V a, V b, V c) { return fma(a, b, c); }
  static V larger(V a, V b) { return _mm256_max_ps(a, b); }
  static V smaller(V a, V b) { return _mm256_min_ps(a, b); }
  static V power_of_two(V magic_n) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(magic_n), 23)); }
  static V product_unless_below(V x, V floor, V a, V b) {
    return _mm256_and_ps(_mm256_cmp_ps(x, floor, _CMP_NLT_UQ), _mm256_mul_ps(a, b));
  }
  static V fma_unless_below(V x, V floor, V a, V b, V c) {
    return _mm256_and_ps(_mm256_cmp_ps(x, floor, _CMP_NLT_UQ), fma(a, b, c));
  }
  static Index first_equal(V a, V b) {
    const int equal = _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_EQ_OQ));
    return equal == 0 ? -1 : __builtin_ctz(static_cast<unsigned>(equal));
  }
  static V leave_out_equal(V a, V b, V e, V* count) {
    const V equal = _mm256_cmp_ps(a, b, _CMP_EQ_OQ);
    *count = *count + _mm256_and_ps(equal, _mm256_set1_ps(1));
    return _mm256_andnot_ps(equal, e);
  }
  static V select_greater(V a, V b, V x, V y) { return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_GT_OQ)); }
  static V select_equal(V a, V b, V x, V y) { return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_EQ_OQ)); }
  static float greatest(V x) {
    const __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 pair = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(pair, _mm_movehdup_ps(pair)));
  }

  using Short = long long __attribute__((vector_size(16)));
  static Short load_16_bits(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
  static void store_16_bits(void* p, Short x) { _mm_storeu_si128(static_cast<__m128i*>(p), x); }
  static void stream_16_bits(void* p, Short x) { _mm_stream_si128(static_cast<__m128i*>(p), x); }
  static V from_bfloat16(Short x) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16)); }
  static V from_half(Short x) { return _mm256_cvtph_ps(x); }
  static Short to_bfloat16(V x) {
    const __m256i bits = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i half = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF));
    const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, half), 16);
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    const __m256i result = _mm256_blendv_epi8(rounded, _mm256_set1_epi32(0x7FC0), nan);
    return _mm_packus_epi32(_mm256_castsi256_si128(result), _mm256_extracti128_si256(result, 1));
  }
  static Short to_half(V x) { return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT); }

  static constexpr Index block = 4;
  static V load_pieces(const float* p, Index step) {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + step), 1);
  }
  static void store_pieces(float* p, Index step, V x) {
    _mm_storeu_ps(p, _mm256_castps256_ps128(x));
    _mm_storeu_ps(p + step, _mm256_extractf128_ps(x, 1));
  }
  static void transpose_pieces(V* x) {
    const V a = _mm256_unpacklo_ps(x[0], x[1]);
    const V b = _mm256_unpackhi_ps(x[0], x[1]);
    const V c = _mm256_unpacklo_ps(x[2], x[3]);
    const V d = _mm256_unpackhi_ps(x[2], x[3]);
    x[0] = _mm256_shuffle_ps(a, c, 0x44);
    x[1] = _mm256_shuffle_ps(a, c, 0xEE);
    x[2] = _mm256_shuffle_ps(b, d, 0x44);
    x[3] = _mm256_shuffle_ps(b, d, 0xEE);
  }

  using Bits = unsigned __attribute__((vector_size(32)));
  static Bits as_bits(V x) { return reinterpret_cast<Bits>(x); }
  static V as_number(Bits bits) { return reinterpret_cast<V>(bits); }
  static Bits entries(const unsigned* table, Bits which) {
    return reinterpret_cast<Bits>(_mm256_permutevar8x32_epi32(
        _mm256_load_si256(reinterpret_cast<const __m256i*>(table)), reinterpret_cast<__m256i>(which)));
  }
  static V of_integers(const std::int32_t* p) {
    return _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static V permute(const unsigned* from, V a, V c, V b, V d) {
    const __m256i index = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    const __m256 odd = _mm256_castsi256_ps(_mm256_slli_epi32(index, 28));
    const __m256 late = _mm256_castsi256_ps(_mm256_slli_epi32(index, 27));
    const V first = _mm256_blendv_ps(_mm256_permutevar8x32_ps(a, index), _mm256_permutevar8x32_ps(b, index), odd);
    const V second = _mm256_blendv_ps(_mm256_permutevar8x32_ps(c, index), _mm256_permutevar8x32_ps(d, index), odd);
    return _mm256_blendv_ps(first, second, late);
  }
  using Mask = decltype(V{} < V{});
  static V select(Mask condition, V a, V b) { return condition ? a : b; }
  static Mask first_lanes(Index n) { return Mask{0, 1, 2, 3, 4, 5, 6, 7} < static_cast<int>(n); }
  static Mask of_bits(unsigned long long bits) {
    return ((static_cast<int>(bits) >> Mask{0, 1, 2, 3, 4, 5, 6, 7}) & 1) != 0;
  }
  static unsigned long long bits(Mask mask) {
    return static_cast<unsigned long long>(_mm256_movemask_ps(reinterpret_cast<__m256>(mask)));
  }

 private:
  static __m256i mask_of(Index n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
};

struct HalfOfDouble {
  using Real = double;
  using V = double __attribute__((vector_size(32)));
  static constexpr Index lanes = 4;
  static constexpr Index abreast = 4;
  static constexpr Index registers = 16;
  static constexpr double magic = 0x1.8p52 + 1023;

  static V set1(double x) { return _mm256_set1_pd(x); }
  static V load(const double* p) { return _mm256_loadu_pd(p); }
  static V load_partial(const double* p, Index n, double fill) {
    return _mm256_blendv_pd(_mm256_set1_pd(fill), _mm256_maskload_pd(p, mask_of(n)), _mm256_castsi256_pd(mask_of(n)));
  }
  static void store(double* p, V x) { _mm256_storeu_pd(p, x); }
  static void store_partial(double* p, Index n, V x) { _mm256_maskstore_pd(p, mask_of(n), x); }
  static void stream(double* p, V x) { _mm256_stream_pd(p, x); }

  static V fma(V a, V b, V c) { return _mm256_fmadd_pd(a, b, c); }
  static V fms(V a, V b, V c) { return _mm256_fmsub_pd(a, b, c); }
  static V mul_add(V a, V b, V c) { return fma(a, b, c); }
  static V larger(V a, V b) { return _mm256_max_pd(a, b); }
  static V smaller(V a, V b) { return _mm256_min_pd(a, b); }
  static V power_of_two(V magic_n) { return _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(magic_n), 52)); }
  static V product_unless_below(V x, V floor, V a, V b) {
    return _mm256_and_pd(_mm256_cmp_pd(x, floor, _CMP_NLT_UQ), _mm256_mul_pd(a, b));
  }
  static V fma_unless_below(V x, V floor, V a, V b, V c) {
    return _mm256_and_pd(_mm256_cmp_pd(x, floor, _CMP_NLT_UQ), fma(a, b, c));
  }
  static Index first_equal(V a, V b) {
    const int equal = _mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_EQ_OQ));
    return equal == 0 ? -1 : __builtin_ctz(static_cast<unsigned>(equal));
  }
  static V leave_out_equal(V a, V b, V e, V* count) {
    const V equal = _mm256_cmp_pd(a, b, _CMP_EQ_OQ);
    *count = *count + _mm256_and_pd(equal, _mm256_set1_pd(1));
    return _mm256_andnot_pd(equal, e);
  }
  static V select_greater(V a, V b, V x, V y) { return _mm256_blendv_pd(y, x, _mm256_cmp_pd(a, b, _CMP_GT_OQ)); }
  static V select_equal(V a, V b, V x, V y) { return _mm256_blendv_pd(y, x, _mm256_cmp_pd(a, b, _CMP_EQ_OQ)); }
  static double greatest(V x) {
    const __m128d pair = _mm_max_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));
    return _mm_cvtsd_f64(_mm_max_sd(pair, _mm_unpackhi_pd(pair, pair)));
  }
  static double total(V x) {
    const __m128d pair = _mm256_castpd256_pd128(x) + _mm256_extractf128_pd(x, 1);
    return _mm_cvtsd_f64(pair + _mm_unpackhi_pd(pair, pair));
  }

  using Bits = unsigned long long __attribute__((vector_size(32)));
  static Bits as_bits(V x) { return reinterpret_cast<Bits>(x); }
  static V as_number(Bits bits) { return reinterpret_cast<V>(bits); }
  static Bits entries(const unsigned long long* table, Bits which) {
    const auto* const pairs = reinterpret_cast<const __m128d*>(table);
    const __m256i odd = _mm256_slli_epi64(reinterpret_cast<__m256i>(which), 1);    // the second of a pair
    const __m256i late = _mm256_slli_epi64(reinterpret_cast<__m256i>(which), 62);  // the second pair
    return reinterpret_cast<Bits>(_mm256_blendv_pd(_mm256_permutevar_pd(_mm256_broadcast_pd(pairs), odd),
                                                   _mm256_permutevar_pd(_mm256_broadcast_pd(pairs + 1), odd),
                                                   _mm256_castsi256_pd(late)));
  }
  [[gnu::always_inline]] static V look_up(const double* table, V x) {
    const __m256i bits = _mm256_castpd_si256(x);
    const __m256i entry = _mm256_and_si256(_mm256_srli_epi64(bits, 48), _mm256_set1_epi64x(3));
    const __m256i halves = _mm256_add_epi64(_mm256_or_si256(_mm256_slli_epi64(entry, 1), _mm256_slli_epi64(entry, 33)),
                                            _mm256_set1_epi64x(1LL << 32));
    const auto of_four = [&](const double* four) {
      return _mm256_castps_pd(_mm256_permutevar8x32_ps(_mm256_castpd_ps(_mm256_load_pd(four)), halves));
    };
    const V second_bit = _mm256_castsi256_pd(_mm256_slli_epi64(bits, 13));
    return _mm256_blendv_pd(_mm256_blendv_pd(of_four(table), of_four(table + 4), second_bit),
                            _mm256_blendv_pd(of_four(table + 8), of_four(table + 12), second_bit),
                            _mm256_castsi256_pd(_mm256_slli_epi64(bits, 12)));
  }
  static V of_integers(const std::int32_t* p) {
    return _mm256_cvtepi32_pd(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static V load(const float* p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
  static void store(float* p, V x) { _mm_storeu_ps(p, _mm256_cvtpd_ps(x)); }
  using Mask = decltype(V{} < V{});
  static V select(Mask condition, V a, V b) { return condition ? a : b; }
  static Mask first_lanes(Index n) { return Mask{0, 1, 2, 3} < n; }
  static Mask of_bits(unsigned long long bits) { return ((static_cast<long long>(bits) >> Mask{0, 1, 2, 3}) & 1) != 0; }
  static unsigned long long bits(Mask mask) {
    return static_cast<unsigned long long>(_mm256_movemask_pd(reinterpret_cast<__m256d>(mask)));
  }

  static constexpr Index block = 2;
  static V load_pieces(const double* p, Index step) {
    return _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(p)), _mm_loadu_pd(p + step), 1);
  }
  static void store_pieces(double* p, Index step, V x) {
    _mm_storeu_pd(p, _mm256_castpd256_pd128(x));
    _mm_storeu_pd(p + step, _mm256_extractf128_pd(x, 1));
  }
  static void transpose_pieces(V* x) {
    const V a = _mm256_unpacklo_pd(x[0], x[1]);
    x[1] = _mm256_unpackhi_pd(x[0], x[1]);
    x[0] = a;
  }

 private:
  static __m256i mask_of(Index n) { return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3)); }
};

inline __m256d low_half(__m256 x) { return _mm256_cvtps_pd(_mm256_castps256_ps128(x)); }
inline __m256d high_half(__m256 x) { return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)); }
inline __m256 join_halves(__m256d low, __m256d high) {
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(low)), _mm256_cvtpd_ps(high), 1);
}

inline __m256d rounded(__m256d x) {
  asm("" : "+x"(x));
  return x;
}
inline __m256 rounded(__m256 x) {
  asm("" : "+x"(x));
  return x;
}

#include <xent/simd/isa/halves.inl>

using Float = FloatOfHalves<HalfOfFloat>;
using Double = DoubleOfHalves<HalfOfDouble>;
