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

}  // namespace rushlight::cpu
