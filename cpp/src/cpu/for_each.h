// Runs an inner loop over a plan, on several threads where it pays.
#pragma once

#include "rushlight/core/parallel.h"
#include "rushlight/iter/nd_plan.h"

namespace rushlight::cpu {

// n elements, operand k from data[k] in steps of strides[k] bytes.
using Loop = void (*)(char* const* data, const int64_t* strides, int64_t n);

void for_each_nd(const NdPlan& plan, Loop loop, int64_t grain);

RL_INLINE void for_each(const NdPlan& plan, Loop loop, int64_t grain = kGrain) {
  if (RL_LIKELY(plan.ndim == 1 && plan.numel <= grain)) {
    loop(plan.data, plan.strides[0], plan.numel);
  } else {
    for_each_nd(plan, loop, grain);
  }
}

// Calls row(data, n) for elements [begin, end) of the plan in its own order; a row is a part of the
// innermost dim.
template <class Row>
RL_INLINE void walk_rows(const NdPlan& plan, int64_t begin, int64_t end, const Row& row) {
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
    row(data, n);
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

}  // namespace rushlight::cpu
