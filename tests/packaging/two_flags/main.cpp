// What is inline has other names where the flags of a unit allow other instructions: the linker must not give one unit
// the functions of another. UNITS: X(name) for each; the last two have XENT_COMPILED, which has one name.

#include <iterator>
#include <set>
#include <string>

#define X(name) const char* name();
UNITS
#undef X

int main() {
#define X(name) name(),
  const std::string names[] = {UNITS};
#undef X
  const auto compiled = std::end(names) - 2;
  const std::set<std::string> different(std::begin(names), compiled);
  return static_cast<long>(different.size()) == compiled - std::begin(names) && compiled[0] == compiled[1] ? 0 : 1;
}
