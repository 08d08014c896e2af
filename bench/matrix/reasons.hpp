#ifndef XENT_BENCH_MATRIX_REASONS_HPP
#define XENT_BENCH_MATRIX_REASONS_HPP

/// Why some lines take more than three times as long as the plain call, and how much more they may.

#include <string>

namespace bench {

struct Reason {
  const char* function;  // what a line's name begins with, after its scalar and layout
  const char* option;    // and what follows has in it
  double at_most;        // times the plain call
  const char* why;
};

/// The first reason that there is for a line; null if there is none.
const Reason* reason_of(const std::string& line, double ratio);

}  // namespace bench

#endif
