#ifndef XENT_LINEAR_CROSS_ENTROPY_HPP
#define XENT_LINEAR_CROSS_ENTROPY_HPP

/// The loss of a classifier whose logits are linear in its features, with the gradients of weights, features and bias,
/// and without a matrix of all logits: for vocabularies.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/options.hpp>
#include <xent/detail/arguments/output.hpp>
#include <xent/detail/arguments/targets.hpp>
#include <xent/detail/linear/buffers.hpp>
#include <xent/detail/linear/chunks.hpp>
#include <xent/detail/softmax/cross_entropy.hpp>
#include <xent/types.hpp>

#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN

namespace detail {

template <class WeightMatrix>
using LinearOptionsOf = LinearCrossEntropyOptions<RealOf<typename WeightMatrix::Scalar>>;

/// The options of the loss may stand for all.
template <class WeightMatrix, class Options>
decltype(auto) linear_options_in(const Options& options) {
  using Expected = LinearOptionsOf<WeightMatrix>;
  if constexpr (std::is_same_v<Options, CrossEntropyOptionsOf<WeightMatrix>>)
    return Expected{options};
  else
    return options_in<Expected>(options);
}

/// `Bias` stands where it belongs.
template <class Bias, bool last = false>
auto check_bias_type() {
  static_assert(!last && !holds_integers<Bias>,
                "xent: after the features comes the bias, or xent::none: linear_cross_entropy(weights, features, "
                "xent::none, labels)");
  return Anything{};
}

template <class WeightMatrix, class Features, class Bias, class Targets, class DWeights, class DFeatures, class DBias>
RealOf<typename WeightMatrix::Scalar> linear_cross_entropy_into(
    const Eigen::DenseBase<WeightMatrix>& weights, const Eigen::DenseBase<Features>& features, const Bias& bias,
    const Targets& targets, DWeights&& d_weights, DFeatures&& d_features, DBias&& d_bias,
    const LinearOptionsOf<WeightMatrix>& linear_options, CrossEntropyReportOf<WeightMatrix>* report);

}  // namespace detail

/// The softmax cross-entropy of the logits W x_i + b, and its gradients for W, x_i and b.
///
/// With the loss, the options and the gradient g_i of the logits of sample i as for softmax_cross_entropy:
///
///     z_i = W x_i + b        loss = softmax_cross_entropy(z)
///     d_weights = sum_i g_i x_i^T        d_features_i = W^T g_i        d_bias = sum_i g_i
///
/// The logits of a chunk of samples at a time are computed by a matrix product and made into their gradient where they
/// lie; two more products add it to the gradients. Where a chunk of all classes does not fit the workspace, the classes
/// come in tiles: running sums over the tiles merge exactly, and the gradient computes the logits again, by the same
/// products and so to the same bits. Products are by kernels, at any flags; by Eigen where there are none, and where
/// EIGEN_USE_BLAS hands them to a BLAS.
///
/// @param weights     real [classes x dim]: row k is the embedding of class k; any dense expression
/// @param features    their scalar, [dim x batch], or [batch x dim] with Axis::rows; a vector at compile time is one
///                    sample
/// @param bias        real [classes], in either orientation, or `none`
/// @param targets     as for softmax_cross_entropy: labels [batch], or distributions shaped like the logits, [classes x
///                    batch] or [batch x classes]
/// @param d_weights, d_features, d_bias
///                    shaped like weights, features and bias, their scalar or RealOf it; `none` is not computed
///                    (see docs/outputs.md; one in the place of an argument takes a copy, too)
/// @param options     see LinearCrossEntropyOptions; or CrossEntropyOptions, or an Axis, alone. soft_cap: logits z
/// become
///                    soft_cap tanh(z / soft_cap), but -inf, a masked class, which stays; workspace_bytes: upper bound
///                    on the scratch memory of a call; accumulate: d_weights and d_bias are added to, d_features is
///                    written; workspace: scratch memory that is kept from call to call
/// @param report      see CrossEntropyReport; filled in the same pass
/// @return the loss in nats
/// @throws std::invalid_argument for shapes that do not chain, a bias of another size, workspace_bytes of 0, a soft_cap
///         that is negative or not finite, and options out of range, std::out_of_range for a label that is no class;
///         always before the first write
///
/// An ignored sample, or one of weight 0, takes part in no product: NaN in its features changes nothing. A class whose
/// bias is -inf is masked. 16-bit weights and features are converted panel by panel; all arithmetic is that of RealOf,
/// sums over samples too.
///
/// Accuracy: z is within dim u sum_d |W_kd| |x_d| + u |b_k| of the exact logit, u half an ULP of 1; a soft cap adds
/// half an ULP to float, 2 ULP to double; from there on the bounds of softmax_cross_entropy. The size of the workspace
/// changes results by a few ULP of their largest entry; kernels give the same bits for every instruction set and
/// executor. Cost: three products of classes x dim x batch for all gradients, four where classes come in tiles, one for
/// the loss alone; a soft cap, 1 ns a logit. Heap: at most workspace_bytes on the calling thread, what Eigen packs
/// included, but for: one sample and sixteen classes, the smallest tile (40 dim coefficients, if that is more); a float
/// copy of a 16-bit output d_weights or d_bias; a lazy argument, evaluated; each further thread's own panels (1 to 2
/// MB). With a workspace that has served a call of the same shapes: nothing, but for the last two and where products
/// are Eigen's. Stack: up to 80 KB, 240 KB where products are Eigen's (measured at -O2 by painting a thread's, as
/// tests/linear_cross_entropy_memory.cpp does).
/// Source: E. Wijmans et al., "Cut your losses in large-vocabulary language models" (2025), for the aim; K. Goto, R.
/// van de Geijn, "Anatomy of high-performance matrix multiplication" (2008), for the products.
template <class WeightMatrix, class Features, class Bias, class Targets,
          class Options = detail::LinearOptionsOf<WeightMatrix>,
          class Report = detail::CrossEntropyReportOf<WeightMatrix>*>
