// The loops of row.inl whose logits or results are numbers of 16 bits.

/// What `scale` does, rounded.
template <Format format>
inline void scale_16_bits(Float /*lanes*/, FormatConstant<format> /*format*/, const Tile<float>& tile, Index i,
                          const float* e, Index n, void* to, bool stream) {
  const Scaling<Float> scaling = Scaling<Float>::of_sample(tile, i);
  const bool masked = tile.masked[i] > 0;
  round_all<format>(e, n, to, stream, [&](Float::V x) { return masked ? scaling.unless_marked(x) : scaling(x); });
}

/// Logits of 16 bits, which are left as floats on the way.
template <Format format>
struct Widened {
  const char* from;
  float* to;

  Float::V operator()(Index k) const {
    const Float::V x = ShortNumbers<format>::widened(Float::load_16_bits(from + 2 * k));
    Float::store(to + k, x);
    return x;
  }
  Float::V up_to(Index k, Index n) const {
    if (n - k >= Float::lanes) return (*this)(k);
    widen_in_lanes(Float{}, FormatConstant<format>{}, from + 2 * k, n - k, to + k);
    return Stored<Float>{to}.up_to(k, n);
  }
};

/// What `maxima` does, of samples that lie `step` numbers apart; `to` gets them as floats.
template <Format format>
inline void maxima_16_bits(Float /*lanes*/, FormatConstant<format> /*format*/, const void* from, Index step, Index n,
                           Index count, const Rows<float>& to, Traffic<float>* traffic, Tile<float>* tile) {
  const char* sample = static_cast<const char*>(from);
  for (Index i = 0; i < count; ++i, sample += 2 * step)
    tile->maximum[i] = maximum<Float>(Widened<format>{sample, to[i]}, n, traffic, &tile->where[i]);
}
