// The numbers of samples whose targets have a number for every class. L is Float or Double. targets.hpp has the
// notation.

/// Which samples kernels may compute, as admitted_labels does.
template <class L>
inline unsigned long long admitted_targets(L /*lanes*/, const Call<typename L::Real>& call, Index count,
                                           const Tile<typename L::Real>& tile,
                                           const TargetTile<typename L::Real>& targets) {
  using Real = typename L::Real;
  using V = Double::V;
  const V inverse_temperature = Double::set1(call.inverse_temperature.hi);
  const V slope_unit = Double::set1(call.slope_unit.hi);
  const V z_loss = Double::set1(call.z_loss.hi);
  const V greatest = Double::set1(Storage<Real>::greatest);
  const V greatest_factor = Double::set1(Storage<Real>::greatest_factor);
  // Products of smaller numbers lose digits that a large weight would show.
  const V least = Double::set1(1 / (Storage<Real>::greatest_factor * Storage<Real>::greatest_factor));
  const V none = Double::set1(0);
  const V log_classes = Double::set1(64);
  unsigned long long admitted = 0;
  for (Index i = 0; i < count; i += Double::lanes) {
    const V m = Double::load(tile.maximum + i);
    const V mass = Double::load(targets.mass_hi + i);
    const V distance = Double::load(targets.distance_hi + i);
    const V weight = magnitude(Double::load(tile.weight + i));
    const V lse = rounded(magnitude(m) * inverse_temperature) + log_classes;
    const V a = mass + rounded(Double::set1(2) * z_loss * lse);
    const V loss = rounded(a * lse) + rounded(distance * inverse_temperature);
    const V alpha = rounded(weight * slope_unit);
    const V factor = Double::larger(a, Double::set1(1));
    const auto digits = ((mass >= least) | (mass == none)) & ((distance >= least) | (distance == none));
    const auto within = (m <= greatest) & (m >= -greatest) & (lse <= greatest) & (loss <= greatest) &
                        (weight * loss <= greatest) & (alpha * loss <= greatest) &
                        (weight * factor <= greatest_factor) & (alpha * factor <= greatest_factor) & (alpha >= least) &
                        digits & Double::first_lanes(count - i);
    admitted |= Double::bits(within) << static_cast<unsigned>(i);
  }
  return admitted;
}

/// The numbers of samples, as label_numbers computes them: loss = Y L + sum of Y_k x_k + zeta lse^2 with Y the sum of
/// all Y_k, gradient = alpha (A s_k - Y_k) with A = Y + 2 zeta lse. Adds up the admitted samples that have no NaN and
/// returns which ones these are. With `report`, all that a report has is computed.
template <class L>
inline unsigned long long target_numbers(L /*lanes*/, bool report, const Call<typename L::Real>& call, Index count,
                                         unsigned long long admitted, Tile<typename L::Real>* tile,
                                         TargetTile<typename L::Real>* targets, LossSums* sums) {
  using Real = typename L::Real;
  using W = typename WideOf<L>::type;
  const W inverse_temperature(call.inverse_temperature);
  const W slope_unit(call.slope_unit);
  const W z_loss(call.z_loss);
  W loss_sum(0);
  W z_loss_sum(0);
  W slope_sum(0);
  unsigned long long regular = 0;
  targets->confident = 0;
  for (Index i = 0; i < count; i += Double::lanes) {
    const W rest = W::load(tile->rest_hi + i, tile->rest_lo + i);
    const W one = W::load(tile->one_hi + i, tile->one_lo + i);
    const W weight = W::load(tile->weight + i);
    const W mass = W::load(targets->mass_hi + i, targets->mass_lo + i);
    const W distance = W::load(targets->distance_hi + i, targets->distance_lo + i) * inverse_temperature;
    const W sum = rest + one;
    const W both = W(1) / (sum * one);  // one division for two
    const W inverse_sum = one * both;
    const W log_sum = log1p(rest * (sum * both));
    const W scaled_maximum = W::load(tile->maximum + i) * inverse_temperature;
    const W lse = scaled_maximum + log_sum;
    const W slope = W(2) * z_loss * lse;
    const W a = mass + slope;
    const W alpha = weight * slope_unit;
    const W extra = z_loss * lse * lse;
    const W loss = weight * (mass * log_sum + distance + extra);
    const W numerator = alpha * a;
    const W correction = W(1) + (one - W::load(tile->stored_one + i)) * inverse_sum;  // as in label_numbers
    store_factor<L>(numerator * (inverse_sum * W(unit<Real>()) * correction), i, tile);

    // Where the maximum has more than half of the mass, minus what the others have, in logits and in targets.
    const W others = mass - W::load(targets->at_maximum_hi + i, targets->at_maximum_lo + i);
    W::round(alpha * (others + slope) - numerator * (rest * inverse_sum), targets->gradient_at_maximum + i);
    targets->confident |= Double::bits(one.hi > rest.hi) << static_cast<unsigned>(i);

    const W taken_slope = alpha * W::load(targets->slope_hi + i, targets->slope_lo + i);
    const W taken_constant = alpha * W::load(targets->constant_hi + i, targets->constant_lo + i);
    W::split(taken_slope, targets->taken_slope_hi + i, targets->taken_slope_lo + i);
    W::round(taken_constant, targets->taken_constant + i);
    W::round(taken_constant, tile->subtracted + i);
    W::store(alpha, targets->alpha_hi + i, targets->alpha_lo + i);

    const auto is_regular = (rest.hi >= Double::set1(0)) & Double::of_bits(admitted >> static_cast<unsigned>(i));
    loss_sum = loss_sum + select(is_regular, loss, W(0));
    if (report) {
      W::round(loss, tile->loss + i);
      W::round(lse, tile->logsumexp + i);
      const W mean_distance = W::load(tile->moment_hi + i, tile->moment_lo + i) * inverse_sum * inverse_temperature;
      W::round(log_sum + mean_distance, tile->entropy + i);
      const W temperature_gradient = alpha * (a * mean_distance - distance - slope * scaled_maximum);
      z_loss_sum = z_loss_sum + select(is_regular, weight * extra, W(0));
      slope_sum = slope_sum + select(is_regular, temperature_gradient, W(0));
    }
    regular |= Double::bits(is_regular) << static_cast<unsigned>(i);
  }
  *sums = {total_of(loss_sum), total_of(z_loss_sum), total_of(slope_sum)};
  return regular;
}
