// The inner loops over one sample whose classes are contiguous. Included by simd/kernels.hpp inside the namespace of an
// instruction set; L is its Float or Double.

template <class L>
inline typename L::V load_up_to(const typename L::Real* p, Index n, typename L::Real fill) {
  return n >= L::lanes ? L::load(p) : L::load_partial(p, n, fill);
}

template <class L>
inline void store_up_to(typename L::Real* p, Index n, typename L::V x) {
  if (n >= L::lanes)
    L::store(p, x);
  else
    L::store_partial(p, n, x);
}

template <class L>
inline constexpr typename L::Real minus_infinity = -std::numeric_limits<typename L::Real>::infinity();

// Sums of non-negative lanes whose error does not grow with their number, at the cost of plain ones: eight vectors go
// through a tree of three levels, then into accumulators of twice the digits. (Four plain accumulators folded every
// 1024 lose 10 ULP on equal logits.)
struct FloatSum {
  Double::V low = Double::set1(0);
  Double::V high = Double::set1(0);

  void add(Float::V x) {
    low = low + low_half(x);
    high = high + high_half(x);
  }
  void add_eight(const Float::V* x) { add(((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]))); }
  Twice total() const {
    double lanes[Double::lanes];
    Double::store(lanes, low + high);
    Twice sum{0, 0};
    for (const double lane : lanes) sum.hi += lane;
    return sum;
  }
};

struct DoubleSum {
  Double::V hi = Double::set1(0);
  Double::V lo = Double::set1(0);

  void add(Double::V x) {  // two_sum
    const Double::V sum = hi + x;
    const Double::V part = sum - hi;
    lo = lo + ((hi - (sum - part)) + (x - part));
    hi = sum;
  }
  void add_eight(const Double::V* x) {
    for (Index j = 0; j < 8; j += 2) add(x[j] + x[j + 1]);
  }
  Twice total() const {
    double his[Double::lanes];
    double los[Double::lanes];
    Double::store(his, hi);
    Double::store(los, lo);
    Twice sum{0, 0};
    for (Index j = 0; j < Double::lanes; ++j) {
      const double next = sum.hi + his[j];
      const double part = next - sum.hi;
      sum.lo += ((sum.hi - (next - part)) + (his[j] - part)) + los[j];
      sum.hi = next;
    }
    return sum;
  }
};

inline FloatSum make_sum(Float /*lanes*/) { return {}; }
inline DoubleSum make_sum(Double /*lanes*/) { return {}; }

/// The maximum and its lowest index. A NaN may be missed: its exponential tells of it. The index costs one more look at
/// one block.
template <class L>
inline typename L::Real maximum(const typename L::Real* z, Index n, Index* index) {
  using Real = typename L::Real;
  using V = typename L::V;
  constexpr Index block = 1024;
  Real greatest = minus_infinity<L>;
  Index found_in = 0;
  for (Index first = 0; first < n; first += block) {
    const Index last = std::min(n, first + block);
    V m[4] = {L::set1(greatest), L::set1(greatest), L::set1(greatest), L::set1(greatest)};
    Index i = first;
    for (; i + 4 * L::lanes <= last; i += 4 * L::lanes)
      for (Index j = 0; j < 4; ++j) m[j] = L::max(m[j], L::load(z + i + j * L::lanes));
    for (; i < last; i += L::lanes) m[0] = L::max(m[0], load_up_to<L>(z + i, last - i, minus_infinity<L>));
    Real lanes[L::lanes];
    L::store(lanes, L::max(L::max(m[0], m[1]), L::max(m[2], m[3])));
    for (const Real lane : lanes) {
      if (lane > greatest) {
        greatest = lane;
        found_in = first;
      }
    }
  }
  *index = -1;
  for (Index i = found_in; i < n && *index < 0; i += L::lanes) {
    const Index lane =
        L::first_equal(load_up_to<L>(z + i, n - i, std::numeric_limits<Real>::quiet_NaN()), L::set1(greatest));
    if (lane >= 0) *index = i + lane;
  }
  return greatest;
}

/// The next 8 vectors of a copy, past the caches.
template <class L>
inline void flow(Outflow<typename L::Real>* outflow) {
  constexpr Index step = 8 * L::lanes;
  if (outflow == nullptr || outflow->left < step) return;
  for (Index j = 0; j < 8; ++j) L::stream(outflow->to + j * L::lanes, L::load(outflow->from + j * L::lanes));
  outflow->from += step;
  outflow->to += step;
  outflow->left -= step;
}

/// All that is left of a copy.
template <class L>
inline void finish_flow(Outflow<typename L::Real>* outflow) {
  while (outflow->left >= 8 * L::lanes) flow<L>(outflow);
  for (; outflow->left > 0; outflow->left -= L::lanes, outflow->from += L::lanes, outflow->to += L::lanes)
    store_up_to<L>(outflow->to, outflow->left, load_up_to<L>(outflow->from, outflow->left, 0));
  outflow->left = 0;
}

