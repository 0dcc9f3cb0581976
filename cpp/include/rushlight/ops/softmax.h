// softmax and its relatives. Integers and bool are an error, except for logsumexp, which computes
// them in the default dtype.
#pragma once

#include <optional>

#include "rushlight/core/tensor.h"

namespace rushlight {

// exp(x) / sum exp(x) along dim, computed from x - max(x).
RL_API Tensor softmax(const Tensor& self, int64_t dim, std::optional<DType> dtype = {});
RL_API Tensor log_softmax(const Tensor& self, int64_t dim, std::optional<DType> dtype = {});
// The gradient from the result's: output * (grad - sum(grad * output)).
RL_API Tensor softmax_backward(const Tensor& grad, const Tensor& output, int64_t dim);
// grad - exp(output) * sum(grad).
RL_API Tensor log_softmax_backward(const Tensor& grad, const Tensor& output, int64_t dim);

// log(sum(exp(x))) over dims; -inf over nothing.
RL_API Tensor logsumexp(const Tensor& self, const Dims& dim, bool keepdim = false);

}  // namespace rushlight
