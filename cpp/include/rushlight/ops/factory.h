// Tensors made from nothing.
#pragma once

#include "rushlight/core/scalar.h"
#include "rushlight/core/tensor.h"

namespace rushlight {

// Uninitialised, row-major. Raises Error on a negative size or overflow, OutOfMemoryError.
RL_API Tensor empty(const Dims& shape, DType dtype, Device device = {});
// Uninitialised, with the given non-negative strides (in elements).
RL_API Tensor empty_strided(const Dims& shape, const Dims& strides, DType dtype, Device device = {});
// Uninitialised, with the strides of `like` where it is dense in some order of its dims.
RL_API Tensor empty_like(const Tensor& like, DType dtype);
// Uninitialised, in page-locked memory of the host. Raises Error without a CUDA device.
RL_API Tensor empty_pinned(const Layout& layout, DType dtype);
RL_API Tensor zeros(const Dims& shape, DType dtype, Device device = {});
RL_API Tensor full(const Dims& shape, const Scalar& value, DType dtype, Device device = {});
// 0-d.
RL_API Tensor scalar_tensor(const Scalar& value, DType dtype, Device device = {});
// start, start + step, ... below end: ceil((end - start) / step) elements.
RL_API Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step, DType dtype);
// `steps` values from start to end, both included.
RL_API Tensor linspace(double start, double end, int64_t steps, DType dtype);
// (n, m), ones on the main diagonal.
RL_API Tensor eye(int64_t n, int64_t m, DType dtype);

// Sets every element; any strides.
RL_API void fill_(const Tensor& self, const Scalar& value);
RL_API void zero_(const Tensor& self);

// Bytes of `numel` elements; raises Error on overflow.
RL_API size_t checked_nbytes(int64_t numel, DType dtype);

}  // namespace rushlight
