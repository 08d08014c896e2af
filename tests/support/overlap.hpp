#ifndef XENT_TESTS_OVERLAP_HPP
#define XENT_TESTS_OVERLAP_HPP

/// Arguments and outputs that share one buffer, and the same calls on copies of it.

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "random.hpp"

namespace support {

using Eigen::Index;

template <class Scalar>
using View = Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>, Eigen::Unaligned,
                        Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

/// A matrix in a buffer. `inner` is between rows.
struct Place {
  Index offset, rows, cols, inner, outer;

  std::set<Index> coefficients() const {
    std::set<Index> all;
    for (Index j = 0; j < cols; ++j)
      for (Index i = 0; i < rows; ++i) all.insert(offset + i * inner + j * outer);
    return all;
  }
  template <class Scalar>
  View<Scalar> in(std::vector<Scalar>& buffer) const {
    return View<Scalar>(buffer.data() + offset, rows, cols,
                        Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(outer, inner));
  }
};

inline bool share(const Place& a, const Place& b) {
  const std::set<Index> of_a = a.coefficients();
  const std::set<Index> of_b = b.coefficients();
  return std::any_of(of_a.begin(), of_a.end(), [&](Index place) { return of_b.count(place) != 0; });
}

/// Bit for bit. A long double of x86 has bytes that are no part of the number.
template <class Number>
bool same_bits(const Number& a, const Number& b) {
  constexpr bool of_80_bits = std::is_same_v<Number, long double> && std::numeric_limits<long double>::digits == 64;
  return std::memcmp(&a, &b, of_80_bits ? 10 : sizeof(Number)) == 0;
}
template <class Number>
bool same_bits(const std::vector<Number>& a, const std::vector<Number>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Number& x, const Number& y) { return same_bits(x, y); });
}

/// One call: places of its arguments and outputs in one buffer, and the same in a buffer each.
template <class Scalar>
class Call {
 public:
  Call(std::vector<Scalar> content, Index arguments, std::vector<Place> places)
      : arguments_(arguments), places_(std::move(places)), shared_(content), apart_(places_.size(), content) {}

  /// function(views) returns a number or a vector of them: a loss, a report. Checks that both have the same results,
  /// that nothing else was written, and that two outputs that share memory are refused.
  template <class Function>
  void check(const Function& function) {
    std::string where;
    for (const Place& place : places_)
      where += " " + std::to_string(place.offset) + ": " + std::to_string(place.rows) + " x " +
               std::to_string(place.cols) + " by " + std::to_string(place.inner) + ", " + std::to_string(place.outer) +
               ";";
    INFO("arguments and outputs at" << where);
    std::vector<View<Scalar>> views;
    std::vector<View<Scalar>> copies;
    for (std::size_t v = 0; v < places_.size(); ++v) {
      views.push_back(places_[v].in(shared_));
      copies.push_back(places_[v].in(apart_[v]));
    }
    const std::vector<Scalar> before = shared_;
    if (outputs_share()) {
      CHECK_THROWS_AS(function(views), std::invalid_argument);
      CHECK(same_bits(shared_, before));
      return;
    }
    const auto value = function(views);
    const auto expected = function(copies);
    CHECK(same_bits(value, expected));
    std::vector<Scalar> after = before;
    for (auto v = static_cast<std::size_t>(arguments_); v < places_.size(); ++v)
      for (const Index place : places_[v].coefficients())
        after[static_cast<std::size_t>(place)] = apart_[v][static_cast<std::size_t>(place)];
    CHECK(same_bits(shared_, after));
  }

 private:
  bool outputs_share() const {
    for (auto v = static_cast<std::size_t>(arguments_); v < places_.size(); ++v)
      for (std::size_t w = v + 1; w < places_.size(); ++w)
        if (share(places_[v], places_[w])) return true;
    return false;
  }

  Index arguments_;
  std::vector<Place> places_;
  std::vector<Scalar> shared_;
  std::vector<std::vector<Scalar>> apart_;
};

/// A buffer for all of them; a few numbers are `rare`.
template <class Scalar>
std::vector<Scalar> content_for(const std::vector<Place>& places, double rare, Random& random) {
  Index size = 40;
  for (const Place& place : places) size = std::max(size, *place.coefficients().rbegin() + 41);
  std::vector<Scalar> content;
  for (Index i = 0; i < size; ++i)
    content.push_back(static_cast<Scalar>(random.integer(40) == 0 ? rare : random.uniform(0.1, 1)));
  return content;
}

/// Places of matrices of the given shapes in one buffer, near to each other: a third in the place of another one, a
/// third beside one with its strides, the others anywhere.
class Places {
 public:
  explicit Places(Random& random) : random_(random) {}

  std::vector<Place> of(const std::vector<std::pair<Index, Index>>& shapes) {
    std::vector<Place> places;
    for (const auto& [rows, cols] : shapes) places.push_back(one(rows, cols, places));
    return places;
  }

 private:
  Place one(Index rows, Index cols, const std::vector<Place>& others) {
    const int kind = others.empty() ? 2 : random_.integer(3);
    if (kind < 2) {
      Place place = others[static_cast<std::size_t>(random_.integer(static_cast<int>(others.size())))];
      const bool fits = rows <= place.rows && cols <= place.cols;
      if (fits || random_.integer(2) == 0) {
        place.rows = rows;
        place.cols = cols;
        if (kind == 1) {
          const Index step = std::max(std::abs(place.inner), std::abs(place.outer));
          place.offset += random_.integer(2 * static_cast<int>(step));
        }
        const std::set<Index> all = place.coefficients();
        if (static_cast<Index>(all.size()) == rows * cols && *all.begin() >= 0) return place;
      }
    }
    const bool by_columns = random_.integer(2) == 0;
    const Index step = random_.integer(3) == 0 ? 2 : 1;
    const Index length = (by_columns ? rows : cols) * step + random_.integer(4);
    const Index offset = random_.integer(60);
    Place place = by_columns ? Place{offset, rows, cols, step, length} : Place{offset, rows, cols, length, step};
    if (random_.integer(6) == 0) {  // backwards
      Index& stride = random_.integer(2) == 0 ? place.inner : place.outer;
      place.offset += ((&stride == &place.inner ? rows : cols) - 1) * stride;
      stride = -stride;
    }
    return place;
  }
  Random& random_;
};

}  // namespace support

#endif
