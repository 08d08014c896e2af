// Vectors that are two halves. Every instruction set has 16 floats or 8 doubles in a vector, in one register or in
// several: which numbers a sum adds up, and in what order, is then the same for all, and so are its bits.

template <class Half>
struct Halves {
  Half low, high;
};

template <class T>
inline Halves<T> operator-(const Halves<T>& a) {
  return {-a.low, -a.high};
}
template <class T>
inline Halves<T> operator~(const Halves<T>& a) {
  return {~a.low, ~a.high};
}
template <class T>
inline Halves<T> operator+(const Halves<T>& a, const Halves<T>& b) {
  return {a.low + b.low, a.high + b.high};
}
template <class T>
inline Halves<T> operator-(const Halves<T>& a, const Halves<T>& b) {
  return {a.low - b.low, a.high - b.high};
}
template <class T>
inline Halves<T> operator*(const Halves<T>& a, const Halves<T>& b) {
  return {a.low * b.low, a.high * b.high};
}
template <class T>
inline Halves<T> operator/(const Halves<T>& a, const Halves<T>& b) {
  return {a.low / b.low, a.high / b.high};
}
template <class T>
inline Halves<T> operator&(const Halves<T>& a, const Halves<T>& b) {
  return {a.low & b.low, a.high & b.high};
}
template <class T>
inline Halves<T> operator|(const Halves<T>& a, const Halves<T>& b) {
  return {a.low | b.low, a.high | b.high};
}
template <class T>
inline auto operator<(const Halves<T>& a, const Halves<T>& b) -> Halves<decltype(a.low < b.low)> {
  return {a.low < b.low, a.high < b.high};
}
template <class T>
inline auto operator<=(const Halves<T>& a, const Halves<T>& b) -> Halves<decltype(a.low <= b.low)> {
  return {a.low <= b.low, a.high <= b.high};
}
template <class T>
inline auto operator==(const Halves<T>& a, const Halves<T>& b) -> Halves<decltype(a.low == b.low)> {
  return {a.low == b.low, a.high == b.high};
}
template <class T>
inline auto operator!=(const Halves<T>& a, const Halves<T>& b) -> Halves<decltype(a.low != b.low)> {
  return {a.low != b.low, a.high != b.high};
}
template <class T>
inline auto operator>(const Halves<T>& a, const Halves<T>& b) {
  return b < a;
}
template <class T>
inline auto operator>=(const Halves<T>& a, const Halves<T>& b) {
  return b <= a;
}
// Of bits and an integer.
template <class T>
inline Halves<T> operator>>(const Halves<T>& a, int digits) {
  return {a.low >> digits, a.high >> digits};
}
template <class T>
inline Halves<T> operator<<(const Halves<T>& a, int digits) {
  return {a.low << digits, a.high << digits};
}
template <class T, class Integer, class = std::enable_if_t<std::is_integral_v<Integer>>>
inline Halves<T> operator+(const Halves<T>& a, Integer b) {
  return {a.low + b, a.high + b};
}
template <class T, class Integer, class = std::enable_if_t<std::is_integral_v<Integer>>>
inline Halves<T> operator-(const Halves<T>& a, Integer b) {
  return {a.low - b, a.high - b};
}
template <class T, class Integer, class = std::enable_if_t<std::is_integral_v<Integer>>>
inline Halves<T> operator-(Integer a, const Halves<T>& b) {
  return {a - b.low, a - b.high};
}
template <class T, class Integer, class = std::enable_if_t<std::is_integral_v<Integer>>>
inline Halves<T> operator&(const Halves<T>& a, Integer b) {
  return {a.low & b, a.high & b};
}
template <class T, class Integer, class = std::enable_if_t<std::is_integral_v<Integer>>>
inline Halves<T> operator|(const Halves<T>& a, Integer b) {
  return {a.low | b, a.high | b};
}

template <class T>
inline Halves<T> rounded(const Halves<T>& x) {
  return {rounded(x.low), rounded(x.high)};
}

/// Lanes of two halves, the first ones in `low`. A partial load or store of a half takes any n, below 0 or beyond the
/// half.
template <class Half>
struct LanesOfHalves {
  using Real = typename Half::Real;
  using V = Halves<typename Half::V>;
  using Bits = Halves<typename Half::Bits>;
  using Mask = Halves<typename Half::Mask>;
  static constexpr Index half = Half::lanes;
  static constexpr Index lanes = 2 * half;
  static constexpr Index abreast = Half::abreast / 2;
  static constexpr Index registers = Half::registers / 2;
  static constexpr Real magic = Half::magic;

