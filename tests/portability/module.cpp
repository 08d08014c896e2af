// calls.cpp as a shared object that hides all but one function.

#define main calls_main
#include "calls.cpp"
#undef main

extern "C" __attribute__((visibility("default"))) int run();

int run() { return calls_main(); }
