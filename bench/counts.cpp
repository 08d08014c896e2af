// Frequencies of labels, and entropies from counts: a column of a matrix of counts at a time, against a copy of the
// bytes that they read. Every form is checked against a plain loop before it is timed.

#include <xent/counts.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <string>

#include "support/against_memcpy.hpp"
#include "support/copied_bytes.hpp"
#include "support/over_classes.hpp"

namespace {

using Eigen::Index;

template <class Count>
struct Problem {
  Eigen::Matrix<Count, Eigen::Dynamic, Eigen::Dynamic> counts;

  Problem(Index classes, Index bytes) : counts(classes, bench::samples_in<Count>(bytes, classes)) {
    bench::fill_uniform(counts, 1, 1000);
  }
};

// H = log n - (sum c log c) / n; the mean over columns.
template <class Count>
double entropies_by_a_loop(const Problem<Count>& p) {
  double sum = 0;
  for (Index i = 0; i < p.counts.cols(); ++i) {
    double n = 0;
    double terms = 0;
    for (Index k = 0; k < p.counts.rows(); ++k) {
      const auto c = static_cast<double>(p.counts(k, i));
      n += c;
      terms += c * std::log(c);
    }
    sum += std::log(n) - terms / n;
  }
  return sum / static_cast<double>(p.counts.cols());
}

template <class Count>
double entropies(const Problem<Count>& p) {
  double sum = 0;
  for (Index i = 0; i < p.counts.cols(); ++i) sum += static_cast<double>(xent::entropy_from_counts(p.counts.col(i)));
  return sum / static_cast<double>(p.counts.cols());
}

// The entries of the matrix as labels, each below `classes`: the sum of squared frequencies.
template <class Count>
double squares_by_a_loop(const Problem<Count>& p) {
  Eigen::ArrayXd frequencies = Eigen::ArrayXd::Zero(p.counts.rows());
  for (Index i = 0; i < p.counts.size(); ++i) frequencies[p.counts.data()[i]] += 1;
  return (frequencies / static_cast<double>(p.counts.size())).square().sum();
}

template <class Count>
double squares(const Problem<Count>& p) {
  return xent::empirical_distribution(p.counts.reshaped(), p.counts.rows()).square().sum();
}

template <class Count>
using Form = std::function<double(const Problem<Count>&)>;

template <class Count>
void add(const std::string& name, bool labels, const Form<Count>& reference, const Form<Count>& form) {
  bench::over_classes<Count>(name, [=](benchmark::State& state, Index bytes) {
    Problem<Count> p(state.range(0), bytes);
    if (labels) bench::fill_uniform(p.counts, 0, static_cast<double>(state.range(0)) * (1 - 0x1p-24));
    const double expected = reference(p);
    if (!(std::abs(form(p) - expected) <= 1e-5 * expected)) return state.SkipWithError("wrong result");
    const auto size = static_cast<std::size_t>(p.counts.size());
    bench::CopiedBytes copy(1, size * sizeof(Count));
    bench::against_memcpy(
        state, size, sizeof(Count) / 2, [&] { copy(); }, [&] { benchmark::DoNotOptimize(form(p)); });
  });
}

template <class Count>
void add_entropies(const std::string& scalar) {
  add<Count>(scalar + "/entropy_from_counts/loop", false, entropies_by_a_loop<Count>, entropies_by_a_loop<Count>);
  add<Count>(scalar + "/entropy_from_counts/xent", false, entropies_by_a_loop<Count>, entropies<Count>);
}

}  // namespace

int main(int argc, char** argv) {
  add_entropies<int>("int");
  add_entropies<double>("double");
  add<int>("int/empirical_distribution/loop", true, squares_by_a_loop<int>, squares_by_a_loop<int>);
  add<int>("int/empirical_distribution/xent", true, squares_by_a_loop<int>, squares<int>);
  return bench::run(argc, argv);
}
