// The sums of divergence_terms.inl over the classes: those of one sample in the lanes, or samples side by side.

/// Two samples of logits as vectors of classes, or some samples as a vector a class; the last one may lie elsewhere.
template <class Real>
struct PairedLogits {
  Rows<const Real> p, q;
  Index count;
  const Real* last_p;
  const Real* last_q;

  Double::V p_at(Index j) const { return Double::load(j + 1 < count ? p[j] : last_p); }
  Double::V q_at(Index j) const { return Double::load(j + 1 < count ? q[j] : last_q); }
};

/// What is kept of each vector: e, and t in two parts; later u and e (exp(u) - 1).
struct KeptClasses {
  static constexpr bool keeps = true;

  double* data;
  Index count;

  double* at(Index j, Index part) const { return data + (part * count + j) * Double::lanes; }
};

/// Nothing: what is needed again is computed again.
struct NoneKept {
  static constexpr bool keeps = false;
};

/// The first class from k on with this logit; n if there is none.
template <class L>
inline Index first_with(const typename L::Real* z, Index k, Index n, typename L::Real logit) {
  for (; k < n; k += L::lanes) {
    const Index lane =
        L::first_equal(load_up_to<L>(z + k, n - k, std::numeric_limits<typename L::Real>::quiet_NaN()), L::set1(logit));
    if (lane >= 0) return k + lane;
  }
  return n;
}

/// How far apart logits are, and the smallest size of those that are not 0.
template <class L>
struct Extent {
  using V = typename L::V;

  V greatest, least, finest;

  explicit Extent(V first)
      : greatest(first), least(first), finest(L::set1(std::numeric_limits<typename L::Real>::infinity())) {}

  void add(V x) {
    greatest = L::larger(x, greatest);
    least = L::smaller(x, least);
    add_size(x);
  }
  /// All that there is to do for `finest`, which doubles have no use for.
  void add_size(V x) {
    if constexpr (is_float<L>) {
      const V size = L::as_number(L::as_bits(x) & 0x7FFFFFFFU);
      const V none = L::set1(std::numeric_limits<float>::infinity());
      finest = L::smaller(L::select_equal(x, L::set1(0), none, size), finest);
    }
  }
  /// Of all lanes. max - min is not finite if a logit is not, but NaN may be missed.
  double span() const { return static_cast<double>(L::greatest(greatest)) + static_cast<double>(L::greatest(-least)); }
  double smallest_size() const { return -static_cast<double>(L::greatest(-finest)); }
};

/// Of n logits.
template <class L>
inline Extent<L> extent(const typename L::Real* z, Index n) {
  Extent<L> first(L::set1(z[0]));
  Extent<L> second = first;
  Index k = 0;
  for (; k + 2 * L::lanes <= n; k += 2 * L::lanes) {
    first.add(L::load(z + k));
    second.add(L::load(z + k + L::lanes));
  }
  for (; k < n; k += L::lanes) first.add(load_up_to<L>(z + k, n - k, z[0]));
  first.greatest = L::larger(first.greatest, second.greatest);
  first.least = L::smaller(first.least, second.least);
  first.finest = L::smaller(first.finest, second.finest);
  return first;
}

/// Whether a double has all digits of every difference of floats that counts: of logits as far apart as they are at
/// most, or as exponentials in the range of a double are, and of multiples of 2^-24 times the smallest size. Doubles
/// have their differences in two parts.
template <class L>
inline bool has_all_differences(const LogitCall& call, double smallest_size, double spans) {
  return !is_float<L> || smallest_size * 0x1p29 >= (std::min)(spans, 2000 / call.one_over_t.hi);
}

template <class L>
struct DivergenceSums {
  using W = typename WideOf<L>::type;

  W rest, sum;           // S without one maximum, S
  W excess;              // X
  W moment;              // the sum of e (max_p - z_p)
  W others;              // the sum of e (exp(u) - 1) without the maximum
  Double::V at_maximum;  // u there
};

