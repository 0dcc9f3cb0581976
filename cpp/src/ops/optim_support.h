// What the steps of optimizers over lists of parameters share: checks, dense memory, threads.
#pragma once

#include <algorithm>
#include <vector>

#include "rushlight/core/parallel.h"
#include "rushlight/iter/kernel_slots.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {

// An update reads and writes a few values an element; threads pay earlier than for one addition.
inline constexpr int64_t kUpdateGrain = kGrain / 4;

inline void check_lists(const char* op, const char* name, size_t params, size_t count) {
  RL_CHECK(count == params, op, "(): expected one of ", name, " for each of the ", params,
           " parameters, got ", count);
}

inline void check_like(const char* op, const char* name, size_t index, const Tensor& param,
                       const Tensor& t) {
  RL_CHECK(t.defined(), op, "(): parameter ", index, " has no ", name);
  RL_CHECK(t.shape() == param.shape() && t.dtype() == param.dtype() && t.device() == param.device(),
           op, "(): parameter ", index, " has shape ", param.shape(), " and dtype ", param.dtype(),
           " but its ", name, " has shape ", t.shape(), " and dtype ", t.dtype(),
           ", or lies on another device");
}

inline void check_param(const char* op, size_t index, const Tensor& param) {
  RL_CHECK(is_floating(param.dtype()) || is_complex(param.dtype()), op, "(): parameter ", index,
           " has dtype ", param.dtype(),
           "; only floating point and complex parameters are updated");
}

inline int64_t real_count(const Tensor& t) { return t.numel() * (is_complex(t.dtype()) ? 2 : 1); }

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
    run_spans(device, same,
              [&](const Span& s, int64_t b, int64_t e) { run(device, dtype, s, b, e); });
  }
}

}  // namespace rushlight
