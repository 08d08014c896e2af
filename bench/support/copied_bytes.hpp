#ifndef XENT_BENCH_COPIED_BYTES_HPP
#define XENT_BENCH_COPIED_BYTES_HPP

#include <cstddef>
#include <cstring>
#include <vector>

namespace bench {

/// A copy that reads and writes as many bytes together as a body that reads and writes so many arrays.
class CopiedBytes {
 public:
  CopiedBytes(std::size_t arrays, std::size_t array_bytes)
      : from_(arrays * array_bytes / 2, 1), to_(arrays * array_bytes / 2, 0) {}

  void operator()() { std::memcpy(to_.data(), from_.data(), to_.size()); }

 private:
  std::vector<char> from_;
  std::vector<char> to_;
};

}  // namespace bench

#endif
