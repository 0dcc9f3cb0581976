// The matrix product of the gemm slot, for the families that build on it.
#pragma once

#include "rushlight/core/dtype.h"
#include "rushlight/core/scalar.h"

namespace rushlight::cuda {

void gemm(DType dtype, bool trans_a, bool trans_b, int64_t batch, int64_t m, int64_t n, int64_t k,
          const Scalar& alpha, const void* a, int64_t lda, int64_t stride_a, const void* b,
          int64_t ldb, int64_t stride_b, const Scalar& beta, void* c, int64_t ldc, int64_t stride_c);

}  // namespace rushlight::cuda
