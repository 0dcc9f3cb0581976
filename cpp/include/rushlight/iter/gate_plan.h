// Operands of gated and leaky units with a second operand. Device-free.
#pragma once

#include <cstdint>

#include "rushlight/core/dtype.h"

namespace rushlight {

// x (outer, 2, run), contiguous: the first half times the sigmoid of the second, (outer, run).
struct GluPlan {
  DType dtype;
  int64_t outer, run;
  const void *x, *grad;  // grad null: the values are wanted, else the gradient of x
  void* out;
};

// x (outer, channels, inner), contiguous, with a slope below 0 for each channel.
struct PreluPlan {
  DType dtype;
  int64_t outer, channels, inner;
  const void *x, *weight, *grad;  // grad null: the values are wanted
  void* out;                      // the values, or the gradient of x; null where not wanted
  void* grad_weight;              // (channels) of the dtype that is computed in; null where not wanted
};

}  // namespace rushlight
