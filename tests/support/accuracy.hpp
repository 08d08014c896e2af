#ifndef XENT_TESTS_ACCURACY_HPP
#define XENT_TESTS_ACCURACY_HPP

/// The table of accuracy: for every quantity and scalar its bound, the worst error over the cases of tests/data, and
/// the input that gave it. The tests check the table against its bounds; tests/oracle/accuracy_report.cpp prints it.

#include <xent/types.hpp>

#include <Eigen/Core>

#include <cstdio>
#include <deque>
#include <string>
#include <type_traits>
#include <vector>

#include "oracle.hpp"
#include "ulp.hpp"

namespace accuracy {

using oracle::Case;
using oracle::Exact;

template <class Real>
using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
template <class Real>
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;

template <class Real>
const char* scalar_name() {
  return std::is_same_v<Real, float> ? "float" : "double";
}

struct Row {
  std::string quantity, scalar;
  double bound;        // in ULP
  std::string ulp_of;  // empty: of the exact value
  oracle::Worst worst;
};

class Table {
 public:
  /// The row of a quantity, made when it is first asked for.
  template <class Real>
  Row& row(const std::string& quantity, double bound, const std::string& ulp_of = "") {
    for (Row& row : rows_) {
      if (row.quantity == quantity && row.scalar == scalar_name<Real>()) return row;
    }
    rows_.push_back({quantity, scalar_name<Real>(), bound, ulp_of, {}});
    return rows_.back();
  }

  const std::deque<Row>& rows() const { return rows_; }

 private:
  std::deque<Row> rows_;  // References to rows stay valid while it grows.
};

/// One line that tells the whole finding.
inline std::string finding(const Row& row) {
  char line[128];
  std::snprintf(line, sizeof line, ": worst %.2f ULP, bound %g, %ld results: ", row.worst.error(), row.bound,
                row.worst.count());
  return row.quantity + ", " + row.scalar + line + row.worst.input();
}

/// How a batch lies in memory. The library has different kernels for a long sample, for many short ones and for classes
/// that are not contiguous; each must hold the bounds.
struct Layout {
  const char* name;
  xent::Axis axis;
  Eigen::Index count;
};

inline std::vector<Layout> layouts(Eigen::Index classes) {
  // 35 samples fill two vectors of 16 floats and leave a tail.
  const Eigen::Index many = classes > 500 ? 3 : 35;
  return {
      {"one sample", xent::Axis::columns, 1}, {"columns", xent::Axis::columns, many}, {"rows", xent::Axis::rows, many}};
}

/// Where class k of the case stands in sample i: each sample is the case turned by a few classes more than the one
/// before, so that neighbours in a vector differ and every value takes many places in it.
inline Eigen::Index turned(Eigen::Index k, Eigen::Index i, Eigen::Index classes) { return (k + 5 * i) % classes; }

/// A batch of turned copies of one sample.
template <class Real>
Matrix<Real> batch_of(const std::vector<double>& sample, const Layout& layout) {
  const auto classes = static_cast<Eigen::Index>(sample.size());
  Matrix<Real> batch(classes, layout.count);
  for (Eigen::Index i = 0; i < layout.count; ++i) {
    for (Eigen::Index k = 0; k < classes; ++k) {
      batch(turned(k, i, classes), i) = static_cast<Real>(sample[static_cast<std::size_t>(k)]);
    }
  }
  if (layout.axis == xent::Axis::rows) batch.transposeInPlace();
  return batch;
}

/// The coefficient of class k of the case in sample i of a batch of turned copies.
template <class Values>
auto coefficient(const Values& values, const Layout& layout, Eigen::Index k, Eigen::Index i) {
  return layout.axis == xent::Axis::columns ? values(turned(k, i, values.rows()), i)
                                            : values(i, turned(k, i, values.cols()));
}

template <class Real>
Vector<Real> vector_of(const std::vector<double>& values) {
  return Eigen::Map<const Vector<double>>(values.data(), Eigen::Index(values.size())).template cast<Real>();
}

/// "file:line (case), place: got 0x..., exact 0x...".
template <class Real>
std::string describe(const Case& c, const std::string& where, Real got, const Exact& exact) {
  char numbers[128];
  std::snprintf(numbers, sizeof numbers, ": got %a, exact %a", static_cast<double>(oracle::widened(got)), exact.hi);
  return c.where + " (" + c.description + "), " + where + numbers;
}

/// Holds a result against the exact one and remembers it in its row. A scale of 0 means the exact value's own ULP.
template <class Real>
void see(Row& row, const Case& c, const std::string& where, Real got, const Exact& exact, double scale = 0) {
  row.worst.see(oracle::ulp_error_of_scale(got, exact, scale), [&] { return describe(c, where, got, exact); });
}

/// The cases of one function in one scalar.
template <class Real>
std::vector<Case> cases(const std::string& file, const std::string& function) {
  std::vector<Case> chosen;
  for (Case& c : oracle::read(file)) {
    if (c.scalar == scalar_name<Real>() && c.function == function) chosen.push_back(std::move(c));
  }
  return chosen;
}

}  // namespace accuracy

#endif
