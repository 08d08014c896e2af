// The cost that the documentation states: forms that write into memory of the caller take none from the heap. Counted,
// Eigen's own buffers too.

#include "support/peak_memory.hpp"

#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <cstddef>
#include <limits>

#include "support/catch.hpp"
#include "support/random.hpp"

namespace {

using Eigen::Index;
using xent::Axis;

constexpr Index samples = 7;
constexpr Index sizes_of_interest[] = {3, 100, 1000, 10000};

/// What is on the heap at a time during a call, in bytes: 0 says that nothing was taken. Twice, so that a thing that is
/// made once (a table of kernels) is not confused with one that every call pays for.
template <class Body>
std::ptrdiff_t heap_of(const Body& body) {
  body();
  return support::peak_of(body);
}

template <class Scalar>
struct Problem {
  using Real = xent::RealOf<Scalar>;
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  Axis axis;
  Matrix z;
  Matrix out;
  Eigen::VectorXi labels{samples};
  xent::CrossEntropyReport<Real> report;

  Problem(Index classes, Axis samples_are)
      : axis(samples_are), z(axis == Axis::columns ? classes : samples, axis == Axis::columns ? samples : classes) {
    support::Random random(14);
    for (Index i = 0; i < z.size(); ++i) z.data()[i] = static_cast<Scalar>(static_cast<float>(random.uniform(-9, 9)));
    out = z;
    for (Index i = 0; i < samples; ++i) labels[i] = static_cast<int>(i * 7 % classes);
  }
};

/// What each form takes from the heap beyond `allowed` bytes.
template <class Scalar>
void check_forms(Index classes, Axis axis, std::ptrdiff_t allowed) {
  Problem<Scalar> p(classes, axis);
  using Real = typename Problem<Scalar>::Real;
  xent::CrossEntropyOptions<Real> options;
  options.axis = axis;
  xent::SoftmaxOptions<Real> softmax_options;
  softmax_options.axis = axis;
  CAPTURE(classes, axis == Axis::columns, sizeof(Scalar));
  for (const bool every_option : {false, true}) {
    CAPTURE(every_option);
    if (every_option) {
      options.label_smoothing = Real(0.1F);
      options.temperature = Real(1.5F);
      options.z_loss = Real(0.001F);
      options.class_weights = Eigen::Array<Real, Eigen::Dynamic, 1>::Ones(classes).eval();
      options.sample_weights = Eigen::Array<Real, Eigen::Dynamic, 1>::Ones(samples).eval();
      softmax_options.temperature = Real(1.5F);
    }
    CHECK(heap_of([&] { xent::softmax_cross_entropy(p.z, p.labels, options); }) <= allowed);
    CHECK(heap_of([&] { xent::softmax_cross_entropy(p.z, p.labels, options, &p.report); }) <= allowed);
    CHECK(heap_of([&] { xent::softmax_cross_entropy(p.z, p.labels, p.out, options); }) <= allowed);
    CHECK(heap_of([&] { xent::softmax_cross_entropy(p.z, p.labels, p.out, options, &p.report); }) <= allowed);
    p.out = p.z;
    CHECK(heap_of([&] { xent::softmax_cross_entropy(p.out, p.labels, p.out, options); }) <= allowed);
    CHECK(heap_of([&] { xent::softmax(p.z, p.out, softmax_options); }) <= allowed);
    CHECK(heap_of([&] { xent::log_softmax(p.z, p.out, softmax_options); }) <= allowed);
    p.out = p.z;
    CHECK(heap_of([&] { xent::softmax(p.out, p.out, softmax_options); }) <= allowed);
  }
}

}  // namespace

TEST_CASE("allocations: none by the forms that write into a buffer, for float and double") {
  if (!support::counts_heap) return;
  for (const Index classes : sizes_of_interest)
    for (const Axis axis : {Axis::columns, Axis::rows}) {
      check_forms<float>(classes, axis, 0);
      check_forms<double>(classes, axis, 0);
    }
}

TEST_CASE("allocations: of 16-bit logits, one buffer a sample that is too long for the stack") {
  if (!support::counts_heap) return;
  for (const Index classes : sizes_of_interest)
    for (const Axis axis : {Axis::columns, Axis::rows}) {
      constexpr std::ptrdiff_t rounding = 64;  // malloc gives out a little more than it is asked for
      const std::ptrdiff_t scratch = classes > 4096 ? classes * std::ptrdiff_t{sizeof(float)} + rounding : 0;
      check_forms<Eigen::bfloat16>(classes, axis, scratch);
      check_forms<Eigen::half>(classes, axis, scratch);
    }
}

// The portable path asks sparse targets for one class after the other; a few entries per sample need no memory for
// that.
TEST_CASE("allocations: none for sparse targets that lie sample by sample") {
  if (!support::counts_heap) return;
  Problem<double> p(100, Axis::columns);
  Eigen::SparseMatrix<double> targets(100, samples);
  for (Index i = 0; i < samples; ++i)
    for (Index k = 0; k < 32; ++k) targets.insert(3 * k + i % 3, i) = 1.0 / 32;
  targets.makeCompressed();
  const Eigen::MatrixXd v = p.z;
  CHECK(heap_of([&] { xent::softmax_cross_entropy_hvp(p.z, targets, v, p.out); }) == 0);
  p.z(1, 2) = std::numeric_limits<double>::quiet_NaN();  // kernels leave this sample
  CHECK(heap_of([&] { xent::softmax_cross_entropy(p.z, targets, p.out); }) == 0);
}

// Were the count broken, the cases above would pass.
TEST_CASE("allocations: those of a returning form and of a new report are counted") {
  if (!support::counts_heap) return;
  Problem<float> p(1000, Axis::columns);
  CHECK(heap_of([&] { xent::softmax(p.z); }) >= p.z.size() * std::ptrdiff_t{sizeof(float)});
  CHECK(heap_of([&] {
          xent::CrossEntropyReport<float> report;
          xent::softmax_cross_entropy(p.z, p.labels, p.out, {}, &report);
        }) >= samples * std::ptrdiff_t{3 * sizeof(float) + sizeof(Index)});
}
