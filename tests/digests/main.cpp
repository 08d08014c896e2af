// Prints a digest of the bits of the results of every function, a line a case: a refactoring of what is inside must
// print the same. compare.cmake holds them to the files in tests/data.

#include "digests.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

namespace digests {

namespace {

/// Whether the kernels leave doubles to the exponentials and logarithms of the C library: in these functions, for long
/// samples, and where strides go both ways. (Results of float are computed in double: its last digit does not show.)
bool has_libm(const std::string& name) {
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (has("poisson_nll/") && has("sum_constant")) return true;  // lgamma
  if (name.rfind("entropy_from_counts/", 0) == 0) return true;
  if (name.rfind("linear_cross_entropy/", 0) == 0 && has("_small/"))
    return true;  // sums of tiles are moved by std::exp
  if (!has("/double/")) return false;
  if (has("/70000x") || has("/300000x") || has("/strided/")) return true;
  for (const char* const function : {"LogSumExp/", "entropy/", "entropy_from_logits/", "joint_table/", "logaddexp/",
                                     "nll/", "poisson_nll/", "sigmoid_cross_entropy/", "softmax_cross_entropy_hvp/"})
    if (name.rfind(function, 0) == 0) return true;
  return false;
}

/// The signs of zeros of all cases of a function.
std::map<std::string, Digest>& zero_signs() {
  static std::map<std::string, Digest> digests;
  return digests;
}

void print_line(const std::string& name, std::uint64_t value) {
  std::printf("%s %016llx\n", name.c_str(), static_cast<unsigned long long>(value));
}

}  // namespace

void print(const std::string& name, const Digest& digest) {
  static std::set<std::string> names;
  if (!names.insert(name).second) {
    std::fprintf(stderr, "two cases are called %s\n", name.c_str());
    std::exit(1);
  }
  const bool of_eigen = name.rfind("eigen/", 0) == 0;
  const char* const prefix = !of_eigen && has_libm(name) ? "libm/" : "";
  print_line(prefix + name, digest.value());
  const std::string function = name.substr(0, name.find('/', of_eigen ? sizeof("eigen/") - 1 : 0));
  zero_signs()[prefix + function].add(static_cast<std::int64_t>(digest.zero_signs()));
}

namespace {

/// The functions of the C library whose last digit differs from one version to the next.
template <class Real>
void add_libm(Digest& digest) {
  Numbers numbers(20);
  for (int i = 0; i < 4000; ++i) {
    // Not known when it is compiled: the compiler has a library of its own.
    const volatile auto volatile_x = static_cast<Real>(numbers.normal() * (i % 4 == 0 ? 8 : 1));
    const Real x = volatile_x;
    const Real positive = std::abs(x) + static_cast<Real>(0x1p-10);
    digest.add(std::exp(x));
    digest.add(std::expm1(x));
    digest.add(std::log(positive));
    digest.add(std::log1p(positive));
    digest.add(std::lgamma(positive));
  }
}

}  // namespace
}  // namespace digests

int main() {
  using namespace digests;
  // Eigen cuts products, and so sums, to fit the caches of the machine.
  Eigen::setCpuCacheSizes(32 << 10, 1 << 20, 8 << 20);

  Digest libm;
  add_libm<float>(libm);
  add_libm<double>(libm);
  print("libm", libm);
  std::printf("# instruction set %s\n", xent::name(xent::instruction_set()));
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  std::printf("# the compiler may fuse products and sums\n");
#endif
#ifdef XENT_TESTS_FAST_MATH
  std::printf("# -ffast-math\n");
#endif

  softmax();
  logsumexp();
  jacobian();
  labels();
  labels_of_16_bits();
  dense_targets();
  dense_targets_of_16_bits();
  sparse_targets();
  hvp();
  linear();
  sigmoid();
  likelihood();
  logits();
  information();
  counts();
  for (const auto& [function, digest] : zero_signs()) print_line(function + "/signs_of_zeros", digest.value());
}
