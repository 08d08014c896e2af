// The loop over probabilities whose logarithms are wanted. L is Float or Double.

inline One log_of(const LogParts<Double>& at, const One& like) {
  using L = Double;
  const Double::V r = L::fma(at.z, at.by_c, L::set1(-1));
  return One(at.scale(like).hi + L::fma(r * r, polynomial<L>(log_tail, r), r));
}
inline Two log_of(const LogParts<Double>& at, const Two& like) {
  using L = Double;
  const Double::V r = L::fma(at.z, at.by_c, L::set1(-1));
  const Two scale = at.scale(like);
  const Two leading = Two::renormalised(scale.hi, r);  // |r| is the smaller one, or the other one is 0
  const Double::V tail = L::fma(r, polynomial<L>(long_log_tail, r), L::set1(-0.5));
  return Two::renormalised(leading.hi, leading.lo + L::fma(r * r, tail, scale.lo));
}

/// log p times a factor < 0; +inf at 0, -inf at +inf, NaN below 0.
template <class W>
[[gnu::always_inline]] inline Double::V surprise_of(Double::V p, const W& factor) {
  using L = Double;
  using V = Double::V;
  const V none = L::set1(0);
  const V infinite = L::set1(std::numeric_limits<double>::infinity());
  const V least = L::set1(0x1p-1022);
  constexpr bool may_be_subnormal = std::is_same_v<W, Two>;  // then it is scaled; a float is normal in double
  const V x = may_be_subnormal ? L::select(p < least, rounded(p * L::set1(0x1p64)), p) : p;
  LogParts<L> at(L::larger(L::smaller(x, L::set1((std::numeric_limits<double>::max)())), least));
  if (may_be_subnormal) at.k = at.k + L::select(p < least, L::set1(-64), none);
  const W log = log_of(at, factor);
  const V surprise = (log * factor).hi + none;  // no -0
  const V of_finite = L::select_equal(p, none, infinite, L::select_equal(p, infinite, -infinite, surprise));
  return L::select(p >= none, of_finite, L::set1(std::numeric_limits<double>::quiet_NaN()));
}

inline Float::V surprise_of_lanes(Float::V p, const One& factor) {
  return join_halves(surprise_of(low_half(p), factor), surprise_of(high_half(p), factor));
}
inline Double::V surprise_of_lanes(Double::V p, const Two& factor) { return surprise_of(p, factor); }

/// `out` may be `p`.
template <class L>
inline void surprises_in_lanes(L /*lanes*/, const typename L::Real* p, Index n, const Twice& by_unit,
                               typename L::Real* out) {
  const typename WideOf<L>::type factor(by_unit);
  for (Index k = 0; k < n; k += L::lanes)
    store_up_to<L>(out + k, n - k, surprise_of_lanes(load_up_to<L>(p + k, n - k, 1), factor));
}
