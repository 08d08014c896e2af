// Batches beyond the caches, whose results are streamed past them: in place, beside an argument in one matrix, shifted
// by a sample or a class, transposed. What is computed is what is computed on copies that lie alike, bit for bit.

#include "support/catch.hpp"
#include "support/overlap.hpp"
#include "support/overlap_cases.hpp"
#include "support/random.hpp"

#include <xent/instruction_set.hpp>
#include <xent/types.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using Eigen::Index;
using support::Case;
using support::Draw;
using support::Place;
using support::Random;
using support::View;
using xent::Axis;

enum class Kind { in_place, next_sample, next_class, in_between, transposed };

/// Where an output lies that meets an argument, whose matrix has room for one more sample and one more class.
Place output_at(const Place& argument, Kind kind, Axis axis) {
  Place out = argument;
  Index& class_stride = axis == Axis::columns ? out.inner : out.outer;
  Index& sample_stride = axis == Axis::columns ? out.outer : out.inner;
  if (kind == Kind::next_sample) out.offset += sample_stride;
  if (kind == Kind::next_class) out.offset += class_stride;
  if (kind == Kind::in_between) out.offset += out.outer / 2;
  if (kind == Kind::transposed) std::swap(out.inner, out.outer);
  return out;
}

/// The first matrix of an argument or output: its columns or rows are contiguous, with a gap behind them or none, or
/// room for those of another one.
Place first_at(Index offset, const std::pair<Index, Index>& shape, Kind kind, Index gap) {
  const Index outer = shape.first + gap;
  return {offset, shape.first, shape.second, 1, kind == Kind::in_between ? 2 * outer : outer};
}

/// Bytes, since a call that overlaps nothing must not write there either.
template <class Scalar>
bool same_bytes(const std::vector<Scalar>& a, const std::vector<Scalar>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(Scalar)) == 0;
}

template <class Scalar>
class LargeBatch {
 public:
  LargeBatch(Index classes, Index batch, Axis axis, std::vector<Scalar>& content, Random& random)
      : draw_(classes, batch, axis, random), cases_(draw_, random), content_(content) {}

  const std::vector<Case<Scalar>>& cases() const { return cases_.all; }

  /// Every output meets an argument, or lies apart when there are more of them.
  void check(const Case<Scalar>& c, Kind kind, Random& random) {
    CAPTURE(c.name, draw_.classes, draw_.batch, draw_.axis == Axis::columns, static_cast<int>(kind));
    const std::pair<Index, Index> m = draw_.shape(draw_.classes);
    const Index gap = random.integer(2) == 0 ? 0 : 3;
    std::vector<Place> places;
    Index end = random.integer(16);
    const auto append = [&](const std::pair<Index, Index>& shape, bool matrix) {
      places.push_back(first_at(end, shape, matrix ? kind : Kind::in_place, matrix ? gap : 0));
      end += places.back().outer * (shape.second + 1) + 16;
    };
    for (std::size_t k = 0; k < c.arguments.size(); ++k) append(c.arguments[k], !(c.sparse && k == 1));
    const auto first_met = static_cast<std::size_t>(random.integer(static_cast<int>(c.arguments.size())));
    for (std::size_t k = 0; k < c.outputs.size(); ++k) {
      const std::size_t met = (first_met + k) % c.arguments.size();
      const bool meets = k < c.arguments.size() && c.outputs[k] == c.arguments[met];
      if (meets && m == c.outputs[k])
        places.push_back(output_at(places[met], kind, draw_.axis));
      else
        append(c.outputs[k], false);
    }
    const bool rows = draw_.axis == Axis::columns;
    const bool in_place = kind == Kind::in_place && first_met == 0;
    if (c.other_bits_in_place && in_place && (!rows || draw_.classes > 16384)) return;

    while (content_.size() < static_cast<std::size_t>(end))
      content_.push_back(static_cast<Scalar>(random.uniform(0.1, 1)));
    shared_.assign(content_.begin(), content_.begin() + end);
    arguments_ = shared_;
    outputs_ = shared_;
    std::vector<View<Scalar>> views;
    std::vector<View<Scalar>> copies;
    for (std::size_t k = 0; k < places.size(); ++k) {
      views.push_back(places[k].in(shared_));
      copies.push_back(places[k].in(k < c.arguments.size() ? arguments_ : outputs_));
    }
    const auto value = c.call(views);
    const auto expected = c.call(copies);
    CHECK(support::same_bits(value, expected));
    CHECK(same_bytes(shared_, outputs_));
  }

 private:
  Draw<Scalar> draw_;
  support::Cases<Scalar> cases_;
  std::vector<Scalar>& content_;  // of a buffer, as far as it was needed
  std::vector<Scalar> shared_{}, arguments_{}, outputs_{};
};

/// Functions whose walks depend on the size; the others take their turns.
bool is_main(const std::string& name) {
  return name == "softmax" || name == "softmax_cross_entropy of labels" ||
         name == "softmax_cross_entropy of dense targets";
}

}  // namespace

TEMPLATE_TEST_CASE("overlap of large batches", "", float, double, Eigen::half, Eigen::bfloat16) {
  Random random(3);
  constexpr Index size = sizeof(TestType);
  constexpr int seldom = size == 4 ? 1 : size == 8 ? 2 : 4;
  // The portable path takes long, and walks large batches as it does small ones.
  const bool kernels = xent::instruction_set() != xent::InstructionSet::portable;
  const Index least = (Index{4} << 20U) / size / (kernels ? 1 : 8);
  std::vector<TestType> content;
  std::size_t turn = 0;
  for (const Index classes : {2, 10, 32, 64, 96, 600, 1000, 5000, 70000}) {
    for (const Axis axis : {Axis::columns, Axis::rows}) {
      for (const auto& [one, two] :
           {std::pair(Kind::in_place, Kind::in_between), {Kind::next_sample, Kind::next_class}}) {
        if (random.integer(seldom) != 0) continue;
        LargeBatch<TestType> batch(classes, least / classes + 1 + random.integer(20), axis, content, random);
        for (const Kind kind : {one, two}) {
          for (const Case<TestType>& c : batch.cases())
            if (is_main(c.name)) batch.check(c, kind, random);
          batch.check(batch.cases()[turn++ % batch.cases().size()], kind, random);
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("overlap of large batches: a matrix and its transpose", "", float, double, Eigen::bfloat16) {
  Random random(4);
  const Index n = sizeof(TestType) == 8 ? 730 : sizeof(TestType) == 4 ? 1030 : 1450;
  std::vector<TestType> content;
  for (const Axis axis : {Axis::columns, Axis::rows}) {
    LargeBatch<TestType> batch(n, n, axis, content, random);
    for (const Case<TestType>& c : batch.cases())
      if (is_main(c.name)) batch.check(c, Kind::transposed, random);
  }
}
