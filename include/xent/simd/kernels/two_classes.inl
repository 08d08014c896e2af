// Plain labels of two classes: the loss of a sample is log1p(q), and x more where its label has the smaller logit, with
// x = |z_0 - z_1| / T and q = exp(-x). Its gradient is -+ alpha q / (1 + q), or -+ alpha / (1 + q). L is Float or
// Double.

/// Vectors of both classes of samples, which lie one after the other if the stride is 1, else in two rows.
template <class L>
inline void load_pairs(const Rows<const typename L::Real>& z, typename L::V* x) {
  if (z.stride != 1) {
    x[0] = L::load(z[0]);
    x[1] = L::load(z[1]);
  } else if constexpr (L::block == 2) {
    x[0] = L::load_pieces(z.data, 4);
    x[1] = L::load_pieces(z.data + 2, 4);
    L::transpose_pieces(x);
  } else {
    const typename L::V both[2] = {L::load(z.data), L::load(z.data + L::lanes)};
    x[0] = Interleaving<L, 2, false>::vector(both, 0);
    x[1] = Interleaving<L, 2, false>::vector(both, 1);
  }
}
template <class L>
inline void store_pairs(const Rows<typename L::Real>& z, typename L::V* x) {
  if (z.stride != 1) {
    L::store(z[0], x[0]);
    L::store(z[1], x[1]);
  } else if constexpr (L::block == 2) {
    L::transpose_pieces(x);
    L::store_pieces(z.data, 4, x[0]);
    L::store_pieces(z.data + 2, 4, x[1]);
  } else {
    L::store(z.data, Interleaving<L, 2, true>::vector(x, 0));
    L::store(z.data + L::lanes, Interleaving<L, 2, true>::vector(x, 1));
  }
}

/// The sum of log1p(q), of q times 2^scale.
template <class L>
struct LogisticSum;

/// Floats: as the logarithm of a product in double, minus 1, to which every sample only adds.
template <>
struct LogisticSum<Float> {
  Double::V low, high;

  static LogisticSum zero() { return {Double::set1(0), Double::set1(0)}; }
  static Double::V times_one_plus(Double::V product, Double::V scaled_q) {
    const Double::V q = rounded(scaled_q * Double::set1(1 / unit<float>()));
    return Double::fma(product, q, product + q);
  }
  void add(Float::V scaled_q) {
    low = times_one_plus(low, low_half(scaled_q));
    high = times_one_plus(high, high_half(scaled_q));
  }
  Twice total() const { return {Double::total(log1p(low) + log1p(high)), 0}; }
};

template <>
struct LogisticSum<Double> {
  DoubleSum sum;

  static LogisticSum zero() { return {DoubleSum::zero()}; }
  void add(Double::V scaled_q) { sum.add(log1p(rounded(scaled_q * Double::set1(1 / unit<double>())))); }
  Twice total() const { return sum.total(); }
};

template <class L>
struct LogisticCall {
  using Real = typename L::Real;
  using V = typename L::V;

  Shifted<L> shift;
  V inverse_t, alpha, alpha_rest, absent;

  LogisticCall(const Call<Real>& call, Real absent_label)
      : shift{L::set1(0), L::set1(call.c_hi), L::set1(call.c_lo), L::set1(magic), L::set1(0)},
        inverse_t(L::set1(call.inverse_t_hi)),
        alpha(L::set1(static_cast<Real>(call.slope_unit.hi))),
        alpha_rest(L::set1(static_cast<Real>(
            (call.slope_unit.hi - static_cast<double>(static_cast<Real>(call.slope_unit.hi))) + call.slope_unit.lo))),
        absent(L::set1(absent_label)) {}

 private:
  static constexpr Real magic = Powers<L>::magic + static_cast<Real>(Storage<Real>::scale);
};

template <class Real>
inline Twice over_temperature(const Call<Real>& call, const Twice& x) {
  const Twice inverse = call.inverse_temperature;
  return sum_of(sum_of(sum_of({0, 0}, x.hi, inverse.hi), x.lo, inverse.hi), x.hi, inverse.lo);
}

/// A vector of samples.
template <class L>
struct LogisticNumbers {
  using Real = typename L::Real;
  using V = typename L::V;

  typename L::Mask left;  // to others: a loss that is infinite or NaN
  V q;                    // times 2^scale
  V d;                    // -x T
  V loser, loser_rest;    // the same where the label has the smaller logit, and what it was rounded by
  V size;                 // the absolute value of both gradients
  V gradient;             // of class 0, minus that of class 1

