// Losses with a kernel of their own.
#pragma once

#include <optional>

#include "rushlight/core/tensor.h"

namespace rushlight {

// -weight[target] * input[target], input (C), (N, C) or (N, C, d1, ...) of log-probabilities, target
// int64 (or uint8) classes of shape (), (N) or (N, d1, ...). reduction: 0 each, 1 the mean weighted
// by weight[target], 2 the sum. Targets equal to ignore_index count for nothing.
// Raises IndexError for a target that is no class, ValueError or Error where shapes disagree.
RL_API Tensor nll_loss(const Tensor& input, const Tensor& target,
                       const std::optional<Tensor>& weight = {}, int64_t reduction = 1,
                       int64_t ignore_index = -100);
// The gradient for an input of shape input_shape.
RL_API Tensor nll_loss_backward(const Tensor& grad, const Tensor& target,
                                const std::optional<Tensor>& weight, int64_t reduction,
                                int64_t ignore_index, const Dims& input_shape);

}  // namespace rushlight
