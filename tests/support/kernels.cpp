#define XENT_TEST_DEFINES_KERNELS
#include "kernels.hpp"

XENT_TEST_KERNELS()
