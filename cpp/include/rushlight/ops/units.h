// Activations with kernels of their own, and losses between two tensors of one shape. Floating
// point only; half precision is computed in float and rounded once.
#pragma once

#include <string>

#include "rushlight/core/tensor.h"

namespace rushlight {

// b * x above 0, else a * (exp(c * x) - 1).
RL_API Tensor elu(const Tensor& input, double a, double b, double c);
// x times the standard normal distribution's probability below x; approximate: "none" or "tanh".
RL_API Tensor gelu(const Tensor& input, const std::string& approximate);
RL_API Tensor hardsigmoid(const Tensor& input);
RL_API Tensor hardswish(const Tensor& input);
RL_API Tensor hardtanh(const Tensor& input, double min_val, double max_val);
RL_API Tensor leaky_relu(const Tensor& input, double negative_slope);
RL_API Tensor log_sigmoid(const Tensor& input);
RL_API Tensor mish(const Tensor& input);
RL_API Tensor silu(const Tensor& input);
RL_API Tensor softplus(const Tensor& input, double beta, double threshold);
// The same, written into self.
RL_API void elu_(const Tensor& self, double a, double b, double c);
RL_API void hardsigmoid_(const Tensor& self);
RL_API void hardswish_(const Tensor& self);
RL_API void hardtanh_(const Tensor& self, double min_val, double max_val);
RL_API void leaky_relu_(const Tensor& self, double negative_slope);
RL_API void mish_(const Tensor& self);
RL_API void silu_(const Tensor& self);

// The gradient of input, for a unit of that name ("gelu_tanh" for the approximation) and its
// numbers.
RL_API Tensor unit_backward(const Tensor& grad, const Tensor& input, const std::string& unit,
                            double a, double b, double c);

// A loss of equal shapes and dtypes, reduced: 0 not, 1 to the mean, 2 to the sum. `a` is beta or
// delta. loss: binary_cross_entropy, binary_cross_entropy_with_logits, huber, l1, mse or smooth_l1.
// Raises Error for a binary_cross_entropy of what is no probability.
RL_API Tensor pair_loss(const Tensor& input, const Tensor& target, const std::string& loss,
                        int64_t reduction, double a);
// The gradient of input.
RL_API Tensor pair_loss_backward(const Tensor& grad, const Tensor& input, const Tensor& target,
                                 const std::string& loss, int64_t reduction, double a);

}  // namespace rushlight
