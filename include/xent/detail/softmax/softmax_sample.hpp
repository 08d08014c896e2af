#ifndef XENT_DETAIL_SOFTMAX_SOFTMAX_SAMPLE_HPP
#define XENT_DETAIL_SOFTMAX_SOFTMAX_SAMPLE_HPP

/// The sweeps over the logits of one sample, by the portable path: every scalar type, every stride.
///
/// Sweep 1 finds the maximum m. Sweep 2 visits x_k = (m - z_k) / T >= 0 and e_k = exp(-x_k). What is derived from them
/// leaves the argmax out of the sum, so that log-sum-exp is m/T + log1p(rest) and keeps the digits of a confident
/// prediction. z_k / T is never rounded on its own, and an exponential is recomputed, not stored: the result may then
/// overwrite the logits, and 16-bit results are rounded once.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/exponentials.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/types.hpp>

#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Which logits a sample has: only `regular` ones have a softmax that is not a matter of definition. In this order, the
/// last that applies wins.
enum class Condition {
  regular,   // at least one finite logit, no +inf, no NaN
  masked,    // no class, or every logit -inf
  infinite,  // some logit +inf
  nan        // some logit NaN
};

template <class Real>
struct Maximum {
  Real value;
  Index index;     // the lowest, on ties; -1 where there is none
  Index unmasked;  // K, the number of classes whose logit is not -inf
  Condition condition;
};

template <class Real, class Scalar>
Maximum<Real> find_maximum(Sample<const Scalar> logits, Index classes) {
  Maximum<Real> m{-infinity<Real>(), -1, 0, Condition::masked};
  for (Index k = 0; k < classes; ++k) {
    const Real z = static_cast<Real>(logits[k]);
    if (is_nan(z)) return {nan<Real>(), -1, 0, Condition::nan};
    if (z > m.value) {
      m.value = z;
      m.index = k;
    }
    if (!(z == -infinity<Real>())) ++m.unmasked;
  }
  if (m.index >= 0) m.condition = m.value == infinity<Real>() ? Condition::infinite : Condition::regular;
  return m;
}

/// Exponentials carry a factor 2^exponent, so that many of them, each below the smallest normal number, still add up to
/// a loss in the normal range with all its digits. float needs none: its wide type has the range.
template <class W>
struct ExponentialScale {
  static constexpr int exponent = 0;
  static W one() { return W(1); }
  static W exponential(const W& x) {
    if constexpr (std::is_same_v<W, double>) {  // of float
      using Chunk = ExponentialChunk<float, exponent>;
      if (x >= 0 && x <= Chunk::most_distance) return Chunk::exponential(x, 0);
    }
    return math::exp_of(W(-x));
  }
  static W unscaled(const W& e) { return e; }
};

template <>
struct ExponentialScale<Twofold<double>> {
  using W = Twofold<double>;
  static constexpr int exponent = 256;
  static W one() { return 0x1p256; }
  /// Exactly `one` for x = 0, so that the softmax of a lone class is 1 and its gradient 0; exp(256 ln 2 - x) at the end
  /// of the range.
  static W exponential(const W& x) {
    using Chunk = ExponentialChunk<double, exponent>;
    if (x.hi >= 0 && x.hi <= Chunk::most_distance) return Chunk::exponential(x.hi, x.lo);
    return math::exp_of(W(0x1.62e42fefa39efp+7, 0x1.abc9e3b39803fp-48) - x);
  }
  static W unscaled(const W& e) { return {e.hi * 0x1p-256, e.lo * 0x1p-256}; }
};

/// Whether exponentials are made in plain loops.
template <class Real>
inline constexpr bool has_chunks = std::is_same_v<Real, float> || std::is_same_v<Real, double>;

/// x_k and e_k of one sample, from its maximum and the temperature.
template <class Real>
class Exponentials {
 public:
  using W = Wide<Real>;

