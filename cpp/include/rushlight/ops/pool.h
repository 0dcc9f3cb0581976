// Pooling over the last two dims of (n, c, h, w) or (c, h, w).
//
// Dims arguments take one value for both dims or one for each; an empty stride is the kernel size.
// Each raises Error when the arguments do not fit the shape, NotImplementedError for a dtype without
// a kernel, OutOfMemoryError.
#pragma once

#include <optional>
#include <tuple>

#include "rushlight/core/tensor.h"

namespace rushlight {

// Largest element of each window, and its int64 position in the flattened (h, w). A NaN wins; padding
// never does. With ceil_mode a last window that begins inside may end outside.
RL_API std::tuple<Tensor, Tensor> max_pool2d_with_indices(const Tensor& input,
                                                          const Dims& kernel_size,
                                                          const Dims& stride, const Dims& padding,
                                                          const Dims& dilation, bool ceil_mode);
// The values alone.
RL_API Tensor max_pool2d(const Tensor& input, const Dims& kernel_size, const Dims& stride,
                         const Dims& padding, const Dims& dilation, bool ceil_mode);
// Adds each gradient to the element that its index names; the result has shape input_size.
RL_API Tensor max_pool2d_with_indices_backward(const Tensor& grad_output, const Tensor& indices,
                                               const Dims& input_size);

// Sum of each window, divided by divisor_override, or by its number of elements: with
// count_include_pad those in the padding, too.
RL_API Tensor avg_pool2d(const Tensor& input, const Dims& kernel_size, const Dims& stride,
                         const Dims& padding, bool ceil_mode, bool count_include_pad,
                         std::optional<int64_t> divisor_override);
RL_API Tensor avg_pool2d_backward(const Tensor& grad_output, const Dims& input_size,
                                  const Dims& kernel_size, const Dims& stride, const Dims& padding,
                                  bool ceil_mode, bool count_include_pad,
                                  std::optional<int64_t> divisor_override);

// Over windows chosen so that the result is output_size large: maxima and their places in the plane.
RL_API std::tuple<Tensor, Tensor> adaptive_max_pool2d(const Tensor& input, const Dims& output_size);
// The same windows' means.
RL_API Tensor adaptive_avg_pool2d(const Tensor& input, const Dims& output_size);
RL_API Tensor adaptive_avg_pool2d_backward(const Tensor& grad_output, const Dims& input_size);

}  // namespace rushlight
