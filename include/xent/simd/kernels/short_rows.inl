// The loops of rows.inl over samples of a few pairs of vectors, whose sums across lanes would take longer than those of
// vectors: for as many samples at a time as there are lanes. L is Float; samples of doubles are transposed.

template <class L>
struct SumOfVectors {
  static typename L::V of(typename L::V a, typename L::V b) { return a + b; }
};
template <class L>
struct LargerOfVectors {
  static typename L::V of(typename L::V a, typename L::V b) { return L::larger(a, b); }
};

/// Lane i is the sum, or what Combine is else, of all lanes of x[i]. As many vectors as lanes.
template <class L, class Combine = SumOfVectors<L>>
[[gnu::noinline]] inline typename L::V across_lanes(const typename L::V* x) {
  constexpr Index block = L::block;
  alignas(64) typename L::Real pieces[L::lanes / block * L::lanes];
#pragma GCC unroll 4
  for (Index i = 0; i < L::lanes; i += block) {
    typename L::V y[bound(block)];
#pragma GCC unroll 4
    for (Index j = 0; j < block; ++j) y[j] = x[i + j];
    L::transpose_pieces(y);
#pragma GCC unroll 4
    for (Index j = 1; j < block; ++j) y[0] = Combine::of(y[0], y[j]);
    L::store(pieces + i / block * L::lanes, y[0]);
  }
  typename L::V result = L::load_pieces(pieces, L::lanes);
#pragma GCC unroll 4
  for (Index j = block; j < L::lanes; j += block) result = Combine::of(result, L::load_pieces(pieces + j, L::lanes));
  return result;
}

template <class L>
inline void short_row_maxima(const Rows<const typename L::Real>& z, Index n, Index count,
                             Traffic<typename L::Real>* traffic, Tile<typename L::Real>* tile) {
  using V = typename L::V;
  for (Index first = 0; first < count; first += L::lanes) {
    V greatest[L::lanes];
    for (Index j = 0; j < L::lanes; ++j) {
      const typename L::Real* const from = z[(std::min)(first + j, count - 1)];
      greatest[j] = L::load(from);
      for (Index k = L::lanes; k < n; k += L::lanes) greatest[j] = L::larger(L::load(from + k), greatest[j]);
    }
    move_on<L>(traffic, n / 4);
    L::store(tile->maximum + first, across_lanes<L, LargerOfVectors<L>>(greatest));
  }
  std::fill(tile->where, tile->where + count, 0);
}

/// The exponentials of one or two samples on their way to memory and into their sums, as RowExponentials has it: of two
/// where that many vectors are computed together.
template <class L, bool moment>
struct ShortRows {
  using Real = typename L::Real;
  using V = typename L::V;
  static constexpr Index abreast_rows = L::abreast < bundle ? 1 : 2;
  static constexpr Index vectors = 2 * abreast_rows;

  const Marked<L>& marked;
  Shifted<L> shift[bound(abreast_rows)];
  V maximum[bound(abreast_rows)];
  const Real* from[bound(abreast_rows)];
  Real* to[bound(abreast_rows)];
  V magic[bound(vectors)];
  ExponentialSums<L, moment> sums[bound(abreast_rows)];

  /// Of samples i, i + 1, or of the last one.
  [[gnu::always_inline]] ShortRows(const Marked<L>& marks, const Call<Real>& call, const Rows<const Real>& z,
                                   const Rows<Real>& stored, const Tile<Real>& tile, Index first, Index last)
      : marked(marks) {
#pragma GCC unroll 2
    for (Index j = 0; j < abreast_rows; ++j) {
      const Index i = (std::min)(first + j, last);
      shift[j] = Shifted<L>::of_sample(call, tile, i);
      maximum[j] = L::set1(tile.maximum[i]);
      from[j] = z[i];
      to[j] = stored.data ? stored[i] : nullptr;
      magic[2 * j] = magic[2 * j + 1] = shift[j].magic;
      sums[j] = ExponentialSums<L, moment>::zero();
    }
  }

