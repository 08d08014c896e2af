// The numbers of labelled samples whose loss has no weights, no smoothing, no z-loss and no report, in lanes of
// Real: where there are few classes, those in lanes of double take more time than the exponentials. Rounding errors
// that matter are carried along, so that results have the digits of the formulas in samples.inl.

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

/// Stores x where `mine`.
template <class L>
inline void store_where(typename L::Mask mine, typename L::Real* p, typename L::V x) {
  L::store(p, L::select(mine, x, L::load(p)));
}

/// What the samples of a call share, out of the loop: stores of lanes may alias all that lies in memory.
template <class L>
struct PlainCall {
  using V = typename L::V;

  V c_hi, c_lo, inverse_t_hi, inverse_t_lo, alpha;
  V alpha_up, alpha_rest_up;  // times 2^scale

  explicit PlainCall(const Call<typename L::Real>& call) {
    using Real = typename L::Real;
    const Real alpha_hi = static_cast<Real>(call.slope_unit.hi);
    const V up = L::set1(static_cast<Real>(unit<Real>()));
    c_hi = L::set1(call.c_hi);
    c_lo = L::set1(call.c_lo);
    inverse_t_hi = L::set1(call.inverse_t_hi);
    inverse_t_lo = L::set1(call.inverse_t_lo);
    alpha = L::set1(alpha_hi);
    alpha_up = rounded(alpha * up);
    alpha_rest_up = rounded(
        L::set1(static_cast<Real>((call.slope_unit.hi - static_cast<double>(alpha_hi)) + call.slope_unit.lo)) * up);
  }
};

/// The shift of samples by their maximum, where it happens in the exponent, as `shift` does it; and e at the maximum:
/// one + one_rest.
template <class L>
struct PlainShift {
  using Real = typename L::Real;
  using V = typename L::V;

  typename L::Mask admitted;  // of these that is true
  V k, one, one_rest;
  Shifted<L> shift;

  [[gnu::always_inline]] PlainShift(const PlainCall<L>& call, V maximum) {
    const V scale = L::set1(static_cast<Real>(unit<Real>()));
    const ExponentShift<L> in_exponent(maximum, call.c_hi);
    admitted = in_exponent.possible;
    k = in_exponent.n - L::set1(static_cast<Real>(Storage<Real>::scale));
    // 2^(f + f_rest) = 1 + power + power_rest
    const V ln2 = L::set1(static_cast<Real>(is_float<L> ? 0x1.62e430p-1 : 0x1.62e42fefa39efp-1));
    const V product = rounded(maximum * call.c_hi);
    const V leading = product - in_exponent.n;
    const V trailing = L::fma(maximum, call.c_lo, L::fms(maximum, call.c_hi, product));
    const V f = leading + trailing;
    const V f_rest = (leading - f) + trailing;
    const V linear = rounded(f * ln2);
    const V tail = exp2m1_tail(f);
    const V power = linear + tail;
    const V power_rest = ((linear - power) + tail) + L::fma(f_rest, ln2, L::fms(f, ln2, linear));
    one = L::set1(1) + power;
    one_rest = ((power - (one - L::set1(1))) + power_rest) * scale;
    one = one * scale;
    shift = {L::set1(0), call.c_hi, call.c_lo, L::set1(Powers<L>::magic) - k, maximum};
  }
};

/// The sum of all e but that of the maximum, and e there and at the label as kernels store it.
template <class L>
struct PlainSums {
  typename L::V rest, rest_low, stored_one, stored_label;
};

/// The numbers of samples, for slope_unit = alpha <= 1: loss = log1p(rest / one) + (m - z) / T, gradient = alpha e / S
/// and, at the label, that - alpha.
template <class L>
struct PlainNumbers {
  using Real = typename L::Real;
  using V = typename L::V;

  V loss, factor, factor_low, label_gradient;
  typename L::Mask regular;

