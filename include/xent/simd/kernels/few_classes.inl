// Plain labels of few classes: what column.inl and plain_labels.inl do in walks of their own, in one.

/// All there is to do for plain labels of few classes, without a detour through the tile: the same bits as by
/// column_sums, plain_label_numbers and column_scale. Gradients take the place of logits, or exponentials if `writes`
/// is false. A sample is absent whose label is `absent`; labels are there for whole vectors. False if one of the
/// samples is not for this loop: then what is in the place of logits means nothing.
template <class L>
inline bool few_classes_in_lanes(L /*lanes*/, const Call<typename L::Real>& call, const Rows<typename L::Real>& z,
                                 Index n, Index count, bool writes, const std::int32_t* labels, typename L::Real absent,
                                 const Tile<typename L::Real>& tile, Traffic<typename L::Real>* traffic,
                                 LossSums* sums) {
  using Real = typename L::Real;
  using V = typename L::V;
  const PlainCall<L> shared(call);
  const V none = L::set1(0);
  const V one = L::set1(1);
  const Marked<L> marked(call);
  auto loss_sum = SumOf<L>::type::zero();
  for (Index i = 0; i < count; i += L::lanes) {
    const V m = L::load(tile.maximum + i);
    const V label = L::of_integers(labels + i);
    V label_logit = none;
    V class_number = none;
#pragma GCC unroll 2
    for (Index k = 0; k < n; ++k, class_number = class_number + one)
      label_logit = L::select_equal(label, class_number, load_up_to<L>(z[k] + i, count - i, 0), label_logit);
    const PlainShift<L> plain(shared, m);

    auto column = ExponentialSums<L, false>::zero();
    for (Index k = 0; k < n; k += bundle) {
      const Rows<Real> block{z[k], z.stride};
      const Rows<const Real> from{z[k], z.stride};
      move_on<L>(traffic, 2);
      add_classes(plain.shift, marked, m, from, (std::min)(bundle, n - k), i, count, block, {nullptr, 0}, &column);
    }
    PlainSums<L> of_samples{};
    of_samples.stored_one = exponential<L>(plain.shift, m);
    of_samples.stored_label = exponential<L>(plain.shift, label_logit);
    column.rest.add_product(column.count - one, of_samples.stored_one);
    double hi[L::lanes];
    double lo[L::lanes];
    column.rest.store(hi, lo);
    load_sum(hi, is_float<L> ? nullptr : lo, &of_samples.rest, &of_samples.rest_low);

    const PlainNumbers<L> numbers(shared, m, label_logit, plain.one, plain.one_rest, of_samples);
    const auto present = (label != L::set1(absent)) & L::first_lanes(count - i);
    const auto mine = plain.admitted & numbers.regular;  // not where the label is masked: the loss is infinite
    if (L::bits(present & ~mine) != 0) return false;
    loss_sum.add(L::select(present, numbers.loss, none));
    if (!writes) continue;
    const Scaling<L> scaling = numbers.scaling();
    const V own = L::select(present, numbers.label_gradient, none);
    class_number = none;
#pragma GCC unroll 2
    for (Index k = 0; k < n; ++k, class_number = class_number + one) {
      const V gradient = L::select(present, scaling(load_up_to<L>(z[k] + i, count - i, 0)), none);
      store_up_to<L>(z[k] + i, count - i, L::select_equal(label, class_number, own, gradient));
    }
  }
  *sums = {loss_sum.total(), {0, 0}, {0, 0}};
  return true;
}
