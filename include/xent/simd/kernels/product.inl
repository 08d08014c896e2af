// Matrix products, in the order that K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication"
// (2008), keep the caches busy in, with one change: the panel of A is the large one. It stays in the caches next to the
// processor while B passes by, which is read where it lies.
//
// Every coefficient is a sum of blocks of `product_depth` terms, each of which is one chain of fused operations: its
// bits depend on nothing but the matrices.

/// The sums that the registers have room for, beside the vectors of A and a coefficient of B.
template <class L>
inline constexpr Index tile_vectors = L::registers >= 32 ? 3 : 1;
template <class L>
inline constexpr Index tile_columns = L::registers >= 32 ? 8 : 6;
template <class L>
inline constexpr Index panel_rows = tile_vectors<L>* L::lanes;

/// Terms of a block. A panel of so many takes 48 KB of stack with AVX-512, 16 KB else.
inline constexpr Index product_depth = 256;

/// Cache lines that are wanted soon, fetched one by one while the processor is busy with others: memory serves few at a
/// time, and those that a panel would wait for take longer than to copy it.
struct LinesAhead {
  std::uintptr_t row = 0;  // not a pointer: there may be nothing any more
  Index step = 0;          // bytes from row to row
  Index lines = 0;         // of a row
  Index rows = 0;
  Index line = 0;

  /// `inner` neighbours in each of `outer` rows, from base[offset] on.
  template <class Real>
  static LinesAhead of(const Real* base, Index offset, Index inner, Index outer, Index step) {
    constexpr auto size = static_cast<Index>(sizeof(Real));
    const std::uintptr_t first = reinterpret_cast<std::uintptr_t>(base) + static_cast<std::uintptr_t>(offset * size);
    const std::uintptr_t past = first & 63U;
    return {first - past, step * size, (inner * size + static_cast<Index>(past) + 63) / 64, outer};
  }
  /// (Not a function of its own: gcc drops calls of functions that only prefetch.)
  [[gnu::always_inline]] void fetch(Index count) {
    for (; count > 0 && rows > 0; --count) {
      const std::uintptr_t at = row + static_cast<std::uintptr_t>(64 * line);
      __builtin_prefetch(reinterpret_cast<const void*>(at), 0, 3);  // NOLINT(performance-no-int-to-ptr)
      if (++line < lines) continue;
      line = 0;
      row += static_cast<std::uintptr_t>(step);
      --rows;
    }
  }
};

/// A panel of A, and where it is multiplied.
template <class Real>
struct Panel {
  const Real* a;  // [depth x vectors]
  Index rows, depth;
  bool add;          // to what is in C
  const Real* bias;  // that of these rows, with the last block
  Index step;        // terms between two looks at memory
};

/// Up to tile_columns of B, from b on, times a panel of A, into C from c on. Columns behind the last are the last once
/// more, and not stored.
template <class L, Index vectors>
inline void product_tile(const Panel<typename L::Real>& panel, const Product<typename L::Real>& p,
                         const typename L::Real* b, Index columns, typename L::Real* c, LinesAhead* next) {
  using Real = typename L::Real;
  using V = typename L::V;
  constexpr Index most = tile_columns<L>;
  constexpr Index sums = vectors * most;
  Index column[bound(most)];
#pragma GCC unroll 8
  for (Index j = 0; j < most; ++j) column[j] = (std::min)(j, columns - 1) * p.b_column;
  V sum[bound(sums)];
#pragma GCC unroll 24
  for (Index s = 0; s < sums; ++s) sum[s] = L::set1(0);
  LinesAhead results = LinesAhead::of(c, most * p.c_column, panel.rows, most, p.c_column);
  const Real* a = panel.a;
  for (Index k = 0; k < panel.depth; k += panel.step) {
    next->fetch(4);
    results.fetch(4);
    for (Index left = (std::min)(panel.step, panel.depth - k); left > 0; --left) {
      V x[bound(vectors)];
#pragma GCC unroll 4
      for (Index v = 0; v < vectors; ++v) x[v] = L::load(a + v * L::lanes);
#pragma GCC unroll 8
      for (Index j = 0; j < most; ++j) {
        const V y = L::set1(b[column[j]]);
#pragma GCC unroll 4
        for (Index v = 0; v < vectors; ++v) sum[j * vectors + v] = L::fma(x[v], y, sum[j * vectors + v]);
      }
      a += vectors * L::lanes;
      b += p.b_depth;
    }
  }
  if (panel.rows == vectors * L::lanes && columns == most) {
#pragma GCC unroll 24
    for (Index s = 0; s < sums; ++s) {
      const Index i = s % vectors * L::lanes;
      Real* const to = c + s / vectors * p.c_column + i;
      const V x = panel.add ? L::load(to) + sum[s] : sum[s];
      L::store(to, panel.bias ? x + L::load(panel.bias + i) : x);
    }
    return;
  }
  Real kept[bound(sums * L::lanes)];
#pragma GCC unroll 24
  for (Index s = 0; s < sums; ++s) L::store(kept + s * L::lanes, sum[s]);
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < panel.rows; i += L::lanes) {
      Real* const to = c + j * p.c_column + i;
      const Index n = panel.rows - i;
      V x = L::load(kept + j * vectors * L::lanes + i);
      if (panel.add) x = load_up_to<L>(to, n, 0) + x;
      if (panel.bias) x = x + load_up_to<L>(panel.bias + i, n, 0);
      store_up_to<L>(to, n, x);
    }
  }
}

