// The loop over yes-or-no decisions.

/// The numbers of a decision in every lane.
template <class L>
struct Decision {
  using V = typename L::V;
  V keep_up, share_up, keep, share, alpha_hi, alpha_lo;

  static Decision of(const DecisionScalars<typename L::Real>& s) {
    return {L::set1(s.keep_up), L::set1(s.share_up), L::set1(s.keep),
            L::set1(s.share),   L::set1(s.alpha.hi), L::set1(s.alpha.lo)};
  }

  /// The loss, times the scale, and what alpha times its derivative is. With a = |z|, e = exp(-a), u and d the masses
  /// on yes and no:
  ///
  ///     loss = (u + d) log(1 + e) + (z < 0 ? u : d) a
  ///     derivative = z < 0 ? (d e - u) / (1 + e) : (d - u e) / (1 + e)
  ///
  /// Of a hard label one term is 0, so that the other one keeps its digits; the quotient is a common factor, so that
  /// its error is not lifted where a soft label cancels.
  V loss(V z, V y, V* slope) const {
    const V one = L::set1(exponential_scale<L>);
    const V up = L::fma(y, keep_up, share_up);
    const V down = L::fma(L::set1(1) - y, keep, share);
    const auto negative = z < L::set1(0);
    const V minus_a = L::select(negative, z, -z);
    const V e = scaled_exponential<L>(minus_a);
    const V sum = L::fma(e, L::set1(1 / exponential_scale<L>), L::set1(1));
    const V numerator = L::fma(-up, L::select(negative, one, e), down * L::select(negative, e, one));
    const V x = numerator / sum;
    *slope = L::fma(x, alpha_hi, x * alpha_lo);
    return L::fma(up + down, scaled_log1p<L>(e), L::select(negative, up, down) * (minus_a * -one));
  }
};

template <class L>
inline Index decisions_in_lanes(L /*lanes*/, const typename L::Real* z, const typename L::Real* y, Index n,
                                const DecisionScalars<typename L::Real>& scalars, typename L::Real* gradient,
                                bool stream, TermSum* loss) {
  using V = typename L::V;
  const Decision<L> decision = Decision<L>::of(scalars);
  auto sum = LongSum<L>::zero();
  const Index done = in_groups<L>(gradient, stream, n, [&](Index first, Index count, auto whole) {
    Held<L> slopes;
    auto next = sum;
    V irregular = L::set1(0);
    for (Index k = 0; k < count; k += L::lanes) {
      const Index left = count - k;
      V slope;
      V x = decision.loss(next_lanes<L, whole>(z + first + k, left, 0), next_lanes<L, whole>(y + first + k, left, 0),
                          &slope);
      if (!whole) x = first_lanes<L>(x, left);
      irregular = L::fma(x, L::set1(0), irregular);
      next.add(x);
      L::store(slopes.values + k, slope);
    }
    if (any_nan<L>(irregular)) return false;
    sum = next;
    slopes.write(gradient, first, count, stream);
    return true;
  });
  *loss = sum.total();
  return done;
}
