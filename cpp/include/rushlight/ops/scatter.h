// Writing into positions given by an index along one dim.
//
// Results are the same for any number of threads, with duplicate entries too: values that meet are
// taken in the index's order, so the last assigned one stays. 16 bit floats are summed in float32.
// Entries are int64 or int32, checked before anything is written; Error names a bad one. self must
// not overlap itself; a source that overlaps self is copied first. Names without _ write a copy.
#pragma once

#include <optional>
#include <string>

#include "rushlight/core/scalar.h"
#include "rushlight/core/tensor.h"

namespace rushlight {

// self[i][index[i][j]] = src[i][j] (dim = 1). index has self's number of dims and is no larger than
// src, nor than self apart from dim. reduce: none, "add" or "multiply".
RL_API void scatter_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                     const std::optional<std::string>& reduce = std::nullopt);
RL_API void scatter_(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value,
                     const std::optional<std::string>& reduce = std::nullopt);
RL_API Tensor scatter(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                      const std::optional<std::string>& reduce = std::nullopt);
RL_API Tensor scatter(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value,
                      const std::optional<std::string>& reduce = std::nullopt);
RL_API void scatter_add_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src);
RL_API Tensor scatter_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src);
// reduce: "sum", "prod", "mean", "amax" (also "max") or "amin" ("min") of what lands on an element,
// with its own value among them when include_self. Elements that nothing lands on keep their value.
RL_API void scatter_reduce_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                            const std::string& reduce, bool include_self = true);
RL_API Tensor scatter_reduce(const Tensor& self, int64_t dim, const Tensor& index,
                             const Tensor& src, const std::string& reduce,
                             bool include_self = true);

// self.select(dim, index[i]) += alpha * source.select(dim, i); index is 1-d or 0-d.
RL_API void index_add_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source,
                       const Scalar& alpha = 1);
RL_API Tensor index_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source,
                        const Scalar& alpha = 1);
// self.select(dim, index[i]) = source.select(dim, i).
RL_API void index_copy_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source);
RL_API Tensor index_copy(const Tensor& self, int64_t dim, const Tensor& index,
                         const Tensor& source);
// self.select(dim, index[i]) = value; negative entries count from the end.
RL_API void index_fill_(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value);
RL_API void index_fill_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& value);
RL_API Tensor index_fill(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value);
RL_API Tensor index_fill(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& value);

}  // namespace rushlight
