// The promise of linear_cross_entropy: its memory does not grow as classes x batch. Counted, Eigen's own buffers too.

#include "support/peak_memory.hpp"

#include <xent/linear_cross_entropy.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <vector>

#if defined(__GLIBC__)
#include <pthread.h>
#endif

#include "support/catch.hpp"
#include "support/linear.hpp"

namespace {

using Eigen::Index;
using support::LinearOptions;
using support::LinearProblem;
using support::Matrix;
using support::Vector;

struct Shape {
  Index classes, dim, batch;
};
const std::vector<Shape> shapes{{3000, 16, 100}, {200, 150, 120}, {40, 500, 100}, {32, 16, 20000}};

/// Beside the blocks that are counted: rounding up in malloc, and the panels of the last, odd size.
constexpr std::ptrdiff_t slack = 4096;

template <class Scalar>
void check_peaks(const Shape& shape, bool sixteen_bit_weights_gradient) {
  using Real = xent::RealOf<Scalar>;
  const LinearProblem<Scalar> p(30, shape.classes, shape.dim, shape.batch);
  Matrix<Real> d_weights(shape.classes, shape.dim);
  Matrix<Scalar> narrow_d_weights(shape.classes, shape.dim);
  Matrix<Real> d_features(shape.dim, shape.batch);
  Vector<Real> d_bias(shape.classes);
  for (const std::size_t bytes : {std::size_t{150} << 10U, std::size_t{500} << 10U, std::size_t{4} << 20U})
    for (const bool gradients : {false, true})
      for (const bool options : {false, true}) {
        LinearOptions<Real> o;
        o.workspace_bytes = bytes;
        if (options) {
          o.loss.label_smoothing = Real(0.1);
          o.loss.class_weights = Vector<Real>::Ones(shape.classes);
          o.loss.sample_weights = Vector<Real>::Ones(shape.batch);
          o.loss.sample_weights[5] = Real(0);
          o.soft_cap = Real(20);
        }
        xent::CrossEntropyReport<Real> report;
        const auto call = [&] {
          if (!gradients)
            xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, o, options ? &report : nullptr);
          else if (sixteen_bit_weights_gradient)
            xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, narrow_d_weights, d_features, d_bias,
                                       o);
          else
            xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, d_weights, d_features, d_bias, o,
                                       options ? &report : nullptr);
        };
        call();  // the report has its size now
        std::ptrdiff_t most = static_cast<std::ptrdiff_t>(bytes) + slack;
        // The sum in float that a 16-bit output is rounded from.
        if (gradients && sixteen_bit_weights_gradient)
          most += shape.classes * shape.dim * static_cast<Index>(sizeof(Real));
        const std::ptrdiff_t peak = support::peak_of(call);
        CAPTURE(shape.classes, shape.dim, shape.batch, bytes, gradients, options);
        CHECK(peak <= most);
        CHECK(peak > 0);
      }
}

}  // namespace

TEST_CASE("peak memory is within workspace_bytes") {
  if (!support::counts_heap) return;
  for (const Shape& shape : shapes) {
    check_peaks<float>(shape, false);
    check_peaks<double>(shape, false);
    check_peaks<Eigen::bfloat16>(shape, false);
    check_peaks<Eigen::bfloat16>(shape, true);
  }
}

// The smallest tile: one sample, sixteen classes, and what goes with them.
TEST_CASE("a budget of one byte takes a few rows of the weights") {
  if (!support::counts_heap) return;
  for (const Shape& shape : shapes) {
    const LinearProblem<float> p(31, shape.classes, shape.dim, 10);
    LinearOptions<float> o;
    o.workspace_bytes = 1;
    Matrix<float> d_weights(shape.classes, shape.dim);
    Matrix<float> d_features(shape.dim, 10);
    const std::ptrdiff_t peak = support::peak_of([&] {
      xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, d_weights, d_features, xent::none, o);
    });
    CAPTURE(shape.classes, shape.dim, peak);
    CHECK(peak <= 40 * shape.dim * static_cast<Index>(sizeof(float)) + slack);
  }
}

#if defined(__GLIBC__)
namespace {

/// Loss, gradients and report of a few chunks, in memory that is there; the argument is the budget.
template <class Real>
void* call_once(void* bytes) {
  static const LinearProblem<Real> p(32, 1000, 300, 200);
  static Matrix<Real> d_weights(1000, 300);
  static Matrix<Real> d_features(300, 200);
  static Vector<Real> d_bias(1000);
  static xent::CrossEntropyReport<Real> report;
  LinearOptions<Real> o;
  o.workspace_bytes = *static_cast<std::size_t*>(bytes);
  xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, d_weights, d_features, d_bias, o, &report);
  return nullptr;
}

/// The bytes of a thread's stack that a call writes to.
template <class Real>
std::size_t stack_of(std::size_t budget) {
  call_once<Real>(&budget);
  constexpr char paint = 0x5A;
  std::vector<char> stack(std::size_t{1} << 20U, paint);
  pthread_attr_t attributes;
  pthread_t thread{};
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstack(&attributes, stack.data(), stack.size()) == 0);
  REQUIRE(pthread_create(&thread, &attributes, call_once<Real>, &budget) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  const auto used = std::find_if(stack.begin(), stack.end(), [](char c) { return c != paint; });
  return static_cast<std::size_t>(stack.end() - used);
}

}  // namespace

TEST_CASE("a call takes no more stack than its contract says") {
  if (!support::counts_heap) return;  // sanitizers have frames of their own
  const bool by_kernels = xent::instruction_set() != xent::InstructionSet::portable;
  const std::size_t most = (by_kernels ? std::size_t{80} : std::size_t{240}) << 10U;
  const std::size_t other_flags = most / 2;  // the contract is for -O2
  for (const std::size_t budget : {std::size_t{200000}, std::size_t{32} << 20U}) {
    const std::size_t of_float = stack_of<float>(budget);
    const std::size_t of_double = stack_of<double>(budget);
    CAPTURE(budget, of_float, of_double);
    CHECK(of_float <= most + other_flags);
    CHECK(of_double <= most + other_flags);
    CHECK(of_float > std::size_t{16} << 10U);
  }
}
#endif
