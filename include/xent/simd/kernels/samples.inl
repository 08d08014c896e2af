// The numbers of the samples of a tile, a lane a sample: what the loops over classes need before they start, and the
// formulas of softmax_cross_entropy after they have ended. L is the lanes' Float or Double, W its One or Two.

template <class L>
inline typename L::V magnitude_of(typename L::V x) {
  return L::larger(x, -x);
}

/// The shift of samples by their maximum: by `n` in the exponent where that is `possible`, else by a subtraction.
template <class L>
struct ExponentShift {
  typename L::Mask possible;
  typename L::V n;

  [[gnu::always_inline]] ExponentShift(typename L::V maximum, typename L::V c_hi)
      : possible(magnitude_of<L>(maximum * c_hi) < L::set1(static_cast<typename L::Real>(most_shift))),
        n(L::fma(maximum, c_hi, L::set1(L::magic)) - L::set1(L::magic)) {}

 private:
  static constexpr double most_shift = Storage<typename L::Real>::most_shift;
};

/// The ceilings of samples: infinite where the numbers next to m are too far apart.
template <class L>
inline typename L::V ceiling_above(const Call<typename L::Real>& call, typename L::V m) {
  using Real = typename L::Real;
  const typename L::V farthest = L::set1(1 / std::numeric_limits<Real>::epsilon() / 4);
  return L::select(magnitude_of<L>(m * L::set1(call.c_hi)) < farthest,
                   m + L::set1(static_cast<Real>(Storage<Real>::window) / call.c_hi),
                   L::set1(std::numeric_limits<Real>::infinity()));
}

/// Sets the shift of each sample from its maximum, and e at the maximum in twice the digits: it is in every sum.
template <class L>
inline void shift_in_lanes(L /*lanes*/, const Call<typename L::Real>& call, Index count, Tile<typename L::Real>* tile) {
  using Real = typename L::Real;
  using W = typename WideOf<L>::type;
  constexpr int scale = Storage<Real>::scale;
  const typename L::V none = L::set1(0);
  for (Index i = 0; i < count; i += L::lanes) {
    const typename L::V m = L::load(tile->maximum + i);
    const ExponentShift<L> shift(m, L::set1(call.c_hi));
    L::store(tile->ceiling + i, ceiling_above<L>(call, m));
    L::store(tile->k + i, L::select(shift.possible, shift.n, none) - L::set1(static_cast<Real>(scale)));
    L::store(tile->anchor + i, L::select(shift.possible, none, m));
    L::store(tile->top + i, L::select(shift.possible, m, none));
    const Shifted<L> shifted = Shifted<L>::of_lanes(call, *tile, i);
    L::store(tile->stored_one + i, exponential<L>(shifted, m - shifted.anchor));
    L::store(tile->stored_label + i, exponential<L>(shifted, L::load(tile->label_logit + i) - shifted.anchor));
  }
  const W c(call.c);
  for (Index i = 0; i < count; i += Double::lanes) {
    const W m = W::load(tile->maximum + i);
    const Double::V n = Double::load(tile->k + i) + Double::set1(scale);
    const auto in_exponent = m.hi == Double::load(tile->top + i);
    const W f = select(in_exponent, m * c - W(n), W(0));
    const W power = W(1) + exp2m1(f);
    W::store(power * W(unit<Real>()), tile->one_hi + i, tile->one_lo + i);
  }
}

/// The factor q of exponentials, for stored ones: hi + lo times `unscale`. It may be as large or small as the result:
/// the scale of e is taken out of whichever of the two has room.
template <class L, class W>
inline void store_factor(const W& q, Index i, Tile<typename L::Real>* tile) {
  using Real = typename L::Real;
  constexpr double down = 1 / unit<Real>();
  const auto large = magnitude(q.hi) > Double::set1(1);
  W::split(select(large, q * W(down), q), tile->factor_hi + i, tile->factor_lo + i);
  Double::store(tile->unscale + i, Double::select(large, Double::set1(1), Double::set1(down)));
}

/// L = log S, with S the sum of exp((z - m) / T), from the sum without one of the maxima.
template <class W, class Real>
inline W log_of_sum(const Tile<Real>& tile, Index i) {
  return log1p(W::load(tile.rest_hi + i, tile.rest_lo + i) / W::load(tile.one_hi + i, tile.one_lo + i));
}