  Exponentials(const Real& maximum, const Real& temperature)
      : maximum_(widen<W>(maximum)),
        temperature_(widen<W>(temperature)),
        cools_(!has_chunks<Real> || !(temperature == Real(1))) {}

  /// (m - z) / T, infinite where that is too large.
  template <class Scalar>
  W distance(const Scalar& z) const {
    const W logit = widen<W>(static_cast<Real>(z));
    const W difference = maximum_ - logit;
    if (is_finite(difference)) return cools_ ? W(difference / temperature_) : difference;
    // Two finite logits further apart than the largest number. Halving denormals would not be exact: only here.
    const W half(0.5);
    return W(2) * W(W(half * maximum_ - half * logit) / temperature_);
  }

  /// unit (m - z) / T, for a unit that is a power of two.
  template <class Scalar>
  W distance_in(const W& unit, const Scalar& z) const {
    return W(unit * maximum_ - unit * widen<W>(static_cast<Real>(z))) / temperature_;
  }

  /// unit (distance(z) - other.distance(y)), finite, rounded after the subtraction only: nearly equal logits keep the
  /// digits of their difference. Halved, the distances are finite.
  template <class Scalar>
  W distance_beyond(const Scalar& z, const Exponentials& other, const Scalar& y, const W& unit) const {
    const W half(0.5);
    const auto part = [&](const W& x) { return Wider<W>(W(unit * W(half * x))); };
    const Wider<W> own = part(maximum_) - part(widen<W>(static_cast<Real>(z)));
    const Wider<W> others = part(other.maximum_) - part(widen<W>(static_cast<Real>(y)));
    return saturated<W>(narrow<W>(Wider<W>(Wider<W>(own - others) / Wider<W>(W(half * temperature_)))));
  }

  /// exp(-x), scaled; `one` is exp(0).
  static W exponential(const W& x) { return ExponentialScale<W>::exponential(x); }
  static W one() { return ExponentialScale<W>::one(); }

  Real maximum() const { return narrow<Real>(maximum_); }
  Real temperature() const { return narrow<Real>(temperature_); }

  /// m / T, infinite where that is too large.
  W scaled_maximum() const { return maximum_ / temperature_; }

 private:
  W maximum_;
  W temperature_;
  bool cools_;  // a temperature of 1 has nothing to divide, unless it has derivatives
};

/// factor s_k = factor e_k / S, without overflow or underflow on the way to a result in the normal range.
template <class W>
class SoftmaxMultiple {
  using Scale = ExponentialScale<W>;

 public:
  SoftmaxMultiple(const W& factor, const W& sum) : quotient_(factor / Scale::unscaled(sum)) {
    unscale_quotient_ = quotient_ > W(1) || quotient_ < W(-1);
    if (unscale_quotient_) quotient_ = Scale::unscaled(quotient_);
  }
  W operator()(const W& e) const { return quotient_ * (unscale_quotient_ ? e : Scale::unscaled(e)); }
  /// Times another number, which may lift an s_k below the normal range back into it.
  W operator()(const W& e, const W& number) const { return e < W(1) ? (*this)(W(e * number)) : W((*this)(e)*number); }

 private:
  W quotient_;
  bool unscale_quotient_;
};

/// visit(k, masked, x_k, e_k); x_k may be too large and infinite; a masked class has e_k = 0, and x_k is not defined.
template <class Real, class Scalar, class Visit>
void visit_class(Sample<const Scalar> logits, Index k, const Exponentials<Real>& exponentials, const Visit& visit) {
  using W = Wide<Real>;
  const Real z = static_cast<Real>(logits[k]);
  const bool masked = z == -infinity<Real>();
  const W x = masked ? W(0) : exponentials.distance(z);
  visit(k, masked, x, masked ? W(0) : Exponentials<Real>::exponential(x));
}

