#ifndef XENT_TESTS_SUPPORT_CATCH_HPP
#define XENT_TESTS_SUPPORT_CATCH_HPP

/// Catch2 2.13 (Debian 12) or 3, whichever is there. Tests use what both spell alike: TEST_CASE, TEMPLATE_TEST_CASE,
/// SECTION, INFO, CAPTURE, REQUIRE, CHECK, CHECK_THROWS_AS, CHECK_THROWS_WITH(expression, "the exact message").

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#else
#include <catch2/catch.hpp>
#endif

#endif
