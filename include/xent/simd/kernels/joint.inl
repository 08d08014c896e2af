// The loops over the rows of a joint distribution. L is Float or Double; entries are computed in double, marginals in
// pairs of them.

/// Adds the entries of a row to the sums of their columns, which may be null, and returns the sum of the row. It is NaN
/// where an entry is negative or NaN.
template <class L>
inline Twice add_joint_row(L /*lanes*/, const typename L::Real* row, Index n, double* columns_hi, double* columns_lo) {
  using D = Double;
  const D::V none = D::set1(0);
  Two sum(0);
  D::V least = none;
  for (Index k = 0; k < n; k += D::lanes) {
    const D::V p = next_in_double(row + k, n - k);
    least = D::smaller(p, least);
    add_to(&sum, p, none);
    if (columns_hi == nullptr) continue;
    Two column = Two::load(columns_hi + k, columns_lo + k);
    add_to(&column, p, none);
    Two::store(column, columns_hi + k, columns_lo + k);
  }
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (any_nan<D>(D::select_greater(none, least, D::set1(nan), none))) return {nan, nan};
  return total_of(sum);
}

/// Of parts a of a whole A, the sum of a log(a / A) in nats: NaN where a part is next to nothing beside the whole, or
/// where the result would lose digits. One that is more than half of the whole is left out and returned, else 0.
template <class Lanes>
inline double entropy_of_parts(Lanes /*lanes*/, const typename Lanes::Real* parts, Index n, const Twice& whole,
                               Twice* sum) {
  using L = Double;
  using V = L::V;
  const V none = L::set1(0);
  const V least = L::set1(0x1p-960);
  const V by_whole = L::set1(1 / whole.hi);
  Two total(0);
  V excluded = none;
  V most = none;
  for (Index k = 0; k < n; k += L::lanes) {
    const V a = next_in_double(parts + k, n - k);
    const V half = L::set1(0.5 * whole.hi);
    most = L::larger(L::select_greater(a, half, a, none), most);
    const V p = L::select_greater(a, half, none, a);
    const V share = rounded_product<L>(p, by_whole);
    excluded = L::larger(L::select_greater(least, share, p, none), excluded);
    add_product_with_log<L>(p, L::larger(least, share), &total);
  }
  *sum = total_of(total);
  const double size = sum->hi < 0 ? -sum->hi : sum->hi;
  const bool in_range = size == 0 || (size >= least_information && size <= (std::numeric_limits<double>::max)());
  if (!in_range ||
      any_nan<L>(L::select_greater(excluded, none, L::set1(std::numeric_limits<double>::quiet_NaN()), none)))
    sum->hi = std::numeric_limits<double>::quiet_NaN();
  return L::greatest(most);
}

/// sum_k p_k log(p_k / m_k) - p_k + m_k in nats, m = sum of the row times the share of the column. NaN where an entry
/// is beside an m that is out of range, or where the result would lose digits.
template <class L>
inline Twice dependence_of_row(L /*lanes*/, const typename L::Real* row, Index n, const Twice& sum_of_row,
                               const double* shares_hi, const double* shares_lo) {
  using D = Double;
  using V = D::V;
  using W = typename WideOf<L>::type;
  const V none = D::set1(0);
  const V least = D::set1(0x1p-900);
  const Two of_row(sum_of_row);
  W sum(0);
  V excluded = none;
  for (Index k = 0; k < n; k += D::lanes) {
    const V p = next_in_double(row + k, n - k);
    const Two m = of_row * Two::load(shares_hi + k, shares_lo + k);
    const Two rounded_difference = sum_of(p, -m.hi, m);
    const Two d = Two::renormalised(rounded_difference.hi, rounded_difference.lo - m.lo);
    excluded = D::larger(D::select_greater(least, m.hi, p, none), excluded);
    const V by_m = D::set1(1) / D::larger(least, m.hi);
    if constexpr (is_float<L>)
      add_divergence(p, One(m.hi), One(d.hi), by_m, &sum);
    else
      add_divergence(p, m, d, by_m, &sum);
  }
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Twice total = total_of(sum);
  const double size = total.hi < 0 ? -total.hi : total.hi;
  const bool in_range = size == 0 || (size >= least_information && size <= (std::numeric_limits<double>::max)());
  if (!in_range || any_nan<D>(D::select_greater(excluded, none, D::set1(nan), none))) return {nan, nan};
  return total;
}
