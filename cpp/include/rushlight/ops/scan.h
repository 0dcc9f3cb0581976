// Running sums and products along a dim. bool and integers give int64 unless dtype says otherwise;
// float is accumulated in double.
#pragma once

#include <optional>

#include "rushlight/core/tensor.h"

namespace rushlight {

RL_API Tensor cumsum(const Tensor& self, int64_t dim, std::optional<DType> dtype = {});
RL_API Tensor cumprod(const Tensor& self, int64_t dim, std::optional<DType> dtype = {});
// From the last element to the first: the derivative of cumsum.
RL_API Tensor reversed_cumsum(const Tensor& self, int64_t dim);

}  // namespace rushlight
