// Random tensors. In place; `generator` null is the default one. See Note [Random order].
#pragma once

#include <optional>

#include "rushlight/core/random.h"
#include "rushlight/core/tensor.h"

namespace rushlight {

using GeneratorPtr = std::shared_ptr<Generator>;

// Each raises Error for a bad parameter, NotImplementedError for a dtype without that sampler.
RL_API void uniform_(const Tensor& self, double from, double to, const GeneratorPtr& generator);
RL_API void normal_(const Tensor& self, double mean, double std, const GeneratorPtr& generator);
RL_API void log_normal_(const Tensor& self, double mean, double std, const GeneratorPtr& generator);
RL_API void exponential_(const Tensor& self, double lambd, const GeneratorPtr& generator);
RL_API void geometric_(const Tensor& self, double p, const GeneratorPtr& generator);
RL_API void cauchy_(const Tensor& self, double median, double sigma, const GeneratorPtr& generator);
// Whole numbers in [from, to); to the dtype's largest without `to`, over its whole range without both.
RL_API void random_(const Tensor& self, std::optional<int64_t> from, std::optional<int64_t> to,
                    const GeneratorPtr& generator);
RL_API void bernoulli_(const Tensor& self, double p, const GeneratorPtr& generator);
// p broadcasts to self and is floating.
RL_API void bernoulli_(const Tensor& self, const Tensor& p, const GeneratorPtr& generator);
// A permutation of 0, ..., n - 1.
RL_API Tensor randperm(int64_t n, DType dtype, const GeneratorPtr& generator);

// The generators of the CUDA devices: all of them, or one with how far it has drawn.
RL_API void seed_devices(uint64_t seed);
RL_API void seed_device(int device, uint64_t seed, uint64_t offset);
RL_API std::pair<uint64_t, uint64_t> device_seed(int device);

}  // namespace rushlight
