// Samples of discrete distributions, with PyTorch's numbers. See Note [Random order].
#pragma once

#include "rushlight/ops/random.h"

namespace rushlight {

// Poisson numbers of the given rates, in their dtype.
// @throws Error if a rate is negative or NaN; NotImplementedError if the dtype is not floating
RL_API Tensor poisson(const Tensor& rate, const GeneratorPtr& generator);
// Successes in `count` trials of probability `prob`; both broadcast.
// @throws ValueError if one is not floating; Error if the dtypes differ; NotImplementedError for
// halves
RL_API Tensor binomial(const Tensor& count, const Tensor& prob, const GeneratorPtr& generator);
// n indices a row of weights (rows, categories), drawn with replacement: (rows, n) of int64.
// @throws Error if a row's weights are negative, not finite, or sum to zero
RL_API Tensor multinomial_rows(const Tensor& weights, int64_t n, const GeneratorPtr& generator);

}  // namespace rushlight
