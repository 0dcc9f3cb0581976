// Runs an inner loop over a plan, on several threads where it pays.
#pragma once

#include "rushlight/core/parallel.h"
#include "rushlight/iter/nd_plan.h"

namespace rushlight::cpu {

// n elements, operand k from data[k] in steps of strides[k] bytes.
using Loop = void (*)(char* const* data, const int64_t* strides, int64_t n);

// Bytes of an element of each operand.
template <class... T>
inline constexpr uint8_t kItems[] = {uint8_t(sizeof(T))...};

void for_each_nd(const NdPlan& plan, const uint8_t* items, Loop loop);

RL_INLINE void for_each(const NdPlan& plan, const uint8_t* items, Loop loop) {
  if (RL_LIKELY(plan.ndim == 1 && plan.numel <= kGrain)) {
    loop(plan.data, plan.strides[0], plan.numel);
  } else {
    for_each_nd(plan, items, loop);
  }
}

// The plan without its innermost dim.
RL_INLINE void drop_inner(const NdPlan& plan, NdPlan& outer) {
  outer.ndim = plan.ndim - 1;
  outer.operands = plan.operands;
  outer.numel = plan.shape[0] == 0 ? 0 : plan.numel / plan.shape[0];
  for (int k = 0; k < plan.operands; ++k) outer.data[k] = plan.data[k];
  for (int d = 0; d < outer.ndim; ++d) {
    outer.shape[d] = plan.shape[d + 1];
    for (int k = 0; k < plan.operands; ++k) outer.strides[d][k] = plan.strides[d + 1][k];
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
