// Resampling of one dim.
#pragma once

#include "rushlight/core/tensor.h"

namespace rushlight {

// A dim of `input` resampled: element i is the sum over t of weights[t, i] * input[places[t, i]].
// places (taps, count) is int64, weights (taps, count) of the input's dtype, float32 or float64; or
// int32 for uint8, with 2^bits for 1, and the sum is rounded and clamped. New memory, row-major.
// Raises Error for other dtypes or shapes and IndexError for a place outside of the dim.
RL_API Tensor resample(const Tensor& input, int64_t dim, const Tensor& places,
                       const Tensor& weights, int64_t bits);

}  // namespace rushlight
