// What is inline has other names where the flags of a unit allow other instructions: the linker must not give one unit
// the functions of the other.

#include <cstdio>
#include <cstring>

const char* name_without_avx();
const char* name_with_avx();

int main() {
  std::printf("%s %s\n", name_without_avx(), name_with_avx());
  return std::strcmp(name_without_avx(), name_with_avx()) != 0 ? 0 : 1;
}
