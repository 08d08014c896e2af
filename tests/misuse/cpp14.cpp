// expect: xent: this is C++17: compile with -std=c++17, or a later one
// flags: -std=c++14
#ifndef XENT_MISUSE_FIXED
#include <xent/xent.hpp>
#endif
