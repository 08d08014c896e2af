// The Hessian of softmax cross-entropy times a direction. A float is computed in double, a double in a pair of them,
// and rounded once.

// e (a v - b)
inline Double::V hessian_product(Double::V e, Double::V v, const One& a, const One& b) {
  return e * Double::fms(a.hi, v, b.hi);
}
inline Double::V hessian_product(Double::V e, Double::V v, const Two& a, const Two& b) {
  const Two product = exact_product(e, exact_product(v, a) - b);
  return product.hi + product.lo;
}

/// The numbers of one sample, or of a sample a lane: of the first and of the second half of the lanes, which are of
/// double.
template <class L>
struct HessianLanes {
  using V = typename L::V;
  using W = typename WideOf<L>::type;

  W a[2];
  W b[2];  // c <e, v>

  static HessianLanes of_sample(const HessianTile& numbers, Index i, const Twice& sum) {
    const W a(Twice{numbers.slope_hi[i], numbers.slope_lo[i]});
    const W b = W(Twice{numbers.center_hi[i], numbers.center_lo[i]}) * W(sum);
    return {{a, a}, {b, b}};
  }
  static HessianLanes of_lanes(const HessianTile& numbers, Index i, const double* sum_hi, const double* sum_lo) {
    const auto slope = [&](Index at) { return W::load(numbers.slope_hi + i + at, numbers.slope_lo + i + at); };
    const auto center = [&](Index at) {
      return W::load(numbers.center_hi + i + at, numbers.center_lo + i + at) * W::load(sum_hi + at, sum_lo + at);
    };
    constexpr Index second = L::lanes - Double::lanes;
    return {{slope(0), slope(second)}, {center(0), center(second)}};
  }
  V operator()(V e, V v) const {
    if constexpr (is_float<L>)
      return join_halves(hessian_product(low_half(e), low_half(v), a[0], b[0]),
                         hessian_product(high_half(e), high_half(v), a[1], b[1])) +
             L::set1(0);  // +0 where e is
    else
      return hessian_product(e, v, a[0], b[0]) + L::set1(0);
  }
};

/// exponential(k, m): those of class k and the next ones, m of them.
template <class L, class Exponential>
[[gnu::always_inline]] inline void hessian_of_row(const HessianTile& numbers, Index i, const Exponential& exponential,
                                                  const typename L::Real* v, Index n, typename L::Real* out) {
  auto sum = SumOf<L>::type::zero();
  for (Index k = 0; k < n; k += L::lanes) sum.add_product(exponential(k, n - k), load_up_to<L>(v + k, n - k, 0));
  const auto product = HessianLanes<L>::of_sample(numbers, i, sum.total());
  for (Index k = 0; k < n; k += L::lanes)
    store_up_to<L>(out + k, n - k, product(exponential(k, n - k), load_up_to<L>(v + k, n - k, 0)));
}

template <class L>
inline void hessian_of_stored(L /*lanes*/, const HessianTile& numbers, Index i, const typename L::Real* v, Index n,
                              typename L::Real* e) {
  hessian_of_row<L>(
      numbers, i, [&](Index k, Index m) __attribute__((always_inline)) { return load_up_to<L>(e + k, m, 0); }, v, n, e);
}

template <class L>
inline void hessian_of_logits(L /*lanes*/, const Call<typename L::Real>& call, const Tile<typename L::Real>& tile,
                              const HessianTile& numbers, Index i, const typename L::Real* z, const typename L::Real* v,
                              Index n, typename L::Real* out) {
  const auto shift = Shifted<L>::of_sample(call, tile, i);
  const typename L::Real maximum = tile.maximum[i];  // where a vector is not whole: its exponential is finite
  hessian_of_row<L>(
      numbers, i,
      [&](Index k, Index m) __attribute__((always_inline)) {
        return exponential<L>(shift, load_up_to<L>(z + k, m, maximum) - shift.anchor);
      },
      v, n, out);
}

template <class L>
inline void hessian_of_columns(L /*lanes*/, const HessianTile& numbers, const Rows<const typename L::Real>& v, Index n,
                               Index count, const Rows<typename L::Real>& e) {
  for (Index i = 0; i < count; i += L::lanes) {
    const Index left = count - i;
    auto sum = SumOf<L>::type::zero();
    for (Index k = 0; k < n; ++k) sum.add_product(load_up_to<L>(e[k] + i, left, 0), load_up_to<L>(v[k] + i, left, 0));
    double hi[L::lanes];
    double lo[L::lanes];
    sum.store(hi, lo);
    const auto product = HessianLanes<L>::of_lanes(numbers, i, hi, lo);
    for (Index k = 0; k < n; ++k)
      store_up_to<L>(e[k] + i, left, product(load_up_to<L>(e[k] + i, left, 0), load_up_to<L>(v[k] + i, left, 0)));
  }
}

/// The lanes in which a number is 0, or within the limits in size; NaN is not.
template <class L>
inline unsigned long long lanes_within(typename L::V x, const SizeLimits<typename L::Real>& limits) {
  const typename L::V size = L::larger(x, -x);
  return L::bits((size < L::set1(limits.above)) & ((size > L::set1(limits.below)) | (size == L::set1(0))));
}

template <class L>
inline bool is_within_in_lanes(L /*lanes*/, const typename L::Real* v, Index n,
                               const SizeLimits<typename L::Real>& limits) {
  constexpr unsigned long long all = (1ULL << static_cast<unsigned>(L::lanes)) - 1;
  unsigned long long lanes = all;
  for (Index k = 0; k < n; k += L::lanes) lanes &= lanes_within<L>(load_up_to<L>(v + k, n - k, 0), limits);
  return lanes == all;
}

template <class L>
inline unsigned long long columns_within_in_lanes(L /*lanes*/, const Rows<const typename L::Real>& v, Index n,
                                                  Index count, const SizeLimits<typename L::Real>& limits) {
  unsigned long long within = 0;
  for (Index i = 0; i < count; i += L::lanes) {
    unsigned long long lanes = ~0ULL;
    for (Index k = 0; k < n; ++k) lanes &= lanes_within<L>(load_up_to<L>(v[k] + i, count - i, 0), limits);
    within |= lanes << static_cast<unsigned>(i);
  }
  return within;
}
