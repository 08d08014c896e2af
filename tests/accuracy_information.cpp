// The bounds of the information measures and of the products with the Jacobian, on the cases of tests/data.

#include "support/accuracy_information.hpp"
#include "support/accuracy_check.hpp"

TEMPLATE_TEST_CASE("entropy, cross-entropy, KL, JS and perplexity hold their bounds", "", float, double) {
  accuracy::Table table;
  accuracy::measure_distributions<TestType>(table);
  accuracy::check(table);
}

TEMPLATE_TEST_CASE("the measures of joint tables hold their bounds", "", float, double) {
  accuracy::Table table;
  accuracy::measure_joints<TestType>(table);
  accuracy::check(table);
}

TEMPLATE_TEST_CASE("information content, logaddexp and entropies from counts hold their bounds", "", float, double) {
  accuracy::Table table;
  accuracy::measure_numbers<TestType>(table);
  accuracy::check(table);
}

TEMPLATE_TEST_CASE("products with the Jacobians hold their bounds", "", float, double) {
  accuracy::Table table;
  accuracy::measure_jacobian<TestType>(table);
  accuracy::check(table);
}
