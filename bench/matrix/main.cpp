// Every function by every option, layout, scalar and kind of logits, each beside the plain call of the same scalar,
// layout and shape: the softmax cross-entropy of labels, with a gradient. What takes more than three times as long is
// marked: by > where reasons.cpp has a reason for it, by >> where it has none.
//
//     bench_matrix [--classes N] [--samples N] [--only TEXT] [--above RATIO] [--seconds S] [--reasons]
//
// With --reasons it prints the table of docs/costs.md, and what has no reason.
//
// There are some fifteen thousand lines: --only "float columns " is one scalar in one layout, --only "hvp" one
// function.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "lines.hpp"
#include "problem.hpp"
#include "ratio_table.hpp"

namespace {

using bench::Content;
using bench::Layout;
using bench::MatrixShape;
using bench::Problem;
using bench::RatioTable;

template <class Scalar>
RatioTable::Call plain_call(Problem<Scalar>& p) {
  return [&p] {
    const auto loss = xent::softmax_cross_entropy(p.z, p.labels, p.out, p.axis);
    bench::take_result(&loss);
  };
}

template <class Scalar>
void walk(RatioTable& table, const std::string& scalar, const MatrixShape& shape, const RatioTable::Call& of_floats) {
  for (const auto& [layout, of_layout] : {std::pair{Layout::columns, "columns"}, std::pair{Layout::rows, "rows"},
                                          std::pair{Layout::block, "block"}, std::pair{Layout::strided, "strided"}}) {
    const std::string before = scalar + " " + of_layout + " ";
    Problem<Scalar> ordinary(shape, layout, Content::ordinary);
    table.begin(before, "", ordinary.logits(), of_floats);
    table.line("plain call beside that of float columns", plain_call(ordinary));
    for (const auto& [content, after] :
         {std::pair{Content::ordinary, ""}, std::pair{Content::one_masked, ", one class masked"},
          std::pair{Content::half_masked, ", half of the classes masked"},
          std::pair{Content::wide, ", logits to 200"}}) {
      Problem<Scalar> p(shape, layout, content);
      table.begin(before, after, p.logits(), plain_call(ordinary));
      softmax_lines(table, p);
      cross_entropy_lines(table, p);
      logit_lines(table, p);
      information_lines(table, p);
      count_lines(table, p);
      sigmoid_lines(table, p);
      nll_lines(table, p);
      regression_lines(table, p);
      linear_lines(table, p);
    }
  }
}

void run(int argc, char** argv) {
  MatrixShape shape;
  RatioTable::Settings settings;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--reasons") {
      settings.only_reasons = true;
      --i;
      continue;
    }
    if (i + 1 == argc) throw std::invalid_argument(name + " takes a value");
    const std::string value = argv[i + 1];
    if (name == "--classes")
      shape.classes = std::stol(value);
    else if (name == "--samples")
      shape.samples = std::stol(value);
    else if (name == "--only")
      settings.only = value;
    else if (name == "--above")
      settings.above = std::stod(value);
    else if (name == "--seconds")
      settings.seconds = std::stod(value);
    else
      throw std::invalid_argument("no such argument: " + name);
  }
  if (shape.classes < 2 || shape.samples < 1) throw std::invalid_argument("there must be 2 classes and 1 sample");
  RatioTable table(settings);
  Problem<float> floats(shape, Layout::columns, Content::ordinary);
  const auto of_floats = plain_call(floats);
  walk<float>(table, "float", shape, of_floats);
  walk<double>(table, "double", shape, of_floats);
  walk<Eigen::bfloat16>(table, "bfloat16", shape, of_floats);
  walk<Eigen::half>(table, "half", shape, of_floats);
  table.end();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
