// How calls are timed, and how the table is printed.

#include "ratio_table.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "../support/median.hpp"

namespace bench {

namespace {

/// The ratio from which on a line is marked.
constexpr double cliff = 3;

/// Of the processor, in microseconds or so: a long call is not charged for the programs that run meanwhile.
struct ProcessorClock {
  using duration = std::chrono::duration<double>;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<ProcessorClock>;
  [[maybe_unused]] static constexpr bool is_steady = true;

  static time_point now() {
    return time_point(duration(static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC)));
  }
};

double seconds_of(const RatioTable::Call& call) {
  const auto start = ProcessorClock::now();
  call();
  return (ProcessorClock::now() - start).count();
}

/// The medians of a call's time and of the plain one's, after one untimed turn and three timed ones at least.
std::pair<double, double> in_turn(const RatioTable::Call& restore, const RatioTable::Call& call,
                                  const RatioTable::Call& plain, double seconds) {
  constexpr std::size_t least_turns = 3;
  std::vector<double> of_call;
  std::vector<double> of_plain;
  restore();
  call();
  plain();
  for (double spent = 0; of_call.size() < least_turns || spent < seconds; spent += of_call.back() + of_plain.back()) {
    restore();
    of_call.push_back(seconds_of(call));
    of_plain.push_back(seconds_of(plain));
  }
  return {median(of_call), median(of_plain)};
}

}  // namespace

RatioTable::RatioTable(Settings settings) : settings_(std::move(settings)) {
  std::printf("%10s %9s      line\n", "ns/logit", "x plain");
}

void RatioTable::begin(std::string before, std::string after, Eigen::Index logits, Call plain) {
  before_ = std::move(before);
  after_ = std::move(after);
  logits_ = static_cast<double>(logits);
  plain_ = std::move(plain);
}

void RatioTable::end() const { std::printf("%d of %d lines above %g x\n", cliffs_, lines_, cliff); }

void RatioTable::add(const std::string& name, const Call& restore, const Call& call) {
  if (name.find(settings_.only) == std::string::npos) return;
  const auto [own, plain] = in_turn(restore, call, plain_, settings_.seconds);
  const double ratio = own / plain;
  ++lines_;
  if (ratio > cliff) ++cliffs_;
  if (ratio < settings_.above) return;
  std::printf("%10.3f %9.2f  %s  %s\n", 1e9 * own / logits_, ratio, ratio > cliff ? ">>" : "  ", name.c_str());
  std::fflush(stdout);
}

}  // namespace bench