/// Over all lanes if they are classes of one sample; the same in each.
template <bool one_sample>
inline One over_lanes(const One& x) {
  return one_sample ? One(total_of(x)) : x;
}
template <bool one_sample>
inline Two over_lanes(const Two& x) {
  return one_sample ? Two(total_of(x)) : x;
}

/// Sets the center of `divergence`. Of one sample, the vector `skipped` holds the maximum: it alone is searched for it.
template <class L, bool one_sample, bool nearby, class Kept>
inline DivergenceSums<L> sum_divergence(const PairedLogits<typename L::Real> z, const Kept kept, Index skipped,
                                        Index lane, bool with_report, Traffic<typename L::Real>* traffic_p,
                                        Traffic<typename L::Real>* traffic_q, Divergence<L, nearby>* divergence) {
  using W = typename WideOf<L>::type;
  using V = Double::V;
  using Pair = typename Divergence<L, nearby>::Pair;
  constexpr Index vectors = 64 / static_cast<Index>(sizeof(typename L::Real)) / Double::lanes;  // a line of memory
  Divergence<L, nearby> d = *divergence;  // here no store can change it
  const V none = Double::set1(0);
  const V one = Double::set1(1);
  double of_maximum[Double::lanes] = {};
  if (one_sample) of_maximum[lane] = 1;
  const V leave_out = Double::load(of_maximum);
  auto rest = LaneSum<W>::zero();
  auto t = LaneSum<W>::zero();
  auto moment = LaneSum<W>::zero();
  V maxima = none;
  for (Index j = 0; j < z.count; ++j) {
    if (j % vectors == 0) {
      move_on<L>(traffic_p, 1);
      move_on<L>(traffic_q, 1);
    }
    const V z_p = z.p_at(j);
    const Pair c = d.pair(z_p, z.q_at(j));
    if constexpr (Kept::keeps) {
      Double::store(kept.at(j, 0), c.e);
      W::store(c.t, kept.at(j, 1), kept.at(j, 2));
    }
    t.add_product(c.e, c.t);
    if (!one_sample)
      rest.add(Double::leave_out_equal(z_p, d.max_p, c.e, &maxima));
    else if (j == skipped)
      rest.add(Double::select_equal(leave_out, one, none, c.e));
    else
      rest.add(c.e);
    if (with_report) moment.add_product(c.e, select(c.e == none, W(0), exact_difference<W>(d.max_p, z_p)));
  }
  const W others_of_p = one_sample ? over_lanes<one_sample>(rest.value()) : rest.value() + (W(maxima) - W(1));
  const W sum = others_of_p + W(1);
  d.center = over_lanes<one_sample>(t.value()) / sum;
  d.scaled_center = d.center * d.by_t;

  auto excess = LaneSum<W>::zero();
  auto others = LaneSum<W>::zero();
  for (Index j = 0; j < z.count; ++j) {
    typename Divergence<L, nearby>::Terms x;  // NOLINT: set in either branch
    if constexpr (Kept::keeps) {
      x = d.terms(Pair{Double::load(kept.at(j, 0)), W::load(kept.at(j, 1), kept.at(j, 2))}, z, j);
      Double::store(kept.at(j, 1), x.u);
      Double::store(kept.at(j, 2), x.difference);
    } else {
      x = d.terms(d.pair(z.p_at(j), z.q_at(j)), z, j);
    }
    excess.add(x.excess);
    if (!one_sample)
      others.add(Double::select_equal(x.e, one, none, x.difference));
    else if (j == skipped)
      others.add(Double::select_equal(leave_out, one, none, x.difference));
    else
      others.add(x.difference);
  }
  *divergence = d;
  return {others_of_p,
          sum,
          over_lanes<one_sample>(excess.value()) / sum,
          over_lanes<one_sample>(moment.value()),
          over_lanes<one_sample>(others.value()),
          -d.scaled_center.hi};
}
