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
  if (!settings_.only_reasons) std::printf("%10s %9s      line\n", "ns/logit", "x plain");
}

void RatioTable::begin(std::string before, std::string after, Eigen::Index logits, Call plain) {
  before_ = std::move(before);
  after_ = std::move(after);
  logits_ = static_cast<double>(logits);
  plain_ = std::move(plain);
}

void RatioTable::end() const {
  print_reasons();
  std::printf("%s%d of %d lines above %g x, %d of them without a reason\n", settings_.only_reasons ? "\n" : "", cliffs_,
              lines_, cliff, without_reason_);
}

void RatioTable::print_reasons() const {
  if (settings_.only_reasons) std::printf("| x plain | ns a logit | worst line | why |\n|---:|---:|---|---|\n");
  const char* const form = settings_.only_reasons ? "| %.1f | %.2f | %s | %s |\n" : "%9.1f %9.3f  %s: %s\n";
  for (const auto& [reason, line] : worst_)
    std::printf(form, line.ratio, line.nanoseconds, line.name.c_str(), reason->why);
}

void RatioTable::add(const std::string& name, const Call& restore, const Call& call) {
  if (name.find(settings_.only) == std::string::npos) return;
  const auto [own, plain] = in_turn(restore, call, plain_, settings_.seconds);
  const Line line{own / plain, 1e9 * own / logits_, name};
  const bool is_cliff = line.ratio > cliff;
  const Reason* const reason = is_cliff ? reason_of(name, line.ratio) : nullptr;
  ++lines_;
  if (is_cliff) ++cliffs_;
  if (is_cliff && !reason) ++without_reason_;
  if (reason && line.ratio > worst_[reason].ratio) worst_[reason] = line;
  const bool unexplained = is_cliff && !reason;
  if (line.ratio < settings_.above || (settings_.only_reasons && !unexplained)) return;
  std::printf("%10.3f %9.2f  %s  %s\n", line.nanoseconds, line.ratio,
              unexplained ? ">>"
              : reason    ? " >"
                          : "  ",
              name.c_str());
  std::fflush(stdout);
}

}  // namespace bench
