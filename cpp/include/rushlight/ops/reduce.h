// Reductions over dims.
//
// `dim`: the dims to reduce; nothing or an empty list means all of them. `keepdim` leaves reduced
// dims with size 1. Half precision is accumulated in float. The order of additions is fixed by shape
// and strides, so the bits of a result do not depend on the number of threads.
// Each raises IndexError for a dim out of range, Error for one given twice, NotImplementedError for
// a dtype without a kernel.
#pragma once

#include <optional>
#include <tuple>

#include "rushlight/iter/kernel_slots.h"

namespace rushlight {

using OptionalDims = std::optional<Dims>;

// bool and integers are summed in int64, unless dtype says otherwise.
RL_API Tensor sum(const Tensor& self);
RL_API Tensor sum(const Tensor& self, const OptionalDims& dim, bool keepdim = false,
                  std::optional<DType> dtype = {});
RL_API Tensor prod(const Tensor& self, std::optional<int64_t> dim = {}, bool keepdim = false,
                   std::optional<DType> dtype = {});
// Raises Error unless self or dtype is floating or complex.
RL_API Tensor mean(const Tensor& self, const OptionalDims& dim = {}, bool keepdim = false,
                   std::optional<DType> dtype = {});

// Sum of squared deviations over max(0, count - correction); the square root of it.
RL_API Tensor var(const Tensor& self, const OptionalDims& dim = {}, double correction = 1,
                  bool keepdim = false);
RL_API Tensor std_dev(const Tensor& self, const OptionalDims& dim = {}, double correction = 1,
                      bool keepdim = false);
RL_API std::tuple<Tensor, Tensor> var_mean(const Tensor& self, const OptionalDims& dim = {},
                                           double correction = 1, bool keepdim = false);
RL_API std::tuple<Tensor, Tensor> std_mean(const Tensor& self, const OptionalDims& dim = {},
                                           double correction = 1, bool keepdim = false);

// NaN where any element is. Raise Error when there is nothing to choose from.
RL_API Tensor max(const Tensor& self);
RL_API Tensor min(const Tensor& self);
RL_API Tensor amax(const Tensor& self, const OptionalDims& dim = {}, bool keepdim = false);
RL_API Tensor amin(const Tensor& self, const OptionalDims& dim = {}, bool keepdim = false);
// (values, int64 indices); of equal elements the first.
RL_API std::tuple<Tensor, Tensor> max(const Tensor& self, int64_t dim, bool keepdim = false);
RL_API std::tuple<Tensor, Tensor> min(const Tensor& self, int64_t dim, bool keepdim = false);
// Without dim: the index into the flattened tensor.
RL_API Tensor argmax(const Tensor& self, std::optional<int64_t> dim = {}, bool keepdim = false);
RL_API Tensor argmin(const Tensor& self, std::optional<int64_t> dim = {}, bool keepdim = false);

// bool; uint8 for a uint8 tensor.
RL_API Tensor any(const Tensor& self, const OptionalDims& dim = {}, bool keepdim = false);
RL_API Tensor all(const Tensor& self, const OptionalDims& dim = {}, bool keepdim = false);
RL_API Tensor count_nonzero(const Tensor& self, const OptionalDims& dim = {});

// (sum |x|^ord)^(1/ord); the largest or smallest |x| for +-inf, the count of nonzeros for 0.
RL_API Tensor vector_norm(const Tensor& self, double ord = 2, const OptionalDims& dim = {},
                          bool keepdim = false, std::optional<DType> dtype = {});

}  // namespace rushlight
