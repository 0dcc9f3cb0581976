// The affine map of a layer.
#pragma once

#include <optional>

#include "rushlight/core/tensor.h"

namespace rushlight {

// input @ weight.T + bias: (..., k), (n, k), (n) -> (..., n), as one matrix product. A weight (k)
// drops the last dim and takes no bias. Raises as matmul().
RL_API Tensor linear(const Tensor& input, const Tensor& weight, const std::optional<Tensor>& bias);

}  // namespace rushlight
