// What becomes of exponentials once the numbers of their samples are known. L is Float or Double.

/// factor e - subtracted, rounded once.
template <class L>
struct Scaling {
  static constexpr typename L::Real mark = -1;  // in the place of the exponential of a masked class

  typename L::V hi, lo, unscale, subtracted;

  static Scaling of_sample(const Tile<typename L::Real>& tile, Index i) {
    return {L::set1(tile.factor_hi[i]), L::set1(tile.factor_lo[i]), L::set1(tile.unscale[i]),
            L::set1(tile.subtracted[i])};
  }
  static Scaling of_lanes(const Tile<typename L::Real>& tile, Index i) {
    return {L::load(tile.factor_hi + i), L::load(tile.factor_lo + i), L::load(tile.unscale + i),
            L::load(tile.subtracted + i)};
  }
  typename L::V operator()(typename L::V e) const {
    const typename L::V x = e * unscale;
    return L::fma(x, hi, L::mul_add(x, lo, -subtracted)) + L::set1(0);  // +0 for a masked class, whatever the signs
  }
  /// The same, but +0 where `tested` is below `floor`: nothing is subtracted of a masked class.
  typename L::V unless_below(typename L::V tested, typename L::Real floor, typename L::V e) const {
    const typename L::V x = e * unscale;
    return L::fma_unless_below(tested, L::set1(floor), x, hi, L::mul_add(x, lo, -subtracted)) + L::set1(0);
  }
  typename L::V unless_marked(typename L::V e) const { return unless_below(e, 0, e); }
};

/// An exponential as `moment` sums leave it where it will be scaled: a masked class has no share of what is subtracted.
template <class L>
struct Marked {
  typename L::V mark;

  explicit Marked(const Call<typename L::Real>& call) : mark(L::set1(call.epsilon.hi > 0 ? Scaling<L>::mark : 0)) {}
  typename L::V operator()(typename L::V logit, typename L::V e) const {
    return L::select_equal(logit, L::set1(minus_infinity<L>), mark, e);
  }
};

/// Whether a class of some of the samples from i on is masked: `count` of them are in the tile.
template <class L>
inline bool has_masked(const Tile<typename L::Real>& tile, Index i, Index count) {
  return std::any_of(tile.masked + i, tile.masked + (std::min)(i + L::lanes, count),
                     [](double classes) { return classes > 0; });
}
