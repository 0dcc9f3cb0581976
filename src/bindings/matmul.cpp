// Products of matrices and vectors.
#include "op.h"
#include "rushlight/ops/linear.h"
#include "rushlight/ops/matmul.h"

namespace rushlight::python {

void bind_matmul(py::module_& m) {
  def_op(m, "dot(input, tensor)", &dot);
  def_op(m, "mv(input, vec)", &mv);
  def_op(m, "mm(input, mat2)", &mm);
  def_op(m, "bmm(input, mat2)", &bmm);
  def_op(m, "matmul(input, other)", &matmul);
  def_op(m, "addmv(input, mat, vec, *, beta=1, alpha=1)", &addmv);
  def_op(m, "addmm(input, mat1, mat2, *, beta=1, alpha=1)", &addmm);
  def_op(m, "baddbmm(input, batch1, batch2, *, beta=1, alpha=1)", &baddbmm);
  def_inplace(m, "addmv_(input, mat, vec, *, beta=1, alpha=1)", &addmv_);
  def_inplace(m, "addmm_(input, mat1, mat2, *, beta=1, alpha=1)", &addmm_);
  def_inplace(m, "baddbmm_(input, batch1, batch2, *, beta=1, alpha=1)", &baddbmm_);
  def_op(m, "outer(input, vec2)", &outer);
  def_op(m, "linear(input, weight, bias=None)", &linear);
}

}  // namespace rushlight::python
