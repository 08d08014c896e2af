// The bounds of the losses beside softmax cross-entropy, on the cases of tests/data.

#include "support/accuracy_losses.hpp"
#include "support/accuracy_check.hpp"

TEMPLATE_TEST_CASE("sigmoid, Gaussian and Poisson losses hold their bounds", "", float, double) {
  accuracy::Table table;
  accuracy::measure_coefficients<TestType>(table);
  accuracy::check(table);
}

TEMPLATE_TEST_CASE("entropy and KL of logits hold their bounds", "", float, double) {
  accuracy::Table table;
  accuracy::measure_logits<TestType>(table);
  accuracy::check(table);
}
