// Softmax cross-entropy of targets that have a number for every class. L is Float or Double. targets.hpp has the
// notation.

/// w_k of some lanes.
template <class L, bool of_p, bool of_q>
inline typename L::V weight_of(typename L::V p, typename L::V q) {
  if (of_p && of_q) return rounded_product<L>(p, q);
  return of_p ? p : q;
}

/// The same of the vector from class k on, of which m classes are left; 0 behind the last class.
template <class L, bool of_p, bool of_q>
inline typename L::V weights_at(const TargetRows<typename L::Real>& rows, Index k, Index m) {
  const typename L::V none = L::set1(0);
  return weight_of<L, of_p, of_q>(of_p ? load_up_to<L>(rows.p + k, m, 0) : none,
                                  of_q ? load_up_to<L>(rows.q + k, m, 0) : none);
}

/// The sums of w_k and w_k (max - z_k); of max - z_k alone, unless `weighted`. Of floats, sums are exact or have the
/// digits of a double, so that a mass minus one of its parts is what the other parts are. Where w_k = 0 the class may
/// be masked.
template <class L, bool weighted>
struct WeightedSums {
  using V = typename L::V;
  using Sum = typename SumOf<L>::type;

  Sum mass, distance;
  V least;

  static WeightedSums zero() { return {Sum::zero(), Sum::zero(), L::set1(0)}; }

  void add_eight(const V* w, V* d) {
    if (!weighted) return distance.add_eight(d);
    const V none = L::set1(0);
#pragma GCC unroll 8
    for (Index j = 0; j < 8; ++j) {
      least = L::min(w[j], least);
      d[j] = L::select_equal(w[j], none, none, d[j]);
    }
    if constexpr (std::is_same_v<L, Float>) {
#pragma GCC unroll 8
      for (Index j = 0; j < 8; ++j) {
        mass.add(w[j]);
        distance.add_product(w[j], d[j]);
      }
    } else {
      mass.add_eight(w);
      distance.add(sum_of_products<L>(w, d));
    }
  }
};

/// The sums of sample i.
template <class L, bool of_p, bool of_q>
inline void weighted_sums_of_row(L /*lanes*/, TargetKind<of_p, of_q> /*kind*/, const typename L::Real* z,
                                 const TargetRows<typename L::Real>& rows, Index n, Index i,
                                 const Tile<typename L::Real>& tile, WeightedTile<typename L::Real>* result) {
  using V = typename L::V;
  constexpr bool weighted = of_p || of_q;
  const V none = L::set1(0);
  const V greatest = L::set1(tile.maximum[i]);
  auto sums = WeightedSums<L, weighted>::zero();
  V w[8];
  V d[8];
  Index k = 0;
  for (; k + group<L> <= n; k += group<L>) {
#pragma GCC unroll 8
    for (Index j = 0; j < 8; ++j) {
      const Index at = k + j * L::lanes;
      d[j] = greatest - L::load(z + at);
      if (of_p) fetch_ahead(rows.p + at);
      w[j] = weights_at<L, of_p, of_q>(rows, at, L::lanes);
    }
    sums.add_eight(w, d);
  }
  if (k < n) {
    for (V& x : w) x = none;
    for (V& x : d) x = none;
    for (Index j = 0; k < n; k += L::lanes, ++j) {
      d[j] = greatest - load_up_to<L>(z + k, n - k, tile.maximum[i]);
      w[j] = weights_at<L, of_p, of_q>(rows, k, n - k);
    }
    sums.add_eight(w, d);
  }
  const bool negative = L::greatest(none - sums.least) > 0;
  const Twice mass = weighted ? sums.mass.total() : Twice{static_cast<double>(n), 0};
  const Twice distance = sums.distance.total();
  result->mass_hi[i] = negative ? std::numeric_limits<double>::quiet_NaN() : mass.hi;
  result->mass_lo[i] = mass.lo;
  result->distance_hi[i] = distance.hi;
  result->distance_lo[i] = distance.lo;
}

