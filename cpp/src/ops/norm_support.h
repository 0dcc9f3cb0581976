// The kernels behind nn's layers, looked up for a tensor.
#pragma once

#include "rushlight/core/tensor.h"
#include "rushlight/iter/kernel_slots.h"
#include "rushlight/iter/norm_kernels.h"

namespace rushlight {

// Raises NotImplementedError for what is not floating point, and for devices without kernels.
inline const NormKernels& kernels_for(const char* op, const Tensor& input) {
  RL_CHECK_IMPLEMENTED(is_floating(input.dtype()), "\"", op, "\" not implemented for '", input.dtype(),
                       "'; convert it to a floating point dtype");
  auto table = kernel_or_raise(kernel_slots(input.device().type).norms, op, input.device(), input.dtype());
  return *kernel_or_raise(table(input.dtype()), op, input.device(), input.dtype());
}

}  // namespace rushlight
