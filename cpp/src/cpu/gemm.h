// Matrix products of strided row-major matrices on the CPU.
#pragma once

#include <cstdint>

#include "rushlight/core/scalar.h"

namespace rushlight::cpu {

// c = alpha * op(a) @ op(b) + beta * c, with op(a) of m x k, op(b) of k x n, c of m x n.
// A matrix is stored row-major, its rows `ld` elements apart; with trans_a the stored a is k x m.
// With beta == 0 the old content of c is never read. Integers wrap around; float16 and bfloat16
// accumulate in float32. The bits of the result depend on the shape alone, not on the number of
// threads.
// @throws TypeError for bool and the unsigned types that are only storable.
// @throws OutOfMemoryError if scratch space cannot be had; c may then be partly written.
RL_API void gemm(DType dtype, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k,
          const Scalar& alpha, const void* a, int64_t lda, const void* b, int64_t ldb,
          const Scalar& beta, void* c, int64_t ldc);

// The same for `batch` products whose operands are `stride_*` elements apart. An input's stride may
// be 0 to use one matrix for all of them.
RL_API void gemm_batched(DType dtype, bool trans_a, bool trans_b, int64_t batch, int64_t m, int64_t n,
                  int64_t k, const Scalar& alpha, const void* a, int64_t lda, int64_t stride_a,
                  const void* b, int64_t ldb, int64_t stride_b, const Scalar& beta, void* c,
                  int64_t ldc, int64_t stride_c);

}  // namespace rushlight::cpu
