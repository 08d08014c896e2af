// The loops over the classes of divergence_terms.inl: the classes of one sample in the lanes, or samples side by side.

#include <xent/simd/kernels/divergence_sums.inl>

/// The numbers of samples `first` and its neighbours. Sets which of them are regular.
template <class L, bool nearby>
inline DivergenceSlopes<typename WideOf<L>::type> divergence_numbers(const DivergenceSums<L>& sums,
                                                                     const Divergence<L, nearby>& divergence,
                                                                     Index first, bool with_report,
                                                                     LogitNumbers<typename L::Real>* numbers,
                                                                     unsigned long long* regular) {
  using W = typename WideOf<L>::type;
  using V = Double::V;
  const V none = Double::set1(0);
  const W value = log1p(sums.excess);
  W::store(value, numbers->value_hi + first, numbers->value_lo + first);
  if (with_report) {
    const W log_sum = log1p(sums.rest);
    W::round(W(divergence.max_p) * divergence.by_t + log_sum, numbers->logsumexp + first);
    W::round(log_sum + sums.moment / sums.sum * divergence.by_t, numbers->entropy + first);
  }
  const V largest = Double::set1((std::numeric_limits<double>::max)());
  const V excess = sums.excess.hi;
  *regular = Double::bits((sums.rest.hi >= none) & (magnitude(divergence.max_p) <= largest) &
                          (magnitude(divergence.scaled_center.hi) <= Double::set1(0x1p60)) &
                          (excess <= Double::set1(0x1p1000)) & ((excess >= Double::set1(0x1p-900)) | (excess == none)));

  const W ratio = W(1) / (W(1) + sums.excess);
  const W gap = W(0) - sums.excess * ratio;
  const W weight = W::load(numbers->alpha_hi + first, numbers->alpha_lo + first) / sums.sum;
  // Where u and X are larger than what the others have, it is lost in their sum.
  const W lacking = W(0) - (sums.others * ratio + sums.rest * gap);
  const V rest = sums.rest.hi;
  const auto sure = (rest < Double::set1(1)) & ((excess > rest) | (magnitude(sums.at_maximum) > rest));
  return {weight, weight * ratio, weight * gap, Double::select(sure, Double::set1(1), Double::set1(-1)),
          (lacking * weight).hi};
}

/// The gradients go to write_p(j, d_p) and write_q(j, d_q), vector by vector. Returns their products with the distances
/// of the logits from max_p and from the anchor, added up.
template <class L, bool nearby, class Kept, class WriteP, class WriteQ>
inline typename WideOf<L>::type slope_divergence(const PairedLogits<typename L::Real> z, const Kept kept,
                                                 bool with_report, const Divergence<L, nearby> d,
                                                 const DivergenceSlopes<typename WideOf<L>::type> slopes,
                                                 const WriteP write_p, const WriteQ write_q) {
  using W = typename WideOf<L>::type;
  using V = Double::V;
  const V none = Double::set1(0);
  auto sum = LaneSum<W>::zero();
  for (Index j = 0; j < z.count; ++j) {
    typename Divergence<L, nearby>::Terms x;  // NOLINT: set in either branch
    if constexpr (Kept::keeps)
      x = {Double::load(kept.at(j, 0)), Double::load(kept.at(j, 1)), none, Double::load(kept.at(j, 2))};
    else
      x = d.terms(d.pair(z.p_at(j), z.q_at(j)), z, j);
    const V d_p = slopes.of_p(x.e, x.u);
    const V d_q = slopes.of_q(x.e, x.difference);
    if (with_report) {
      sum.add_product(d_p, select(d_p == none, W(0), exact_difference<W>(d.max_p, z.p_at(j))));
      sum.add_product(d_q, select(d_q == none, W(0), exact_difference<W>(d.anchor, z.q_at(j))));
    }
    write_p(j, d_p);
    write_q(j, d_q);
  }
  return sum.value();
}

/// Writes vectors of results, n in all, to out[0], out[1], ...; nothing if `out` is null.
template <class Real>
struct WriteVectors {
  Real* out;
  Index n;

  void operator()(Index j, Double::V x) const {
    const Index k = j * Double::lanes;
    if (out == nullptr) return;
    if (k + Double::lanes <= n) return Double::store(out + k, x);
    Real lanes[Double::lanes];
    Double::store(lanes, x);
    std::copy(lanes, lanes + (n - k), out + k);
  }
};

