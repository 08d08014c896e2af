/// A language model over the whole vocabulary of a novel, trained with linear_cross_entropy.
///
/// The next word of a text is predicted from the two before it. Each word has a vector for each of the two places; with
/// a and b those of the words at hand, the features are h = tanh(a + b) and the logits W h + bias, one a word of the
/// vocabulary. linear_cross_entropy returns the loss and its gradients for W, h and bias; that of h goes on, times
/// 1 - h^2, to the two vectors of each sample.

#include <xent/counts.hpp>
#include <xent/information.hpp>
#include <xent/linear_cross_entropy.hpp>
#include <xent/softmax.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/command_line.hpp"
#include "support/files.hpp"
#include "support/program.hpp"
#include "support/progress_bar.hpp"

namespace {

using Eigen::Index;
using Matrix = Eigen::MatrixXf;
using Vector = Eigen::VectorXf;

struct Options {
  std::string data = example::data_path("pride_and_prejudice.txt");
  Index epochs = 3;
  Index batch = 256;
  Index dim = 32;
  float rate = 0.004F;
  Index words = 1000000;
  Index sentences = 5;
  Index workspace = 32;
  std::uint64_t seed = 1;
};

/// Lower-case words, and "." where a sentence ends.
std::vector<std::string> read_words(const std::string& path, Index most) {
  std::vector<std::string> words;
  example::for_each_line(path, [&](const std::string& line, long /*number*/) {
    std::string word;
    const auto end_word = [&] {
      if (!word.empty() && static_cast<Index>(words.size()) < most) words.push_back(word);
      word.clear();
    };
    for (std::size_t i = 0; i < line.size(); ++i) {
      const auto is_letter = [&](std::size_t at) {
        return at < line.size() && std::isalpha(static_cast<unsigned char>(line[at])) != 0;
      };
      if (is_letter(i)) {
        word += static_cast<char>(std::tolower(static_cast<unsigned char>(line[i])));
      } else if (line[i] == '\'' && !word.empty() && is_letter(i + 1)) {
        word += '\'';
      } else {
        end_word();
        // "Mr." and its like end no sentence.
        const bool title = !words.empty() && (words.back() == "mr" || words.back() == "mrs" || words.back() == "dr");
        const bool stop = line[i] == '!' || line[i] == '?' || (line[i] == '.' && !title);
        if (stop && !words.empty() && words.back() != ".") {
          word = ".";
          end_word();
        }
      }
    }
    end_word();
  });
  const std::size_t fewest = 100;
  if (words.size() < fewest)
    throw std::runtime_error(path + ": " + std::to_string(words.size()) + " words are too few to learn from");
  return words;
}

/// The last tenth of a text is held out. The vocabulary is that of the rest; a word outside of it is no class, and has
/// the number of classes for a number.
struct Text {
  std::vector<std::string> vocabulary;
  std::vector<Index> training, held_out;

  Text(const std::vector<std::string>& words) {  // NOLINT(google-explicit-constructor)
    const std::size_t cut = words.size() - words.size() / 10;
    std::map<std::string, Index> numbers;
    for (std::size_t i = 0; i < cut; ++i) {
      const auto [at, is_new] = numbers.emplace(words[i], classes());
      if (is_new) vocabulary.push_back(words[i]);
      training.push_back(at->second);
    }
    for (std::size_t i = cut; i < words.size(); ++i) {
      const auto at = numbers.find(words[i]);
      held_out.push_back(at == numbers.end() ? classes() : at->second);
    }
  }
  Index classes() const { return static_cast<Index>(vocabulary.size()); }
  Index end_of_sentence() const { return std::find(vocabulary.begin(), vocabulary.end(), ".") - vocabulary.begin(); }
};

/// Places in a text, each with its word and the two before it.
struct Samples {
  Eigen::VectorXi word, last, second_last;

  Samples(const std::vector<Index>& text, const std::vector<Index>& places)
      : word(static_cast<Index>(places.size())), last(word.size()), second_last(word.size()) {
    for (Index i = 0; i < word.size(); ++i) {
      const auto at = static_cast<std::size_t>(places[static_cast<std::size_t>(i)]);
      word[i] = static_cast<int>(text[at]);
      last[i] = static_cast<int>(text[at - 1]);
      second_last[i] = static_cast<int>(text[at - 2]);
    }
  }
};

std::vector<Index> all_places(const std::vector<Index>& text) {
  std::vector<Index> places;
  for (Index i = 2; i < static_cast<Index>(text.size()); ++i) places.push_back(i);
  return places;
}

struct Model {
  Matrix weights;      // [classes x dim]
  Vector bias;         // [classes]
  Matrix last;         // [dim x classes + 1], a column a word, and one for all words outside of the vocabulary
  Matrix second_last;  // the same for the word before

