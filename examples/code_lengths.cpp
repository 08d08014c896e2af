/// The entropy of the letters of a novel against the mean length of their Huffman code, and what the code of another
/// text costs: the Kullback-Leibler divergence in bits.
///
/// A letter of probability p carries -log2 p bits. No code has a smaller mean length than the mean of that, the entropy
/// H (Shannon 1948), and Huffman's code (1952) needs less than one bit more. A code made for letters of probability q
/// has about -log2 q bits for each: its mean is the cross-entropy H(p, q) = H(p) + KL(p || q).

#include <xent/counts.hpp>
#include <xent/information.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>
#include <queue>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/by_hand.hpp"
#include "support/command_line.hpp"
#include "support/files.hpp"
#include "support/program.hpp"

namespace {

using Eigen::Index;
constexpr Index letters = 26;
using Counts = Eigen::Array<Index, letters, 1>;
using Numbers = Eigen::Array<double, letters, 1>;
constexpr xent::Unit bits = xent::Unit::bits;

char letter(Index k) { return static_cast<char>('a' + k); }

/// The letters a to z of a text, as classes 0 to 25; capitals are small letters, everything else is left out.
std::vector<int> letters_of(const std::string& text) {
  std::vector<int> labels;
  for (const char c : text) {
    const int small = c >= 'A' && c <= 'Z' ? c - 'A' : c - 'a';
    if (small >= 0 && small < letters) labels.push_back(small);
  }
  return labels;
}

Counts count_letters(const std::string& text) {
  Counts counts = Counts::Zero();
  for (const int k : letters_of(text)) ++counts[k];
  return counts;
}

Counts count_letters_of_file(const std::string& path) {
  std::string text;
  example::for_each_line(path, [&text](const std::string& line, long /*number*/) { text += line; });
  const Counts counts = count_letters(text);
  if (counts.sum() == 0) throw std::runtime_error(path + ": there is no letter from a to z in it");
  return counts;
}

/// Letters in German texts, of 10000: A. Beutelspacher, Kryptologie, 7th edition, Vieweg 2005, page 10 (umlauts as ae,
/// oe, ue).
Counts german_letters() {
  Counts counts;
  //        a    b    c    d    e     f    g    h    i    j   k    l    m
  counts << 651, 189, 306, 508, 1740, 166, 301, 476, 755, 27, 121, 344, 253,
      // n  o    p   q  r    s    t    u    v   w    x  y  z
      978, 251, 79, 2, 700, 727, 615, 435, 67, 189, 3, 4, 113;
  return counts;
}

Numbers frequencies(const Counts& counts) { return counts.cast<double>() / static_cast<double>(counts.sum()); }

/// The lengths of Huffman's code: the two rarest groups of letters become one, whose letters get one more bit, until
/// one group is left. A letter that does not occur gets no code word, and length 0.
Counts huffman_lengths(const Counts& counts) {
  using Group = std::pair<Index, std::vector<Index>>;  // how often it occurs, which letters
  std::priority_queue<Group, std::vector<Group>, std::greater<>> groups;
  for (Index k = 0; k < letters; ++k)
    if (counts[k] > 0) groups.push({counts[k], {k}});
  Counts lengths = Counts::Zero();
  while (groups.size() > 1) {
    Group merged = groups.top();
    groups.pop();
    const Group second = groups.top();
    groups.pop();
    merged.first += second.first;
    merged.second.insert(merged.second.end(), second.second.begin(), second.second.end());
    for (const Index k : merged.second) ++lengths[k];
    groups.push(merged);
  }
  return lengths;
}

/// The letters by falling frequency.
std::array<Index, letters> by_frequency(const Counts& counts) {
  std::array<Index, letters> order;
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return counts[a] > counts[b]; });
  return order;
}

void print_letters(const Counts& counts, const Counts& lengths) {
  const Numbers information = xent::information_content(frequencies(counts), bits);
  std::printf("letter    count   information   code length\n");
  for (const Index k : by_frequency(counts))
    if (counts[k] > 0) std::printf("%6c %8td %8.2f bits %8td bits\n", letter(k), counts[k], information[k], lengths[k]);
  std::printf("   all %8td\n\n", counts.sum());
}

