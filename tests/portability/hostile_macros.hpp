// Before xent, after what xent includes: macros that headers of systems and frameworks define, with no meaning.

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__x86_64__)  // whole, so that no part of it is read with these macros
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// <windows.h>
#define min(a, b) broken broken
#define max(a, b) broken broken
#define near broken broken
#define far broken broken
#define small broken broken
#define IN broken broken
#define OUT broken broken
#define ERROR broken broken
#define interface broken broken
// <AssertMacros.h>
#define check(a) broken broken
#define verify(a) broken broken
#define require(a, b) broken broken
// <complex.h>
#define I broken broken
// Qt
#define emit broken broken
#define slots broken broken
#define signals broken broken
#define foreach broken broken
#define forever broken broken
// Xlib
#define None broken broken
#define Status broken broken
#define Bool broken broken
#define True broken broken
#define False broken broken
#define Success broken broken
#define Always broken broken
#define Complex broken broken
#define Above broken broken
#define Below broken broken
#define Unsorted broken broken
// <sys/sysmacros.h>
#define major broken broken
#define minor broken broken