  static V set1(Real x) { return {Half::set1(x), Half::set1(x)}; }
  static V load(const Real* p) { return {Half::load(p), Half::load(p + half)}; }
  static V load_partial(const Real* p, Index n, Real fill) {
    return {Half::load_partial(p, n, fill), Half::load_partial(p + half, n - half, fill)};
  }
  static void store(Real* p, const V& x) {
    Half::store(p, x.low);
    Half::store(p + half, x.high);
  }
  static void store_partial(Real* p, Index n, const V& x) {
    Half::store_partial(p, n, x.low);
    Half::store_partial(p + half, n - half, x.high);
  }
  static void stream(Real* p, const V& x) {
    Half::stream(p, x.low);
    Half::stream(p + half, x.high);
  }

  static V fma(const V& a, const V& b, const V& c) {
    return {Half::fma(a.low, b.low, c.low), Half::fma(a.high, b.high, c.high)};
  }
  static V fms(const V& a, const V& b, const V& c) {
    return {Half::fms(a.low, b.low, c.low), Half::fms(a.high, b.high, c.high)};
  }
  static V mul_add(const V& a, const V& b, const V& c) { return fma(a, b, c); }
  static V larger(const V& a, const V& b) { return {Half::larger(a.low, b.low), Half::larger(a.high, b.high)}; }
  static V smaller(const V& a, const V& b) { return {Half::smaller(a.low, b.low), Half::smaller(a.high, b.high)}; }
  static V power_of_two(const V& magic_n) {
    return {Half::power_of_two(magic_n.low), Half::power_of_two(magic_n.high)};
  }
  static V product_unless_below(const V& x, const V& floor, const V& a, const V& b) {
    return {Half::product_unless_below(x.low, floor.low, a.low, b.low),
            Half::product_unless_below(x.high, floor.high, a.high, b.high)};
  }
  static V fma_unless_below(const V& x, const V& floor, const V& a, const V& b, const V& c) {
    return {Half::fma_unless_below(x.low, floor.low, a.low, b.low, c.low),
            Half::fma_unless_below(x.high, floor.high, a.high, b.high, c.high)};
  }
  static Index first_equal(const V& a, const V& b) {
    const Index lane = Half::first_equal(a.low, b.low);
    if (lane >= 0) return lane;
    const Index late = Half::first_equal(a.high, b.high);
    return late < 0 ? late : half + late;
  }
  static V leave_out_equal(const V& a, const V& b, const V& e, V* count) {
    return {Half::leave_out_equal(a.low, b.low, e.low, &count->low),
            Half::leave_out_equal(a.high, b.high, e.high, &count->high)};
  }
  static V select_greater(const V& a, const V& b, const V& x, const V& y) {
    return {Half::select_greater(a.low, b.low, x.low, y.low), Half::select_greater(a.high, b.high, x.high, y.high)};
  }
  static V select_equal(const V& a, const V& b, const V& x, const V& y) {
    return {Half::select_equal(a.low, b.low, x.low, y.low), Half::select_equal(a.high, b.high, x.high, y.high)};
  }
  static Real greatest(const V& x) { return Half::greatest(Half::larger(x.low, x.high)); }

  static constexpr Index block = Half::block;
  static V load_pieces(const Real* p, Index step) {
    return {Half::load_pieces(p, step), Half::load_pieces(p + half / block * step, step)};
  }
  static void store_pieces(Real* p, Index step, const V& x) {
    Half::store_pieces(p, step, x.low);
    Half::store_pieces(p + half / block * step, step, x.high);
  }
  static void transpose_pieces(V* x) {
    typename Half::V low[bound(block)];
    typename Half::V high[bound(block)];
#pragma GCC unroll 4
    for (Index j = 0; j < block; ++j) {
      low[j] = x[j].low;
      high[j] = x[j].high;
    }
    Half::transpose_pieces(low);
    Half::transpose_pieces(high);
#pragma GCC unroll 4
    for (Index j = 0; j < block; ++j) x[j] = {low[j], high[j]};
  }

