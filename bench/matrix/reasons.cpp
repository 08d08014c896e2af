// The reasons. Each says what is computed that the plain call has not: a limit is half as much again as what was
// measured, so that a line that gets slower is one without a reason.

#include "reasons.hpp"

#include <cstddef>
#include <string>

namespace bench {

namespace {

constexpr const char* one_by_one =
    "one number at a time, in and out: nothing to share between lanes. Of matrices and blocks it is a kernel";
constexpr const char* sixteen_bits_apart =
    "numbers of 16 bits with strides along both axes are gathered and converted one by one";

constexpr Reason reasons[] = {
    {"logaddexp", "numbers", 350, one_by_one},
    {"LogSumExp", "numbers", 33, one_by_one},
    {"information_content", "numbers", 40, one_by_one},
    {"logaddexp", "", 9, "an exponential and a logarithm a number, each to the last digit; two inputs"},
    {"softmax_cross_entropy of dense targets of double", "", 55,
     "targets have more digits than float kernels keep: two exponentials a logit in double (the portable path)"},
    {"softmax_cross_entropy_hvp of dense targets", "", 15,
     "three inputs, and sums over targets and over the direction before a result is known"},
    {"softmax_cross_entropy_hvp", "", 4.5, "two inputs, and one more sum before a result is known"},
    {"softmax_cross_entropy of dense targets", "", 6,
     "twice the memory, one more walk for the sums of the targets, under class weights two, each in twice the digits"},
    {"softmax_cross_entropy of sparse targets", "", 5, "as dense targets; entries are subtracted one by one"},
    {"softmax_cross_entropy of one-hot dense targets", "", 5, "as dense targets"},
    {"softmax_cross_entropy of labels", "smoothing", 5.5,
     "sums of distances, in twice the digits of double; 16-bit results beside a plain call that is a copy"},
    {"softmax_cross_entropy of labels", "report", 5.5, "a walk of its own for the entropy of each sample"},
    {"kl_divergence_from_logits", "", 12,
     "two inputs, two exponentials a class, and lanes of double, since what cancels where p and q are nearly equal "
     "needs "
     "more digits than float has"},
    {"entropy_from_logits", "", 5, "one more sum and, with a report, one more result a sample; 16 bits are gathered"},
    {"js_divergence", "", 10, "two logarithms a class, and lanes of double"},
    {"kl_divergence", "", 10, "a logarithm and a division a class, and lanes of double"},
    {"cross_entropy", "", 4.5, sixteen_bits_apart},
    {"entropy_from_counts", "", 33, "counts are added up one by one in twice the digits of double"},
    {"conditional_entropy", "", 18, "two walks, a logarithm and a division an entry, in pairs of double"},
    {"mutual_information", "", 7.5, "two walks, two logarithms an entry, in pairs of double"},
    {"sigmoid_cross_entropy of integers", "", 10,
     "targets of another size are converted; with a report, losses of classes are added up for each sample"},
    {"sigmoid_cross_entropy of probabilities", "", 9.5,
     "an exponential and a logarithm a class, where the softmax has one logarithm a sample; twice the memory"},
    {"sigmoid_cross_entropy of decisions", "", 7.5, "an exponential and a logarithm a class; twice the memory"},
    {"sigmoid_cross_entropy of sparse targets", "", 7.5, "an exponential and a logarithm a class"},
    {"sigmoid_cross_entropy", "", 7.5, "an exponential and a logarithm a class; twice the memory"},
    {"nll", "report", 33,
     "without a report only the entry of the label is read; with one, two exponentials an entry (the portable path)"},
    {"gaussian_nll", "", 14, "a logarithm and a division a coefficient in double, three inputs, two outputs"},
    {"poisson_nll", "constant", 19, "std::lgamma of every count"},
    {"poisson_nll", "", 5, "targets of another size are converted"},
    {"half_squared_error", "", 5, "targets of another size are converted"},
    {"linear_cross_entropy", "beside softmax_cross_entropy", 15, "three products of matrices (here of few features)"},
    {"linear_cross_entropy beside", "", 15, "three products of matrices (here of few features)"},
    {"linear_cross_entropy of labels", "16 kB", 13, "a budget of 16 kB holds a few samples at a time"},
    {"softmax_jacobian of each sample", "", 9, "one sample a call: the products of a batch are softmax_jvp"},
    {"softmax_jvp", "", 4.5, sixteen_bits_apart},
    {"softmax_vjp", "", 4.5, sixteen_bits_apart},
    {"plain call beside that of float columns", "", 8.5,
     "double has twice the memory and half the lanes; what has strides is walked tile by tile, or gathered"},
};

}  // namespace

const Reason* reason_of(const std::string& line, double ratio) {
  const std::size_t layout = line.find(' ') + 1;
  const std::size_t function = line.find(' ', layout) + 1;
  for (const Reason& reason : reasons) {
    const std::string name(reason.function);
    const bool is_it = line.compare(function, name.size(), name) == 0 &&
                       line.find(reason.option, function + name.size()) != std::string::npos;
    if (is_it && ratio <= reason.at_most) return &reason;
  }
  return nullptr;
}

}  // namespace bench
