// Views: new layouts over the same storage. None copies, except reshape and flatten where they must.
#pragma once

#include <vector>

#include "rushlight/core/tensor.h"

namespace rushlight {

// Sizes with at most one -1, resolved for `numel` elements. Raises Error naming both when impossible.
RL_API Dims infer_shape(const char* op, const Dims& sizes, int64_t numel);

// Any layout inside the storage; strides >= 0. Raises Error when it would reach outside.
RL_API Tensor as_strided(const Tensor& self, const Dims& size, const Dims& stride, int64_t offset);
// Same elements in another shape; raises Error when no strides can express it.
RL_API Tensor view(const Tensor& self, const Dims& size);
// True, with the strides, when `size` (same element count) can view the layout.
RL_API bool view_strides(const Layout& layout, const Dims& size, Dims& strides);
// The same bytes as elements of another dtype; the last dim grows or shrinks with the item size.
RL_API Tensor view_dtype(const Tensor& self, DType dtype);
// view where possible, else a copy.
RL_API Tensor reshape(const Tensor& self, const Dims& size);
RL_API Tensor flatten(const Tensor& self, int64_t start_dim = 0, int64_t end_dim = -1);
RL_API Tensor unflatten(const Tensor& self, int64_t dim, const Dims& sizes);
RL_API Tensor squeeze(const Tensor& self);
RL_API Tensor squeeze(const Tensor& self, const Dims& dims);
RL_API Tensor unsqueeze(const Tensor& self, int64_t dim);
RL_API Tensor permute(const Tensor& self, const Dims& dims);
RL_API Tensor transpose(const Tensor& self, int64_t dim0, int64_t dim1);
// 0-d and 1-d as they are, 2-d transposed; raises Error above.
RL_API Tensor t(const Tensor& self);
RL_API Tensor movedim(const Tensor& self, const Dims& source, const Dims& destination);
// -1 keeps a size; new leading dims and size-1 dims get stride 0.
RL_API Tensor expand(const Tensor& self, const Dims& size);
RL_API Tensor narrow(const Tensor& self, int64_t dim, int64_t start, int64_t length);
RL_API Tensor select(const Tensor& self, int64_t dim, int64_t index);
// Python's start:end:step, step > 0, bounds clamped.
RL_API Tensor slice(const Tensor& self, int64_t dim, int64_t start, int64_t end, int64_t step);
RL_API Tensor unfold(const Tensor& self, int64_t dim, int64_t size, int64_t step);
RL_API Tensor diagonal(const Tensor& self, int64_t offset, int64_t dim1, int64_t dim2);
RL_API std::vector<Tensor> split(const Tensor& self, int64_t size, int64_t dim);
RL_API std::vector<Tensor> split(const Tensor& self, const Dims& sizes, int64_t dim);
RL_API std::vector<Tensor> chunk(const Tensor& self, int64_t chunks, int64_t dim);
RL_API std::vector<Tensor> unbind(const Tensor& self, int64_t dim);
// The real and imaginary parts of a complex tensor as a last dim of size 2, and back.
RL_API Tensor view_as_real(const Tensor& self);
RL_API Tensor view_as_complex(const Tensor& self);

}  // namespace rushlight
