// The gradient of the entropy of a sample, class by class, and all of it for samples side by side.

/// out = factor e (center - z) = alpha s (x - mean of x) from the exponentials e of n classes, as they are stored, and
/// the logit `center` at which a class is as surprising as the average one. Subtracting from that, not from the
/// maximum, rounds the difference and not its terms. `out` may be `z` or `e`. Returns the sum of out (center - z)
/// if it is wanted.
template <class L>
inline Twice entropy_slopes(L /*lanes*/, const typename L::Real* z, const typename L::Real* e, Index n,
                            const EntropyScalars<typename L::Real>& scalars, typename L::Real* out, bool stream,
                            bool want_sum) {
  using V = typename L::V;
  const V center_hi = L::set1(scalars.center.hi);
  const V center_lo = L::set1(scalars.center.lo);
  const V factor_hi = L::set1(scalars.factor.hi);
  const V factor_lo = L::set1(scalars.factor.lo);
  const V unscale = L::set1(scalars.unscale);
  const V least = L::set1((std::numeric_limits<typename L::Real>::min)());
  auto sum = SumOf<L>::type::zero();
  in_groups<L>(out, stream, n, [&](Index first, Index count, auto whole) {
    Held<L> slopes;
    for (Index k = 0; k < count; k += L::lanes) {
      const V exponential = load_up_to<L>(e + first + k, whole ? L::lanes : count - k, 0);
      const V logit = load_up_to<L>(z + first + k, whole ? L::lanes : count - k, 0);
      const V difference = (center_hi - logit) + center_lo;
      // 0 where e is, whatever the logit.
      const V x = L::product_unless_below(exponential, least, exponential, difference) * unscale;
      const V slope = L::fma(x, factor_hi, x * factor_lo);
      if (want_sum) sum.add(L::product_unless_below(exponential, least, slope, difference));
      L::store(slopes.values + k, slope);
    }
    slopes.write(out, first, count, stream);
    return true;
  });
  return sum.total();
}

/// The entropies of a vector of samples of n classes, z[k] the logits of class k: with d = z - max and e = exp(d / T),
///
///     S = sum e, D = -(sum e d) / S, H = log S + D / T        slope = alpha e / S (-d - D) / T
///
/// `nearby`: no class is masked or below the range of e.
template <class L, bool nearby>
inline unsigned long long entropy_of_vector(const LogitCall& call, const Rows<typename L::Real>& z, Index n,
                                            Double::V greatest, double* kept, bool with_gradients, Index first,
                                            LogitNumbers<typename L::Real>* numbers) {
  using W = typename WideOf<L>::type;
  using V = Double::V;
  const UnitExponential<W> exponential(call);
  const W by_t(Twice{call.one_over_t.hi, call.one_over_t.lo});
  const V none = Double::set1(0);
  auto rest_sum = LaneSum<W>::zero();
  auto moment = LaneSum<W>::zero();
  V maxima = none;
  const auto distance = [&](V logit, V e) {
    const W d = exact_difference<W>(greatest, logit);
    return nearby ? d : select(e == none, W(0), d);
  };
  for (Index k = 0; k < n; ++k) {
    const V logit = Double::load(z[k] + first);
    const W d = exact_difference<W>(logit, greatest);
    const V e = nearby ? exponential.of_near(d) : exponential.of_negative(d);
    Double::store(kept + k * Double::lanes, e);
    moment.add_product(e, distance(logit, e));
    rest_sum.add(Double::leave_out_equal(logit, greatest, e, &maxima));
  }
  const W rest = rest_sum.value() + (W(maxima) - W(1));
  const W sum = rest + W(1);
  const W mean = moment.value() / sum;
  const W log_sum = log1p(rest);
  const W entropy = log_sum + mean * by_t;
  W::store(entropy, numbers->value_hi + first, numbers->value_lo + first);
  if (call.with_report) {
    W::round(entropy, numbers->entropy + first);
    W::round(W(greatest) * by_t + log_sum, numbers->logsumexp + first);
  }
  const V largest = Double::set1((std::numeric_limits<double>::max)());
  // A double below that may have lost exponentials that its entropy shows.
  const V least = Double::set1(std::is_same_v<L, Float> ? 0 : 0x1p-900);
  const auto regular = (rest.hi >= least) & (magnitude(greatest) <= largest) & (entropy.hi <= largest);
  if (with_gradients) {
    const W weight = W::load(numbers->alpha_hi + first, numbers->alpha_lo + first) * by_t / sum;
    auto slope_sum = LaneSum<W>::zero();
    for (Index k = 0; k < n; ++k) {
      const V e = Double::load(kept + k * Double::lanes);
      const W difference = distance(Double::load(z[k] + first), e) - mean;
      const V slope = ((weight * W(e)) * difference + W(0)).hi;
      if (call.with_report) slope_sum.add_product(slope, difference);
      Double::store(z[k] + first, slope);
    }
    W::store(slope_sum.value() * by_t, numbers->slope_hi + first, numbers->slope_lo + first);
  }
  return Double::bits(regular) << static_cast<unsigned>(first);
}

template <class L>
inline unsigned long long entropy_of_samples(L /*lanes*/, const LogitCall& call, const Rows<typename L::Real>& z,
                                             Index n, Index count, double* kept, bool with_gradients,
                                             LogitNumbers<typename L::Real>* numbers) {
  using V = Double::V;
  unsigned long long regular = 0;
  for (Index i = 0; i < count; i += Double::lanes) {
    V greatest = Double::set1(minus_infinity<Double>);
    V argmax = Double::set1(0);
    V number = Double::set1(0);
    V smallest = Double::load(z[0] + i);
    for (Index k = 0; k < n; ++k) {
      const V logit = Double::load(z[k] + i);
      argmax = Double::select_greater(logit, greatest, number, argmax);
      greatest = Double::larger(logit, greatest);
      smallest = Double::smaller(logit, smallest);
      number = number + Double::set1(1);
    }
    double where[Double::lanes];
    double spans[Double::lanes];
    Double::store(where, argmax);
    Double::store(spans, greatest - smallest);
    bool nearby = true;
    for (Index j = 0; j < Double::lanes; ++j) {
      numbers->prediction[i + j] = static_cast<Index>(where[j]);
      nearby = nearby & is_near(call, spans[j]);
    }
    const auto of_vector = nearby ? entropy_of_vector<L, true> : entropy_of_vector<L, false>;
    regular |= of_vector(call, z, n, greatest, kept, with_gradients, i, numbers);
  }
  return regular;
}
