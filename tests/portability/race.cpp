// The first calls of a program, made by several threads at once, choose an instruction set and nothing else is shared.

#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <thread>
#include <vector>

int main() {
  const Eigen::MatrixXf z = Eigen::MatrixXf::Random(100, 50);
  const std::vector<int> labels(50, 7);
  std::vector<float> losses(8);
  std::vector<Eigen::MatrixXf> results(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < losses.size(); ++i)
    threads.emplace_back([&, i] {
      results[i] = xent::softmax(z);
      losses[i] = xent::softmax_cross_entropy(z, labels);
    });
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 1; i < losses.size(); ++i)
    if (losses[i] != losses[0] || results[i] != results[0]) return 1;
  return 0;
}