  [[gnu::always_inline]] PlainNumbers(const PlainCall<L>& call, V m, V z, V one, V one_rest, const PlainSums<L>& sums) {
    const V none = L::set1(0);
    const V first = L::set1(1);
    const V s = sums.rest + one;
    const V part = s - sums.rest;
    const V s_low = ((sums.rest - (s - part)) + (one - part)) + (sums.rest_low + one_rest);
    const V inverse = first / s;
    const V inverse_low = inverse * L::fma(-s_low, inverse, L::fma(-s, inverse, first));

    // log(S / one); what the quotient was rounded by, over 1 + quotient, is the remainder over S.
    const V quotient = sums.rest / one;
    const V remainder = L::fma(-quotient, one, sums.rest) + L::fma(-quotient, one_rest, sums.rest_low);
    const Log1pParts<L> log(quotient);

    const V d = m - z;
    const V d_part = d - m;
    const V d_low = (m - (d - d_part)) - (z + d_part);
    const V x = rounded(d * call.inverse_t_hi);
    const V x_low = L::fms(d, call.inverse_t_hi, x) + L::fma(d, call.inverse_t_lo, rounded(d_low * call.inverse_t_hi));
    const V low = L::fma(remainder, inverse, x_low);
    loss = x + (log.whole + (log.fraction + (log.rest() + low)));

    factor = rounded(call.alpha_up * inverse);
    const V product_low = L::fms(call.alpha_up, inverse, factor) +
                          L::fma(call.alpha_up, inverse_low, rounded(call.alpha_rest_up * inverse));
    // Stored exponentials over their own sum add up to 1: 1 / (S - d) = (1 / S) (1 + d / S).
    const V d_of_sum = ((one - sums.stored_one) + one_rest) * inverse;
    factor_low = L::fma(factor, d_of_sum, product_low);

    // Where the label has more than a fifth of the mass, minus what the others have: s - 1 would lose its digits. With
    // less, the maximum may be a guess.
    const V unscale = L::set1(static_cast<Real>(1 / unit<Real>()));
    const auto at_maximum = z == m;
    const auto confident = at_maximum & (one * L::set1(4) > sums.rest);
    const V stored = L::select(at_maximum, sums.stored_one, sums.stored_label);
    const V taken = L::select(confident, sums.rest, stored) * unscale;
    const V taken_low = rounded(taken * product_low);
    const V less_own = L::fma(taken, factor, -call.alpha) + L::fma(-unscale, call.alpha_rest_up, taken_low);
    label_gradient = L::select(confident, -L::fma(taken, factor, taken_low), less_own);
    regular = (sums.rest >= none) & (loss <= L::set1(static_cast<Real>(Storage<Real>::greatest)));
  }

  Scaling<L> scaling() const { return {factor, factor_low, L::set1(static_cast<Real>(1 / unit<Real>())), L::set1(0)}; }
};

/// PlainShift of the samples that it admits and that have a finite logit at their label, which it returns.
template <class L>
inline unsigned long long plain_shift_in_lanes(L /*lanes*/, const Call<typename L::Real>& call, Index count,
                                               Tile<typename L::Real>* tile) {
  using V = typename L::V;
  const PlainCall<L> shared(call);
  const V infinite = L::set1(static_cast<typename L::Real>(Storage<typename L::Real>::greatest));
  unsigned long long shifted = 0;
  for (Index i = 0; i < count; i += L::lanes) {
    const V m = L::load(tile->maximum + i);
    const V z = L::load(tile->label_logit + i);
    const PlainShift<L> plain(shared, m);
    const auto mine = plain.admitted & (z >= -infinite) & L::first_lanes(count - i);
    store_where<L>(mine, tile->anchor + i, plain.shift.anchor);
    store_where<L>(mine, tile->k + i, plain.k);
    store_where<L>(mine, tile->top + i, m);
    store_where<L>(mine, tile->ceiling + i, ceiling_above<L>(call, m));
    store_where<L>(mine, tile->stored_one + i, exponential<L>(plain.shift, m));
    store_where<L>(mine, tile->stored_label + i, exponential<L>(plain.shift, z));
    L::store(tile->one + i, plain.one);
    L::store(tile->one_rest + i, plain.one_rest);
    shifted |= L::bits(mine) << static_cast<unsigned>(i);
  }
  return shifted;
}

/// What `label_numbers` does, for the samples that plain_shift has admitted.
template <class L>
inline unsigned long long plain_label_numbers_in_lanes(L /*lanes*/, const Call<typename L::Real>& call, Index count,
                                                       unsigned long long admitted, Tile<typename L::Real>* tile,
                                                       LossSums* sums) {
  using V = typename L::V;
  const PlainCall<L> shared(call);
  const V none = L::set1(0);
  auto loss_sum = SumOf<L>::type::zero();
  unsigned long long regular = 0;
  for (Index i = 0; i < count; i += L::lanes) {
    PlainSums<L> of_samples{};
    load_sum(tile->rest_hi + i, tile->rest_lo + i, &of_samples.rest, &of_samples.rest_low);
    of_samples.stored_one = L::load(tile->stored_one + i);
    of_samples.stored_label = L::load(tile->stored_label + i);
    const PlainNumbers<L> numbers(shared, L::load(tile->maximum + i), L::load(tile->label_logit + i),
                                  L::load(tile->one + i), L::load(tile->one_rest + i), of_samples);
    const auto mine = L::of_bits(admitted >> static_cast<unsigned>(i));
    const Scaling<L> scaling = numbers.scaling();
    store_where<L>(mine, tile->factor_hi + i, scaling.hi);
    store_where<L>(mine, tile->factor_lo + i, scaling.lo);
    store_where<L>(mine, tile->unscale + i, scaling.unscale);
    store_where<L>(mine, tile->subtracted + i, scaling.subtracted);
    store_where<L>(mine, tile->loss + i, numbers.loss);
    store_where<L>(mine, tile->label_gradient + i, numbers.label_gradient);
    const auto is_regular = mine & numbers.regular;
    loss_sum.add(L::select(is_regular, numbers.loss, none));
    regular |= L::bits(is_regular) << static_cast<unsigned>(i);
  }
  *sums = {loss_sum.total(), {0, 0}, {0, 0}};
  return regular;
}
