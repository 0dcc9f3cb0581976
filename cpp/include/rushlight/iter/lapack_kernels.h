// LAPACK over batches: what a device offers for one dtype.
//
// Note [LAPACK batches]
// Every matrix is column-major with its row count as leading dimension, and a batch follows one
// another without gaps. Matrices are overwritten. `info` holds LAPACK's code of each matrix, -1
// where it was not tried since it has NaN or infinite entries. Sizes fit a BLAS integer; batch and
// sizes may be 0 only where said.
#pragma once

#include <cstdint>

#include "rushlight/core/device.h"
#include "rushlight/core/dtype.h"

namespace rushlight {

struct LapackKernels {
  // Cholesky of n x n; the other triangle is zeroed.
  void (*potrf)(int64_t batch, int64_t n, bool upper, void* a, int32_t* info);
  // min(m, n) pivots a matrix, counted from 1.
  void (*getrf)(int64_t batch, int64_t m, int64_t n, void* a, int32_t* pivots, int32_t* info);
  // trans: 'N', 'T' or 'C'; b is n x columns.
  void (*getrs)(int64_t batch, int64_t n, int64_t columns, char trans, const void* lu,
                const int32_t* pivots, void* b);
  // From LU: the determinant, or where logabs is given its sign and log modulus. n may be 0.
  void (*lu_det)(int64_t batch, int64_t n, const void* lu, const int32_t* pivots, void* sign,
                 void* logabs);
  // b (m x n) becomes op(a)^-1 b or b op(a)^-1.
  void (*trsm)(int64_t batch, int64_t m, int64_t n, bool left, bool upper, char trans, bool unit,
               const void* a, void* b);
  void (*geqrf)(int64_t batch, int64_t m, int64_t n, void* a, void* tau);
  // The first n columns of the product of k reflectors.
  void (*orgqr)(int64_t batch, int64_t m, int64_t n, int64_t k, void* a, const void* tau);
  // c (m x n) times the product of k reflectors, or its adjoint; a has as many rows as that
  // product.
  void (*ormqr)(int64_t batch, int64_t m, int64_t n, int64_t k, bool left, bool adjoint,
                const void* a, const void* tau, void* c);
  // job: 'A' full, 'S' reduced, 'N' values alone. s is real.
  void (*gesdd)(int64_t batch, int64_t m, int64_t n, char job, void* a, void* s, void* u, void* vt,
                int32_t* info);
  // w is real; a becomes the eigenvectors where wanted.
  void (*syevd)(int64_t batch, int64_t n, bool vectors, bool upper, void* a, void* w,
                int32_t* info);
  // w and v are complex; v may be null.
  void (*geev)(int64_t batch, int64_t n, void* a, void* w, void* v, int32_t* info);
  // driver: 'l' gels, 'y' gelsy, 'd' gelsd, 's' gelss; b is max(m, n) x columns; rank and s (real)
  // as the driver has them.
  void (*gels)(int64_t batch, int64_t m, int64_t n, int64_t columns, char driver, double rcond,
               void* a, void* b, int64_t* rank, void* s, int32_t* info);
  void (*sytrf)(int64_t batch, int64_t n, bool hermitian, void* a, int32_t* pivots, int32_t* info);
  void (*sytrs)(int64_t batch, int64_t n, int64_t columns, bool hermitian, const void* a,
                const int32_t* pivots, void* b);
};

// Null for a device or a dtype without them.
const LapackKernels* lapack_kernels(DeviceType type, DType dtype);

}  // namespace rushlight
