#include "rushlight/ops/optim.h"

#include <cmath>

#include "optim_support.h"

namespace rushlight {
namespace {

double next_step(const Tensor& step, size_t index) {
  RL_CHECK(step.defined() && step.numel() == 1 && step.device().is_cpu() &&
               (step.dtype() == DType::F32 || step.dtype() == DType::F64),
           "adam_(): the step count of parameter ", index,
           " must be one float32 or float64 number on the CPU");
  if (step.dtype() == DType::F32) return double(*step.data<float>() += 1.0f);
  return *step.data<double>() += 1.0;
}

}  // namespace

void sgd_(const std::vector<Tensor>& params, const std::vector<Tensor>& grads,
          std::vector<Tensor>& buffers, const SgdOptions& options) {
  check_lists("sgd_", "the gradients", params.size(), grads.size());
  check_lists("sgd_", "the momentum buffers", params.size(), buffers.size());
  if (params.empty()) return;
  const bool momentum = options.momentum != 0;
  for (size_t i = 0; i < params.size(); ++i) {
    check_param("sgd_", i, params[i]);
    check_like("sgd_", "gradient", i, params[i], grads[i]);
    if (momentum && buffers[i].defined())
      check_like("sgd_", "momentum buffer", i, params[i], buffers[i]);
  }
  DenseCopies dense;
  std::vector<SgdSpan> spans;
  spans.reserve(params.size());
  for (size_t i = 0; i < params.size(); ++i) {
    SgdSpan span{dense.writable(params[i]), dense.readable(grads[i]), nullptr,
                 real_count(params[i]), Momentum::None};
    if (momentum) {
      const bool first = !buffers[i].defined();
      if (first) buffers[i] = empty(params[i].shape(), params[i].dtype(), params[i].device());
      span.buffer = dense.writable(buffers[i]);
      span.momentum = first ? (options.nesterov ? Momentum::FirstNesterov : Momentum::First)
                            : (options.nesterov ? Momentum::Nesterov : Momentum::Plain);
    }
    spans.push_back(span);
  }
  const SgdScalars scalars{options.lr, options.momentum, options.dampening, options.weight_decay,
                           options.maximize};
  run_by_dtype(params, spans,
               [&](Device device, DType dtype, const SgdSpan& s, int64_t b, int64_t e) {
                 kernel_or_raise(kernel_slots(device.type).sgd, "sgd_", device, dtype)(
                     dtype, scalars, s, b, e);
               });
  dense.write_back();
}

void adam_(const std::vector<Tensor>& params, const std::vector<Tensor>& grads,
           const std::vector<Tensor>& means, const std::vector<Tensor>& squares,
           const std::vector<Tensor>& max_squares, const std::vector<Tensor>& steps,
           const AdamOptions& options) {
  check_lists("adam_", "the gradients", params.size(), grads.size());
  check_lists("adam_", "the means", params.size(), means.size());
  check_lists("adam_", "the mean squares", params.size(), squares.size());
  check_lists("adam_", "the step counts", params.size(), steps.size());
  if (options.amsgrad)
    check_lists("adam_", "the largest mean squares", params.size(), max_squares.size());
  if (params.empty()) return;
  for (size_t i = 0; i < params.size(); ++i) {
    check_param("adam_", i, params[i]);
    check_like("adam_", "gradient", i, params[i], grads[i]);
    check_like("adam_", "mean", i, params[i], means[i]);
    check_like("adam_", "mean square", i, params[i], squares[i]);
    if (options.amsgrad) check_like("adam_", "largest mean square", i, params[i], max_squares[i]);
  }
  DenseCopies dense;
  std::vector<AdamSpan> spans;
  spans.reserve(params.size());
  double last = -1, step_size = 0, square_root_bias = 1;
  for (size_t i = 0; i < params.size(); ++i) {
    const double step = next_step(steps[i], i);
    if (step != last) {
      last = step;
      step_size = options.lr / (1 - std::pow(options.beta1, step));
      square_root_bias = std::sqrt(1 - std::pow(options.beta2, step));
    }
    spans.push_back({dense.writable(params[i]), dense.readable(grads[i]), dense.writable(means[i]),
                     dense.writable(squares[i]),
                     options.amsgrad ? dense.writable(max_squares[i]) : nullptr,
                     real_count(params[i]), step_size, square_root_bias});
  }
  const AdamScalars scalars{options.beta1,
                            options.beta2,
                            options.weight_decay,
                            options.eps,
                            1 - options.lr * options.weight_decay,
                            options.maximize,
                            options.decoupled};
  run_by_dtype(params, spans,
               [&](Device device, DType dtype, const AdamSpan& s, int64_t b, int64_t e) {
                 kernel_or_raise(kernel_slots(device.type).adam, "adam_", device, dtype)(
                     dtype, scalars, s, b, e);
               });
  dense.write_back();
}

}  // namespace rushlight
