// Two units with different flags in one program. Inline functions that both hold come from the one that is linked
// first: the digests that this prints are compared with those of the other order, and of other pairs, by compare.cmake.

#include "bits.hpp"

#include <cstddef>
#include <cstdio>
#include <vector>

std::vector<Line> FIRST();
std::vector<Line> SECOND();

int main() {
  const std::vector<Line> first = FIRST();
  const std::vector<Line> second = SECOND();
  bool same = first.size() == second.size();
  for (std::size_t i = 0; same && i < first.size(); ++i) {
    same = first[i].digest == second[i].digest;
    if (!same) std::fprintf(stderr, "the units differ in %s\n", first[i].name.c_str());
  }
  for (const Line& line : first)
    std::printf("%016llx %s\n", static_cast<unsigned long long>(line.digest), line.name.c_str());
  return same ? 0 : 1;
}
