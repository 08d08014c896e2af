// The loop over pairs of numbers whose exponentials are added.

/// log(1 + y), 0 <= y <= 1, with the digits of a sum that is rounded to float.
inline Double::V short_log1p(Double::V y) {
  using L = Double;
  const LogParts<L> at(L::set1(1) + y);
  const L::V scale = at.scale(One(0)).hi;
  const L::V r = L::select_equal(scale, L::set1(0), y, L::fma(at.z, at.by_c, L::set1(-1)));  // all digits next to 1
  return L::fma(y, L::set1(0), scale) + L::fma(r * r, polynomial<L>(log_tail, r), r);        // NaN of NaN
}

/// max + log1p(exp(-|a - b|)) of doubles, rounded once; equal infinities have no difference. L is Float or Double: from
/// floats a difference is exact.
template <class L>
[[gnu::always_inline]] inline Double::V logaddexp_of(Double::V a, Double::V b) {
  using V = Double::V;
  using W = typename WideOf<L>::type;
  const V none = Double::set1(0);
  const V lowest =
      Double::set1(-800);  // below, the exponential is nothing; it is made with a scale, as down to 2^-1074
  const V infinite = Double::set1(std::numeric_limits<double>::infinity());
  const V m = Double::larger(a, b);
  const V difference = a - b;
  const V d = Double::select_equal(a, b, none, Double::larger(lowest, -magnitude(difference)));
  const V e = rounded(natural_exponential<Double, 256>(d) * Double::set1(0x1p-256));
  if constexpr (is_float<L>) {
    return m + short_log1p(e);
  } else {
    const V part = difference - a;
    const V error = (a - (difference - part)) - (b + part);
    const V rest = Double::select(d > lowest, Double::select(difference > none, -error, error), none);
    const W log = log1p(W(e, Double::select_equal(a, b, none, e * rest)));
    const V sum = m + log.hi;
    const V sum_part = sum - m;
    const V low = ((m - (sum - sum_part)) + (log.hi - sum_part)) + log.lo;
    return Double::select_equal(magnitude(sum), infinite, sum, sum + low);
  }
}

inline Float::V logaddexp_of_lanes(Float::V a, Float::V b) {
  return join_halves(logaddexp_of<Float>(low_half(a), low_half(b)), logaddexp_of<Float>(high_half(a), high_half(b)));
}
inline Double::V logaddexp_of_lanes(Double::V a, Double::V b) { return logaddexp_of<Double>(a, b); }

/// `out` may be `a` or `b`.
template <class L>
inline void logaddexp_in_lanes(L /*lanes*/, const typename L::Real* a, const typename L::Real* b, Index n,
                               typename L::Real* out) {
  for (Index k = 0; k < n; k += L::lanes)
    store_up_to<L>(out + k, n - k, logaddexp_of_lanes(load_up_to<L>(a + k, n - k, 0), load_up_to<L>(b + k, n - k, 0)));
}
