// Numbers of 16 bits to floats and back. Included by simd/kernels.hpp after the lanes of an instruction set. Memory is
// reached through vector types, which may alias whatever type of 16 bits lies there; what does not fill a vector goes
// through a buffer.

/// to = function(from), a vector at a time, of numbers whose sizes are given. Fetches what lies `ahead` bytes further.
template <std::size_t from_size, std::size_t to_size, class Function>
inline void convert(const void* from, Index n, void* to, const Function& function) {
  constexpr Index ahead = 8192;
  const char* source = static_cast<const char*>(from);
  char* target = static_cast<char*>(to);
  constexpr auto from_step = static_cast<Index>(from_size) * Float::lanes;
  constexpr auto to_step = static_cast<Index>(to_size) * Float::lanes;
  Index k = 0;
  for (; k + Float::lanes <= n; k += Float::lanes, source += from_step, target += to_step) {
    __builtin_prefetch(source + ahead, 0, 2);
    function(source, target);
  }
  if (k < n) {
    char read[from_step] = {};
    char written[to_step];
    std::memcpy(read, source, static_cast<std::size_t>(n - k) * from_size);
    function(read, written);
    std::memcpy(target, written, static_cast<std::size_t>(n - k) * to_size);
  }
}

template <Float::V (*widened)(Float::Short)>
inline void widen(const void* from, Index n, float* to) {
  convert<2, 4>(from, n, to, [](const void* source, void* target) {
    Float::store(static_cast<float*>(target), widened(Float::load_16_bits(source)));
  });
}
inline void widen_bfloat16(const void* from, Index n, float* to) { widen<&Float::from_bfloat16>(from, n, to); }
inline void widen_half(const void* from, Index n, float* to) { widen<&Float::from_half>(from, n, to); }

/// Past the caches if `stream`, from the first whole vector on.
template <Float::Short (*round)(Float::V)>
inline void narrow(const float* from, Index n, void* to, bool stream) {
  constexpr Index bytes = 2 * Float::lanes;
  const Index past = static_cast<Index>(reinterpret_cast<std::uintptr_t>(to)) & (bytes - 1);
  const Index head = stream ? std::min(n, ((bytes - past) & (bytes - 1)) / 2) : 0;
  const auto store = [&](const void* source, void* target) {
    Float::store_16_bits(target, round(Float::load(static_cast<const float*>(source))));
  };
  const auto flow = [&](const void* source, void* target) {
    Float::stream_16_bits(target, round(Float::load(static_cast<const float*>(source))));
  };
  const Index whole = stream ? (n - head) - (n - head) % Float::lanes : 0;
  convert<4, 2>(from, head, to, store);
  char* const target = static_cast<char*>(to) + 2 * head;
  convert<4, 2>(from + head, whole, target, flow);
  convert<4, 2>(from + head + whole, n - head - whole, target + 2 * whole, store);
}
inline void narrow_bfloat16(const float* from, Index n, void* to, bool stream) {
  narrow<&Float::to_bfloat16>(from, n, to, stream);
}
inline void narrow_half(const float* from, Index n, void* to, bool stream) {
  narrow<&Float::to_half>(from, n, to, stream);
}

inline Conversions conversions() { return {&widen_bfloat16, &widen_half, &narrow_bfloat16, &narrow_half}; }
