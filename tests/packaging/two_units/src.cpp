#include <xent/src.hpp>
