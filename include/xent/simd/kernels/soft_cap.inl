// The loop over logits that are capped softly.

/// z becomes cap tanh(z / cap), and -inf stays what it is. Returns the derivative, 1 - tanh^2 = 4 e / (1 + e)^2 with
/// e = exp(-2 |z / cap|): not as a difference, which would lose its digits where tanh saturates.
template <class L>
inline Double::V cap_softly(Double::V* z, Double::V cap) {
  using V = Double::V;
  // Up to where the series is used, and how many of its terms that takes.
  constexpr double limit = is_float<L> ? 0x1p-10 : 0.35;
  constexpr Index terms = is_float<L> ? 3 : TanhSeries::terms;
  const V one = Double::set1(1);
  const V none = Double::set1(0);
  const V x = *z / cap;
  const V size = magnitude(x);
  // The part of the quotient that was rounded away; none where it is infinite.
  const V rest = Double::select(size < Double::set1(400), Double::fma(-size, cap, magnitude(*z)) / cap, none);
  const V lowest = Double::set1(-800);  // below, the exponential is nothing
  const V d = Double::larger(lowest, Double::set1(-2) * size);
  const V rounded_e = rounded(natural_exponential<Double, 256>(d) * Double::set1(0x1p-256));
  const V e = Double::fma(rounded_e, Double::set1(-2) * rest, rounded_e);
  const V sum = one + e;
  const V outer = cap * ((one - e) / sum);
  const V y = rounded(x * x);
  V series = Double::set1(tanh_series.term[terms - 1]);
#pragma GCC unroll 16
  for (Index n = terms - 2; n > 0; --n) series = Double::fma(series, y, Double::set1(tanh_series.term[n]));
  const V inner = Double::fma(rounded(*z * y), series, *z);
  const V signed_outer = Double::select(x < none, -outer, outer);
  const V minus_infinite = Double::set1(-std::numeric_limits<double>::infinity());
  *z = Double::select_equal(*z, minus_infinite, minus_infinite,
                            Double::select(size < Double::set1(limit), inner, signed_outer));
  return Double::set1(4) * e / rounded(sum * sum);
}

template <class L>
inline typename L::V cap_lanes(typename L::V* z, Double::V cap) {
  if constexpr (is_float<L>) {
    Double::V low = low_half(*z);
    Double::V high = high_half(*z);
    const Double::V low_slope = cap_softly<L>(&low, cap);
    const Double::V high_slope = cap_softly<L>(&high, cap);
    *z = join_halves(low, high);
    return join_halves(low_slope, high_slope);
  } else {
    return cap_softly<L>(z, cap);
  }
}

/// n logits in place; their derivatives into `slopes`, unless that is null.
template <class L>
inline void cap_in_lanes(L /*lanes*/, typename L::Real* z, Index n, typename L::Real cap, typename L::Real* slopes) {
  const Double::V caps = Double::set1(static_cast<double>(cap));
  for (Index k = 0; k < n; k += L::lanes) {
    typename L::V x = load_up_to<L>(z + k, n - k, 0);
    const typename L::V slope = cap_lanes<L>(&x, caps);
    store_up_to<L>(z + k, n - k, x);
    if (slopes) store_up_to<L>(slopes + k, n - k, slope);
  }
}

/// The gradient of the capped logits becomes that of the logits. Where the slope is nothing, so is the gradient, be it
/// infinite.
template <class L>
inline void scale_by_slopes(L /*lanes*/, typename L::Real* gradient, const typename L::Real* slopes, Index n) {
  const typename L::V none = L::set1(0);
  for (Index k = 0; k < n; k += L::lanes) {
    const typename L::V g = load_up_to<L>(gradient + k, n - k, 0);
    const typename L::V slope = load_up_to<L>(slopes + k, n - k, 0);
    store_up_to<L>(gradient + k, n - k, L::select_equal(slope, none, L::select_equal(g, g, none, g), g * slope));
  }
}
