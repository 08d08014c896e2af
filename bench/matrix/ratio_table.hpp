#ifndef XENT_BENCH_MATRIX_RATIO_TABLE_HPP
#define XENT_BENCH_MATRIX_RATIO_TABLE_HPP

/// A table of calls, each timed beside another one turn by turn in the same run: on a machine whose speed drifts, only
/// their ratio means something.

#include <Eigen/Core>

#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <utility>

#include "reasons.hpp"

namespace bench {

/// A result that is passed here is one that the compiler has to compute.
inline void (*volatile take_result)(const void*) = [](const void*) {};

class RatioTable {
 public:
  using Call = std::function<void()>;

  struct Settings {
    std::string only{};  // a part of the names of lines to print
    double above = 0;    // and the ratio from which on they are
    double seconds = 0.05;
    bool only_reasons = false;  // no lines, and the reasons as a table in Markdown
  };

  explicit RatioTable(Settings settings);

  /// The lines that follow have these words around their names, work on so many logits, and stand beside `plain`.
  void begin(std::string before, std::string after, Eigen::Index logits, Call plain);

  /// Another call for the next lines to stand beside; returns the one before.
  Call replace_plain(Call plain) { return std::exchange(plain_, std::move(plain)); }

  /// Times call(), with its result. `restore` runs before each call, untimed.
  template <class Body>
  void line(
      const std::string& name, const Body& body, const Call& restore = [] {}) {
    add(before_ + name + after_, restore, [&body] {
      if constexpr (std::is_void_v<decltype(body())>) {
        body();
      } else {
        const auto result = body();
        take_result(&result);
      }
    });
  }

  /// Prints how many lines there were, how many of them were cliffs, and the worst line of each reason for that.
  void end() const;

 private:
  struct Line {
    double ratio = 0;
    double nanoseconds = 0;  // a logit
    std::string name{};
  };

  void add(const std::string& name, const Call& restore, const Call& call);
  void print_reasons() const;

  Settings settings_;
  std::string before_{}, after_{};
  double logits_ = 1;
  Call plain_{};
  int lines_ = 0;
  int cliffs_ = 0;
  int without_reason_ = 0;
  std::map<const Reason*, Line> worst_{};  // in the order of their table
};

}  // namespace bench

#endif
