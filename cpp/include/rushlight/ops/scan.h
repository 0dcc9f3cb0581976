// Running sums and products along a dim. bool and integers give int64 unless dtype says otherwise;
// float is accumulated in double.
#pragma once

#include <optional>
#include <tuple>

#include "rushlight/core/tensor.h"

namespace rushlight {

RL_API Tensor cumsum(const Tensor& self, int64_t dim, std::optional<DType> dtype = {});
RL_API Tensor cumprod(const Tensor& self, int64_t dim, std::optional<DType> dtype = {});
// From the last element to the first: the derivative of cumsum.
RL_API Tensor reversed_cumsum(const Tensor& self, int64_t dim);
// The largest (smallest) value so far and where it came last; a NaN stays.
RL_API std::tuple<Tensor, Tensor> cummax(const Tensor& self, int64_t dim);
RL_API std::tuple<Tensor, Tensor> cummin(const Tensor& self, int64_t dim);
// log(sum(exp(x))) of the elements so far; floating and complex.
RL_API Tensor logcumsumexp(const Tensor& self, int64_t dim);

}  // namespace rushlight