  /// Of two vectors of each.
  [[gnu::always_inline]] void add(Index k) {
    V logit[bound(vectors)];
    V d[bound(vectors)];
    V e[bound(vectors)];
#pragma GCC unroll 4
    for (Index j = 0; j < vectors; ++j) {
      logit[j] = L::load(from[j / 2] + k + j % 2 * L::lanes);
      d[j] = logit[j] - shift[j / 2].anchor;
    }
    constexpr Index abreast = (std::min)(vectors, L::abreast);
#pragma GCC unroll 4
    for (Index j = 0; j < vectors; j += abreast)
      exponentials<L, abreast>(shift[0].c_hi, shift[0].c_lo, magic + j, d + j, e + j);
#pragma GCC unroll 4
    for (Index j = 0; j < vectors; ++j) {
      if (to[j / 2]) L::store(to[j / 2] + k + j % 2 * L::lanes, moment ? marked(logit[j], e[j]) : e[j]);
      e[j] = L::leave_out_equal(logit[j], maximum[j / 2], e[j], &sums[j / 2].count);
    }
#pragma GCC unroll 2
    for (Index j = 0; j < abreast_rows; ++j) {
      sums[j].rest.add(e[2 * j] + e[2 * j + 1]);
      if (moment) sums[j].add_moments(e + 2 * j, logit + 2 * j, shift[j].top + shift[j].anchor);
    }
  }
};

/// As row_sums.
template <class L, bool moment>
inline void short_row_sums(const Call<typename L::Real>& call, const Rows<const typename L::Real>& z, Index n,
                           Index count, const Rows<typename L::Real>& stored, Traffic<typename L::Real>* traffic,
                           Tile<typename L::Real>* tile) {
  using V = typename L::V;
  constexpr Index abreast_rows = ShortRows<L, moment>::abreast_rows;
  const Marked<L> marked(call);
  for (Index first = 0; first < count; first += L::lanes) {
    Double::V rest[L::lanes];
    Double::V moments[L::lanes];
    Double::V spread[L::lanes];
    V maxima[L::lanes];
    V masked[L::lanes];
    for (Index i = 0; i < L::lanes; i += abreast_rows) {
      ShortRows<L, moment> rows(marked, call, z, stored, *tile, first + i, count - 1);
      move_on<L>(traffic, 3 * abreast_rows * n / 64);
      for (Index k = 0; k < n && first + i < count; k += 2 * L::lanes) rows.add(k);
#pragma GCC unroll 2
      for (Index j = 0; j < abreast_rows; ++j) {
        const auto& sums = rows.sums[j];
        rest[i + j] = sums.rest.low + sums.rest.high;
        maxima[i + j] = first + i + j < count ? sums.count : L::set1(1.0F / L::lanes);  // one in all lanes
        if (!moment) continue;
        moments[i + j] = sums.moments.low + sums.moments.high;
        spread[i + j] = sums.spread.low + sums.spread.high;
        masked[i + j] = sums.masked;
      }
    }
    const auto in_lanes = [](const Double::V* x) __attribute__((always_inline)) {
      return FloatSum{across_lanes<Double>(x), across_lanes<Double>(x + Double::lanes)};
    };
    // Of several equal maxima all but one are in the sum.
    FloatSum sum = in_lanes(rest);
    sum.add_product(across_lanes<L>(maxima) - L::set1(1), L::load(tile->stored_one + first));
    sum.store(tile->rest_hi + first, tile->rest_lo + first);
    if (!moment) {
      for (double* const unused : {tile->moment_hi, tile->moment_lo, tile->spread_hi, tile->spread_lo, tile->masked})
        std::fill(unused + first, unused + first + L::lanes, 0.0);
      continue;
    }
    in_lanes(moments).store(tile->moment_hi + first, tile->moment_lo + first);
    in_lanes(spread).store(tile->spread_hi + first, tile->spread_lo + first);
    typename L::Real classes[L::lanes];
    L::store(classes, across_lanes<L>(masked));
    std::copy(classes, classes + L::lanes, tile->masked + first);
  }
}
