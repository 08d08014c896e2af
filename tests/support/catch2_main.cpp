// The main() of every test with Catch2 2.13. Catch2 3 comes with one, and this file is not compiled.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
