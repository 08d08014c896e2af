// oneDNN: log-softmax forward, the loss of the labels, log-softmax backward. Primitives and memory are made once a
// shape, as its manual asks; the gradient of the loss with respect to the log-probabilities is zero but for one entry a
// sample.

#include <oneapi/dnnl/dnnl.hpp>

#include <memory>
#include <unordered_map>
#include <vector>

#include "peer.hpp"

namespace {

class LogSoftmax {
 public:
  LogSoftmax(std::int64_t classes, std::int64_t samples)
      : classes_(classes),
        samples_(samples),
        d_log_probabilities_(static_cast<std::size_t>(classes * samples)),
        layout_({samples, classes}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::ab),
        log_probabilities_(layout_, engine_) {
    const dnnl::logsoftmax_forward::primitive_desc forward({dnnl::prop_kind::forward_training, layout_, 1}, engine_);
    forward_ = dnnl::logsoftmax_forward(forward);
    backward_ = dnnl::logsoftmax_backward({{layout_, layout_, 1}, engine_, forward});
  }

  bool fits(std::int64_t classes, std::int64_t samples) const { return classes == classes_ && samples == samples_; }

  float loss_and_gradient(const float* logits, const std::int64_t* labels, float* gradient) {
    dnnl::memory z(layout_, engine_, const_cast<float*>(logits));
    dnnl::memory g(layout_, engine_, gradient);
    dnnl::memory d(layout_, engine_, d_log_probabilities_.data());
    forward_.execute(stream_, {{DNNL_ARG_SRC, z}, {DNNL_ARG_DST, log_probabilities_}});
    stream_.wait();
    const auto* const log_p = static_cast<const float*>(log_probabilities_.get_data_handle());
    const float share = 1 / static_cast<float>(samples_);
    double loss = 0;
    for (std::int64_t i = 0; i < samples_; ++i) {
      loss -= static_cast<double>(log_p[i * classes_ + labels[i]]);
      d_log_probabilities_[static_cast<std::size_t>(i * classes_ + labels[i])] = -share;
    }
    backward_.execute(stream_, {{DNNL_ARG_DST, log_probabilities_}, {DNNL_ARG_DIFF_DST, d}, {DNNL_ARG_DIFF_SRC, g}});
    stream_.wait();
    for (std::int64_t i = 0; i < samples_; ++i)
      d_log_probabilities_[static_cast<std::size_t>(i * classes_ + labels[i])] = 0;
    return static_cast<float>(loss / static_cast<double>(samples_));
  }

 private:
  std::int64_t classes_;
  std::int64_t samples_;
  std::vector<float> d_log_probabilities_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::memory::desc layout_;
  dnnl::memory log_probabilities_;
  dnnl::logsoftmax_forward forward_;
  dnnl::logsoftmax_backward backward_;
};

}  // namespace

PEER_EXPORT int onednn_version() {
  const dnnl_version_t* const version = dnnl::version();
  return version->major * 10000 + version->minor * 100 + version->patch;
}

PEER_CROSS_ENTROPY(onednn) {
  static std::unique_ptr<LogSoftmax> kept;
  if (!kept || !kept->fits(classes, samples)) kept = std::make_unique<LogSoftmax>(classes, samples);
  return kept->loss_and_gradient(logits, labels, gradient);
}
