// The logarithm that a decision costs, in lanes.

// log(1 + x) = x + x^2 q(x) on [0, 1]. q is a minimax polynomial (Remez exchange in 60 digits, weighted by
// x^2 / log(1 + x)): relative error of log(1 + x) below 2^-30.2 at degree 9, 2^-56.6 at degree 19.
inline Float::V log1p_tail(Float::V x) {
  using L = Float;
  Float::V q = L::set1(0x1.0fb3eap-9F);
  q = L::mul_add(q, x, L::set1(-0x1.beac50p-7F));
  q = L::mul_add(q, x, L::set1(0x1.57e8dap-5F));
  q = L::mul_add(q, x, L::set1(-0x1.544538p-4F));
  q = L::mul_add(q, x, L::set1(0x1.fea712p-4F));
  q = L::mul_add(q, x, L::set1(-0x1.4a5422p-3F));
  q = L::mul_add(q, x, L::set1(0x1.978276p-3F));
  q = L::mul_add(q, x, L::set1(-0x1.ffc41ep-3F));
  q = L::mul_add(q, x, L::set1(0x1.5553a6p-2F));
  return L::mul_add(q, x, L::set1(-0x1.fffff8p-2F));
}

inline Double::V log1p_tail(Double::V x) {
  using L = Double;
  Double::V q = L::set1(0x1.a8f65c525951bp-16);
  q = L::mul_add(q, x, L::set1(-0x1.31ee7e6cabbcfp-12));
  q = L::mul_add(q, x, L::set1(0x1.a24fba322d4a3p-10));
  q = L::mul_add(q, x, L::set1(-0x1.6b457b65ee1cep-8));
  q = L::mul_add(q, x, L::set1(0x1.c576107c305e3p-7));
  q = L::mul_add(q, x, L::set1(-0x1.b62bfd7a1c90ap-6));
  q = L::mul_add(q, x, L::set1(0x1.5a8594f2a680ap-5));
  q = L::mul_add(q, x, L::set1(-0x1.d70e481f2b85fp-5));
  q = L::mul_add(q, x, L::set1(0x1.202cefbfa73e9p-4));
  q = L::mul_add(q, x, L::set1(-0x1.4b019af0aa47dp-4));
  q = L::mul_add(q, x, L::set1(0x1.712dc000a88ccp-4));
  q = L::mul_add(q, x, L::set1(-0x1.98d285aeb3967p-4));
  q = L::mul_add(q, x, L::set1(0x1.c6f6a418a0426p-4));
  q = L::mul_add(q, x, L::set1(-0x1.fffa8b0d49016p-4));
  q = L::mul_add(q, x, L::set1(0x1.2491fecc92d28p-3));
  q = L::mul_add(q, x, L::set1(-0x1.55554fbd1bf6bp-3));
  q = L::mul_add(q, x, L::set1(0x1.99999951e55ffp-3));
  q = L::mul_add(q, x, L::set1(-0x1.fffffffdd3c17p-3));
  q = L::mul_add(q, x, L::set1(0x1.555555555102ap-2));
  return L::mul_add(q, x, L::set1(-0x1.fffffffffff9fp-2));
}

/// What multiplies exponentials and logarithms here.
template <class L>
inline constexpr typename L::Real exponential_scale = CoefficientScale<typename L::Real>::of_loss;

/// exp(d) times the scale, d <= 0. 0 below the normal range.
template <class L>
inline typename L::V scaled_exponential(typename L::V d) {
  return natural_exponential<L, CoefficientScale<typename L::Real>::exponent>(d);
}

/// log(1 + e) times the scale, of e times the scale, 0 <= e <= 1. Below 2^-30 (float), 2^-60 (double), e itself; no
/// product leaves the normal range there, which would cost a hundred cycles a vector.
template <class L>
inline typename L::V scaled_log1p(typename L::V e) {
  using Real = typename L::Real;
  constexpr Real least = exponential_scale<L> * (std::is_same_v<Real, float> ? Real(0x1p-30F) : Real(0x1p-60));
  const typename L::V x = L::larger(L::set1(least), e) * L::set1(1 / exponential_scale<L>);
  return L::fma(e, x * log1p_tail(x), e);
}
