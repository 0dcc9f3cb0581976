// glu and prelu. Floating point only.
#pragma once

#include <optional>
#include <tuple>

#include "rushlight/core/tensor.h"

namespace rushlight {

// The first half along dim times the sigmoid of the second. Raises Error for an odd size.
RL_API Tensor glu(const Tensor& input, int64_t dim);
RL_API Tensor glu_backward(const Tensor& grad, const Tensor& input, int64_t dim);

// x where it is positive, else weight * x; one weight of the input's dtype, or one for each channel
// (dim 1).
RL_API Tensor prelu(const Tensor& input, const Tensor& weight);
// The gradients of input and weight; empty where not wanted.
RL_API std::tuple<std::optional<Tensor>, std::optional<Tensor>> prelu_backward(const Tensor& grad,
                                                                               const Tensor& input,
                                                                               const Tensor& weight,
                                                                               bool want_input,
                                                                               bool want_weight);

}  // namespace rushlight
