#ifndef XENT_TESTS_PEAK_MEMORY_HPP
#define XENT_TESTS_PEAK_MEMORY_HPP

/// Counts what the heap gives out, Eigen's own buffers too, by standing in for malloc. With glibc only, and not under a
/// sanitizer that stands in for it already. One translation unit of a program includes this header.

#include <Eigen/Core>  // before the definitions below: clang's own headers declare one of them again

#include <atomic>
#include <cstddef>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define XENT_TESTS_SANITIZED
#elif defined(__has_feature)  // by clang, and by Eigen, which answers 0 for a compiler that has none
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define XENT_TESTS_SANITIZED
#endif
#endif

namespace support {

inline std::atomic<std::ptrdiff_t> heap_in_use{0};
inline std::atomic<std::ptrdiff_t> heap_peak{0};

/// The most that a call of `body` has on the heap at a time, beyond what was there before, in bytes.
template <class Body>
std::ptrdiff_t peak_of(const Body& body) {
  const std::ptrdiff_t before = heap_in_use;
  heap_peak = before;
  body();
  return heap_peak - before;
}

}  // namespace support

#if defined(__GLIBC__) && !defined(XENT_TESTS_SANITIZED)

#include <malloc.h>

#include <cerrno>

namespace support {

inline constexpr bool counts_heap = true;

inline void* taken(void* memory) {
  const std::ptrdiff_t now = heap_in_use += static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
  std::ptrdiff_t peak = heap_peak;
  while (now > peak && !heap_peak.compare_exchange_weak(peak, now)) {
  }
  return memory;
}
inline void* given_back(void* memory) {
  heap_in_use -= static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
  return memory;
}

}  // namespace support

extern "C" {
void* __libc_malloc(std::size_t);                 // NOLINT: names of glibc
void* __libc_calloc(std::size_t, std::size_t);    // NOLINT
void* __libc_realloc(void*, std::size_t);         // NOLINT
void* __libc_memalign(std::size_t, std::size_t);  // NOLINT
void __libc_free(void*);                          // NOLINT

void* malloc(std::size_t size) noexcept { return support::taken(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) noexcept { return support::taken(__libc_calloc(count, size)); }
void* realloc(void* memory, std::size_t size) noexcept {
  return support::taken(__libc_realloc(support::given_back(memory), size));
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return support::taken(__libc_memalign(alignment, size));
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept { return memalign(alignment, size); }
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  *memory = memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}
void free(void* memory) noexcept { __libc_free(support::given_back(memory)); }
}

#else

namespace support {
inline constexpr bool counts_heap = false;
}

#endif

#endif
