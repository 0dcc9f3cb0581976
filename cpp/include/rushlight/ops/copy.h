// Copies and conversions.
#pragma once

#include "rushlight/core/tensor.h"

namespace rushlight {

// Writes src, broadcast and converted, into self. Raises Error when src does not broadcast. With
// non_blocking, a copy between a device and page-locked memory may still be on its way afterwards, on
// the device's current stream.
RL_API void copy_(const Tensor& self, const Tensor& src, bool non_blocking);
RL_API void copy_(const Tensor& self, const Tensor& src);
// New memory; dense strides are kept.
RL_API Tensor clone(const Tensor& self);
// self itself when it is row-major already.
RL_API Tensor contiguous(const Tensor& self);
// self itself when it has that dtype already, else a converted copy.
RL_API Tensor to_dtype(const Tensor& self, DType dtype);
// To the host with non_blocking: into page-locked memory.
RL_API Tensor to_device(const Tensor& self, Device device, bool non_blocking = false);
// A copy in page-locked memory with the same strides; self itself when it is there already. Raises
// Error without a CUDA device, or for a tensor on one.
RL_API Tensor pin_memory(const Tensor& self);

}  // namespace rushlight
