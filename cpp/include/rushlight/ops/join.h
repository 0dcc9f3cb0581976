// Joining, repeating and rearranging whole tensors. Results are new and row-major unless said
// otherwise.
#pragma once

#include <optional>
#include <vector>

#include "rushlight/core/tensor.h"

namespace rushlight {

// One after the other along dim; dtypes are promoted. Other sizes must agree; empty 1-d tensors are
// skipped. Raises Error, ValueError when there is no tensor.
RL_API Tensor cat(const std::vector<Tensor>& tensors, int64_t dim = 0);
// Along a new dim; all shapes must agree.
RL_API Tensor stack(const std::vector<Tensor>& tensors, int64_t dim = 0);
// Along dim 1 (1-d: dim 0), 0 and 2, after atleast_1d, atleast_2d and atleast_3d.
RL_API Tensor hstack(const std::vector<Tensor>& tensors);
RL_API Tensor vstack(const std::vector<Tensor>& tensors);
RL_API Tensor dstack(const std::vector<Tensor>& tensors);

// Copies the tensor as a whole repeats[d] times along each dim; more repeats than dims add dims in
// front.
RL_API Tensor repeat(const Tensor& self, const Dims& repeats);
// As repeat, but fewer dims than the tensor has are filled up with 1.
RL_API Tensor tile(const Tensor& self, const Dims& dims);
// Each element `repeats` times, one after the other, along dim; without a dim of the flattened
// tensor.
RL_API Tensor repeat_interleave(const Tensor& self, int64_t repeats,
                                std::optional<int64_t> dim = std::nullopt);
// Element i repeats[i] times; repeats is 1-d (int64 or int32), or one number for all.
RL_API Tensor repeat_interleave(const Tensor& self, const Tensor& repeats,
                                std::optional<int64_t> dim = std::nullopt,
                                std::optional<int64_t> output_size = std::nullopt);

// Backwards along dims. Keeps dense strides.
RL_API Tensor flip(const Tensor& self, const Dims& dims);
// Moved by shifts along dims, around the end; without dims the flattened tensor is.
RL_API Tensor roll(const Tensor& self, const Dims& shifts, const Dims& dims = {});
// The last two dims on and below (tril), on and above (triu) the given diagonal; 0 elsewhere.
RL_API Tensor tril(const Tensor& self, int64_t diagonal = 0);
RL_API Tensor triu(const Tensor& self, int64_t diagonal = 0);
RL_API void tril_(const Tensor& self, int64_t diagonal = 0);
RL_API void triu_(const Tensor& self, int64_t diagonal = 0);

}  // namespace rushlight
