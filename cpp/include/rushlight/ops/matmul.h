// Matrix and vector products.
//
// Operands have one dtype: any but bool and the unsigned types that are only storable. Integers wrap
// around; float16 and bfloat16 accumulate in float32. Matrices whose rows or columns are contiguous
// are read where they lie. A sum over no elements is 0. The bits of a result do not depend on the
// number of threads.
//
// Each raises Error when the shapes, dtypes or devices do not fit, NotImplementedError for a dtype
// without products, OutOfMemoryError.
#pragma once

#include "rushlight/core/scalar.h"
#include "rushlight/core/tensor.h"

namespace rushlight {

// Sum of a[i] * b[i]: two vectors to a 0-d tensor.
RL_API Tensor dot(const Tensor& self, const Tensor& tensor);
// (n, m) @ (m) -> (n).
RL_API Tensor mv(const Tensor& self, const Tensor& vec);
// (n, k) @ (k, m) -> (n, m).
RL_API Tensor mm(const Tensor& self, const Tensor& mat2);
// (b, n, k) @ (b, k, m) -> (b, n, m).
RL_API Tensor bmm(const Tensor& self, const Tensor& mat2);
// NumPy's rule: the last two dims are multiplied, the others broadcast; a vector is a row on the
// left and a column on the right, and its dim is dropped from the result.
RL_API Tensor matmul(const Tensor& self, const Tensor& other);

// beta * self + alpha * (mat @ vec); self broadcasts. With beta == 0 self is not read, so that its
// NaNs do not spread. The same for the next two.
RL_API Tensor addmv(const Tensor& self, const Tensor& mat, const Tensor& vec, const Scalar& beta,
                    const Scalar& alpha);
RL_API Tensor addmm(const Tensor& self, const Tensor& mat1, const Tensor& mat2, const Scalar& beta,
                    const Scalar& alpha);
RL_API Tensor baddbmm(const Tensor& self, const Tensor& batch1, const Tensor& batch2,
                      const Scalar& beta, const Scalar& alpha);
// In place; self has the shape of the result.
RL_API void addmv_(const Tensor& self, const Tensor& mat, const Tensor& vec, const Scalar& beta,
                   const Scalar& alpha);
RL_API void addmm_(const Tensor& self, const Tensor& mat1, const Tensor& mat2, const Scalar& beta,
                   const Scalar& alpha);
RL_API void baddbmm_(const Tensor& self, const Tensor& batch1, const Tensor& batch2,
                     const Scalar& beta, const Scalar& alpha);

// a[i] * b[j]: (n), (m) -> (n, m), promoted as mul() does.
RL_API Tensor outer(const Tensor& self, const Tensor& vec2);

}  // namespace rushlight
