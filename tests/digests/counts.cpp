// empirical_distribution and entropy_from_counts.

#include "cross_entropy.hpp"

#include <xent/counts.hpp>

#include <string>
#include <vector>

namespace digests {
namespace {

template <class Real>
void frequencies_case(const Shape& shape) {
  const Eigen::VectorXi labels = labels_of(Option::plain, shape);
  Digest digest;
  digest.add(xent::empirical_distribution<Real>(labels, shape.classes));
  print("empirical_distribution/" + std::string(scalar_name<Real>()) + "/" + shape.name(), digest);
}

/// One of the counts is larger than all others together.
template <class Count>
std::vector<Count> counts_of(Index classes) {
  Numbers numbers(19);
  std::vector<Count> counts;
  for (Index k = 0; k < classes; ++k) counts.push_back(static_cast<Count>(k % 7 == 3 ? 0 : numbers.bits() % 1000));
  counts.back() = static_cast<Count>(1000000);
  return counts;
}

template <class Count>
void counts_case(const std::string& scalar, Index classes) {
  const std::vector<Count> counts = counts_of<Count>(classes);
  const Eigen::Matrix<Count, 1, Eigen::Dynamic> row =
      Eigen::Map<const Eigen::Matrix<Count, 1, Eigen::Dynamic>>(counts.data(), classes);
  Digest digest;
  for (const xent::Estimator estimator : {xent::Estimator::maximum_likelihood, xent::Estimator::miller_madow}) {
    for (const xent::Unit unit : {xent::Unit::nats, xent::Unit::bits, xent::Unit::hartleys}) {
      digest.add(xent::entropy_from_counts(counts, estimator, unit));
      digest.add(xent::entropy_from_counts(row.head(classes - 1), estimator, unit));
    }
  }
  print("entropy_from_counts/" + scalar + "/" + std::to_string(classes), digest);
}

}  // namespace

void counts() {
  for (const Shape shape : {Shape{10, 130}, Shape{1000, 70}}) {
    frequencies_case<float>(shape);
    frequencies_case<double>(shape);
  }
  for (const Index classes : {3, 33, 1000}) {
    counts_case<int>("int", classes);
    counts_case<float>("float", classes);
    counts_case<double>("double", classes);
  }
}

}  // namespace digests