/// What d_q is at the maximum of p.
template <class Real, class W>
inline void patch(const DivergenceSlopes<W>& slopes, Real* d_q) {
  Real lanes[Double::lanes];
  std::fill_n(lanes, Double::lanes, *d_q);
  Double::store(lanes, slopes.patched(Double::set1(1), Double::load(lanes)));
  *d_q = lanes[0];
}

/// The rest of divergence_of_sample, with or without room to keep its classes.
template <class L, bool nearby, class Kept>
inline bool divergence_of_classes(const LogitCall& call, const PairedLogits<typename L::Real>& z, Index n,
                                  const Kept& kept, Index argmax, const DivergenceOutput<typename L::Real>& d_p,
                                  const DivergenceOutput<typename L::Real>& d_q, Divergence<L, nearby> divergence,
                                  LogitNumbers<typename L::Real>* numbers) {
  using Real = typename L::Real;
  using W = typename WideOf<L>::type;
  const auto sums = sum_divergence<L, true>(z, kept, argmax / Double::lanes, argmax % Double::lanes, call.with_report,
                                            d_p.traffic, d_q.traffic, &divergence);
  unsigned long long regular = 0;
  const DivergenceSlopes<W> slopes = divergence_numbers(sums, divergence, 0, call.with_report, numbers, &regular);
  if ((regular & 1U) == 0) return false;
  if (d_p.out == nullptr && d_q.out == nullptr) return true;
  const W slope = slope_divergence(z, kept, call.with_report, divergence, slopes, WriteVectors<Real>{d_p.out, n},
                                   WriteVectors<Real>{d_q.out, n});
  W::store(over_lanes<true>(slope) * divergence.by_t, numbers->slope_hi, numbers->slope_lo);
  if (d_q.out != nullptr) patch<Real>(slopes, d_q.out + argmax);
  return true;
}

/// One sample of n classes. False, with nothing written, if it is not for the kernels.
template <class L>
inline bool divergence_of_sample(L /*lanes*/, const LogitCall& call, const typename L::Real* p,
                                 const typename L::Real* q, Index n, double* kept,
                                 const DivergenceOutput<typename L::Real>& d_p,
                                 const DivergenceOutput<typename L::Real>& d_q,
                                 LogitNumbers<typename L::Real>* numbers) {
  using Real = typename L::Real;
  using V = Double::V;
  Index where = 0;
  const Real max_p = maximum<L>(Stored<L>{p}, n, d_p.traffic, &where);
  const Index argmax = first_with<L>(p, where, n, max_p);
  if (argmax == n) return false;
  // The last vector is filled up with classes that have next to nothing of p, or nothing.
  const Index count = (n + Double::lanes - 1) / Double::lanes;
  const Real distance = static_cast<Real>(690 / call.one_over_t.hi);
  const Extent<L> of_p = extent<L>(p, n);
  const Extent<L> of_q = extent<L>(q, n);
  const double spans = of_p.span() + of_q.span();
  if (!has_all_differences<L>(call, (std::min)(of_p.smallest_size(), of_q.smallest_size()), spans)) return false;
  const bool nearby = max_p - (max_p - distance) > distance * Real(0.9) && is_near(call, spans);
  Real last_p[Double::lanes];
  Real last_q[Double::lanes];
  std::fill_n(last_p, Double::lanes, nearby ? max_p - distance : minus_infinity<L>);
  std::fill_n(last_q, Double::lanes, nearby ? q[argmax] - distance : minus_infinity<L>);
  const Index whole = (count - 1) * Double::lanes;
  std::copy(p + whole, p + n, last_p);
  std::copy(q + whole, q + n, last_q);
  const PairedLogits<Real> z{{p, Double::lanes}, {q, Double::lanes}, count, last_p, last_q};
  numbers->prediction[0] = argmax;
  std::fill_n(numbers->alpha_hi, Double::lanes, numbers->alpha_hi[0]);
  std::fill_n(numbers->alpha_lo, Double::lanes, numbers->alpha_lo[0]);
  const V at_p = Double::set1(static_cast<double>(max_p));
  const V at_q = Double::set1(static_cast<double>(q[argmax]));
  const auto of_classes = [&](const auto& divergence) {
    if (kept == nullptr) return divergence_of_classes(call, z, n, NoneKept{}, argmax, d_p, d_q, divergence, numbers);
    return divergence_of_classes(call, z, n, KeptClasses{kept, count}, argmax, d_p, d_q, divergence, numbers);
  };
  if (nearby) return of_classes(Divergence<L, true>(call, at_p, at_q));
  return of_classes(Divergence<L, false>(call, at_p, at_q));
}