/// For the classes of a sample without NaN and +inf, in order: body(first, count, chunk), or visit_class where chunks
/// have no exponentials.
template <class Real, class Scalar, class Body, class Visit>
void for_each_chunk(Sample<const Scalar> logits, Index classes, const Exponentials<Real>& exponentials,
                    [[maybe_unused]] const Body& body, const Visit& visit) {
  const auto one_by_one = [&](Index first, Index last) {
    for (Index k = first; k < last; ++k) visit_class(logits, k, exponentials, visit);
  };
  if constexpr (has_chunks<Real>) {
    ExponentialChunk<Real, ExponentialScale<Wide<Real>>::exponent> chunk;
    if (!chunk.suits(exponentials.temperature())) return one_by_one(0, classes);
    for (Index first = 0; first < classes; first += chunk.most) {
      const Index count = (std::min)(chunk.most, classes - first);
      for (Index j = 0; j < count; ++j) chunk.z[j] = static_cast<Real>(logits[first + j]);
      if (chunk.make(count, exponentials.maximum(), exponentials.temperature()))
        body(first, count, chunk);
      else
        one_by_one(first, first + count);
    }
  } else {
    one_by_one(0, classes);
  }
}

/// visit_class for every class of a sample without NaN and +inf, in order.
template <class Real, class Scalar, class Visit>
void for_each_class(Sample<const Scalar> logits, Index classes, const Exponentials<Real>& exponentials,
                    const Visit& visit) {
  for_each_chunk(
      logits, classes, exponentials,
      [&](Index first, Index count, const auto& chunk) {
        for (Index j = 0; j < count; ++j)
          visit(first + j, chunk.z[j] == -infinity<Real>(), chunk.distance(j), Wide<Real>(chunk.e[j]));
      },
      visit);
}

/// The sum of e_k over all classes but two.
template <class Real, class Scalar>
Wide<Real> sum_without(Sample<const Scalar> logits, Index classes, const Exponentials<Real>& exponentials, Index a,
                       Index b) {
  using W = Wide<Real>;
  W sum(0);
  for_each_chunk(
      logits, classes, exponentials,
      [&](Index first, Index count, auto& chunk) {
        for (const Index k : {a, b})
          if (k >= first && k < first + count) chunk.e[k - first] = 0;
        chunk.add_to(sum);
      },
      [&](Index k, bool /*masked*/, const W& /*x*/, const W& e) {
        if (k != a && k != b) sum += e;
      });
  return sum;
}

template <class Out, class Value>
void fill(Sample<Out> out, Index classes, const Value& value) {
  for (Index k = 0; k < classes; ++k) out[k] = Out(value);
}

/// The sums over the exponentials of a regular sample.
template <class W>
struct ExponentialSums {
  W others{0};  // without the argmax and the label
  W at_argmax{0};
  W at_label{0};  // 0 where the label is the argmax, or masked, or there is none
  W moment{0};    // sum of e_k x_k
};

/// L = log(sum_k exp(-x_k)) >= 0, the part of log-sum-exp above m/T, from the sum without the argmax.
template <class W>
W log_of_sum(const W& rest, const W& one) {
  return math::log1p_of(W(rest / one));
}

/// What softmax, log_softmax and logsumexp need of a sample.
template <class Real>
struct SoftmaxState {
  using W = Wide<Real>;

  Maximum<Real> maximum;
  Exponentials<Real> exponentials;
  W rest{0};
  W log_sum{0};

  template <class Scalar>
  SoftmaxState(Sample<const Scalar> logits, Index classes, const Real& temperature)
      : maximum(find_maximum<Real>(logits, classes)), exponentials(maximum.value, temperature) {
    if (maximum.condition != Condition::regular) return;
    rest = sum_without(logits, classes, exponentials, maximum.index, maximum.index);
    log_sum = log_of_sum(rest, exponentials.one());
  }

  /// -inf without an unmasked class, +inf with an infinite one, NaN with NaN.
  Real logsumexp() const {
    if (maximum.condition != Condition::regular) return maximum.value;
    return narrow<Real>(W(exponentials.scaled_maximum() + log_sum));
  }
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