/// Which labelled samples kernels may compute: bit i of the result. Not where the maximum or the label's logit is
/// infinite, nor where a number on the way to the results may leave the range, for any lse from |lse| <= |max| / T +
/// window ln 2 + 64, and more classes than e^64 there are not.
template <class L>
inline unsigned long long admitted_labels_in_lanes(L /*lanes*/, const Call<typename L::Real>& call, Index count,
                                                   const Tile<typename L::Real>& tile) {
  using Real = typename L::Real;
  using V = Double::V;
  const V inverse_temperature = Double::set1(call.inverse_temperature.hi);
  const V slope_unit = Double::set1(call.slope_unit.hi);
  const V z_loss = Double::set1(call.z_loss.hi);
  const V greatest = Double::set1(Storage<Real>::greatest);
  const V greatest_factor = Double::set1(Storage<Real>::greatest_factor);
  // From a guess, a bit less: what it lets pass the maximum lets pass, too, so that a walk with one and a walk with the
  // other refuse the same samples.
  const V window = Double::set1(tile.guessed ? 0.7 * Storage<Real>::window : 0);
  const V log_classes = Double::set1(64 + 0.7 * Storage<Real>::window) + window;
  unsigned long long admitted = 0;
  for (Index i = 0; i < count; i += Double::lanes) {
    const V m = Double::load(tile.maximum + i);
    const V z = Double::load(tile.label_logit + i);
    const V c = Double::load(tile.class_weight + i);
    const V weight = magnitude(Double::load(tile.weight + i));
    const V lse = rounded(magnitude(m) * inverse_temperature) + log_classes;
    const V a = c + rounded(Double::set1(2) * z_loss * lse);
    const V loss = rounded(a * (rounded((m - z) * inverse_temperature) + window + lse));
    const auto within = (m <= greatest) & (m >= -greatest) & (z >= -greatest) & (lse <= greatest) &
                        (weight * a <= greatest_factor) & (weight * slope_unit * a <= greatest_factor) &
                        (loss <= greatest) & (weight * loss <= greatest) & Double::first_lanes(count - i);
    admitted |= Double::bits(within) << static_cast<unsigned>(i);
  }
  return admitted;
}

/// The numbers of labelled samples, in the notation of docs/softmax_cross_entropy.md: loss = c (L + x_y) + zeta lse^2,
/// gradient = alpha A e / S with A = c + 2 zeta lse and, at the label, - alpha c. Adds up the admitted samples that
/// have no NaN and returns which ones these are. With `report`, all that a report has is computed.
template <class L>
inline unsigned long long label_numbers_in_lanes(L /*lanes*/, bool report, const Call<typename L::Real>& call,
                                                 Index count, unsigned long long admitted, Tile<typename L::Real>* tile,
                                                 LossSums* sums) {
  using Real = typename L::Real;
  using W = typename WideOf<L>::type;
  using V = Double::V;
  const V none = Double::set1(0);
  const W inverse_temperature(call.inverse_temperature);
  const W slope_unit(call.slope_unit);
  const W z_loss(call.z_loss);
  const W epsilon(call.epsilon);
  const W kept = W(1) - epsilon;
  const bool smoothed = call.epsilon.hi > 0;
  W loss_sum(0);
  W z_loss_sum(0);
  W slope_sum(0);
  unsigned long long regular = 0;
  for (Index i = 0; i < count; i += Double::lanes) {
    const W m = W::load(tile->maximum + i);
    const W z = W::load(tile->label_logit + i);
    const W rest = W::load(tile->rest_hi + i, tile->rest_lo + i);
    const W one = W::load(tile->one_hi + i, tile->one_lo + i);
    const W weight = W::load(tile->weight + i);
    W label_mass(1);
    W share(0);  // of each other class
    W other(0);  // of all of them
    W spread(0);
    if (smoothed) {
      const V others = Double::set1(static_cast<double>(call.classes - 1)) - Double::load(tile->masked + i);
      const V receivers = call.to_others ? others : others + Double::set1(1);
      const auto shared = receivers > none;  // where there is no other class, nothing is given away
      share = select(shared, epsilon / W(Double::larger(receivers, Double::set1(1))), W(0));
      other = share * W(others);
      label_mass = select(shared, call.to_others ? kept : kept + share, W(1));
      spread = W::load(tile->spread_hi + i, tile->spread_lo + i) * inverse_temperature;
    }
    const W c = W::load(tile->class_weight + i) * label_mass;
    const W sum = rest + one;
    const W both = W(1) / (sum * one);  // one division for two
    const W inverse_sum = one * both;
    const W log_sum = log1p(rest * (sum * both));
    const W scaled_maximum = m * inverse_temperature;
    const W lse = scaled_maximum + log_sum;
    const W x = (m - z) * inverse_temperature;
    const W slope = W(2) * z_loss * lse;
    const W a = c + other + slope;
    const W alpha = weight * slope_unit;
    const W target_distance = c * x + share * (spread - x);
    const W plain = (c + other) * log_sum + target_distance;
    const W extra = z_loss * lse * lse;
    const W loss = weight * (plain + extra);
    const W numerator = alpha * a;
    // Stored exponentials over their own sum add up to 1: 1 / (S + d) = (1 / S) (1 - d / S), d / S below 2^-23.
    const W correction = W(1) + (one - W::load(tile->stored_one + i)) * inverse_sum;
    store_factor<L>(numerator * (inverse_sum * W(unit<Real>()) * correction), i, tile);

    // Where the label has more than a fifth of the mass, minus what the others have: s - 1 would lose its digits. With
    // less, the maximum may be a guess.
    const auto at_maximum = z.hi == m.hi;
    const auto confident = at_maximum & (one.hi * Double::set1(4) > rest.hi);
    const W stored = select(at_maximum, one, W::load(tile->stored_label + i));
    const W taken = numerator * (select(confident, rest, stored) * inverse_sum);
    W::round(select(confident, alpha * (other + slope) - taken, taken - alpha * c), tile->label_gradient + i);

    W::round(alpha * share, tile->subtracted + i);
    const auto is_regular = (rest.hi >= none) & (magnitude(loss.hi) <= Double::set1(Storage<Real>::greatest)) &
                            (rounded(share.hi * spread.hi) <= Double::set1(2) * magnitude(plain.hi)) &
                            Double::of_bits(admitted >> static_cast<unsigned>(i));
    loss_sum = loss_sum + select(is_regular, loss, W(0));
    if (report) {
      W::round(loss, tile->loss + i);
      W::round(lse, tile->logsumexp + i);
      const W mean_distance = W::load(tile->moment_hi + i, tile->moment_lo + i) * inverse_sum * inverse_temperature;
      W::round(log_sum + mean_distance, tile->entropy + i);
      const W temperature_gradient = alpha * (a * mean_distance - target_distance - slope * scaled_maximum);
      z_loss_sum = z_loss_sum + select(is_regular, weight * extra, W(0));
      slope_sum = slope_sum + select(is_regular, temperature_gradient, W(0));
    }
    regular |= Double::bits(is_regular) << static_cast<unsigned>(i);
  }
  *sums = {total_of(loss_sum), total_of(z_loss_sum), total_of(slope_sum)};
  return regular;
}

