// Convolutions (cross-correlations, as every deep learning library calls them).
//
// Dims arguments take one value for all spatial dims or one for each. Any dtype but bool and the
// unsigned types that are only storable; float16 and bfloat16 are computed in float32. A leading
// batch dim may be missing. The bits of a result do not depend on the number of threads.
//
// Each raises Error when shapes, dtypes or devices do not fit, NotImplementedError for a dtype
// without a kernel, OutOfMemoryError.
#pragma once

#include <optional>

#include "rushlight/core/tensor.h"

namespace rushlight {

// input (n, c, h, w), weight (o, c / groups, kh, kw), bias (o) -> (n, o, h', w') with
// h' = floor((h + 2 padding - dilation (kh - 1) - 1) / stride) + 1.
RL_API Tensor conv2d(const Tensor& input, const Tensor& weight, const std::optional<Tensor>& bias,
                     const Dims& stride, const Dims& padding, const Dims& dilation, int64_t groups);
// The same over one spatial dim.
RL_API Tensor conv1d(const Tensor& input, const Tensor& weight, const std::optional<Tensor>& bias,
                     const Dims& stride, const Dims& padding, const Dims& dilation, int64_t groups);

// The gradient of sum(grad_output * conv2d(input, weight)) by input, which has shape input_size.
RL_API Tensor conv2d_backward_input(const Tensor& grad_output, const Tensor& weight,
                                    const Dims& input_size, const Dims& stride, const Dims& padding,
                                    const Dims& dilation, int64_t groups);
// The gradient by weight, which has shape weight_size.
RL_API Tensor conv2d_backward_weight(const Tensor& grad_output, const Tensor& input,
                                     const Dims& weight_size, const Dims& stride,
                                     const Dims& padding, const Dims& dilation, int64_t groups);

}  // namespace rushlight
