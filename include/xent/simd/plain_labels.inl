// The numbers of labelled samples whose loss has no weights, no smoothing, no z-loss and no report, in lanes of Real:
// where there are few classes, those in lanes of double take more time than the exponentials. Rounding errors that
// matter are carried along, so that results have the digits of the formulas in samples.inl. Included by
// simd/kernels.hpp.

/// x = high + low of a sum in twice the digits.
inline void load_sum(const double* his, const double* /*los*/, Float::V* high, Float::V* low) {
  const Double::V first = Double::load(his);
  const Double::V second = Double::load(his + Double::lanes);
  *high = join_halves(first, second);
  *low = join_halves(first - low_half(*high), second - high_half(*high));
}
inline void load_sum(const double* his, const double* los, Double::V* high, Double::V* low) {
  const Two sum = Two::renormalised(Double::load(his), Double::load(los));
  *high = sum.hi;
  *low = sum.lo;
}

template <class L>
inline typename L::V magnitude_of(typename L::V x) {
  return L::max(x, -x);
}

/// Stores x where `mine`.
template <class L>
inline void store_where(typename L::Mask mine, typename L::Real* p, typename L::V x) {
  L::store(p, L::select(mine, x, L::load(p)));
}

/// What `shift` does, where the shift happens in the exponent, and for no other sample; and e at the maximum: one +
/// one_rest. Returns the samples of which this is true and that have a finite logit at their label.
template <class L>
inline unsigned long long plain_shift(const Call<typename L::Real>& call, Index count, Tile<typename L::Real>* tile) {
  using Real = typename L::Real;
  using V = typename L::V;
  const V c_hi = L::set1(call.c_hi);
  const V c_lo = L::set1(call.c_lo);
  const V magic = L::set1(L::magic);
  const V none = L::set1(0);
  const V scale = L::set1(static_cast<Real>(unit<Real>()));
  const V to_k = L::set1(static_cast<Real>(-Storage<Real>::scale));
  const V to_floor = L::set1(static_cast<Real>(Storage<Real>::lowest_exponent));
  const V distance = L::set1(static_cast<Real>(call.temperature_ln2.hi));
  const V infinite = L::set1(static_cast<Real>(Storage<Real>::greatest));
  unsigned long long shifted = 0;
  for (Index i = 0; i < count; i += L::lanes) {
    const V m = L::load(tile->maximum + i);
    const V z = L::load(tile->label_logit + i);
    const auto mine = (magnitude_of<L>(m * c_hi) < L::set1(static_cast<Real>(Storage<Real>::most_shift))) &
                      (z >= -infinite) & L::first_lanes(count - i);
    const V n = L::fma(m, c_hi, magic) - magic;
    const V k = n + to_k;
    const V floor = L::max(-infinite, (k + to_floor) * distance);
    const V f = L::fma(m, c_lo, L::fms(m, c_hi, n));
    const V power = exp2m1_of_fraction(f);
    const V one = L::set1(1) + power;
    const Shifted<L> shift{none, c_hi, c_lo, magic - k, floor, m, m - floor};
    store_where<L>(mine, tile->anchor + i, none);
    store_where<L>(mine, tile->k + i, k);
    store_where<L>(mine, tile->floor + i, floor);
    store_where<L>(mine, tile->top + i, m);
    store_where<L>(mine, tile->stored_one + i, exponential<L>(shift, m));
    store_where<L>(mine, tile->stored_label + i, exponential<L>(shift, z));
    L::store(tile->one + i, one * scale);
    L::store(tile->one_rest + i, (power - (one - L::set1(1))) * scale);
    shifted |= L::bits(mine) << static_cast<unsigned>(i);
  }
  return shifted;
}