/// What the letters of `counts` cost in code words of these lengths: bits a letter.
double mean_length(const Counts& counts, const Counts& lengths) {
  return static_cast<double>((counts * lengths).sum()) / static_cast<double>(counts.sum());
}

void print_costs(const Counts& counts, const Counts& lengths) {
  const double entropy = xent::entropy_from_counts(counts, bits), length = mean_length(counts, lengths);
  std::printf("entropy                                  %8.4f bits a letter\n", entropy);
  std::printf("mean length of its Huffman code          %8.4f\n", length);
  std::printf("  more than the entropy by               %8.4f\n", length - entropy);
  std::printf("26 equally likely letters: log2 26       %8.4f\n\n", std::log2(26.0));
}

void print_costs_of_other_code(const Counts& counts, const Counts& other, const std::string& name) {
  const Numbers p = frequencies(counts), q = frequencies(other);
  std::printf("with the code of %s\n", name.c_str());
  std::printf("ideal code: cross-entropy                %8.4f bits a letter\n", xent::cross_entropy(p, q, bits));
  std::printf("  extra bits: KL divergence              %8.4f\n", xent::kl_divergence(p, q, bits));
  std::string missing;
  for (Index k = 0; k < letters; ++k)
    if (counts[k] > 0 && other[k] == 0) missing += std::string(" ") + letter(k);
  if (missing.empty())
    std::printf("mean length of its Huffman code          %8.4f\n", mean_length(counts, huffman_lengths(other)));
  else
    std::printf("it has no code word for                 %s\n", missing.c_str());
}

/// The sum of 2^-length over the code words: 1 for a code that wastes nothing (Kraft 1949).
double kraft_sum(const Counts& lengths) {
  double sum = 0;
  for (const Index length : lengths)
    if (length > 0) sum += std::ldexp(1.0, -static_cast<int>(length));
  return sum;
}

/// Five letters of "abracadabra": a 5 times, b and r twice, c and d once.
void check_by_hand() {
  const Counts counts = count_letters("Abracadabra"), lengths = huffman_lengths(counts);
  const Numbers p = xent::empirical_distribution(letters_of("abracadabra"), letters);
  // c + d = 2, and with b = 4, and with r = 6, and with a = 11 (ties may be broken otherwise): 2 + 4 + 6 + 11 bits.
  const example::ByHand table("\"abracadabra\"", 1e-12);
  table.line("bits of the Huffman code", mean_length(counts, lengths) * 11, 23);
  table.line("sum of 2^-length", kraft_sum(lengths), 1);
  const double entropy = (5 * std::log2(11 / 5.0) + 2 * 2 * std::log2(11 / 2.0) + 2 * std::log2(11.0)) / 11;
  table.line("entropy of its letters", xent::entropy(p, bits), entropy);
  // The code for five equally likely letters.
  const Numbers q = (p > 0).select(Numbers::Constant(0.2), 0);
  table.line("cross-entropy with a fair die of 5 = log 5", xent::cross_entropy(p, q, bits), std::log2(5.0));
  table.line("extra bits = log 5 - entropy", xent::kl_divergence(p, q, bits), std::log2(5.0) - entropy);
}

}  // namespace

int main(int argc, char** argv) {
  return example::run("code_lengths", [&] {
    std::string text = example::data_path("pride_and_prejudice.txt"), other;
    example::CommandLine line("code_lengths",
                              "Entropy and Huffman code of the letters of a text, and what another text's code costs.");
    line.add("--text", "FILE", "the text", text);
    line.add("--other", "FILE", "the other text; none: German letter frequencies", other);
    if (!line.parse(argc, argv)) return;

    const Counts counts = count_letters_of_file(text), lengths = huffman_lengths(counts);
    const Counts other_counts = other.empty() ? german_letters() : count_letters_of_file(other);
    print_letters(counts, lengths);
    print_costs(counts, lengths);
    print_costs_of_other_code(counts, other_counts, other.empty() ? "German letters" : other);
    check_by_hand();
  });
}
