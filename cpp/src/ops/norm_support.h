// The kernels behind nn's layers, looked up for a tensor.
#pragma once

#include "rushlight/core/tensor.h"
#include "rushlight/iter/kernel_slots.h"
#include "rushlight/iter/norm_kernels.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {

// Raises NotImplementedError for what is not floating point, and for devices without kernels.
inline const NormKernels& kernels_for(const char* op, const Tensor& input) {
  RL_CHECK_IMPLEMENTED(is_floating(input.dtype()), "\"", op, "\" not implemented for '",
                       input.dtype(), "'; convert it to a floating point dtype");
  auto table =
      kernel_or_raise(kernel_slots(input.device().type).norms, op, input.device(), input.dtype());
  return *kernel_or_raise(table(input.dtype()), op, input.device(), input.dtype());
}

// Whether `like`, made by empty_like(t), has t's elements in the same places.
inline bool same_places(const Tensor& like, const Tensor& t) {
  return t.strides() == like.strides() || (t.is_contiguous() && like.is_contiguous());
}
// t with its elements where `like` has them.
inline Tensor placed_like(const Tensor& like, const Tensor& t) {
  if (same_places(like, t)) return t;
  Tensor copy = empty_like(like, t.dtype());
  copy_(copy, t);
  return copy;
}

}  // namespace rushlight