/// A vector of samples of n classes, p[k] the logits of class k: the gradients take their place, where they are wanted.
template <class L, bool nearby>
inline unsigned long long divergence_of_vector(const LogitCall& call, const Rows<typename L::Real>& p,
                                               const Rows<typename L::Real>& q, Index n, Double::V max_p,
                                               Double::V anchor, const KeptClasses& kept, bool with_gradients,
                                               Index first, LogitNumbers<typename L::Real>* numbers) {
  using Real = typename L::Real;
  using W = typename WideOf<L>::type;
  using V = Double::V;
  const PairedLogits<Real> z{{p.data, p.stride}, {q.data, q.stride}, n, p[n - 1], q[n - 1]};
  Divergence<L, nearby> divergence(call, max_p, anchor);
  Traffic<Real> none;
  const auto sums = sum_divergence<L, false>(z, kept, 0, 0, call.with_report, &none, &none, &divergence);
  unsigned long long regular = 0;
  const DivergenceSlopes<W> slopes = divergence_numbers(sums, divergence, first, call.with_report, numbers, &regular);
  if (!with_gradients) return regular;
  const W slope = slope_divergence(
      z, kept, call.with_report, divergence, slopes, [=](Index k, V x) { Double::store(p[k], x); },
      [=](Index k, V x) { Double::store(q[k], slopes.patched(Double::load(kept.at(k, 0)), x)); });
  W::store(slope * divergence.by_t, numbers->slope_hi + first, numbers->slope_lo + first);
  return regular;
}

/// The smallest size of a logit of each sample that is not 0. Rows have room for whole vectors.
template <class L>
inline void smallest_sizes(const Rows<typename L::Real>& p, const Rows<typename L::Real>& q, Index n, Index count,
                           typename L::Real* sizes) {
  for (Index i = 0; i < count; i += L::lanes) {
    Extent<L> extent(L::set1(0));
    for (Index k = 0; k < n; ++k) {
      extent.add_size(L::load(p[k] + i));
      extent.add_size(L::load(q[k] + i));
    }
    L::store(sizes + i, extent.finest);
  }
}

/// Some samples of n classes side by side. Returns which of them are for the kernels.
template <class L>
inline unsigned long long divergence_of_samples(L /*lanes*/, const LogitCall& call, const Rows<typename L::Real>& p,
                                                const Rows<typename L::Real>& q, Index n, Index count, double* kept,
                                                bool with_gradients, LogitNumbers<typename L::Real>* numbers) {
  using V = Double::V;
  typename L::Real sizes[LogitNumbers<typename L::Real>::most];
  smallest_sizes<L>(p, q, n, count, sizes);
  unsigned long long regular = 0;
  unsigned long long inexact = 0;
  for (Index i = 0; i < count; i += Double::lanes) {
    V max_p = Double::set1(minus_infinity<Double>);
    V anchor = Double::set1(0);
    V argmax = Double::set1(0);
    V number = Double::set1(0);
    V min_p = Double::load(p[0] + i);
    V max_q = Double::load(q[0] + i);
    V min_q = max_q;
    for (Index k = 0; k < n; ++k) {
      const V z_p = Double::load(p[k] + i);
      const V z_q = Double::load(q[k] + i);
      anchor = Double::select_greater(z_p, max_p, z_q, anchor);
      argmax = Double::select_greater(z_p, max_p, number, argmax);
      max_p = Double::larger(z_p, max_p);
      min_p = Double::smaller(z_p, min_p);
      max_q = Double::larger(z_q, max_q);
      min_q = Double::smaller(z_q, min_q);
      number = number + Double::set1(1);
    }
    double where[Double::lanes];
    double spans[Double::lanes];
    Double::store(where, argmax);
    Double::store(spans, (max_p - min_p) + (max_q - min_q));
    bool nearby = true;
    for (Index j = 0; j < Double::lanes; ++j) {
      numbers->prediction[i + j] = static_cast<Index>(where[j]);
      nearby = nearby & is_near(call, spans[j]);
      if (!has_all_differences<L>(call, static_cast<double>(sizes[i + j]), spans[j]))
        inexact |= 1ULL << static_cast<unsigned>(i + j);
    }
    const auto of_vector = nearby ? divergence_of_vector<L, true> : divergence_of_vector<L, false>;
    regular |= of_vector(call, {p.data + i, p.stride}, {q.data + i, q.stride}, n, max_p, anchor, KeptClasses{kept, n},
                         with_gradients, i, numbers)
               << static_cast<unsigned>(i);
  }
  return regular & ~inexact;
}
