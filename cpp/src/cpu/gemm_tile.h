// One tile of a matrix product on the calling thread, per dtype.
#pragma once

#include <cstdint>

#include "rushlight/core/scalar.h"

namespace rushlight::cpu {

// A product without its batch: the pointers of one matrix of each operand.
struct GemmProblem {
  DType dtype;
  bool trans_a, trans_b;
  int64_t m, n, k;
  Scalar alpha, beta;
  int64_t lda, ldb, ldc;
};

// Rows [i0, i1), columns [j0, j1) of the result, summed over [k0, k1).
struct GemmRange {
  int64_t i0, i1, j0, j1, k0, k1;
};

// Writes alpha * a[i, k] b[k, j] + beta * out to `out`, whose first element is that of (i0, j0).
using GemmTileFn = void (*)(const GemmProblem& p, const GemmRange& r, const void* a, const void* b,
                            void* out);

// Null for a dtype without a matrix product.
GemmTileFn gemm_tile(const GemmProblem& p);

}  // namespace rushlight::cpu
