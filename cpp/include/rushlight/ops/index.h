// Reading and writing elements at positions given by tensors.
//
// Indices are int64 or int32; every entry is checked before anything is written. Results are new,
// row-major tensors. Written tensors must not overlap themselves; a source that overlaps the
// written tensor is copied first.
#pragma once

#include <optional>
#include <vector>

#include "rushlight/core/scalar.h"
#include "rushlight/core/tensor.h"

namespace rushlight {

// One entry per dim from the first on; an empty one is a full slice. int64 and int32 tensors count
// from the end when negative; bool and uint8 tensors are masks over as many dims as they have.
using IndexList = std::vector<std::optional<Tensor>>;

// out[i][j].. = input[i].. [index[i][j]..] .. with the index in place of dim's coordinate. index
// has as many dims as input and is no larger than it apart from dim. Raises Error.
RL_API Tensor gather(const Tensor& input, int64_t dim, const Tensor& index);
// The given positions along dim; index is 1-d or 0-d. Raises Error or IndexError.
RL_API Tensor index_select(const Tensor& input, int64_t dim, const Tensor& index);
// The same rows of several tables: a batch of a data loader.
RL_API std::vector<Tensor> index_select_each(const std::vector<Tensor>& tensors,
                                             const Tensor& index);
// input as a 1-d tensor, read at index (int64, negative from the end), in the shape of index.
RL_API Tensor take(const Tensor& input, const Tensor& index);
// As gather, but input and indices broadcast outside dim and negative entries count from the end.
// Without a dim, both are flattened. Raises Error or IndexError.
RL_API Tensor take_along_dim(const Tensor& input, const Tensor& indices,
                             std::optional<int64_t> dim = std::nullopt);
// input[indices] as in PyTorch and NumPy: the indices broadcast together; their dims stand where
// the first index stood when all are adjacent, else in front. Raises IndexError.
RL_API Tensor index(const Tensor& input, const IndexList& indices);
// input[index]: the commonest case, with less to set up.
RL_API Tensor index(const Tensor& input, const Tensor& index);
// self[indices] = values, or += values where each occurrence counts. Without accumulate the last of
// several values for one element stays. Raises IndexError, or Error on shapes and dtypes.
RL_API void index_put_(const Tensor& self, const IndexList& indices, const Tensor& values,
                       bool accumulate = false);
RL_API Tensor index_put(const Tensor& self, const IndexList& indices, const Tensor& values,
                        bool accumulate = false);

// Coordinates of the elements that are not zero, row by row: (n, ndim), int64.
RL_API Tensor nonzero(const Tensor& input);
// The same as one 1-d tensor per dim; a 0-d input counts as 1-d.
RL_API std::vector<Tensor> nonzero_tuple(const Tensor& input);
// Elements where mask (bool) is true, 1-d; input and mask broadcast.
RL_API Tensor masked_select(const Tensor& input, const Tensor& mask);
// Sets the elements where mask (bool, broadcast to self) is true.
RL_API void masked_fill_(const Tensor& self, const Tensor& mask, const Scalar& value);
RL_API void masked_fill_(const Tensor& self, const Tensor& mask, const Tensor& value);
RL_API Tensor masked_fill(const Tensor& self, const Tensor& mask, const Scalar& value);
RL_API Tensor masked_fill(const Tensor& self, const Tensor& mask, const Tensor& value);
// Sets them to source's elements in order. Raises Error when source has too few.
RL_API void masked_scatter_(const Tensor& self, const Tensor& mask, const Tensor& source);
RL_API Tensor masked_scatter(const Tensor& self, const Tensor& mask, const Tensor& source);

}  // namespace rushlight
