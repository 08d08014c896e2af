// The loops of samples, as a table. Included by simd/kernels.hpp inside the namespace of an instruction set.

template <class L>
inline Kernels<typename L::Real> kernels() {
  Kernels<typename L::Real> k{};
  k.maxima = &maxima<L>;
  k.predictions = &predictions<L>;
  k.shift = &shift<L>;
  k.plain_shift = &plain_shift<L>;
  k.admitted_labels = &admitted_labels<L>;
  k.admitted_maxima = &admitted_maxima<L>;
  k.sums = &sums<L, false>;
  k.sums_and_moments = &sums<L, true>;
  k.label_numbers = &label_numbers<L, false>;
  k.label_numbers_and_report = &label_numbers<L, true>;
  k.plain_label_numbers = &plain_label_numbers<L>;
  k.softmax_numbers = &softmax_numbers<L>;
  k.scale = &scale<L>;
  k.exponentiate = &exponentiate<L>;
  k.logarithms = &logarithms<L>;
  k.finish = &finish<L>;
  k.column_maxima = &column_maxima<L>;
  k.column_sums = &column_sums<L, false>;
  k.column_sums_and_moments = &column_sums<L, true>;
  k.column_predictions = &column_predictions<L>;
  k.column_scale = &column_scale<L>;
  k.column_logarithms = &column_logarithms<L>;
  k.few_classes = &few_classes<L>;
  k.column_send = &column_send<L>;
  k.gather = &gather<L>;
  k.scatter = &scatter<L>;
  return k;
}
