#include "for_each.h"

namespace rushlight::cpu {
namespace {

// Elements [begin, end) of the plan in its own order.
void run_range(const NdPlan& plan, Loop loop, int64_t begin, int64_t end) {
  const int operands = plan.operands, ndim = plan.ndim;
  int64_t index[kMaxDims];
  char* data[kMaxOperands];
  for (int k = 0; k < operands; ++k) data[k] = plan.data[k];
  int64_t rest = begin;
  for (int d = 0; d < ndim; ++d) {
    index[d] = rest % plan.shape[d];
    rest /= plan.shape[d];
    for (int k = 0; k < operands; ++k) data[k] += index[d] * plan.strides[d][k];
  }
  while (begin < end) {
    int64_t n = plan.shape[0] - index[0];
    if (n > end - begin) n = end - begin;
    loop(data, plan.strides[0], n);
    begin += n;
    // The first row may have begun in its middle: go back to its start, then on to the next.
    for (int k = 0; k < operands; ++k) data[k] -= index[0] * plan.strides[0][k];
    index[0] = 0;
    for (int d = 1; d < ndim; ++d) {
      for (int k = 0; k < operands; ++k) data[k] += plan.strides[d][k];
      if (++index[d] < plan.shape[d]) break;
      for (int k = 0; k < operands; ++k) data[k] -= plan.shape[d] * plan.strides[d][k];
      index[d] = 0;
    }
  }
}

}  // namespace

void for_each_nd(const NdPlan& plan, Loop loop, int64_t grain) {
  if (plan.numel == 0) return;
  parallel_for(0, plan.numel, grain, [&](int64_t b, int64_t e) {
    if (plan.ndim == 1) {
      char* data[kMaxOperands];
      for (int k = 0; k < plan.operands; ++k) data[k] = plan.data[k] + b * plan.strides[0][k];
      loop(data, plan.strides[0], e - b);
    } else {
      run_range(plan, loop, b, e);
    }
  });
}

}  // namespace rushlight::cpu