/// The sums of samples side by side, and where their maxima are.
template <class L, bool of_p, bool of_q>
inline void weighted_sums_of_columns(L /*lanes*/, TargetKind<of_p, of_q> /*kind*/,
                                     const Rows<const typename L::Real>& z, const TargetRows<typename L::Real>& rows,
                                     Index n, Index count, const Tile<typename L::Real>& tile,
                                     WeightedTile<typename L::Real>* result) {
  using Real = typename L::Real;
  using V = typename L::V;
  using Sums = WeightedSums<L, of_p || of_q>;
  constexpr Index most = Tile<Real>::most / L::lanes;
  const V none = L::set1(0);
  const Index groups = (count + L::lanes - 1) / L::lanes;
  Sums sums[most];
  V argmax[most];
  for (Index g = 0; g < groups; ++g) {
    sums[g] = Sums::zero();
    argmax[g] = none;
  }
  for (Index first = 0; first < n; first += 8) {
    const Index classes = std::min<Index>(8, n - first);
    for (Index g = 0; g < groups; ++g) {
      const Index i = g * L::lanes;
      const V greatest = L::load(tile.maximum + i);
      V w[8] = {none, none, none, none, none, none, none, none};
      V d[8] = {none, none, none, none, none, none, none, none};
      for (Index j = 0; j < classes; ++j) {
        const Index k = first + j;
        d[j] = greatest - load_up_to<L>(z[k] + i, count - i, 0);
        argmax[g] = L::select_equal(d[j], none, L::set1(static_cast<Real>(k)), argmax[g]);
        w[j] = weight_of<L, of_p, of_q>(of_p ? load_up_to<L>(rows.p + k * rows.stride + i, count - i, 0) : none,
                                        of_q ? L::set1(rows.q[k]) : none);
      }
      sums[g].add_eight(w, d);
    }
  }
  for (Index g = 0; g < groups; ++g) {
    const Index i = g * L::lanes;
    Real least[L::lanes];
    L::store(least, sums[g].least);
    L::store(result->argmax + i, argmax[g]);
    sums[g].mass.store(result->mass_hi + i, result->mass_lo + i);
    sums[g].distance.store(result->distance_hi + i, result->distance_lo + i);
    for (Index j = 0; j < L::lanes; ++j) {
      if (least[j] < 0) result->mass_hi[i + j] = std::numeric_limits<double>::quiet_NaN();
      if (of_p || of_q) continue;
      result->mass_hi[i + j] = static_cast<double>(n);
      result->mass_lo[i + j] = 0;
    }
  }
}

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
    const V factor = Double::max(a, Double::set1(1));
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

/// factor e - (slope p + constant) q: each of the two is rounded about once, and so is their difference.
template <class L, bool of_p, bool of_q>
struct TargetDifference {
  using V = typename L::V;
  Scaling<L> scaling;
  V slope_hi, slope_lo, constant;

  static TargetDifference of_sample(const Tile<typename L::Real>& tile, const TargetTile<typename L::Real>& told,
                                    Index i) {
    return {Scaling<L>::of_sample(tile, i), L::set1(told.taken_slope_hi[i]), L::set1(told.taken_slope_lo[i]),
            L::set1(told.taken_constant[i])};
  }
  static TargetDifference of_lanes(const Tile<typename L::Real>& tile, const TargetTile<typename L::Real>& told,
                                   Index i) {
    return {Scaling<L>::of_lanes(tile, i), L::load(told.taken_slope_hi + i), L::load(told.taken_slope_lo + i),
            L::load(told.taken_constant + i)};
  }
  V operator()(V e, V p, V q) const {
    if (!of_p && !of_q) return scaling(e);
    const V x = e * scaling.unscale;
    const V low = of_p ? L::fma(p, slope_lo, constant) : constant;
    const V rest = of_q ? L::fma(of_p ? -L::fma(p, slope_hi, low) : -low, q, x * scaling.lo)
                        : L::fma(-p, slope_hi, L::fms(x, scaling.lo, low));
    return L::fma(x, scaling.hi, rest) + L::set1(0);  // +0 for a masked class, whatever the signs
  }
};

