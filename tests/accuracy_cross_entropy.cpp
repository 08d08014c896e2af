// The bounds of softmax_cross_entropy under all options, on the cases of tests/data.

#include "support/accuracy_cross_entropy.hpp"
#include "support/accuracy_check.hpp"

TEMPLATE_TEST_CASE("softmax cross-entropy holds its bounds under all options", "", float, double) {
  accuracy::Table table;
  accuracy::measure_cross_entropy<TestType>(table);
  accuracy::check(table);
}
