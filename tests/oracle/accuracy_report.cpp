// Writes docs/accuracy.md: every quantity of the tests' table, its bound, the worst error found and the input that gave
// it, for this compiler and these flags, beside SciPy on the same inputs (tests/oracle/scipy_errors.txt).
//
//   g++ -std=c++17 -O2 -I include -I tests -isystem <eigen> tests/oracle/accuracy_report.cpp -o accuracy_report
//   ./accuracy_report -O2 tests/oracle/scipy_errors.txt > docs/accuracy.md
//
// The first argument is the text that stands for the flags: a program cannot know them. Exit status 1: a bound does not
// hold, and its row stands in bold.

#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>

#include "support/accuracy_cross_entropy.hpp"
#include "support/accuracy_information.hpp"
#include "support/accuracy_losses.hpp"
#include "support/accuracy_softmax.hpp"

namespace {

/// SciPy's worst errors by "quantity|scalar", and under "" the line that names its version.
std::map<std::string, std::string> read_scipy(const char* path) {
  std::map<std::string, std::string> worst;
  std::ifstream file(path);
  if (!file) throw std::runtime_error(std::string("cannot open ") + path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string quantity, scalar, error;
    if (line[0] == '#') {
      worst[""] = line.substr(2, line.find(':') - 2);
    } else if (std::getline(fields, quantity, '|') && std::getline(fields, scalar, '|') &&
               std::getline(fields, error, '|')) {
      worst[quantity + "|" + scalar] = error;
    }
  }
  return worst;
}

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "gcc " __VERSION__;
#else
  return "another compiler";
#endif
}

/// What the processor offers to kernels that are chosen when the program runs.
std::string instruction_set() {
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return "AVX-512";
  if (__builtin_cpu_supports("avx2")) return "AVX2";
#endif
  return "the baseline instruction set";
}

template <class Real>
void measure_all(accuracy::Table& table) {
  accuracy::measure_softmax<Real>(table);
  accuracy::measure_labels<Real>(table);
  accuracy::measure_cross_entropy<Real>(table);
  accuracy::measure_distributions<Real>(table);
  accuracy::measure_joints<Real>(table);
  accuracy::measure_numbers<Real>(table);
  accuracy::measure_jacobian<Real>(table);
  accuracy::measure_coefficients<Real>(table);
  accuracy::measure_logits<Real>(table);
}

void print_row(const accuracy::Row& row, const std::string& scipy) {
  // A bar inside a cell of a table needs an escape.
  const auto cell = [](const std::string& text) {
    std::string escaped;
    for (const char c : text) escaped += c == '|' ? "\\|" : std::string(1, c);
    return escaped;
  };
  char worst[32];
  std::snprintf(worst, sizeof worst, row.worst.error() <= row.bound ? "%.2f" : "**%.2f**", row.worst.error());
  std::cout << "| " << row.quantity << " | " << row.scalar << " | " << row.bound
            << (row.ulp_of.empty() ? "" : " of " + cell(row.ulp_of)) << " | " << worst << " | " << scipy << " | "
            << row.worst.count() << " | " << cell(row.worst.input()) << " |\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: accuracy_report \"flags\" tests/oracle/scipy_errors.txt > docs/accuracy.md\n";
    return 2;
  }
  const auto scipy = read_scipy(argv[2]);
  accuracy::Table table;
  measure_all<float>(table);
  measure_all<double>(table);

  std::cout
      << "# Accuracy\n\n"
         "Written by `tests/oracle/accuracy_report.cpp`; do not edit.\n\n"
         "Errors are in units in the last place (ULP): |result - exact| / ulp(exact), a real number; a correctly\n"
         "rounded result has at most 0.5. The exact function is that of the given floating-point inputs, options\n"
         "included. Where terms of both signs may cancel, the ULP is that of the size named in the third column.\n"
         "Exact values come from `tests/oracle/generate.py` (400 digits); the tests `accuracy_*` hold every bound\n"
         "on every build. Results below the smallest normal number may be flushed and are not counted.\n\n"
      << "Measured with " << compiler() << ", flags `" << argv[1] << "`, Eigen " << EIGEN_WORLD_VERSION << "."
      << EIGEN_MAJOR_VERSION << "." << EIGEN_MINOR_VERSION << ", on a processor with " << instruction_set()
      << ".\nThe SciPy column (" << scipy.at("")
      << ") is what a SciPy user would write for the same quantity, on the cases\n"
         "with T = 1; 1e7 or more in float, 1e15 or more in double is no correct digit (often 0 instead of 1e-8).\n\n"
         "| quantity | scalar | bound, ULP | worst | SciPy | results | input of the worst |\n"
         "|---|---|---|---|---|---|---|\n";
  bool all_hold = true;
  for (const accuracy::Row& row : table.rows()) {
    all_hold = all_hold && row.worst.error() <= row.bound;
    const auto entry = scipy.find(row.quantity + "|" + row.scalar);
    print_row(row, entry == scipy.end() ? "" : entry->second);
  }
  return std::cout && all_hold ? 0 : 1;
}
