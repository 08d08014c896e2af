// Every function that has an output, with options, reports and executors, on random views of one buffer: what is
// computed is what is computed on copies that lie alike, bit for bit. overlap_large.cpp has what does not fit a cache.

#include "support/catch.hpp"
#include "support/overlap.hpp"
#include "support/overlap_cases.hpp"
#include "support/random.hpp"

#include <xent/xent.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using Eigen::Index;
using support::Call;
using support::Case;
using support::Draw;
using support::Place;
using support::Random;
using support::View;
using xent::Axis;

template <class Real>
using Views = std::vector<View<Real>>;

/// Places for a case: of all in one region, or of one argument and one output there and of the others apart, so that
/// nothing else can be why an output was kept apart. The values of a sparse matrix are one after the other.
template <class Scalar>
std::vector<Place> places_of(const Case<Scalar>& c, Random& random) {
  auto shapes = c.arguments;
  shapes.insert(shapes.end(), c.outputs.begin(), c.outputs.end());
  support::Places any(random);
  const auto contiguous = [&](const Place& place) {
    const Index offset = random.integer(60);
    return Place{offset, place.rows, 1, 1, place.rows + 1};
  };
  if (c.arguments.empty() || random.integer(2) == 0) {
    std::vector<Place> places = any.of(shapes);
    if (c.sparse) places[1] = contiguous(places[1]);
    return places;
  }
  const std::size_t in = random.integer(c.arguments.size());
  const std::size_t out = c.arguments.size() + random.integer(c.outputs.size());
  std::vector<Place> two = any.of({shapes[in], shapes[out]});
  if (c.sparse && in == 1) two[0] = contiguous(two[0]);
  Index end = 1 + std::max(*two[0].coefficients().rbegin(), *two[1].coefficients().rbegin());
  std::vector<Place> places;
  for (std::size_t k = 0; k < shapes.size(); ++k) {
    Place place = any.of({shapes[k]})[0];
    if (c.sparse && k == 1) place = contiguous(place);
    place.offset += end;
    end = 1 + *place.coefficients().rbegin();
    places.push_back(k == in ? two[0] : k == out ? two[1] : place);
  }
  return places;
}

template <class Scalar>
Draw<Scalar> random_draw(Random& random) {
  const Axis axis = random.integer(2) == 0 ? Axis::columns : Axis::rows;
  const Index classes = 1 + random.integer(random.integer(3) == 0 ? 140 : 12);
  const Index batch = 1 + random.integer(random.integer(3) == 0 ? 70 : 9);
  return Draw<Scalar>(classes, batch, axis, random);
}

template <class Scalar>
void check(const Case<Scalar>& c, const Draw<Scalar>& draw, Random& random) {
  const std::vector<Place> places = places_of(c, random);
  CAPTURE(c.name, draw.classes, draw.batch, draw.axis == Axis::columns);
  const Index class_stride = draw.axis == Axis::columns ? places[0].inner : places[0].outer;
  if (c.other_bits_in_place && class_stride != 1 && places[0].coefficients() == places.back().coefficients()) return;
  Call<Scalar>(support::content_for<Scalar>(places, 0.5, random), static_cast<Index>(c.arguments.size()), places)
      .check(c.call);
}

/// An output in the memory of weights_of(options), forwards or backwards, against one in memory of its own:
/// function(options, output).
template <class Options, class WeightsOf, class Function>
void check_over(const char* name, const Options& given, const WeightsOf& weights_of, bool of_samples, bool backwards,
                const Function& function) {
  CAPTURE(name);
  Options options = given;
  auto& weights = weights_of(options);
  using Real = typename std::decay_t<decltype(weights)>::Scalar;
  const Index n = weights.size();
  const auto view = [&](Real* data) {
    const Index stride = backwards ? -1 : 1;
    return View<Real>(backwards ? data + (n - 1) : data, of_samples ? 1 : n, of_samples ? n : 1, {stride, stride});
  };
  std::vector<Real> apart(static_cast<std::size_t>(n), Real(7));
  const Real expected = function(given, view(apart.data()));
  const Real value = function(options, view(weights.data()));
  CHECK(support::same_bits(value, expected));
  CHECK(support::same_bits(std::vector<Real>(weights.data(), weights.data() + n), apart));
}

}  // namespace

TEMPLATE_TEST_CASE("overlap of every function: random views of one buffer, and the same views of copies", "", float,
                   double, long double, Eigen::half, Eigen::bfloat16) {
  Random random(7);
  for (std::size_t i = 0; i < 2000; ++i) {
    CAPTURE(i);
    const auto draw = random_draw<TestType>(random);
    const support::Cases<TestType> cases(draw, random);
    check(cases.all[i % cases.all.size()], draw, random);
  }
}

