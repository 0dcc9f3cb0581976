#include "for_each.h"

namespace rushlight::cpu {

void for_each_nd(const NdPlan& plan, Loop loop, int64_t grain) {
  if (plan.numel == 0) return;
  parallel_for(0, plan.numel, grain, [&](int64_t b, int64_t e) {
    if (plan.ndim == 1) {
      char* data[kMaxOperands];
      for (int k = 0; k < plan.operands; ++k) data[k] = plan.data[k] + b * plan.strides[0][k];
      loop(data, plan.strides[0], e - b);
    } else {
      walk_rows(plan, b, e,
                [&](char* const* data, int64_t n) { loop(data, plan.strides[0], n); });
    }
  });
}

}  // namespace rushlight::cpu
