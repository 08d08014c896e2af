// The bounds of softmax, log_softmax, logsumexp, and of a label's loss and gradient, on the cases of tests/data.

#include "support/accuracy_softmax.hpp"
#include "support/accuracy_check.hpp"

TEMPLATE_TEST_CASE("softmax, log_softmax and logsumexp hold their bounds", "", float, double) {
  accuracy::Table table;
  accuracy::measure_softmax<TestType>(table);
  accuracy::check(table);
}

TEMPLATE_TEST_CASE("the loss of a label and its gradient hold their bounds", "", float, double) {
  accuracy::Table table;
  accuracy::measure_labels<TestType>(table);
  accuracy::check(table);
}