RealOf<typename WeightMatrix::Scalar> linear_cross_entropy(const Eigen::DenseBase<WeightMatrix>& weights,
                                                           const Eigen::DenseBase<Features>& features, const Bias& bias,
                                                           const Targets& targets, const Options& options = {},
                                                           const Report& report = nullptr) {
  detail::check_bias_type<Bias>();
  return detail::linear_cross_entropy_into(weights, features, bias, targets, none, none, none,
                                           detail::linear_options_in<WeightMatrix>(options),
                                           detail::report_in<detail::CrossEntropyReportOf<WeightMatrix>>(report));
}
template <class WeightMatrix, class Features, class Bias, class Targets, class DWeights, class DFeatures, class DBias,
          class Options = detail::LinearOptionsOf<WeightMatrix>,
          class Report = detail::CrossEntropyReportOf<WeightMatrix>*>
RealOf<typename WeightMatrix::Scalar> linear_cross_entropy(const Eigen::DenseBase<WeightMatrix>& weights,
                                                           const Eigen::DenseBase<Features>& features, const Bias& bias,
                                                           const Targets& targets, DWeights&& d_weights,
                                                           DFeatures&& d_features, DBias&& d_bias,
                                                           const Options& options = {},
                                                           const Report& report = nullptr) {
  detail::check_bias_type<Bias>();
  return detail::linear_cross_entropy_into(weights, features, bias, targets, std::forward<DWeights>(d_weights),
                                           std::forward<DFeatures>(d_features), std::forward<DBias>(d_bias),
                                           detail::linear_options_in<WeightMatrix>(options),
                                           detail::report_in<detail::CrossEntropyReportOf<WeightMatrix>>(report));
}
template <class Weights, class Features, class... Rest, detail::EnableIfNotDense<Weights, Features> = 0>
auto linear_cross_entropy(const Weights& /*weights*/, const Features& /*features*/, const Rest&... /*rest*/) {
  return detail::refuse<Weights, Features, Rest...>();
}
template <class WeightMatrix, class Features, class Labels>
auto linear_cross_entropy(const Eigen::DenseBase<WeightMatrix>& /*weights*/,
                          const Eigen::DenseBase<Features>& /*features*/, const Labels& /*labels*/) {
  return detail::check_bias_type<Labels, true>();
}

namespace detail {

/// The bias as an argument: nothing, or a vector of any real scalar.
template <class Bias>
class LinearBias {
 public:
  using Scalar = typename Bias::Scalar;

  explicit LinearBias(const Eigen::DenseBase<Bias>& bias) : operand_(bias) {
    static_assert(is_real<Scalar>, "xent: the bias must be real: write .cast<float>() or .cast<double>()");
  }
  LinearBias(const LinearBias&) = delete;
  LinearBias& operator=(const LinearBias&) = delete;

  void check_shape(const char* function, Index classes) const {
    const bool vector = operand_.rows() == 1 || operand_.cols() == 1 || operand_.size() == 0;
    if (!vector || operand_.size() != classes)
      throw_invalid(function, "bias", shape_text(operand_.rows(), operand_.cols()), text(classes, ", one per class"));
  }
  Samples<const Scalar> samples() const { return operand_.samples(Axis::columns, true); }

 private:
  Operand<Bias> operand_;
};
template <>
class LinearBias<NoneType> {
 public:
  using Scalar = float;