  static Bits as_bits(const V& x) { return {Half::as_bits(x.low), Half::as_bits(x.high)}; }
  static V as_number(const Bits& bits) { return {Half::as_number(bits.low), Half::as_number(bits.high)}; }
  template <class Entry>
  static Bits entries(const Entry* table, const Bits& which) {
    return {Half::entries(table, which.low), Half::entries(table, which.high)};
  }
  static V of_integers(const std::int32_t* p) { return {Half::of_integers(p), Half::of_integers(p + half)}; }

  static V select(const Mask& condition, const V& a, const V& b) {
    return {Half::select(condition.low, a.low, b.low), Half::select(condition.high, a.high, b.high)};
  }
  static Mask first_lanes(Index n) { return {Half::first_lanes(n), Half::first_lanes(n - half)}; }
  static Mask of_bits(unsigned long long bits) { return {Half::of_bits(bits), Half::of_bits(bits >> half)}; }
  static unsigned long long bits(const Mask& mask) { return Half::bits(mask.low) | Half::bits(mask.high) << half; }
};

template <class Half>
struct FloatOfHalves : LanesOfHalves<Half> {
  using V = Halves<typename Half::V>;
  static constexpr Index half = Half::lanes;

  using Short = Halves<typename Half::Short>;
  static Short load_16_bits(const void* p) {
    return {Half::load_16_bits(p), Half::load_16_bits(static_cast<const char*>(p) + 2 * half)};
  }
  static void store_16_bits(void* p, const Short& x) {
    Half::store_16_bits(p, x.low);
    Half::store_16_bits(static_cast<char*>(p) + 2 * half, x.high);
  }
  static void stream_16_bits(void* p, const Short& x) {
    Half::stream_16_bits(p, x.low);
    Half::stream_16_bits(static_cast<char*>(p) + 2 * half, x.high);
  }
  static V from_bfloat16(const Short& x) { return {Half::from_bfloat16(x.low), Half::from_bfloat16(x.high)}; }
  static V from_half(const Short& x) { return {Half::from_half(x.low), Half::from_half(x.high)}; }
  static Short to_bfloat16(const V& x) { return {Half::to_bfloat16(x.low), Half::to_bfloat16(x.high)}; }
  static Short to_half(const V& x) { return {Half::to_half(x.low), Half::to_half(x.high)}; }

  template <class... T>
  static V permute(const unsigned* from, const T&... x) {
    return {Half::permute(from, x.low..., x.high...), Half::permute(from + half, x.low..., x.high...)};
  }
};

template <class Half>
struct DoubleOfHalves : LanesOfHalves<Half> {
  using V = Halves<typename Half::V>;
  using Bits = Halves<typename Half::Bits>;
  using Base = LanesOfHalves<Half>;
  static constexpr Index half = Half::lanes;

  using Base::load;
  using Base::store;
  static V load(const float* p) { return {Half::load(p), Half::load(p + half)}; }
  static void store(float* p, const V& x) {
    Half::store(p, x.low);
    Half::store(p + half, x.high);
  }
  static double total(const V& x) { return Half::total(x.low + x.high); }
  static void split(const V& x, V* k, V* z) {
    constexpr unsigned long long to_three_quarters = 0x0018000000000000ULL;  // from 3/4 on, the exponent is k + 1024
    const Bits shifted = Base::as_bits(x) + to_three_quarters;
    const Bits power = shifted & 0xFFF0000000000000ULL;
    *k = Base::as_number((shifted >> 52) | 0x4330000000000000ULL) - Base::set1(0x1p52 + 1024);  // 2^52 + n
    *z = Base::as_number(Base::as_bits(x) - power + 0x4000000000000000ULL);
  }
  static V look_up(const double* table, const V& x) {
    return {Half::look_up(table, x.low), Half::look_up(table, x.high)};
  }
};

// A vector of floats in its two halves as doubles, and back.
template <class T>
inline auto low_half(const Halves<T>& x) -> Halves<decltype(low_half(x.low))> {
  return {low_half(x.low), high_half(x.low)};
}
template <class T>
inline auto high_half(const Halves<T>& x) -> Halves<decltype(low_half(x.low))> {
  return {low_half(x.high), high_half(x.high)};
}
template <class T>
inline auto join_halves(const Halves<T>& low, const Halves<T>& high)
    -> Halves<decltype(join_halves(low.low, low.high))> {
  return {join_halves(low.low, low.high), join_halves(high.low, high.high)};
}
