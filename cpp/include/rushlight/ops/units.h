// Units of neural networks that are one formula of one number. For floating point dtypes;
// float16 and bfloat16 are computed in float. The result keeps dense strides.
#pragma once

#include "rushlight/core/tensor.h"

namespace rushlight {

// x times the normal distribution's probability below x, or its approximation by tanh.
RL_API Tensor gelu(const Tensor& self, bool tanh = false);
// The gradient of self from the result's; so below.
RL_API Tensor gelu_backward(const Tensor& grad, const Tensor& self, bool tanh = false);

// x * sigmoid(x).
RL_API Tensor silu(const Tensor& self);
RL_API Tensor silu_backward(const Tensor& grad, const Tensor& self);

// x where it is positive, else negative_slope * x.
RL_API Tensor leaky_relu(const Tensor& self, double negative_slope = 0.01);
RL_API Tensor leaky_relu_backward(const Tensor& grad, const Tensor& self,
                                  double negative_slope = 0.01);

}  // namespace rushlight
