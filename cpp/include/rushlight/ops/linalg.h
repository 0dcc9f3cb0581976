// Factorizations, solvers and spectra of matrices, over LAPACK.
//
// The last two dims are matrices, the others a batch; dtypes are float32, float64, complex64 and
// complex128. Matrices of a result are column-major. `info` is int32, one LAPACK code a matrix: 0
// is success, -1 a matrix with NaN or infinite entries that was not tried. Pivots are int32 and
// count from 1.
//
// Each raises Error when shapes, dtypes or devices do not fit, OutOfMemoryError.
#pragma once

#include <string>
#include <tuple>

#include "rushlight/core/tensor.h"

namespace rushlight::linalg {

using Tensors2 = std::tuple<Tensor, Tensor>;
using Tensors3 = std::tuple<Tensor, Tensor, Tensor>;
using Tensors4 = std::tuple<Tensor, Tensor, Tensor, Tensor>;

// L, info: A = L L^H, or the upper U with A = U^H U. One triangle of A is read.
RL_API Tensors2 cholesky_ex(const Tensor& a, bool upper);
// LU, pivots, info of (m, n) matrices.
RL_API Tensors3 lu_factor_ex(const Tensor& a);
// int64, (..., m): row i of P^T A is row result[i] of A, P from `pivots`. Raises Error at a pivot
// outside of the matrix.
RL_API Tensor lu_permutation(const Tensor& pivots, int64_t m);
// X of A X = B (left) or X A = B, or with A^H; batches broadcast.
RL_API Tensor lu_solve(const Tensor& lu, const Tensor& pivots, const Tensor& b, bool left,
                       bool adjoint);
// X, LU, pivots, info of A X = B or X A = B; batches broadcast.
RL_API Tensors4 solve_ex(const Tensor& a, const Tensor& b, bool left);
// inverse, info.
RL_API Tensors2 inv_ex(const Tensor& a);
// determinant, LU, pivots.
RL_API Tensors3 det(const Tensor& a);
// sign, log of the modulus, LU, pivots.
RL_API Tensors4 slogdet(const Tensor& a);
// Reads one triangle of A; batches broadcast.
RL_API Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool left,
                               bool unitriangular);
// Q, R; mode 'reduced', 'complete' or 'r' (an empty Q).
RL_API Tensors2 qr(const Tensor& a, const std::string& mode);
// Householder reflectors below R's diagonal, and their factors.
RL_API Tensors2 geqrf(const Tensor& a);
RL_API Tensor householder_product(const Tensor& a, const Tensor& tau);
RL_API Tensor ormqr(const Tensor& a, const Tensor& tau, const Tensor& other, bool left,
                    bool transpose);
// U, S, V^H, info; U and V^H empty unless vectors.
RL_API Tensors4 svd(const Tensor& a, bool full_matrices, bool vectors);
// values, vectors (empty unless wanted), info; of a Hermitian matrix, then of any.
RL_API Tensors3 eigh(const Tensor& a, bool upper, bool vectors);
RL_API Tensors3 eig(const Tensor& a, bool vectors);
// solution, residuals (empty unless the driver gives them and every rank is full), rank (empty for
// gels), singular values (empty but for gelsd and gelss), info.
RL_API std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor> lstsq(const Tensor& a, const Tensor& b,
                                                                double rcond,
                                                                const std::string& driver);
// LD, pivots, info of the symmetric or Hermitian matrix in the lower triangle.
RL_API Tensors3 ldl_factor_ex(const Tensor& a, bool hermitian);
RL_API Tensor ldl_solve(const Tensor& ld, const Tensor& pivots, const Tensor& b, bool hermitian);

}  // namespace rushlight::linalg