  Matrix features(const Samples& samples) const {
    return (last(Eigen::indexing::all, samples.last) + second_last(Eigen::indexing::all, samples.second_last))
        .array()
        .tanh();
  }
};

/// What linear_cross_entropy has done: three matrix products of two operations a term.
struct Speed {
  double operations = 0;
  std::chrono::duration<double> time{0};

  /// Not among the results, which are the same on every run.
  void print() const {
    if (operations > 0) std::fprintf(stderr, "linear_cross_entropy: %.1f GFLOP/s\n", operations * 1e-9 / time.count());
  }
};

/// The gradients of a batch, with respect to every parameter of a model; returns the loss in nats a word.
float loss_and_gradient(const Model& model, const Samples& samples,
                        const xent::LinearCrossEntropyOptions<float>& options, Model& gradient, Speed& speed) {
  const Matrix h = model.features(samples);
  Matrix d_h;
  const auto start = std::chrono::steady_clock::now();
  const float loss = xent::linear_cross_entropy(model.weights, h, model.bias, samples.word, gradient.weights, d_h,
                                                gradient.bias, options);
  speed.time += std::chrono::steady_clock::now() - start;
  speed.operations += 6 * static_cast<double>(model.weights.size()) * static_cast<double>(h.cols());
  const Matrix d_sum = d_h.array() * (1 - h.array().square());
  gradient.last.setZero(model.last.rows(), model.last.cols());
  gradient.second_last.setZero(model.last.rows(), model.last.cols());
  for (Index i = 0; i < samples.word.size(); ++i) {
    gradient.last.col(samples.last[i]) += d_sum.col(i);
    gradient.second_last.col(samples.second_last[i]) += d_sum.col(i);
  }
  return loss;
}

/// D. P. Kingma, J. Ba, "Adam" (2015), with the constants of the paper.
class Adam {
 public:
  Adam(const Model& model, float rate) : rate_(rate), mean_(model), square_(model) {
    for (Model* moments : {&mean_, &square_}) {
      moments->weights.setZero();
      moments->bias.setZero();
      moments->last.setZero();
      moments->second_last.setZero();
    }
  }

  void step(const Model& gradient, Model& model) {
    ++steps_;
    const float bias_of_mean = 1 - std::pow(0.9F, steps_);
    const float bias_of_square = 1 - std::pow(0.999F, steps_);
    const auto update = [&](const auto& g, auto& mean, auto& square, auto& parameter) {
      mean = 0.9F * mean + 0.1F * g;
      square.array() = 0.999F * square.array() + 0.001F * g.array().square();
      parameter.array() -= rate_ / bias_of_mean * mean.array() / ((square.array() / bias_of_square).sqrt() + 1e-8F);
    };
    update(gradient.weights, mean_.weights, square_.weights, model.weights);
    update(gradient.bias, mean_.bias, square_.bias, model.bias);
    update(gradient.last, mean_.last, square_.last, model.last);
    update(gradient.second_last, mean_.second_last, square_.second_last, model.second_last);
  }

