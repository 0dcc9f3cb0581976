#include "rushlight/ops/matmul.h"

#include "products.h"
#include "rushlight/iter/kernel_slots.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/view.h"

namespace rushlight {
namespace {

void check_operands(const char* op, const Tensor& a, const Tensor& b) {
  RL_CHECK(a.dtype() == b.dtype(), op, "(): expected both operands to have the same dtype, but got: ",
           a.dtype(), " != ", b.dtype());
  check_same_device(op, a, b);
  check_product_dtype(op, a.dtype());
}

void check_matrix_shapes(const char* op, const MatrixView& a, const MatrixView& b) {
  RL_CHECK(a.cols == b.rows, op, "(): mat1 and mat2 shapes cannot be multiplied (", a.rows, "x",
           a.cols, " and ", b.rows, "x", b.cols, ")");
}

void check_mv(const char* op, int64_t input, const Tensor& mat, const Tensor& vec) {
  RL_CHECK(mat.ndim() == 2 && vec.ndim() == 1, op,
           "(): vector + matrix @ vector expected, got a ", mat.ndim(), "-D matrix ", mat.shape(),
           " and a ", vec.ndim(), "-D vector ", vec.shape());
  RL_CHECK(mat.size(1) == vec.size(0) && (input == 1 || input == mat.size(0)), op,
           "(): size mismatch, got input (", input, "), mat (", mat.size(0), "x", mat.size(1),
           "), vec (", vec.size(0), ")");
}

void check_mm(const char* op, const char* name1, const Tensor& a, const char* name2,
              const Tensor& b) {
  RL_CHECK(a.ndim() == 2, op, "(): ", name1, " must be a matrix, got ", a.ndim(), "-D tensor ",
           a.shape());
  RL_CHECK(b.ndim() == 2, op, "(): ", name2, " must be a matrix, got ", b.ndim(), "-D tensor ",
           b.shape());
  check_matrix_shapes(op, MatrixView(a), MatrixView(b));
}

void check_bmm(const char* op, const Tensor& a, const Tensor& b) {
  RL_CHECK(a.ndim() == 3, op, "(): batch1 must be a 3D tensor, got shape ", a.shape());
  RL_CHECK(b.ndim() == 3, op, "(): batch2 must be a 3D tensor, got shape ", b.shape());
  RL_CHECK(a.size(0) == b.size(0) && a.size(2) == b.size(1), op,
           "(): Expected size for first two dimensions of batch2 tensor to be: [", a.size(0), ", ",
           a.size(2), "] but got: [", b.size(0), ", ", b.size(1), "].");
}

void check_added(const char* op, const Tensor& self, const Tensor& a) {
  RL_CHECK(self.dtype() == a.dtype(), op,
           "(): input and the matrices must have the same dtype, but got ", self.dtype(), " and ",
           a.dtype());
  check_same_device(op, self, a);
}

MatrixView column(const Tensor& v) { return {v, v.size(0), 1, v.stride(0), 1}; }
MatrixView row(const Tensor& v) { return {v, 1, v.size(0), 1, v.stride(0)}; }

void run_mm(const char* op, const MatrixView& a, const MatrixView& b, const Scalar& alpha,
            const Scalar& beta, const Tensor& out) {
  if (out.numel() > 0) multiply(op, a, b, nullptr, 0, alpha, beta, out, b.cols);
}

void run_bmm(const char* op, const Tensor& a, const Tensor& b, const Scalar& alpha,
             const Scalar& beta, const Tensor& out) {
  const MatrixView x(a), y(b);
  const BatchDim batch{a.size(0), a.stride(0), b.stride(0), checked_mul(x.rows, y.cols)};
  if (out.numel() > 0) multiply(op, x, y, &batch, 1, alpha, beta, out, y.cols);
}

bool is_zero(const Scalar& s) { return s.to_complex() == c128(0.0, 0.0); }

// A new row-major tensor with self broadcast into it, unless beta == 0 says that nobody reads it.
Tensor start_from(const char* op, const Tensor& self, const Dims& shape, const Scalar& beta) {
  const Tensor expanded = expand_to(op, self, shape);
  Tensor out = empty(shape, self.dtype(), self.device());
  if (!is_zero(beta) && out.numel() > 0) fill_from(op, out, self);
  return out;
}

// Runs `product(out, beta)` so that self ends up with the result: directly where self is row-major
// and not one of the factors, else through a new tensor.
template <class Product>
void in_place(const char* op, const Tensor& self, const Dims& shape, const Tensor& a,
              const Tensor& b, const Scalar& beta, const Product& product) {
  RL_CHECK(self.shape() == shape, op, "(): output with shape ", self.shape(),
           " doesn't match the broadcast shape ", shape);
  check_no_internal_overlap(op, self);
  if (self.is_contiguous() && !may_share_memory(self, a) && !may_share_memory(self, b))
    return product(self);
  const Tensor out = start_from(op, self, shape, beta);
  product(out);
  copy_(self, out);
}

Tensor matmul_batched(const Tensor& self, const Tensor& other) {
  const int na = self.ndim(), nb = other.ndim();
  const int batch_a = na > 2 ? na - 2 : 0, batch_b = nb > 2 ? nb - 2 : 0;
  const MatrixView a = na == 1 ? row(self) : MatrixView(self);
  const MatrixView b = nb == 1 ? column(other) : MatrixView(other);
  const Dims shape_a(self.shape().data(), batch_a), shape_b(other.shape().data(), batch_b);
  if (RL_UNLIKELY(a.cols != b.rows)) {
    const int64_t rows = nb <= 2 && a.cols > 0 ? self.numel() / a.cols : a.rows;
    raise<Error>("matmul(): mat1 and mat2 shapes cannot be multiplied (", rows, "x", a.cols,
                 " and ", b.rows, "x", b.cols, ") in ", self.shape(), " @ ", other.shape());
  }
  const Dims batch = broadcast_shapes("matmul", shape_a, shape_b);
  check_operands("matmul", self, other);

  const int n = batch.size();
  Dims shape(n + (na > 1) + (nb > 1));
  for (int d = 0; d < n; ++d) shape[d] = batch[d];
  if (na > 1) shape[n] = a.rows;
  if (nb > 1) shape[n + (na > 1)] = b.cols;
  Tensor out = empty(shape, self.dtype(), self.device());
  if (out.numel() == 0) return out;

  BatchDim dims[kMaxDims];
  int64_t step = checked_mul(a.rows, b.cols);
  for (int d = n - 1; d >= 0; --d) {
    const int da = d - (n - batch_a), db = d - (n - batch_b);
    dims[d] = {batch[d], da < 0 || self.size(da) == 1 ? 0 : self.stride(da),
               db < 0 || other.size(db) == 1 ? 0 : other.stride(db), step};
    step *= batch[d];
  }
  multiply("matmul", a, b, dims, n, Scalar(1), Scalar(0), out, b.cols);
  return out;
}

}  // namespace

Tensor dot(const Tensor& self, const Tensor& tensor) {
  RL_CHECK(self.ndim() == 1 && tensor.ndim() == 1, "dot(): 1D tensors expected, but got ",
           self.ndim(), "D and ", tensor.ndim(), "D tensors");
  RL_CHECK(self.dtype() == tensor.dtype(),
           "dot(): expected both vectors to have same dtype, but found ", self.dtype(), " and ",
           tensor.dtype());
  const int64_t n = self.size(0);
  RL_CHECK(n == tensor.size(0), "dot(): inconsistent tensor size, expected tensor ", self.shape(),
           " and src ", tensor.shape(), " to have the same number of elements, but got ", n, " and ",
           tensor.size(0), " elements respectively");
  const DType dtype = self.dtype();
  if (RL_UNLIKELY(self.device() != tensor.device())) check_same_device("dot", self, tensor);
  if (RL_UNLIKELY(dtype < DType::F16)) check_product_dtype("dot", dtype);
  const auto kernel =
      kernel_or_raise(kernel_slots(self.device().type).dot, "dot", self.device(), dtype);
  Tensor out = empty(Dims(), dtype, self.device());
  kernel(dtype, n, self.bytes(), self.stride(0), tensor.bytes(), tensor.stride(0), out.bytes());
  return out;
}

Tensor mv(const Tensor& self, const Tensor& vec) {
  check_mv("mv", self.ndim() > 0 ? self.size(0) : 1, self, vec);
  check_operands("mv", self, vec);
  Tensor out = empty(Dims({self.size(0)}), self.dtype(), self.device());
  run_mm("mv", MatrixView(self), column(vec), Scalar(1), Scalar(0), out);
  return out;
}

Tensor mm(const Tensor& self, const Tensor& mat2) {
  check_mm("mm", "self", self, "mat2", mat2);
  check_operands("mm", self, mat2);
  Tensor out = empty(Dims({self.size(0), mat2.size(1)}), self.dtype(), self.device());
  run_mm("mm", MatrixView(self), MatrixView(mat2), Scalar(1), Scalar(0), out);
  return out;
}

Tensor bmm(const Tensor& self, const Tensor& mat2) {
  check_bmm("bmm", self, mat2);
  check_operands("bmm", self, mat2);
  Tensor out =
      empty(Dims({self.size(0), self.size(1), mat2.size(2)}), self.dtype(), self.device());
  run_bmm("bmm", self, mat2, Scalar(1), Scalar(0), out);
  return out;
}

Tensor matmul(const Tensor& self, const Tensor& other) {
  const int na = self.ndim(), nb = other.ndim();
  if (na == 1 && nb == 1) return dot(self, other);
  RL_CHECK(na >= 1 && nb >= 1, "matmul(): both arguments to matmul need to be at least 1D, but they are ",
           na, "D and ", nb, "D");
  if (na == 2 && nb == 2) {
    check_matrix_shapes("matmul", MatrixView(self), MatrixView(other));
    check_operands("matmul", self, other);
    Tensor out = empty(Dims({self.size(0), other.size(1)}), self.dtype(), self.device());
    run_mm("matmul", MatrixView(self), MatrixView(other), Scalar(1), Scalar(0), out);
    return out;
  }
  if (na == 2 && nb == 1) return mv(self, other);
  return matmul_batched(self, other);
}

Tensor addmv(const Tensor& self, const Tensor& mat, const Tensor& vec, const Scalar& beta,
             const Scalar& alpha) {
  check_mv("addmv", self.ndim() > 0 ? self.size(0) : 1, mat, vec);
  check_operands("addmv", mat, vec);
  check_added("addmv", self, mat);
  const Tensor out = start_from("addmv", self, Dims({mat.size(0)}), beta);
  run_mm("addmv", MatrixView(mat), column(vec), alpha, beta, out);
  return out;
}

Tensor addmm(const Tensor& self, const Tensor& mat1, const Tensor& mat2, const Scalar& beta,
             const Scalar& alpha) {
  check_mm("addmm", "mat1", mat1, "mat2", mat2);
  check_operands("addmm", mat1, mat2);
  check_added("addmm", self, mat1);
  const Tensor out = start_from("addmm", self, Dims({mat1.size(0), mat2.size(1)}), beta);
  run_mm("addmm", MatrixView(mat1), MatrixView(mat2), alpha, beta, out);
  return out;
}

Tensor baddbmm(const Tensor& self, const Tensor& batch1, const Tensor& batch2, const Scalar& beta,
               const Scalar& alpha) {
  check_bmm("baddbmm", batch1, batch2);
  check_operands("baddbmm", batch1, batch2);
  check_added("baddbmm", self, batch1);
  const Tensor out = start_from(
      "baddbmm", self, Dims({batch1.size(0), batch1.size(1), batch2.size(2)}), beta);
  run_bmm("baddbmm", batch1, batch2, alpha, beta, out);
  return out;
}

void addmv_(const Tensor& self, const Tensor& mat, const Tensor& vec, const Scalar& beta,
            const Scalar& alpha) {
  check_mv("addmv_", self.ndim() > 0 ? self.size(0) : 1, mat, vec);
  check_operands("addmv_", mat, vec);
  check_added("addmv_", self, mat);
  in_place("addmv_", self, Dims({mat.size(0)}), mat, vec, beta, [&](const Tensor& out) {
    run_mm("addmv_", MatrixView(mat), column(vec), alpha, beta, out);
  });
}

void addmm_(const Tensor& self, const Tensor& mat1, const Tensor& mat2, const Scalar& beta,
            const Scalar& alpha) {
  check_mm("addmm_", "mat1", mat1, "mat2", mat2);
  check_operands("addmm_", mat1, mat2);
  check_added("addmm_", self, mat1);
  in_place("addmm_", self, Dims({mat1.size(0), mat2.size(1)}), mat1, mat2, beta,
           [&](const Tensor& out) {
             run_mm("addmm_", MatrixView(mat1), MatrixView(mat2), alpha, beta, out);
           });
}

void baddbmm_(const Tensor& self, const Tensor& batch1, const Tensor& batch2, const Scalar& beta,
              const Scalar& alpha) {
  check_bmm("baddbmm_", batch1, batch2);
  check_operands("baddbmm_", batch1, batch2);
  check_added("baddbmm_", self, batch1);
  in_place("baddbmm_", self, Dims({batch1.size(0), batch1.size(1), batch2.size(2)}), batch1, batch2,
           beta, [&](const Tensor& out) { run_bmm("baddbmm_", batch1, batch2, alpha, beta, out); });
}

Tensor outer(const Tensor& self, const Tensor& vec2) {
  RL_CHECK(self.ndim() == 1, "outer(): Expected 1-D argument self, but got ", self.ndim(), "-D");
  RL_CHECK(vec2.ndim() == 1, "outer(): Expected 1-D argument vec2, but got ", vec2.ndim(), "-D");
  return mul(unsqueeze(self, 1), vec2);
}

}  // namespace rushlight
