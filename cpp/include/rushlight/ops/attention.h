// Scaled dot product attention.
#pragma once

#include <optional>
#include <tuple>

#include "rushlight/core/tensor.h"

namespace rushlight {

// softmax(scale * query @ key.mT + mask) @ value, and the logarithm of each row's sum of
// exponentials (float32, or float64 for float64): see Note [Attention]. query (N, Hq, L, E), key
// (N, H, S, E), value (N, H, S, Ev) with H a divisor of Hq; mask of a shape that broadcasts to
// (N, Hq, L, S), bool (True: allowed) or of a floating point dtype. causal: query i sees keys
// 0 ... i. A row that may see nothing is 0, its logarithm inf.
// @throws Error if shapes or dtypes do not fit; NotImplementedError for another dtype or device
RL_API std::tuple<Tensor, Tensor> attention(const Tensor& query, const Tensor& key,
                                            const Tensor& value, const std::optional<Tensor>& mask,
                                            bool causal, double scale);

// The gradients of query, key and value from that of output.
RL_API std::tuple<Tensor, Tensor, Tensor> attention_backward(
    const Tensor& grad, const Tensor& query, const Tensor& key, const Tensor& value,
    const Tensor& output, const Tensor& logsum, const std::optional<Tensor>& mask, bool causal,
    double scale);

}  // namespace rushlight