// Numbers of 16 bits and of 32 cannot share memory, but all the others can.
TEMPLATE_TEST_CASE("overlap: logits of 16 bits, all else float in one buffer", "", Eigen::half, Eigen::bfloat16) {
  using V = Views<float>;
  Random random(8);
  for (std::size_t i = 0; i < 600; ++i) {
    CAPTURE(i);
    const auto d = random_draw<float>(random);
    const std::pair<Index, Index> m = d.shape(d.classes);
    Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic> z(m.first, m.second);
    random.fill_uniform(z, 0.1, 1);
    const auto nothing = [](const auto& call) {
      return [call](V& v) {
        call(v);
        return std::vector<float>();
      };
    };
    const std::vector<Case<float>> cases = {
        {"softmax_jvp", {m}, {m}, nothing([&](V& v) { xent::softmax_jvp(z, v[0], v[1], d.softmax); })},
        {"log_softmax_vjp", {m}, {m}, nothing([&](V& v) { xent::log_softmax_vjp(z, v[0], v[1], d.softmax); })},
        {"softmax_cross_entropy_hvp", {m, m}, {m}, nothing([&](V& v) {
           xent::softmax_cross_entropy_hvp(z, v[0], v[1], v[2], d.loss);
         })},
        {"softmax_cross_entropy",
         {m},
         {m},
         [&](V& v) { return std::vector<float>{xent::softmax_cross_entropy(z, v[0], v[1], d.loss)}; }},
        {"sigmoid_cross_entropy",
         {m},
         {m},
         [&](V& v) { return std::vector<float>{xent::sigmoid_cross_entropy(z, v[0], v[1], d.sigmoid)}; }},
        {"gaussian_nll",
         {m, m},
         {m, m},
         [&](V& v) { return std::vector<float>{xent::gaussian_nll(z, v[0], v[1], v[2], v[3], d.gaussian)}; }},
        {"kl_divergence_from_logits",
         {},
         {m, m},
         [&](V& v) { return std::vector<float>{xent::kl_divergence_from_logits(z, z, v[0], v[1], d.of_logits)}; }},
    };
    check(cases[i % cases.size()], d, random);
  }
}

TEMPLATE_TEST_CASE("overlap: outputs in the memory of the weights of the options", "", float, double) {
  using Real = TestType;
  using Options = xent::CrossEntropyOptions<Real>;
  using Sigmoid = xent::SigmoidOptions<Real>;
  using Linear = xent::LinearCrossEntropyOptions<Real>;
  Random random(9);
  for (int i = 0; i < 200; ++i) {
    const Index n = 1 + random.integer(i % 4 == 0 ? 1500 : 70);
    const bool backwards = random.integer(2) == 0;
    const bool of_samples = random.integer(2) == 0;  // of one class, or one sample of classes
    CAPTURE(i, n, backwards, of_samples);
    const auto weights = [&](Options & given) -> auto& {
      return of_samples ? given.sample_weights : given.class_weights;
    };
    const auto decisions = [&](Sigmoid & given) -> auto& {
      return of_samples ? given.sample_weights : given.positive_weights;
    };
    const auto of_loss = [&](Linear & given) -> auto& { return weights(given.loss); };
    Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic> z(of_samples ? 1 : n, of_samples ? n : 1);
    auto y = z;
    Eigen::Array<Real, Eigen::Dynamic, 1> numbers(n);
    random.fill_normal(z);
    random.fill_uniform(y);
    random.fill_uniform(numbers, 0.5, 2);
    const Eigen::SparseMatrix<Real> sparse = y.sparseView(Real(0.5), Real(1));
    std::vector<int> labels(static_cast<std::size_t>(z.cols()));
    if (!of_samples) labels[0] = random.integer(static_cast<int>(n));
    Options o;
    o.z_loss = Real(0.01);  // or the gradient of one class is 0
    if (random.integer(2) == 0) o.label_smoothing = Real(0.125);
    weights(o) = numbers;
    Sigmoid s;
    decisions(s) = numbers;
    const auto loss = [&](const auto& targets) {
      check_over("softmax_cross_entropy", o, weights, of_samples, backwards,
                 [&](const Options& options, View<Real> out) {
                   return xent::softmax_cross_entropy(z, targets, out, options);
                 });
      check_over("softmax_cross_entropy_hvp", o, weights, of_samples, backwards,
                 [&](const Options& options, View<Real> out) {
                   xent::softmax_cross_entropy_hvp(z, targets, y, out, options);
                   return Real(0);
                 });
    };
    loss(labels);
    loss(y);
    loss(sparse);
    check_over("sigmoid_cross_entropy", s, decisions, of_samples, backwards,
               [&](const Sigmoid& options, View<Real> out) { return xent::sigmoid_cross_entropy(z, y, out, options); });

    // Gradients that have the shape of the weights: those of one feature a sample, of one a class, of the bias. Few
    // samples are taken at a time, so that the others come when there are gradients.
    const auto none = xent::none;
    const Index samples = of_samples ? n : 3;
    const Index classes = of_samples ? 3 : n;
    const auto of_classes = Eigen::Matrix<Real, Eigen::Dynamic, 1>::LinSpaced(classes, -1, 1).eval();
    Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic> features(1, samples);  // a vector would be one sample
    random.fill_normal(features);
    labels.resize(static_cast<std::size_t>(samples));
    for (int& label : labels) label = random.integer(static_cast<int>(classes));
    const Linear in_chunks{o, 0, 1};
    check_over("linear_cross_entropy", in_chunks, of_loss, of_samples, backwards,
               [&](const Linear& options, View<Real> out) {
                 if (of_samples)
                   return xent::linear_cross_entropy(of_classes, features, none, labels, none, out, none, options);
                 return xent::linear_cross_entropy(of_classes, features, none, labels, out, none, none, options);
               });
    if (of_samples) continue;
    check_over("linear_cross_entropy, d_bias", in_chunks, of_loss, of_samples, backwards,
               [&](const Linear& options, View<Real> out) {
                 return xent::linear_cross_entropy(of_classes, features, of_classes, labels, none, none, out.col(0),
                                                   options);
               });
  }
}
