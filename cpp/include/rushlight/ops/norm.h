// Normalisation to mean 0 and variance 1, with gradients in one pass. Floating point only.
// Parameters have the input's dtype; beside half precision they may all be float32.
#pragma once

#include <optional>
#include <tuple>

#include "rushlight/core/tensor.h"

namespace rushlight {

// The gradients of input, weight and bias; empty where not wanted. Those of parameters have the
// dtype that is computed in and the parameter's element order.
using NormGradients =
    std::tuple<std::optional<Tensor>, std::optional<Tensor>, std::optional<Tensor>>;

// (x - mean) / sqrt(variance + eps) * weight + bias over the last dims, which are normalized_shape;
// with the means and the inverse roots (float32, or float64).
// Raises Error where shapes or dtypes do not fit.
RL_API std::tuple<Tensor, Tensor, Tensor> native_layer_norm(const Tensor& input,
                                                            const Dims& normalized_shape,
                                                            const std::optional<Tensor>& weight,
                                                            const std::optional<Tensor>& bias,
                                                            double eps);
RL_API NormGradients layer_norm_backward(const Tensor& grad, const Tensor& input,
                                         const Dims& normalized_shape, const Tensor& mean,
                                         const Tensor& rstd, const std::optional<Tensor>& weight,
                                         bool want_input, bool want_weight, bool want_bias);

// x / sqrt(mean(x * x) + eps) * weight, with the inverse roots. eps: by default the distance from 1
// to the next number of the dtype that is computed in.
RL_API std::tuple<Tensor, Tensor> fused_rms_norm(const Tensor& input, const Dims& normalized_shape,
                                                 const std::optional<Tensor>& weight,
                                                 std::optional<double> eps);
RL_API NormGradients rms_norm_backward(const Tensor& grad, const Tensor& input,
                                       const Dims& normalized_shape, const Tensor& rstd,
                                       const std::optional<Tensor>& weight, bool want_input,
                                       bool want_weight);

// Over num_groups groups of the channels of (N, C, *), with the means and inverse roots (N,
// groups).
RL_API std::tuple<Tensor, Tensor, Tensor> native_group_norm(const Tensor& input, int64_t num_groups,
                                                            const std::optional<Tensor>& weight,
                                                            const std::optional<Tensor>& bias,
                                                            double eps);
RL_API NormGradients group_norm_backward(const Tensor& grad, const Tensor& input,
                                         int64_t num_groups, const Tensor& mean, const Tensor& rstd,
                                         const std::optional<Tensor>& weight, bool want_input,
                                         bool want_weight, bool want_bias);

// Over all but the channels of (N, C, *): in training with the batch's statistics, which the
// running ones are moved towards, else with the running ones. With the means and inverse roots (C).
// Channels-last input gives a channels-last result.
RL_API std::tuple<Tensor, Tensor, Tensor> native_batch_norm(
    const Tensor& input, const std::optional<Tensor>& weight, const std::optional<Tensor>& bias,
    const std::optional<Tensor>& running_mean, const std::optional<Tensor>& running_var,
    bool training, double momentum, double eps);
RL_API NormGradients batch_norm_backward(const Tensor& grad, const Tensor& input,
                                         const Tensor& mean, const Tensor& rstd,
                                         const std::optional<Tensor>& weight, bool training,
                                         bool want_input, bool want_weight, bool want_bias);

}  // namespace rushlight
