// libtorch: cross_entropy with autograd, which returns a gradient of its own, and the four kernels behind it with every
// output in memory that is kept.

#include <torch/torch.h>
#include <torch/version.h>

#include "peer.hpp"

using at::Tensor;

namespace {

Tensor matrix(const float* data, std::int64_t rows, std::int64_t cols) {
  return torch::from_blob(const_cast<float*>(data), {rows, cols});
}
Tensor vector(const std::int64_t* labels, std::int64_t size) {
  return torch::from_blob(const_cast<std::int64_t*>(labels), {size}, at::kLong);
}
void store(const Tensor& from, float* to) {
  if (to) torch::from_blob(to, from.sizes()).copy_(from);
}

}  // namespace

PEER_EXPORT const char* libtorch_version() { return TORCH_VERSION; }

PEER_CROSS_ENTROPY(autograd) {
  Tensor z = matrix(logits, samples, classes).requires_grad_();
  const Tensor loss = torch::nn::functional::cross_entropy(z, vector(labels, samples));
  loss.backward();
  store(z.grad(), gradient);
  return loss.item<float>();
}

PEER_CROSS_ENTROPY(kernels) {
  static Tensor log_p, d_log_p, loss, total, one;
  const at::NoGradGuard no_grad;
  if (!log_p.defined() || log_p.size(0) != samples || log_p.size(1) != classes) {
    log_p = torch::empty({samples, classes});
    d_log_p = torch::empty({samples, classes});
    loss = torch::empty({});
    total = torch::empty({});
    one = torch::ones({});
  }
  const Tensor z = matrix(logits, samples, classes);
  const Tensor y = vector(labels, samples);
  Tensor g = matrix(gradient, samples, classes);
  at::_log_softmax_out(log_p, z, 1, false);
  at::nll_loss_forward_out(loss, total, log_p, y, {}, at::Reduction::Mean, -100);
  at::nll_loss_backward_out(d_log_p, one, log_p, y, {}, at::Reduction::Mean, -100, total);
  at::_log_softmax_backward_data_out(g, d_log_p, log_p, 1, at::kFloat);
  return loss.item<float>();
}

PEER_LINEAR_CROSS_ENTROPY(linear_autograd) {
  const auto& a = *arguments;
  Tensor weights = matrix(a.weights, a.classes, a.dim).requires_grad_();
  Tensor features = matrix(a.features, a.samples, a.dim).requires_grad_();
  Tensor bias = torch::from_blob(const_cast<float*>(a.bias), {a.classes}).requires_grad_();
  namespace F = torch::nn::functional;
  const Tensor loss = F::cross_entropy(F::linear(features, weights, bias), vector(a.labels, a.samples));
  loss.backward();
  store(weights.grad(), a.d_weights);
  store(features.grad(), a.d_features);
  store(bias.grad(), a.d_bias);
  return loss.item<float>();
}
