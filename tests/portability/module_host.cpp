// Loads two copies of module.cpp, <program>_1.so and <program>_2.so, side by side and again after they were closed and
// gone; each has an xent of its own.

#include <dlfcn.h>

#include <string>

namespace {

void* open(const std::string& path) { return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL); }

bool is_gone(const std::string& path) { return !dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD); }

bool is_right(void* module) {
  const auto run = module ? reinterpret_cast<int (*)()>(dlsym(module, "run")) : nullptr;
  return run && run() == 0;
}

}  // namespace

int main(int, char** arguments) {
  const std::string program = arguments[0];
  for (int round = 0; round < 2; ++round) {
    void* const first = open(program + "_1.so");
    void* const second = open(program + "_2.so");
    if (!is_right(first) || !is_right(second)) return 1;
    dlclose(first);
    if (!is_gone(program + "_1.so") || !is_right(second)) return 1;
    dlclose(second);
    if (!is_gone(program + "_2.so")) return 1;
  }
  return 0;
}