/// out_k = value(k, how many are left) for n classes, past the caches if `stream`.
template <class L, class Value>
inline void write_classes(typename L::Real* out, Index n, bool stream, Traffic<typename L::Real>* traffic,
                          const Value& value) {
  Index k = 0;
  if (stream) {
    const Index head = std::min(n, before_line(out));
    for (; k < head; k += std::min(L::lanes, head - k)) store_up_to<L>(out + k, head - k, value(k, head - k));
  }
  for (; k + 4 * L::lanes <= n; k += 4 * L::lanes) {
    typename L::V x[4];
    move_on<L>(traffic, stream ? 4 : 1);
#pragma GCC unroll 8
    for (Index j = 0; j < 4; ++j) x[j] = value(k + j * L::lanes, L::lanes);
    if (stream) {
#pragma GCC unroll 8
      for (Index j = 0; j < 4; ++j) L::stream(out + k + j * L::lanes, x[j]);
    } else {
#pragma GCC unroll 8
      for (Index j = 0; j < 4; ++j) L::store(out + k + j * L::lanes, x[j]);
    }
  }
  for (; k < n; k += L::lanes) store_up_to<L>(out + k, n - k, value(k, n - k));
}

/// From n exponentials of sample i that were stored to its gradient, in place.
template <class L, bool of_p, bool of_q>
inline void scale_minus_targets(L /*lanes*/, TargetKind<of_p, of_q> /*kind*/, const Tile<typename L::Real>& tile,
                                const TargetTile<typename L::Real>& told, Index i,
                                const TargetRows<typename L::Real>& rows, Index n, Traffic<typename L::Real>* traffic,
                                typename L::Real* e) {
  const auto difference = TargetDifference<L, of_p, of_q>::of_sample(tile, told, i);
  const typename L::V none = L::set1(0);
  write_classes<L>(e, n, false, traffic, [&](Index k, Index m) {
    return difference(load_up_to<L>(e + k, m, 0), of_p ? load_up_to<L>(rows.p + k, m, 0) : none,
                      of_q ? load_up_to<L>(rows.q + k, m, 0) : none);
  });
}

/// The same of exponentials that are computed again. `out` may be `z` unless `stream`.
template <class L, bool of_p, bool of_q>
inline void exponentiate_minus_targets(L /*lanes*/, TargetKind<of_p, of_q> /*kind*/, const Call<typename L::Real>& call,
                                       const Tile<typename L::Real>& tile, const TargetTile<typename L::Real>& told,
                                       Index i, const typename L::Real* z, const TargetRows<typename L::Real>& rows,
                                       Index n, Traffic<typename L::Real>* traffic, typename L::Real* out,
                                       bool stream) {
  const auto shift = Shifted<L>::of_sample(call, tile, i);
  const auto difference = TargetDifference<L, of_p, of_q>::of_sample(tile, told, i);
  const typename L::V none = L::set1(0);
  write_classes<L>(out, n, stream, traffic, [&](Index k, Index m) {
    const typename L::V e = exponential<L>(shift, load_up_to<L>(z + k, m, 0) - shift.anchor);
    return difference(e, of_p ? load_up_to<L>(rows.p + k, m, 0) : none, of_q ? load_up_to<L>(rows.q + k, m, 0) : none);
  });
}

/// The gradients of samples side by side, in place of their exponentials.
template <class L, bool of_p, bool of_q>
inline void column_scale_minus_targets(L /*lanes*/, TargetKind<of_p, of_q> /*kind*/, const Tile<typename L::Real>& tile,
                                       const TargetTile<typename L::Real>& told,
                                       const TargetRows<typename L::Real>& rows, Index n, Index count,
                                       const Rows<typename L::Real>& e) {
  const typename L::V none = L::set1(0);
  for (Index i = 0; i < count; i += L::lanes) {
    const auto difference = TargetDifference<L, of_p, of_q>::of_lanes(tile, told, i);
    for (Index k = 0; k < n; ++k)
      store_up_to<L>(e[k] + i, count - i,
                     difference(load_up_to<L>(e[k] + i, count - i, 0),
                                of_p ? load_up_to<L>(rows.p + k * rows.stride + i, count - i, 0) : none,
                                of_q ? L::set1(rows.q[k]) : none));
  }
}