/// What `label_numbers` does, for the samples that plain_shift has admitted, and for slope_unit = alpha <= 1:
/// loss = log1p(rest / one) + (m - z) / T, gradient = alpha e / S and, at the label, that - alpha.
template <class L>
inline unsigned long long plain_label_numbers(const Call<typename L::Real>& call, Index count,
                                              unsigned long long admitted, Tile<typename L::Real>* tile,
                                              LossSums* sums) {
  using Real = typename L::Real;
  using V = typename L::V;
  const V none = L::set1(0);
  const V first = L::set1(1);
  const V up = L::set1(static_cast<Real>(unit<Real>()));
  const V down = L::set1(static_cast<Real>(1 / unit<Real>()));
  const V inverse_hi = L::set1(call.inverse_t_hi);
  const V inverse_lo = L::set1(call.inverse_t_lo);
  const Real alpha_hi = static_cast<Real>(call.slope_unit.hi);
  const V alpha = L::set1(alpha_hi);
  const V alpha_rest = L::set1(static_cast<Real>((call.slope_unit.hi - alpha_hi) + call.slope_unit.lo));
  auto loss_sum = SumOf<L>::type::zero();
  unsigned long long regular = 0;
  for (Index i = 0; i < count; i += L::lanes) {
    const V m = L::load(tile->maximum + i);
    const V z = L::load(tile->label_logit + i);
    const V one = L::load(tile->one + i);
    const V one_rest = L::load(tile->one_rest + i);
    const V stored_one = L::load(tile->stored_one + i);
    V rest;
    V rest_low;
    load_sum(tile->rest_hi + i, tile->rest_lo + i, &rest, &rest_low);

    const V s = rest + one;
    const V part = s - rest;
    const V s_low = ((rest - (s - part)) + (one - part)) + (rest_low + one_rest);
    const V inverse = first / s;
    const V inverse_low = inverse * L::fma(-s_low, inverse, L::fma(-s, inverse, first));

    // log(S / one); what the quotient was rounded by, over 1 + quotient, is the remainder over S.
    const V quotient = rest / one;
    const V remainder = L::fma(-quotient, one, rest) + L::fma(-quotient, one_rest, rest_low);
    const V log_sum = log1p(quotient);
    const V log_low = rounded(remainder * inverse);

    const V d = m - z;
    const V d_part = d - m;
    const V d_low = (m - (d - d_part)) - (z + d_part);
    const V x = rounded(d * inverse_hi);
    const V x_low = L::fms(d, inverse_hi, x) + L::fma(d, inverse_lo, rounded(d_low * inverse_hi));
    const V loss = x + (log_sum + (log_low + x_low));

    const V factor = rounded(rounded(alpha * up) * inverse);
    const V factor_low = L::fms(alpha * up, inverse, factor) +
                         L::fma(alpha * up, inverse_low, rounded(rounded(alpha_rest * up) * inverse));
    const auto mine = L::of_bits(admitted >> static_cast<unsigned>(i));
    store_where<L>(mine, tile->factor_hi + i, factor);
    // Stored exponentials over their own sum add up to 1: 1 / (S - d) = (1 / S) (1 + d / S).
    const V d_of_sum = ((one - stored_one) + one_rest) * inverse;
    store_where<L>(mine, tile->factor_lo + i, L::fma(factor, d_of_sum, factor_low));
    store_where<L>(mine, tile->unscale + i, down);
    store_where<L>(mine, tile->subtracted + i, none);
    store_where<L>(mine, tile->loss + i, loss);

    // Where the label has more than half of the mass, minus what the others have: s - 1 would lose its digits.
    const auto at_maximum = z == m;
    const auto confident = at_maximum & (one > rest);
    const V other = L::select(at_maximum, stored_one, L::load(tile->stored_label + i));
    const V taken = L::select(confident, rest, other) * down;
    const V own = L::select(confident, none, alpha);
    const V gradient = L::fma(taken, factor, L::fms(taken, factor_low, own));
    store_where<L>(mine, tile->label_gradient + i, L::select(confident, -gradient, gradient));

    const auto is_regular = mine & (rest >= none) & (loss <= L::set1(static_cast<Real>(Storage<Real>::greatest)));
    loss_sum.add(L::select(is_regular, loss, none));
    regular |= L::bits(is_regular) << static_cast<unsigned>(i);
  }
  *sums = {loss_sum.total(), {0, 0}, {0, 0}};
  return regular;
}
