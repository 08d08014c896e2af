#ifndef XENT_EXAMPLES_BY_HAND_HPP
#define XENT_EXAMPLES_BY_HAND_HPP

/// Computed numbers beside the same numbers worked out with pencil and paper.

#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace example {

/// A table with one line a number. A line that is further off than `tolerance`, relative to a number above 1, ends the
/// program, so that a run that reaches its end proves every line.
class ByHand {
 public:
  ByHand(const std::string& title, double tolerance) : tolerance_(tolerance) {
    std::printf("\n%-44s %12s  %12s  %10s\n", title.c_str(), "computed", "by hand", "difference");
  }

  void line(const std::string& what, double computed, double expected) const {
    const double difference = std::abs(computed - expected);
    std::printf("  %-42s %12.8f  %12.8f  %10.1e\n", what.c_str(), computed, expected, difference);
    // Not `difference > tolerance_`: NaN must end the program too.
    if (!(difference <= tolerance_ * std::fmax(1, std::abs(expected))))
      throw std::runtime_error(what + ": not what it is by hand");
  }

 private:
  double tolerance_;
};

}  // namespace example

#endif