 private:
  float rate_;
  float steps_ = 0;
  Model mean_, square_;
};

/// Small random vectors; the bias is the logarithm of the frequency, so that the model begins as the unigram model.
Model initial_model(const Text& text, const Options& options, std::mt19937_64& generator) {
  Model model;
  model.weights.setZero(text.classes(), options.dim);
  model.last.setZero(options.dim, text.classes() + 1);
  model.second_last = model.last;
  for (Matrix* table : {&model.weights, &model.last, &model.second_last})
    for (float& entry : table->reshaped()) entry = std::ldexp(static_cast<float>(generator() >> 40U), -25) - 0.25F;
  model.weights *= 0.1F;
  model.bias = xent::empirical_distribution<float>(text.training, text.classes()).log();
  return model;
}

xent::LinearCrossEntropyOptions<float> loss_options(const Text& text, const Options& options,
                                                    xent::LinearWorkspace<float>& workspace) {
  xent::LinearCrossEntropyOptions<float> result;
  result.workspace = &workspace;              // the same memory for every batch
  result.loss.ignore_index = text.classes();  // held-out words that the training text does not have
  result.workspace_bytes = static_cast<std::size_t>(options.workspace) << 20U;
  return result;
}

void print_loss(const char* name, double nats) {
  std::printf("%-24s %8.3f %12.1f\n", name, nats / std::log(2.0), std::exp(nats));
}

Model train(const Text& text, const Options& options, std::mt19937_64& generator) {
  Model model = initial_model(text, options, generator);
  Model gradient;
  Adam adam(model, options.rate);
  xent::LinearWorkspace<float> workspace;
  const xent::LinearCrossEntropyOptions<float> of_loss = loss_options(text, options, workspace);
  Speed speed;
  const Samples held_out(text.held_out, all_places(text.held_out));
  std::vector<Index> places = all_places(text.training);
  const auto count = static_cast<Index>(places.size());
  const auto held_out_loss = [&] {
    return xent::linear_cross_entropy(model.weights, model.features(held_out), model.bias, held_out.word, of_loss);
  };

  print_loss("before training", held_out_loss());
  const Index steps = (count + options.batch - 1) / options.batch;
  example::ProgressBar bar(options.epochs * steps);
  for (Index epoch = 1; epoch <= options.epochs; ++epoch) {
    // The order of std::shuffle differs between standard libraries.
    for (std::size_t i = places.size(); i > 1; --i) std::swap(places[i - 1], places[generator() % i]);
    for (Index first = 0; first < count; first += options.batch) {
      const Samples batch(text.training,
                          {places.begin() + first, places.begin() + std::min(first + options.batch, count)});
      loss_and_gradient(model, batch, of_loss, gradient, speed);
      adam.step(gradient, model);
      bar.step();
    }
    const float loss = held_out_loss();
    bar.print_above([&] { print_loss(("after epoch " + std::to_string(epoch)).c_str(), loss); });
  }
  speed.print();
  return model;
}

void print_sentences(const Model& model, const Text& text, Index sentences, std::mt19937_64& generator) {
  const int stop = static_cast<int>(text.end_of_sentence());
  const Index longest = 30;
  for (Index sentence = 0; sentence < sentences; ++sentence) {
    std::vector<Index> words{stop, stop, stop};  // the last one is the word to come
    std::string line;
    for (Index length = 0; length < longest; ++length) {
      const Samples here(words, {static_cast<Index>(words.size()) - 1});
      const Vector logits = model.weights * model.features(here).col(0) + model.bias;
      const Vector p = xent::softmax(logits, {xent::Axis::columns, 0.8F});  // a little below 1: fewer slips
      double mass = std::ldexp(static_cast<double>(generator() >> 11U), -53);
      Index next = 0;
      while (next < p.size() - 1 && (mass -= static_cast<double>(p[next])) >= 0) ++next;
      if (next == stop && length == 0) continue;
      words.back() = next;
      words.push_back(stop);
      if (next == stop) break;
      line += (line.empty() ? "" : " ") + text.vocabulary[static_cast<std::size_t>(next)];
    }
    std::printf("  %s.\n", line.c_str());
  }
}

bool read_options(int argc, char** argv, Options& options) {
  example::CommandLine line("language_model",
                            "Predicts the next word of a novel from the two before, trained with xent.");
  line.add("--data", "FILE", "the text", options.data);
  line.add("--words", "N", "read at most so many words of it", options.words, Index{100}, Index{100000000});
  line.add("--epochs", "N", "passes over the training text", options.epochs, Index{0}, Index{1000});
  line.add("--batch", "N", "samples a mini-batch", options.batch, Index{1}, Index{1000000});
  line.add("--dim", "N", "numbers in the vector of a word", options.dim, Index{1}, Index{4096});
  line.add("--rate", "X", "learning rate", options.rate, 1e-6F, 10.0F);
  line.add("--sentences", "N", "sentences to make up", options.sentences, Index{0}, Index{1000});
  line.add("--workspace", "MIB", "memory for logits", options.workspace, Index{1}, Index{1} << 20U);
  line.add("--seed", "N", "seed of all random numbers", options.seed, std::uint64_t{0}, UINT64_MAX);
  return line.parse(argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
  return example::run("language_model", [&] {
    Options options;
    if (!read_options(argc, argv, options)) return;
    const Text text(read_words(options.data, options.words));
    const auto unseen = std::count(text.held_out.begin(), text.held_out.end(), text.classes());
    std::printf("%zu words to train on, %td of them different\n", text.training.size(), text.classes());
    std::printf("%zu words held out; %td of these are not in the training text and are ignored\n\n",
                text.held_out.size(), unseen);

    std::vector<Index> seen;
    for (const Index word : text.held_out)
      if (word < text.classes()) seen.push_back(word);
    const auto frequency = xent::empirical_distribution(text.training, text.classes());
    const auto held_out_frequency = xent::empirical_distribution(seen, text.classes());
    std::printf("held-out text            bits/word   perplexity\n");
    print_loss("entropy of its unigrams", xent::entropy(held_out_frequency));
    print_loss("unigram model", xent::cross_entropy(held_out_frequency, frequency));
    std::mt19937_64 generator(options.seed);
    const Model model = train(text, options, generator);

    const double logits =
        static_cast<double>(text.classes()) * static_cast<double>(text.held_out.size()) * sizeof(float);
    std::printf("\nlogits of the held-out text: %.0f MiB as a matrix; its loss took at most %td MiB\n",
                logits * 0x1p-20, options.workspace);
    if (options.sentences > 0) std::printf("\nsentences of the model:\n");
    print_sentences(model, text, options.sentences, generator);
  });
}
