// The loop over yes-or-no decisions.

/// The numbers of a decision in every lane.
template <class L>
struct Decision {
  using V = typename L::V;
  using Real = typename L::Real;

  V loss, slope;             // the loss times the scale, and its derivative
  V log_partition, entropy;  // times the scale: log(1 + exp z), and the entropy of the two outcomes

  /// With a = |z|, e = exp(-a), u and d the masses on yes and no:
  ///
  ///     loss = (u + d) log(1 + e) + (z < 0 ? u : d) a
  ///     slope = z < 0 ? (d e - u) / (1 + e) : (d - u e) / (1 + e)
  ///     entropy = log(1 + e) + a e / (1 + e)
  ///
  /// Of a hard label one term is 0, so that the other one keeps its digits; the quotient is a common factor, so that
  /// its error is not lifted where a soft label cancels. An outcome without mass costs nothing, however far it is.
  [[gnu::always_inline]] Decision(V z, V up, V down, bool report) {
    const V none = L::set1(0);
    const V one = L::set1(exponential_scale<L>);
    const auto negative = z < none;
    const V minus_a = L::select(negative, z, -z);
    const V e = scaled_exponential<L>(minus_a);
    const V sum = L::fma(e, L::set1(1 / exponential_scale<L>), L::set1(1));
    const V numerator = L::fma(-up, L::select(negative, one, e), down * L::select(negative, e, one));
    slope = numerator / sum;
    const V log_sum = scaled_log1p<L>(e);
    const V surprising = L::select(negative, up, down);
    const V distance = minus_a * -one;
    loss = L::fma(up + down, log_sum, surprising * L::select_equal(surprising, none, none, distance));
    if (!report) return;
    const V farthest = L::set1((std::numeric_limits<Real>::max)());
    log_partition = L::select(negative, log_sum, log_sum + distance);
    entropy = L::fma(L::smaller(-minus_a, farthest), e / sum, log_sum);
  }
};

/// Sums over decisions. A lane of `prediction` counts from the begin of the run.
template <class L, bool report>
struct DecisionLanes {
  using V = typename L::V;
  using Sum = typename SumOf<L>::type;

  Sum loss, log_partition, entropy;
  V correct, largest, prediction;

  static DecisionLanes none() {
    return {Sum::zero(), Sum::zero(), Sum::zero(), L::set1(0), L::set1(minus_infinity<L>), L::set1(0)};
  }

  [[gnu::always_inline]] void add(const Decision<L>& decision, V z, V y, V weight, V number) {
    loss.add_product(weight, decision.loss);
    if (!report) return;
    const V none = L::set1(0);
    const V one = L::set1(1);
    const auto if_counted = [&](V x) { return L::select_equal(weight, none, none, x); };
    log_partition.add(if_counted(decision.log_partition));
    entropy.add(if_counted(decision.entropy));
    const V yes = L::select_greater(y, L::set1(typename L::Real(0.5)), one, none);
    correct = correct + if_counted(L::select_greater(z, none, yes, one - yes));
    const V candidate = L::select_equal(weight, none, L::set1(minus_infinity<L>), z);
    prediction = L::select_greater(candidate, largest, number, prediction);
    largest = L::larger(candidate, largest);
  }

  void write(DecisionSums<typename L::Real>* sums) const {
    using Real = typename L::Real;
    sums->loss = loss.total();
    if (!report) return;
    sums->log_partition = log_partition.total();
    sums->entropy = entropy.total();
    sums->correct = static_cast<Index>(total(correct));
    Real best[L::lanes];
    Real numbers[L::lanes];
    L::store(best, largest);
    L::store(numbers, prediction);
    Index first = 0;
    for (Index j = 1; j < L::lanes; ++j)
      if (best[j] > best[first] || (best[j] == best[first] && numbers[j] < numbers[first])) first = j;
    sums->largest = best[first];
    sums->prediction = static_cast<Index>(numbers[first]);
  }
};

/// The weights of a vector of coefficients, of which `left` are left; 0 beyond them.
template <class L>
inline typename L::V weights_from(const RunWeights<typename L::Real>& weights, Index k, Index left) {
  if (weights.each != nullptr) return load_up_to<L>(weights.each + k, left, 0);
  return first_lanes<L>(L::set1(weights.all), left);
}

template <class L, bool report>
inline Index decisions_in_lanes(L /*lanes*/, std::bool_constant<report> /*reports*/,
                                const DecisionRun<typename L::Real>& run,
                                const DecisionScalars<typename L::Real>& scalars,
                                DecisionSums<typename L::Real>* sums) {
  using V = typename L::V;
  using Real = typename L::Real;
  const V keep_hi = L::set1(scalars.keep.hi);
  const V keep_lo = L::set1(scalars.keep.lo);
  const V share = L::set1(scalars.share);
  const V alpha_hi = L::set1(scalars.alpha.hi);
  const V alpha_lo = L::set1(scalars.alpha.lo);
  const V none = L::set1(0);
  const auto smoothed = [&](V y) { return L::fma(y, keep_hi, L::fma(y, keep_lo, share)); };
  V numbers = none;
  if (report) {
    Real lanes[L::lanes];
    for (Index j = 0; j < L::lanes; ++j) lanes[j] = static_cast<Real>(j);
    numbers = L::load(lanes);
  }
  auto all = DecisionLanes<L, report>::none();
  const Index done = in_groups<L>(run.gradient, run.stream, run.n, [&](Index first, Index count, auto whole) {
    Held<L> slopes;
    auto next = all;
    V irregular = none;
    for (Index k = 0; k < count; k += L::lanes) {
      const Index at = first + k;
      const Index left = count - k;
      const V z = next_lanes<L, whole>(run.z + at, left, 0);
      const V y = next_lanes<L, whole>(run.y + at, left, 0);
      const V weight = weights_from<L>(run.weight, at, left);
      const V up = rounded(weights_from<L>(run.positive, at, left) * smoothed(y));
      const Decision<L> decision(z, up, smoothed(L::set1(1) - y), report);
      irregular = L::fma(weight * decision.loss, none, irregular);
      if (report) irregular = L::fma(decision.log_partition, none, irregular);
      next.add(decision, z, y, weight, numbers + L::set1(static_cast<Real>(at)));
      const V factor = rounded(weight * alpha_hi);
      const V factor_lo = L::fma(weight, alpha_lo, L::fms(weight, alpha_hi, factor));
      L::store(slopes.values + k, L::fma(decision.slope, factor, L::fma(decision.slope, factor_lo, none)));
    }
    if (any_nan<L>(irregular)) return false;
    all = next;
    slopes.write(run.gradient, first, count, run.stream);
    return true;
  });
  all.write(sums);
  return done;
}
