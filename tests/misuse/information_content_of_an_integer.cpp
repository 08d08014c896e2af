// expect: probabilities must be real
#include <xent/information.hpp>
double surprise() {
#ifdef XENT_MISUSE_FIXED
  return xent::information_content(1.0);
#else
  return xent::information_content(1);
#endif
}