  explicit LinearBias(const NoneType& /*none*/) {}
  static void check_shape(const char* /*function*/, Index /*classes*/) {}
  static Samples<const Scalar> samples() { return {}; }
};

template <class Bias>
auto make_bias(const Bias& bias) {
  static_assert(is_none<Bias> || is_dense<Bias> || holds_integers<Bias>,
                "xent: the bias must be a dense Eigen vector, or xent::none");
  if constexpr (is_dense<Bias> && !holds_integers<Bias>)
    return LinearBias<DenseOf<Bias>>(bias);
  else
    return LinearBias<NoneType>(none);
}

/// The storage order of an output; that of one that is not wanted does not matter.
template <class Out>
constexpr int output_order() {
  if constexpr (is_none<Out>)
    return Eigen::ColMajor;
  else
    return storage_order<DenseOf<Out>>;
}

template <class WeightMatrix, class Features, class Bias, class Targets, class DWeights, class DFeatures, class DBias>
RealOf<typename WeightMatrix::Scalar> linear_cross_entropy_into(
    const Eigen::DenseBase<WeightMatrix>& weights, const Eigen::DenseBase<Features>& features, const Bias& bias,
    const Targets& targets, DWeights&& d_weights, DFeatures&& d_features, DBias&& d_bias,
    const LinearOptionsOf<WeightMatrix>& linear_options, CrossEntropyReportOf<WeightMatrix>* report) {
  const CrossEntropyOptionsOf<WeightMatrix>& options = linear_options.loss;
  using Scalar = typename WeightMatrix::Scalar;
  using Real = RealOf<Scalar>;
  constexpr const char* function = "linear_cross_entropy";
  constexpr bool one_sample = is_vector<Features>;
  using Logits = Eigen::Matrix<Real, Eigen::Dynamic, one_sample ? 1 : Eigen::Dynamic>;
  static_assert(is_real<Scalar>, "xent: weights must be real: write .cast<float>() or .cast<double>()");
  static_assert(std::is_same_v<typename Features::Scalar, Scalar>,
                "xent: the features have another scalar than the weights: write .cast<>() on one of them");

  const Operand w_operand(weights);
  const Operand x_operand(features);
  const auto b = make_bias(bias);
  const auto argument = make_targets<Wide<Real>, Logits>(targets, options.axis);
  const auto& target = argument.view();
  auto d_w = make_output<Scalar>(std::forward<DWeights>(d_weights));
  auto d_x = make_output<Scalar>(std::forward<DFeatures>(d_features));
  auto d_b = make_output<Scalar>(std::forward<DBias>(d_bias));
  const auto w = w_operand.samples(Axis::columns, false);
  const auto x = x_operand.samples(options.axis);
  const Index classes = w.classes;
  const Index batch = x.count;
  const bool batch_is_last = one_sample || options.axis == Axis::columns;
  const Shape logits{batch_is_last ? classes : batch, batch_is_last ? batch : classes};
  const Shape one_a_class{classes, 1};

  if (x.classes != w.count)
    throw_invalid(function, "features", shape_text(x_operand.rows(), x_operand.cols()),
                  text(w.count, " features a sample, as the weights ", shape_text(classes, w.count), " have columns"));
  b.check_shape(function, classes);
  argument.check_shape(function, logits, one_sample, batch);
  d_w.check_shape(function, "d_weights", w_operand, false);
  d_x.check_shape(function, "d_features", x_operand, one_sample);
  d_b.check_shape(function, "d_bias", one_a_class, true);
  d_x.check_apart(function, "d_features", d_w, "d_weights");
  d_b.check_apart(function, "d_bias", d_w, "d_weights");
  d_b.check_apart(function, "d_bias", d_x, "d_features");
  if (linear_options.workspace_bytes == 0) throw_invalid(function, "workspace_bytes", "0", "at least 1");
  if (!(linear_options.soft_cap >= Real(0)) || !is_finite(linear_options.soft_cap))
    throw_invalid(function, "soft_cap", text(linear_options.soft_cap), "0, or a finite number > 0");
  const CountedSamples<Real> counted = check_batch(function, target, classes, batch, options);
  const CrossEntropyScalars<Real> scalars = call_scalars(options, counted);

  d_w.prepare(w_operand, false);
  d_x.prepare(x_operand, one_sample);
  d_b.prepare(one_a_class, true);
  for (const Memory& read : {Memory(w), Memory(x), Memory(b.samples()), argument.memory(),
                             memory_of_vector(options.class_weights), memory_of_vector(options.sample_weights)}) {
    d_w.keep_apart(read);
    d_x.keep_apart(read);
    d_b.keep_apart(read);
  }
  if (linear_options.accumulate) {
    d_w.load();
    d_b.load();
  }
  if (report) resize_report(*report, batch);

  LinearWorkspace<Real> own;
  LinearBuffers<Real>& buffers = buffers_of(linear_options.workspace ? *linear_options.workspace : own);
  LinearCall call(WeightPanels<Real, Scalar, storage_order<WeightMatrix>>(w), x, b.samples(), target,
                  make_gradient_sum<Real, output_order<DWeights>()>(d_w.samples(Axis::columns),
                                                                    linear_options.accumulate, buffers.d_weights_sum),
                  d_x.samples(options.axis),
                  make_gradient_sum<Real, Eigen::ColMajor>(d_b.samples(Axis::columns), linear_options.accumulate,
                                                           buffers.d_bias_sum),
                  linear_options, scalars, report, buffers);
  const CrossEntropySums<Real> sums = LinearChunks(call, counted.counted).run();
  d_w.finish();
  d_x.finish();
  d_b.finish();
  if (report) finish_report(*report, sums, scalars, counted, batch, options.reduction);
  return reduced<Real>(sums.loss, scalars);
}

}  // namespace detail

XENT_NAMESPACE_END

#endif