/// Rows of A side by side, whole vectors of them: those that are not there are 0.
template <class L>
inline void pack_panel(const Product<typename L::Real>& p, const typename L::Real* from, Index rows, Index depth,
                       typename L::Real* to) {
  using Real = typename L::Real;
  const Index height = (rows + L::lanes - 1) / L::lanes * L::lanes;
  if (p.a_row == 1) {
    for (Index k = 0; k < depth; ++k)
      for (Index i = 0; i < height; i += L::lanes)
        L::store(to + k * height + i, load_up_to<L>(from + k * p.a_depth + i, rows - i, 0));
    return;
  }
  if (rows < height) std::memset(to, 0, sizeof(Real) * bound(height * depth));
  Traffic<Real> none{};
  gather_in_lanes(L{}, Rows<const Real>{from, p.a_row}, depth, rows, &none, Rows<Real>{to, height});
}

/// A panel of A times all columns of B.
template <class L, Index vectors>
inline void multiply_panel(const Panel<typename L::Real>& panel, const Product<typename L::Real>& p,
                           const typename L::Real* b, typename L::Real* c, LinesAhead* next) {
  for (Index j = 0; j < p.columns; j += tile_columns<L>)
    product_tile<L, vectors>(panel, p, b + j * p.b_column, (std::min)(tile_columns<L>, p.columns - j),
                             c + j * p.c_column, next);
}

/// There is at least one term.
template <class L>
inline void multiply_in_lanes(L /*lanes*/, const Product<typename L::Real>& p) {
  using Real = typename L::Real;
  alignas(64) Real packed[bound(panel_rows<L> * product_depth)];
  const Index blocks = (p.depth + product_depth - 1) / product_depth;
  const Index step = (p.depth + blocks - 1) / blocks;
  const Index tiles = (p.columns + tile_columns<L> - 1) / tile_columns<L>;
  for (Index k = 0; k < p.depth; k += step) {
    Panel<Real> panel{packed,         0,       (std::min)(step, p.depth - k),
                      p.add || k > 0, nullptr, 4 * (std::max)(Index{1}, tiles / 4)};
    for (Index i = 0; i < p.rows; i += panel_rows<L>) {
      const bool last = i + panel_rows<L> >= p.rows;
      const Index then = last ? (k + step) * p.a_depth : (i + panel_rows<L>)*p.a_row + k * p.a_depth;
      LinesAhead next = p.a_row == 1 ? LinesAhead::of(p.a, then, panel_rows<L>, panel.depth, p.a_depth)
                                     : LinesAhead::of(p.a, then, panel.depth, panel_rows<L>, p.a_row);
      panel.rows = (std::min)(panel_rows<L>, p.rows - i);
      panel.bias = p.bias && k + step >= p.depth ? p.bias + i : nullptr;
      pack_panel<L>(p, p.a + i * p.a_row + k * p.a_depth, panel.rows, panel.depth, packed);
      const Real* const b = p.b + k * p.b_depth;
      if (tile_vectors<L> == 1 || panel.rows <= L::lanes)
        multiply_panel<L, 1>(panel, p, b, p.c + i, &next);
      else if (panel.rows <= 2 * L::lanes)
        multiply_panel<L, (std::min)(tile_vectors<L>, Index{2})>(panel, p, b, p.c + i, &next);
      else
        multiply_panel<L, tile_vectors<L>>(panel, p, b, p.c + i, &next);
    }
  }
}

/// to[i] = the sum of row i: of blocks of columns.
template <class L>
inline void add_up_rows_in_lanes(L /*lanes*/, const typename L::Real* from, Index step, Index rows, Index columns,
                                 typename L::Real* to) {
  for (Index i = 0; i < rows; i += L::lanes) {
    typename L::V sum = L::set1(0);
    for (Index first = 0; first < columns; first += product_depth) {
      typename L::V block = L::set1(0);
      for (Index j = first; j < (std::min)(columns, first + product_depth); ++j)
        block = block + load_up_to<L>(from + j * step + i, rows - i, 0);
      sum = sum + block;
    }
    store_up_to<L>(to + i, rows - i, sum);
  }
}
