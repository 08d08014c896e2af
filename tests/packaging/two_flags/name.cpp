#include <xent/config.hpp>

#include <typeinfo>

XENT_NAMESPACE_BEGIN
struct Example {};
XENT_NAMESPACE_END

// NAME depends on the unit.
const char* NAME();

const char* NAME() { return typeid(xent::Example).name(); }
