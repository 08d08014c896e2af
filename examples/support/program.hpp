#ifndef XENT_EXAMPLES_PROGRAM_HPP
#define XENT_EXAMPLES_PROGRAM_HPP

/// What the main function of every small example does around its own few lines.

#include <cstdio>
#include <exception>
#include <stdexcept>

namespace example {

/// Calls `body()`. Returns 0, or 1 after one line on the standard error when it throws or its output cannot be written.
template <class Body>
int run(const char* program, const Body& body) {
  try {
    body();
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      throw std::runtime_error("cannot write to the standard output");
    return 0;
  } catch (const std::exception& error) {
    std::fflush(stdout);
    std::fprintf(stderr, "%s: %s\n", program, error.what());
    return 1;
  }
}

}  // namespace example

#endif
