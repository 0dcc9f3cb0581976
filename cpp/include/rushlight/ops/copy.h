// Copies and conversions.
#pragma once

#include "rushlight/core/tensor.h"

namespace rushlight {

// Writes src, broadcast and converted, into self. Raises Error when src does not broadcast.
RL_API void copy_(const Tensor& self, const Tensor& src);
// New memory; dense strides are kept.
RL_API Tensor clone(const Tensor& self);
// self itself when it is row-major already.
RL_API Tensor contiguous(const Tensor& self);
// self itself when it has that dtype already, else a converted copy.
RL_API Tensor to_dtype(const Tensor& self, DType dtype);
RL_API Tensor to_device(const Tensor& self, Device device);

}  // namespace rushlight
