// Factorizations and solvers. The public functions and their checks of `info` are in Python.
#include "rushlight/ops/linalg.h"

#include "op.h"
#include "rushlight/ops/copy.h"

namespace rushlight::python {
namespace {

// Position and LAPACK code of the first matrix that failed; None when all went well.
py::object first_failure(const Tensor& info) {
  RL_CHECK(info.dtype() == DType::I32 && info.is_contiguous(), "info: expected contiguous int32");
  const Tensor host = to_device(info, Device{});
  const int32_t* code = host.data<int32_t>();
  for (int64_t i = 0; i < info.numel(); ++i)
    if (code[i] != 0) return py::make_tuple(i, int(code[i]));
  return py::none();
}

}  // namespace

void bind_linalg(py::module_& m) {
  namespace la = linalg;
  def_op(m, "linalg_cholesky_ex(input, upper=False) -> L, info", &la::cholesky_ex);
  def_op(m, "linalg_lu_factor_ex(input) -> LU, pivots, info", &la::lu_factor_ex);
  def_op(m, "linalg_lu_permutation(pivots, rows)", &la::lu_permutation);
  def_op(m, "linalg_lu_solve(input, pivots, other, left=True, adjoint=False)", &la::lu_solve);
  def_op(m, "linalg_solve_ex(input, other, left=True)", &la::solve_ex);
  def_op(m, "linalg_inv_ex(input) -> inverse, info", &la::inv_ex);
  def_op(m, "linalg_det(input)", &la::det);
  def_op(m, "linalg_slogdet(input)", &la::slogdet);
  def_op(m, "linalg_solve_triangular(input, other, upper, left=True, unitriangular=False)",
         &la::solve_triangular);
  def_op(m, "linalg_qr(input, mode='reduced') -> Q, R", &la::qr);
  def_op(m, "geqrf(input) -> a, tau", &la::geqrf);
  def_op(m, "linalg_householder_product(input, tau)", &la::householder_product);
  def_op(m, "ormqr(input, tau, other, left=True, transpose=False)", &la::ormqr);
  def_op(m, "linalg_svd(input, full_matrices=True, vectors=True)", &la::svd);
  def_op(m, "linalg_eigh(input, upper=False, vectors=True)", &la::eigh);
  def_op(m, "linalg_eig(input, vectors=True)", &la::eig);
  def_op(m, "linalg_lstsq(input, other, rcond, driver)", &la::lstsq);
  def_op(m, "linalg_ldl_factor_ex(input, hermitian=False) -> LD, pivots, info", &la::ldl_factor_ex);
  def_op(m, "linalg_ldl_solve(input, pivots, other, hermitian=False)", &la::ldl_solve);
  m.def("_linalg_failure", &first_failure);
}

}  // namespace rushlight::python
