// The loop over counts and the logarithms of their rates.

/// Adds up exp(l) - x l. Only rates in the normal range are its business.
template <class L>
inline Index poisson_in_lanes(L /*lanes*/, const typename L::Real* log_rate, const typename L::Real* target, Index n,
                              const SplitFactor<typename L::Real>& alpha, typename L::Real* gradient, bool stream,
                              Twice* sum) {
  using V = typename L::V;
  const V none = L::set1(0);
  const V nan = L::set1(std::numeric_limits<typename L::Real>::quiet_NaN());
  const V range = L::set1(is_float<L> ? 86 : 706);  // of l
  const V alpha_hi = L::set1(alpha.hi);
  const V alpha_lo = L::set1(alpha.lo);
  auto terms = SumOf<L>::type::zero();
  const Index done = in_groups<L>(gradient, stream, n, [&](Index first, Index count, auto whole) {
    Held<L> slopes;
    auto next = terms;
    V irregular = none;
    for (Index k = 0; k < count; k += L::lanes) {
      const Index left = count - k;
      const V l = next_lanes<L, whole>(log_rate + first + k, left, 0);
      const V x = next_lanes<L, whole>(target + first + k, left, 0);
      const V rate = natural_exponential<L, 0>(l);
      irregular = L::fma(x * l, none, L::select((l < range) & (l > -range), irregular, nan));
      next.add(first_lanes<L>(rate, left));
      next.add_product(-x, l);
      const V slope = rate - x;
      L::store(slopes.values + k, L::fma(slope, alpha_hi, slope * alpha_lo));
    }
    if (any_nan<L>(irregular)) return false;
    terms = next;
    slopes.write(gradient, first, count, stream);
    return true;
  });
  *sum = terms.total();
  return done;
}
