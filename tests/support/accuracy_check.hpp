#ifndef XENT_TESTS_ACCURACY_CHECK_HPP
#define XENT_TESTS_ACCURACY_CHECK_HPP

#include "accuracy.hpp"
#include "catch.hpp"

namespace accuracy {

/// Every row of the table holds its bound. Prints the worst input where one does not.
inline void check(const Table& table) {
  REQUIRE_FALSE(table.rows().empty());
  for (const Row& row : table.rows()) {
    INFO(finding(row));
    CHECK(row.worst.count() > 0);
    CHECK(row.worst.error() <= row.bound);
  }
}

}  // namespace accuracy

#endif
