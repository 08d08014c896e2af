#ifndef XENT_TESTS_SAME_BITS_HPP
#define XENT_TESTS_SAME_BITS_HPP

#include <cstdint>
#include <string>
#include <vector>

/// What was computed, and a digest of the bits of all its numbers.
struct Line {
  std::string name;
  std::uint64_t digest;
};

#endif
