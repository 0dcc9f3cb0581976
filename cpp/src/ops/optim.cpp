#include "rushlight/ops/optim.h"

#include <algorithm>
#include <cmath>

#include "rushlight/core/parallel.h"
#include "rushlight/iter/kernel_slots.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {
namespace {

// An update reads and writes a few values an element; threads pay earlier than for one addition.
constexpr int64_t kUpdateGrain = kGrain / 4;

void check_lists(const char* op, const char* name, size_t params, size_t count) {
  RL_CHECK(count == params, op, "(): expected one of ", name, " for each of the ", params,
           " parameters, got ", count);
}

void check_like(const char* op, const char* name, size_t index, const Tensor& param,
                const Tensor& t) {
  RL_CHECK(t.defined() && t.shape() == param.shape() && t.dtype() == param.dtype() &&
               t.device() == param.device(),
           op, "(): parameter ", index, " has shape ", param.shape(), " and dtype ", param.dtype(),
           " but its ", name, " has shape ", t.shape(), " and dtype ", t.dtype(),
           ", or lies on another device");
}

void check_param(const char* op, size_t index, const Tensor& param) {
  RL_CHECK(is_floating(param.dtype()) || is_complex(param.dtype()), op, "(): parameter ", index,
           " has dtype ", param.dtype(),
           "; only floating point and complex parameters are updated");
}

int64_t real_count(const Tensor& t) { return t.numel() * (is_complex(t.dtype()) ? 2 : 1); }

// Row-major stand-ins for tensors that are not: written back when the step is done.
class DenseCopies {
 public:
  char* writable(const Tensor& t) {
    if (RL_LIKELY(t.is_contiguous())) return t.bytes();
    check_no_internal_overlap("optimizer step", t);
    copies_.push_back({t, contiguous(t)});
    return copies_.back().dense.bytes();
  }
  const char* readable(const Tensor& t) {
    if (RL_LIKELY(t.is_contiguous())) return t.bytes();
    read_.push_back(contiguous(t));
    return read_.back().bytes();
  }
  void write_back() {
    for (const Copy& c : copies_) copy_(c.original, c.dense);
  }

 private:
  struct Copy {
    Tensor original, dense;
  };
  std::vector<Copy> copies_;
  std::vector<Tensor> read_;
};

// Runs the kernel over all spans: small work in one piece, else the elements of all parameters are
// shared out together, so that many small ones use the threads too.
template <class Span, class Run>
void run_spans(Device device, const std::vector<Span>& spans, const Run& run) {
  if (!device.is_cpu()) {
    for (const Span& s : spans) run(s, 0, s.count);
    return;
  }
  int64_t total = 0;
  for (const Span& s : spans) total += s.count;
  const auto one_by_one = [&](int64_t grain) {
    for (const Span& s : spans)
      parallel_for(0, s.count, grain, [&](int64_t b, int64_t e) { run(s, b, e); });
  };
  if (total <= kUpdateGrain) return one_by_one(kUpdateGrain);
  // A parameter given twice is updated twice, one after the other.
  std::vector<const void*> seen;
  std::vector<int64_t> starts;
  int64_t start = 0;
  for (const Span& s : spans) {
    seen.push_back(s.param);
    starts.push_back(start);
    start += s.count;
  }
  std::sort(seen.begin(), seen.end());
  if (std::adjacent_find(seen.begin(), seen.end()) != seen.end()) return one_by_one(kUpdateGrain);
  parallel_for(0, total, kUpdateGrain, [&](int64_t b, int64_t e) {
    size_t i = size_t(std::upper_bound(starts.begin(), starts.end(), b) - starts.begin()) - 1;
    for (; i < spans.size() && starts[i] < e; ++i) {
      const int64_t from = std::max<int64_t>(b - starts[i], 0);
      const int64_t to = std::min(e - starts[i], spans[i].count);
      if (from < to) run(spans[i], from, to);
    }
  });
}

// Groups hold one dtype on one device nearly always; the spans of each are run together.
template <class Span, class Run>
void run_by_dtype(const std::vector<Tensor>& params, const std::vector<Span>& spans,
                  const Run& run) {
  std::vector<bool> done(params.size(), false);
  for (size_t first = 0; first < params.size(); ++first) {
    if (done[first]) continue;
    const DType dtype = real_of(params[first].dtype());
    const Device device = params[first].device();
    std::vector<Span> same;
    for (size_t i = first; i < spans.size(); ++i) {
      if (real_of(params[i].dtype()) != dtype || params[i].device() != device) continue;
      done[i] = true;
      if (spans[i].count) same.push_back(spans[i]);
    }
    run_spans(device, same, [&](const Span& s, int64_t b, int64_t e) { run(device, dtype, s, b, e); });
  }
}

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
  run_by_dtype(params, spans, [&](Device device, DType dtype, const SgdSpan& s, int64_t b, int64_t e) {
    kernel_or_raise(kernel_slots(device.type).sgd, "sgd_", device, dtype)(dtype, scalars, s, b, e);
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
  run_by_dtype(params, spans, [&](Device device, DType dtype, const AdamSpan& s, int64_t b, int64_t e) {
    kernel_or_raise(kernel_slots(device.type).adam, "adam_", device, dtype)(dtype, scalars, s, b, e);
  });
  dense.write_back();
}

}  // namespace rushlight
