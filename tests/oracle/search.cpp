// Searches the inputs whose results have the worst rounding errors, by hill climbing with restarts over logits, labels,
// weights and temperature; tests/oracle/README.md has more.
//
//   search --check                          the reference against tests/data
//   search [--seconds S | --steps N] [--only TEXT] [--seed N] [--write FILE] [--spoil ULP]
//
// --steps N makes N calls for each line of the table, the same ones on every run; --only TEXT takes the lines that have
// TEXT in them; --write FILE appends the worst inputs as cases without results. --spoil U moves one result in 64 by U
// ULP: then every line must be above its bound, or the search is blind. XENT_SIMD chooses the kernels.
// Exit status: 1 where a bound is broken (with --spoil: where one is not), 2 for a command line that is none.

#include <xent/instruction_set.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>

#include "search/check.hpp"
#include "search/error.hpp"
#include "search/tasks.hpp"

namespace {

struct Arguments {
  double seconds = 0;
  int steps = 200;
  std::string only, write;
  std::uint64_t seed = 1;
  double spoil = 0;
  bool check = false;
};

Arguments parse(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--check") {
      arguments.check = true;
      continue;
    }
    if (++i == count) throw std::invalid_argument(word + " stands without a value");
    const std::string value = words[i];
    if (word == "--seconds")
      arguments.seconds = std::stod(value);
    else if (word == "--steps")
      arguments.steps = std::stoi(value);
    else if (word == "--only")
      arguments.only = value;
    else if (word == "--write")
      arguments.write = value;
    else if (word == "--seed")
      arguments.seed = std::stoull(value);
    else if (word == "--spoil")
      arguments.spoil = std::stod(value);
    else
      throw std::invalid_argument("there is no " + word);
  }
  return arguments;
}

int check() {
  search::ReferenceCheck<float> of_float;
  search::ReferenceCheck<double> of_double;
  of_float.run();
  of_double.run();
  const bool good_float = of_float.report(), good_double = of_double.report();
  return good_float && good_double ? 0 : 1;
}

int search_all(const Arguments& arguments) {
  using Clock = std::chrono::steady_clock;
  search::spoil() = arguments.spoil;
  search::Tasks<float> floats(arguments.only, arguments.seed);
  search::Tasks<double> doubles(arguments.only, arguments.seed);
  if (floats.size() + doubles.size() == 0) throw std::invalid_argument("no line of the table has " + arguments.only);
  const auto begin = Clock::now();
  const auto late = [&] {
    return arguments.seconds > 0 && std::chrono::duration<double>(Clock::now() - begin).count() >= arguments.seconds;
  };
  // In turns, so that every quantity has had its part whenever time is up.
  constexpr int turn = 20;
  int left = arguments.seconds > 0 ? std::numeric_limits<int>::max() : arguments.steps;
  for (; left > 0 && !late(); left -= turn) {
    const int steps = left < turn ? left : turn;
    for (std::size_t task = 0; task < floats.size() && !late(); ++task) floats.step(task, steps);
    for (std::size_t task = 0; task < doubles.size() && !late(); ++task) doubles.step(task, steps);
  }
  std::printf("kernels: %s, seed %llu\n", xent::name(xent::instruction_set()),
              static_cast<unsigned long long>(arguments.seed));
  const auto of_floats = floats.print();
  const auto of_doubles = doubles.print();
  const int lines = of_floats.lines + of_doubles.lines, above = of_floats.above + of_doubles.above;
  if (!arguments.write.empty()) {
    std::ofstream file(arguments.write, std::ios::app);
    floats.write(file);
    doubles.write(file);
    if (!file) throw std::runtime_error("cannot write " + arguments.write);
  }
  std::printf("%d of %d lines above the bound\n", above, lines);
  return above == (arguments.spoil == 0 ? 0 : lines) ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  try {
    const Arguments arguments = parse(count, words);
    return arguments.check ? check() : search_all(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "search: %s\n", error.what());
    return 2;
  }
}