  [[gnu::always_inline]] LogisticNumbers(const LogisticCall<L>& call, const V* z, V label) {
    const V none = L::set1(0);
    const V one = L::set1(1);
    const V greatest = L::set1(static_cast<Real>(Storage<Real>::greatest));
    const V difference = z[0] - z[1];
    const V distance = L::smaller(difference, -difference);  // NaN where one of the logits is
    const V greater = L::larger(z[0], z[1]);
    const V smaller = L::smaller(z[0], z[1]);
    const auto first = label == none;
    const auto present = label != call.absent;
    const auto wins = L::select(first, z[0], z[1]) == greater;
    // Hundreds of them are added up before they are divided by T.
    const auto finite = (rounded(distance * call.inverse_t) >= -greatest) &
                        (distance >= -greatest * L::set1(static_cast<Real>(0x1p-10)));
    const auto only = wins & (smaller == L::set1(minus_infinity<L>)) & (greater >= -greatest) & (greater <= greatest);
    const auto counted = present & (finite | only);
    left = present & ~counted;

    const V part = distance - smaller;
    const V rest = L::select(finite, (smaller - (distance - part)) - (greater + part), none);
    const V e = exponential<L>(call.shift, distance);
    q = L::select(counted, L::fma(e, rounded(rest * call.inverse_t), e), none);
    d = L::select(finite & present, distance, none);
    const auto loses = counted & ~wins;
    loser = L::select(loses, d, none);
    loser_rest = L::select(loses, rest, none);

    // alpha q / (1 + q), or alpha / (1 + q), with what alpha, 1 + q and the product were rounded by.
    const V unscaled = rounded(q * L::set1(static_cast<Real>(1 / unit<Real>())));
    const V sum = one + unscaled;
    const V sum_rest = (one - sum) + unscaled;
    const V inverse = one / sum;
    const V of_label = L::select(wins, unscaled, one);
    const V product = rounded(of_label * call.alpha);
    const V product_rest = L::fma(of_label, call.alpha_rest, L::fms(of_label, call.alpha, product));
    const V quotient = rounded(product * inverse);
    const V remainder = L::fma(-quotient, sum, product) + L::fma(-quotient, sum_rest, product_rest);
    size = L::select(counted, L::fma(remainder, inverse, quotient), none);
    gradient = L::select(first, -size, size);
  }

  /// Adds up d times the gradient of the greater logit. A gradient of less than 2^-scale, alpha q, may be denormal, and
  /// the product is not: there it is d that is scaled down.
  template <class Sum>
  void add_slope(const LogisticCall<L>& call, Sum* sum) const {
    const auto loses = loser < L::set1(0);
    const auto tiny = (q < L::set1(1)) & ~loses;
    const V scaled = L::fma(q, call.alpha, rounded(q * call.alpha_rest));
    const V distance = L::select(tiny, d * L::set1(static_cast<Real>(1 / unit<Real>())), d);
    sum->add_product(L::select(loses, size, -L::select(tiny, scaled, size)), distance);
  }
};

/// Does whole vectors of samples, of which those that are `absent` by their label have no loss and gradients of zero;
/// `out` may have no memory. Adds their losses up and, if `slopes`, what they say of the temperature. False if some are
/// left to others: a set for each 64 of them, whose logits are in the place of their gradients.
template <class L>
inline bool two_classes_in_lanes(L /*lanes*/, const Call<typename L::Real>& call,
                                 const Rows<const typename L::Real>& logits, Index count, const std::int32_t* labels,
                                 typename L::Real absent, bool slopes, const Rows<typename L::Real>& out,
                                 Traffic<typename L::Real>* traffic, LossSums* sums, unsigned long long* left) {
  using V = typename L::V;
  using Sum = typename SumOf<L>::type;
  const Index step = logits.stride == 1 ? 2 : 1;
  const LogisticCall<L> shared(call, absent);
  auto log_sum = LogisticSum<L>::zero();
  Sum losers = Sum::zero();
  Sum slope_sum = Sum::zero();
  bool all = true;
  for (Index i = 0; i < count; i += L::lanes) {
    V z[2];
    load_pairs<L>({logits.data + step * i, logits.stride}, z);
    const LogisticNumbers<L> numbers(shared, z, L::of_integers(labels + i));
    log_sum.add(numbers.q);
    losers.add(numbers.loser);
    losers.add(numbers.loser_rest);
    if (slopes) numbers.add_slope(shared, &slope_sum);
    move_on<L>(traffic, step);
    V gradient[2] = {numbers.gradient + L::set1(0), L::set1(0) - numbers.gradient};
    if (L::bits(numbers.left) != 0) {
      all = false;
      left[i / 64] |= L::bits(numbers.left) << static_cast<unsigned>(i % 64);
      for (Index k = 0; k < 2; ++k) gradient[k] = L::select(numbers.left, z[k], gradient[k]);
    }
    if (out.data) store_pairs<L>({out.data + step * i, out.stride}, gradient);
  }
  const Twice x_of_losers = over_temperature(call, losers.total());
  sums->loss = sum_of(log_sum.total(), x_of_losers.hi, -1);
  sums->loss.lo -= x_of_losers.lo;
  sums->temperature_gradient = over_temperature(call, slope_sum.total());
  return all;
}
