#ifndef XENT_BENCH_MEDIAN_HPP
#define XENT_BENCH_MEDIAN_HPP

#include <algorithm>
#include <cstddef>
#include <vector>

namespace bench {

/// Reorders the values, of which there is one at least.
inline double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace bench

#endif