/// Which samples have a softmax that kernels may compute: finite maxima, and no finite z - max beyond the range whose
/// quotient by T is not.
template <class L>
inline unsigned long long admitted_maxima_in_lanes(L /*lanes*/, const Call<typename L::Real>& call, Index count,
                                                   const Tile<typename L::Real>& tile) {
  const Double::V greatest = Double::set1(Storage<typename L::Real>::greatest);
  const Double::V inverse_temperature = Double::set1(call.inverse_temperature.hi);
  unsigned long long admitted = 0;
  for (Index i = 0; i < count; i += Double::lanes) {
    const Double::V m = magnitude(Double::load(tile.maximum + i));
    const auto nearby = (inverse_temperature >= Double::set1(1)) | (m <= greatest * Double::set1(0x1p-60));
    const auto within =
        nearby & (m <= greatest) & (m * inverse_temperature <= greatest) & Double::first_lanes(count - i);
    admitted |= Double::bits(within) << static_cast<unsigned>(i);
  }
  return admitted;
}

/// softmax = e / S, L = log S, lse = max / T + L. Returns the admitted samples that have no NaN.
template <class L>
inline unsigned long long softmax_numbers_in_lanes(L /*lanes*/, const Call<typename L::Real>& call, Index count,
                                                   unsigned long long admitted, Tile<typename L::Real>* tile) {
  using W = typename WideOf<L>::type;
  const W inverse_temperature(call.inverse_temperature);
  unsigned long long regular = 0;
  for (Index i = 0; i < count; i += Double::lanes) {
    const W rest = W::load(tile->rest_hi + i, tile->rest_lo + i);
    const W one = W::load(tile->one_hi + i, tile->one_lo + i);
    const W log_sum = log1p(rest / one);
    W::round(log_sum, tile->log_sum + i);
    W::round(W::load(tile->maximum + i) * inverse_temperature + log_sum, tile->logsumexp + i);
    store_factor<L>(W(unit<typename L::Real>()) / (rest + W::load(tile->stored_one + i)), i, tile);
    const auto is_regular = (rest.hi >= Double::set1(0)) & Double::of_bits(admitted >> static_cast<unsigned>(i));
    regular |= Double::bits(is_regular) << static_cast<unsigned>(i);
  }
  return regular;
}