/// e without the lanes of two classes, whose exponentials are noted.
template <class L>
inline typename L::V leave_out(typename L::V e, Index first, const LeftOut& left_out, RowSums<typename L::Real>* sums) {
  typename L::Real lanes[L::lanes];
  L::store(lanes, e);
  const auto take = [&](Index index) -> typename L::Real {
    const typename L::Real taken = lanes[index - first];
    lanes[index - first] = 0;
    return taken;
  };
  if (left_out.label >= first && left_out.label < first + L::lanes) sums->at_label = take(left_out.label);
  if (left_out.argmax >= first && left_out.argmax < first + L::lanes) sums->at_argmax = take(left_out.argmax);
  return L::load(lanes);
}

/// Exponentials of a sample, kept in `stored` unless it is null; their sum without the argmax and the label; and, with
/// `moment`, the sum of e (max - z). `ahead` is where the next samples lie: it is fetched meanwhile, as the last
/// results leave by `outflow`: one core computes an exponential in the time that memory takes to read its argument.
template <class L, bool moment>
inline RowSums<typename L::Real> sum_exponentials(const typename L::Real* z, Index n,
                                                  const Shift<typename L::Real>& shift, const LeftOut& left_out,
                                                  typename L::Real* stored, const typename L::Real* ahead,
                                                  Outflow<typename L::Real>* outflow) {
  using V = typename L::V;
  const Shifted<L> shifted(shift);
  RowSums<typename L::Real> sums{};
  auto sum = make_sum(L{});
  auto sum_of_moments = make_sum(L{});
  const auto holds = [](Index index, Index first, Index size) { return index >= first && index < first + size; };
  Index i = 0;
  for (; i + 8 * L::lanes <= n; i += 8 * L::lanes) {
    V e[8];
    V m[8];
    flow<L>(outflow);
    for (Index j = 0; j < 8; ++j) {
      const Index k = i + j * L::lanes;
      if (ahead) __builtin_prefetch(ahead + k, 0, 2);
      const V d = L::load(z + k) - shifted.anchor;
      e[j] = exponential<L>(shifted, d);
      if (moment) m[j] = e[j] * (shifted.top - L::max(shifted.floor, d));
      if (stored) L::store(stored + k, e[j]);
    }
    if (moment) sum_of_moments.add_eight(m);
    if (holds(left_out.argmax, i, 8 * L::lanes) || holds(left_out.label, i, 8 * L::lanes))
      for (Index j = 0; j < 8; ++j) e[j] = leave_out<L>(e[j], i + j * L::lanes, left_out, &sums);
    sum.add_eight(e);
  }
  for (; i < n; i += L::lanes) {
    const V d = load_up_to<L>(z + i, n - i, minus_infinity<L>) - shifted.anchor;
    V e = exponential<L>(shifted, d);
    if (moment) sum_of_moments.add(e * (shifted.top - L::max(shifted.floor, d)));
    if (stored) store_up_to<L>(stored + i, n - i, e);
    if (holds(left_out.argmax, i, L::lanes) || holds(left_out.label, i, L::lanes))
      e = leave_out<L>(e, i, left_out, &sums);
    sum.add(e);
  }
  sums.others = sum.total();
  sums.moment = sum_of_moments.total();
  return sums;
}

/// factor e, rounded once.
template <class L>
struct Scaling {
  typename L::V hi, lo, unscale;

  explicit Scaling(const Factor<typename L::Real>& factor)
      : hi(L::set1(factor.hi)), lo(L::set1(factor.lo)), unscale(L::set1(factor.unscale)) {}
  typename L::V operator()(typename L::V e) const {
    const typename L::V x = e * unscale;
    return L::fma(x, hi, x * lo) + L::set1(0);  // a masked class gets +0 whatever the signs of the factor
  }
};

/// out = factor e, of exponentials that were stored. `out` may be `e`.
template <class L>
inline void scale(const typename L::Real* e, Index n, const Factor<typename L::Real>& factor, typename L::Real* out) {
  const Scaling<L> scaling(factor);
  for (Index i = 0; i < n; i += L::lanes) store_up_to<L>(out + i, n - i, scaling(load_up_to<L>(e + i, n - i, 0)));
}

/// out = factor e, of exponentials that are computed again. `out` may be `z`.
template <class L>
inline void exponentiate(const typename L::Real* z, Index n, const Shift<typename L::Real>& shift,
                         const Factor<typename L::Real>& factor, typename L::Real* out) {
  const Shifted<L> shifted(shift);
  const Scaling<L> scaling(factor);
  for (Index i = 0; i < n; i += L::lanes) {
    const typename L::V d = load_up_to<L>(z + i, n - i, minus_infinity<L>) - shifted.anchor;
    store_up_to<L>(out + i, n - i, scaling(exponential<L>(shifted, d)));
  }
}

template <class L>
inline RowKernels<typename L::Real> row_kernels() {
  return {&maximum<L>,    &sum_exponentials<L, false>, &sum_exponentials<L, true>, &scale<L>, &exponentiate<L>,
          &finish_flow<L>};
}
