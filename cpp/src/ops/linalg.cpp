#include "rushlight/ops/linalg.h"

#include <algorithm>
#include <limits>

#include "products.h"
#include "rushlight/iter/kernel_slots.h"
#include "rushlight/iter/lapack_kernels.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/join.h"
#include "rushlight/ops/reduce.h"
#include "rushlight/ops/view.h"

namespace rushlight::linalg {
namespace {

int64_t rows_of(const Tensor& a) { return a.size(a.ndim() - 2); }
int64_t columns_of(const Tensor& a) { return a.size(a.ndim() - 1); }
Dims batch_of(const Tensor& a) { return Dims(a.shape().data(), a.ndim() - 2); }
Tensor adjoint_view(const Tensor& a) { return transpose(a, -2, -1); }

Dims with(Dims dims, int64_t last) {
  dims.push_back(last);
  return dims;
}
Dims with(Dims dims, int64_t rows, int64_t columns) {
  return with(with(std::move(dims), rows), columns);
}

int64_t count_of(const Dims& dims) {
  int64_t n = 1;
  for (int64_t size : dims) n = checked_mul(n, size);
  return n;
}

const LapackKernels& kernels(const char* op, const Tensor& a) {
  return *kernel_or_raise(lapack_kernels(a.device().type, a.dtype()), op, a.device(), a.dtype());
}

void check_dtype(const char* op, const Tensor& a) {
  RL_CHECK(is_inexact(a.dtype()), op,
           ": Expected a floating point or complex tensor as input. Got ", a.dtype());
  RL_CHECK(!is_reduced_float(a.dtype()), op, ": Low precision dtypes not supported. Got ",
           a.dtype());
}

void check_matrix(const char* op, const Tensor& a, const char* name = "A") {
  RL_CHECK(a.ndim() >= 2, op, ": The input tensor ", name, " must have at least 2 dimensions, got ",
           a.shape());
  check_dtype(op, a);
  for (int d = 0; d < a.ndim(); ++d)
    RL_CHECK(a.size(d) <= std::numeric_limits<int32_t>::max(), op, ": dim ", d, " of ", a.shape(),
             " does not fit LAPACK's 32-bit sizes");
}

void check_square(const char* op, const Tensor& a, const char* name = "A") {
  check_matrix(op, a, name);
  RL_CHECK(rows_of(a) == columns_of(a), op, ": ", name,
           " must be batches of square matrices, but they are ", rows_of(a), " by ", columns_of(a),
           " matrices");
}

void check_alike(const char* op, const Tensor& a, const char* name_a, const Tensor& b,
                 const char* name_b) {
  RL_CHECK(a.dtype() == b.dtype(), op, ": Expected ", name_a, " and ", name_b,
           " to have the same dtype, but found ", name_a, " of type ", a.dtype(), " and ", name_b,
           " of type ", b.dtype(), " instead");
  check_same_device(op, a, b);
}

void check_system(const char* op, const Tensor& a, const Tensor& b, bool left,
                  const char* name = "A") {
  check_square(op, a, name);
  RL_CHECK(b.ndim() >= 2, op, ": The input tensor B must have at least 2 dimensions, got ",
           b.shape());
  check_alike(op, a, name, b, "B");
  check_matrix(op, b, "B");
  RL_CHECK(left ? columns_of(a) == rows_of(b) : columns_of(a) == columns_of(b), op,
           ": Incompatible shapes of ", name, " and B for the equation ",
           left ? "AX = B" : "XA = B", " (", rows_of(a), "x", columns_of(a), " and ", rows_of(b),
           "x", columns_of(b), ")");
}

// An uninitialised batch of column-major matrices.
Tensor fortran(const Dims& batch, int64_t rows, int64_t columns, DType dtype, Device device) {
  return adjoint_view(empty(with(batch, columns, rows), dtype, device));
}

Tensor fortran_copy(const Tensor& a) {
  Tensor out = fortran(batch_of(a), rows_of(a), columns_of(a), a.dtype(), a.device());
  copy_(out, a);
  return out;
}

bool is_fortran(const Tensor& a) { return adjoint_view(a).is_contiguous(); }

// To be read, not written: itself where it lies as LAPACK wants it.
Tensor fortran_of(const Tensor& a) { return is_fortran(a) ? a : fortran_copy(a); }

Tensor expand_batch(const char* op, const Tensor& a, const Dims& batch) {
  return expand_to(op, a, with(batch, rows_of(a), columns_of(a)));
}

Tensor new_info(const Dims& batch, const Tensor& a) { return zeros(batch, DType::I32, a.device()); }

void check_pivots(const char* op, const Tensor& lu, const Tensor& pivots) {
  RL_CHECK(pivots.dtype() == DType::I32, op,
           ": LU_pivots is expected to be a tensor of torch.int32 dtype, got ", pivots.dtype());
  check_same_device(op, lu, pivots);
}

void check_pivot_range(const char* op, const Tensor& pivots, int64_t n) {
  const Tensor dense = contiguous(to_device(pivots, Device{}));
  const int32_t* p = dense.data<int32_t>();
  for (int64_t i = 0; i < dense.numel(); ++i)
    RL_CHECK(p[i] >= 1 && p[i] <= n, op,
             ": pivots given to lu_solve must all be greater or equal to 1 ", "and at most ", n,
             ", got ", p[i], " in pivots of shape ", pivots.shape());
}

// R of a factored (m, n) matrix, its first `rows` rows.
Tensor upper_part(const Tensor& factored, int64_t rows) {
  return triu(narrow(factored, -2, 0, rows), 0);
}

Tensor conjugate(const Tensor& a) {
  if (!is_complex(a.dtype())) return a;
  const Tensor out = clone(a), imaginary = select(view_as_real(out), -1, 1);
  copy_(imaginary, neg(imaginary));
  return out;
}

void zero_identity(const Tensor& a) {
  zero_(a);
  fill_(diagonal(a, 0, -2, -1), Scalar(1));
}

}  // namespace

Tensors2 cholesky_ex(const Tensor& a, bool upper) {
  const char* op = "linalg.cholesky";
  check_square(op, a);
  Tensor out = fortran_copy(a), info = new_info(batch_of(a), a);
  if (out.numel() > 0)
    kernels(op, a).potrf(info.numel(), rows_of(a), upper, out.bytes(), info.data<int32_t>());
  return {out, info};
}

Tensors3 lu_factor_ex(const Tensor& a) {
  const char* op = "linalg.lu_factor";
  check_matrix(op, a);
  const int64_t m = rows_of(a), n = columns_of(a);
  Tensor out = fortran_copy(a), info = new_info(batch_of(a), a);
  Tensor pivots = empty(with(batch_of(a), std::min(m, n)), DType::I32, a.device());
  if (out.numel() > 0)
    kernels(op, a).getrf(info.numel(), m, n, out.bytes(), pivots.data<int32_t>(),
                         info.data<int32_t>());
  return {out, pivots, info};
}

Tensor lu_permutation(const Tensor& pivots, int64_t m) {
  RL_CHECK(pivots.ndim() >= 1 && pivots.dtype() == DType::I32,
           "lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype, got ",
           pivots.dtype(), " of shape ", pivots.shape());
  const Tensor dense = contiguous(to_device(pivots, Device{}));
  const int64_t k = dense.size(dense.ndim() - 1);
  Dims shape = dense.shape();
  shape[shape.size() - 1] = m;
  Tensor out = empty(shape, DType::I64);
  const int64_t batch = count_of(Dims(shape.data(), shape.size() - 1));
  for (int64_t i = 0; i < batch; ++i) {
    const int32_t* p = dense.data<int32_t>() + i * k;
    int64_t* to = out.data<int64_t>() + i * m;
    for (int64_t r = 0; r < m; ++r) to[r] = r;
    for (int64_t r = 0; r < k; ++r) {
      RL_CHECK(p[r] >= 1 && p[r] <= m && r < m, "lu_unpack: pivot ", p[r], " of shape ",
               pivots.shape(), " is outside of a matrix of ", m, " rows");
      std::swap(to[r], to[p[r] - 1]);
    }
  }
  return to_device(out, pivots.device());
}

namespace {

// X of op(A) X = B, B column-major and overwritten.
void getrs(const char* op, const Tensor& lu, const Tensor& pivots, char trans, const Tensor& b) {
  if (b.numel() == 0) return;
  kernels(op, lu).getrs(count_of(batch_of(b)), rows_of(b), columns_of(b), trans, lu.bytes(),
                        pivots.data<int32_t>(), b.bytes());
}

// X A = B is A^T X^T = B^T, and X A^H = B is A X^H = B^H.
Tensor lu_solve_dense(const char* op, const Tensor& lu, const Tensor& pivots, const Tensor& b,
                      bool left, bool adjoint) {
  const bool flip = !left && adjoint;
  const Tensor right = left ? b : adjoint_view(flip ? conjugate(b) : b);
  const Tensor x = fortran_copy(right);
  getrs(op, lu, pivots, left ? (adjoint ? 'C' : 'N') : (adjoint ? 'N' : 'T'), x);
  return left ? x : adjoint_view(flip ? conjugate(x) : x);
}

}  // namespace

Tensor lu_solve(const Tensor& lu, const Tensor& pivots, const Tensor& b, bool left, bool adjoint) {
  const char* op = "linalg.lu_solve";
  check_system(op, lu, b, left, "LU");
  check_pivots(op, lu, pivots);
  const int64_t n = rows_of(lu);
  RL_CHECK(pivots.shape() == with(batch_of(lu), n), op,
           ": Expected LU_pivots to have the same shape as LU without its last dim, but got ",
           pivots.shape(), " and ", lu.shape());
  check_pivot_range(op, pivots, n);
  const Dims batch = broadcast_shapes(op, batch_of(lu), batch_of(b));
  return lu_solve_dense(op, fortran_of(expand_batch(op, lu, batch)),
                        contiguous(expand_to(op, pivots, with(batch, n))),
                        expand_batch(op, b, batch), left, adjoint);
}

Tensors4 solve_ex(const Tensor& a, const Tensor& b, bool left) {
  const char* op = "linalg.solve";
  check_system(op, a, b, left);
  const int64_t n = rows_of(a);
  const Dims batch = broadcast_shapes(op, batch_of(a), batch_of(b));
  auto [lu, pivots, info] = lu_factor_ex(a);
  const Tensor all = batch == batch_of(a) ? lu : fortran_copy(expand_batch(op, lu, batch));
  const Tensor swaps = contiguous(expand_to(op, pivots, with(batch, n)));
  Tensor x = lu_solve_dense(op, all, swaps, expand_batch(op, b, batch), left, false);
  return {x, lu, pivots, info};
}

Tensors2 inv_ex(const Tensor& a) {
  check_square("linalg.inv", a);
  auto [lu, pivots, info] = lu_factor_ex(a);
  Tensor x = fortran(batch_of(a), rows_of(a), rows_of(a), a.dtype(), a.device());
  zero_identity(x);
  getrs("linalg.inv", lu, pivots, 'N', x);
  return {x, info};
}

Tensors3 det(const Tensor& a) {
  check_square("linalg.det", a);
  auto [lu, pivots, info] = lu_factor_ex(a);
  Tensor out = empty(batch_of(a), a.dtype(), a.device());
  kernels("linalg.det", a)
      .lu_det(out.numel(), rows_of(a), lu.bytes(), pivots.data<int32_t>(), out.bytes(), nullptr);
  return {out, lu, pivots};
}

Tensors4 slogdet(const Tensor& a) {
  check_square("linalg.slogdet", a);
  auto [lu, pivots, info] = lu_factor_ex(a);
  Tensor sign = empty(batch_of(a), a.dtype(), a.device());
  Tensor logabs = empty(batch_of(a), real_of(a.dtype()), a.device());
  kernels("linalg.slogdet", a)
      .lu_det(sign.numel(), rows_of(a), lu.bytes(), pivots.data<int32_t>(), sign.bytes(),
              logabs.bytes());
  return {sign, logabs, lu, pivots};
}

Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool left,
                        bool unitriangular) {
  const char* op = "linalg.solve_triangular";
  check_system(op, a, b, left);
  const Dims batch = broadcast_shapes(op, batch_of(a), batch_of(b));
  const Tensor x = fortran_copy(expand_batch(op, b, batch));
  if (x.numel() == 0) return x;
  const Tensor all = expand_batch(op, a, batch);
  // A row-major matrix is its transpose in column-major order: the other triangle, transposed.
  const bool row_major = all.is_contiguous() && !is_fortran(all);
  const Tensor stored = row_major ? all : fortran_of(all);
  kernels(op, a).trsm(count_of(batch), rows_of(x), columns_of(x), left, upper != row_major,
                      row_major ? 'T' : 'N', unitriangular, stored.bytes(), x.bytes());
  return x;
}

Tensors2 geqrf(const Tensor& a) {
  const char* op = "geqrf";
  check_matrix(op, a, "input");
  const Tensor out = fortran_copy(a);
  const Tensor tau =
      zeros(with(batch_of(a), std::min(rows_of(a), columns_of(a))), a.dtype(), a.device());
  if (out.numel() > 0)
    kernels(op, a).geqrf(count_of(batch_of(a)), rows_of(a), columns_of(a), out.bytes(),
                         tau.bytes());
  return {out, tau};
}

Tensors2 qr(const Tensor& a, const std::string& mode) {
  const char* op = "linalg.qr";
  check_matrix(op, a);
  RL_CHECK(mode == "reduced" || mode == "complete" || mode == "r", op,
           " received unrecognized mode '", mode,
           "' but expected one of 'reduced' (default), 'r', or 'complete'");
  const int64_t m = rows_of(a), n = columns_of(a), k = std::min(m, n);
  const bool complete = mode == "complete";
  auto [factored, tau] = geqrf(a);
  if (mode == "r") return {empty(Dims({0}), a.dtype(), a.device()), upper_part(factored, k)};
  const int64_t width = complete ? m : k;
  Tensor q = fortran(batch_of(a), m, width, a.dtype(), a.device());
  if (q.numel() > 0) {
    const int64_t known = std::min(n, width);
    if (width > n) zero_(q);
    copy_(narrow(q, -1, 0, known), narrow(factored, -1, 0, known));
    if (k == 0)
      zero_identity(q);
    else
      kernels(op, a).orgqr(count_of(batch_of(a)), m, width, k, q.bytes(), tau.bytes());
  }
  Tensor r = complete && m > n ? triu(factored, 0) : upper_part(factored, k);
  return {q, r};
}

Tensor householder_product(const Tensor& a, const Tensor& tau) {
  const char* op = "torch.linalg.householder_product";
  RL_CHECK(a.ndim() >= 2, op, ": input must have at least 2 dimensions, got ", a.shape());
  const int64_t m = rows_of(a), n = columns_of(a);
  RL_CHECK(m >= n, op, ": input.shape[-2] must be greater than or equal to input.shape[-1], got ",
           a.shape());
  RL_CHECK(tau.ndim() == a.ndim() - 1, op, ": Expected tau to have one dimension less than input, ",
           "but got tau.ndim equal to ", tau.ndim(), " and input.ndim is equal to ", a.ndim());
  const int64_t k = tau.size(tau.ndim() - 1);
  RL_CHECK(n >= k, op, ": input.shape[-1] must be greater than or equal to tau.shape[-1], got ",
           a.shape(), " and ", tau.shape());
  RL_CHECK(Dims(tau.shape().data(), tau.ndim() - 1) == batch_of(a), op,
           ": Expected batch dimensions of tau to be equal to input.shape[:-2], but got ",
           tau.shape(), " and ", a.shape());
  RL_CHECK(tau.dtype() == a.dtype(), op, ": tau dtype ", tau.dtype(),
           " does not match input dtype ", a.dtype());
  check_same_device(op, a, tau);
  check_matrix(op, a, "input");
  const Tensor out = fortran_copy(a);
  if (out.numel() == 0) return out;
  if (k == 0) {
    zero_identity(out);
    return out;
  }
  kernels(op, a).orgqr(count_of(batch_of(a)), m, n, k, out.bytes(), contiguous(tau).bytes());
  return out;
}

Tensor ormqr(const Tensor& a, const Tensor& tau, const Tensor& other, bool left, bool transpose) {
  const char* op = "torch.ormqr";
  RL_CHECK(a.ndim() >= 2 && other.ndim() >= 2, op, ": input and other must have at least 2 ",
           "dimensions, got ", a.shape(), " and ", other.shape());
  const int64_t k = tau.ndim() > 0 ? tau.size(tau.ndim() - 1) : 0;
  const int64_t order = left ? rows_of(other) : columns_of(other);
  RL_CHECK(order >= k, op, ": other.shape[", left ? -2 : -1,
           "] must be greater than or equal to tau.shape[-1], got ", other.shape(), " and ",
           tau.shape());
  RL_CHECK(order == rows_of(a), op, ": other.shape[", left ? -2 : -1,
           "] must be equal to input.shape[-2], got ", other.shape(), " and ", a.shape());
  RL_CHECK(k <= columns_of(a), op,
           ": tau.shape[-1] must be less than or equal to input.shape[-1], got ", tau.shape(),
           " and ", a.shape());
  RL_CHECK(
      tau.ndim() == a.ndim() - 1 && a.ndim() == other.ndim(), op,
      ": Expected tau to have one dimension less than input and other to have as many, but got ",
      tau.ndim(), ", ", a.ndim(), " and ", other.ndim());
  const Dims batch = batch_of(a);
  RL_CHECK(Dims(tau.shape().data(), tau.ndim() - 1) == batch && batch_of(other) == batch, op,
           ": Expected the batch dimensions of input, tau and other to be equal, but got ",
           a.shape(), ", ", tau.shape(), " and ", other.shape());
  RL_CHECK(tau.dtype() == a.dtype() && other.dtype() == a.dtype(), op,
           ": Expected input, tau and other to have the same dtype, but got ", a.dtype(), ", ",
           tau.dtype(), " and ", other.dtype());
  check_same_device(op, a, tau);
  check_same_device(op, a, other);
  check_matrix(op, a, "input");
  check_matrix(op, other, "other");
  const Tensor out = fortran_copy(other);
  if (out.numel() == 0 || k == 0) return out;
  const Tensor reflectors = fortran_of(narrow(a, -1, 0, k));
  kernels(op, a).ormqr(count_of(batch), rows_of(out), columns_of(out), k, left, transpose,
                       reflectors.bytes(), contiguous(tau).bytes(), out.bytes());
  return out;
}

Tensors4 svd(const Tensor& a, bool full_matrices, bool vectors) {
  const char* op = "linalg.svd";
  check_matrix(op, a);
  const int64_t m = rows_of(a), n = columns_of(a), k = std::min(m, n);
  const Dims batch = batch_of(a);
  const char job = !vectors ? 'N' : full_matrices ? 'A' : 'S';
  const Tensor s = empty(with(batch, k), real_of(a.dtype()), a.device());
  const Tensor info = new_info(batch, a), none = empty(Dims({0}), a.dtype(), a.device());
  const Tensor u = vectors ? fortran(batch, m, full_matrices ? m : k, a.dtype(), a.device()) : none;
  const Tensor vh =
      vectors ? fortran(batch, full_matrices ? n : k, n, a.dtype(), a.device()) : none;
  if (a.numel() > 0) {
    const Tensor work = fortran_copy(a);
    kernels(op, a).gesdd(info.numel(), m, n, job, work.bytes(), s.bytes(),
                         vectors ? u.bytes() : nullptr, vectors ? vh.bytes() : nullptr,
                         info.data<int32_t>());
  } else if (vectors && full_matrices) {
    zero_identity(u);
    zero_identity(vh);
  }
  return {u, s, vh, info};
}

Tensors3 eigh(const Tensor& a, bool upper, bool vectors) {
  const char* op = "linalg.eigh";
  check_square(op, a);
  const Dims batch = batch_of(a);
  const Tensor values = empty(with(batch, rows_of(a)), real_of(a.dtype()), a.device());
  const Tensor out = fortran_copy(a), info = new_info(batch, a);
  if (out.numel() > 0)
    kernels(op, a).syevd(info.numel(), rows_of(a), vectors, upper, out.bytes(), values.bytes(),
                         info.data<int32_t>());
  return {values, vectors ? out : empty(Dims({0}), a.dtype(), a.device()), info};
}

Tensors3 eig(const Tensor& a, bool vectors) {
  const char* op = "linalg.eig";
  check_square(op, a);
  const Dims batch = batch_of(a);
  const int64_t n = rows_of(a);
  const DType dtype = complex_of(a.dtype());
  const Tensor values = empty(with(batch, n), dtype, a.device()), info = new_info(batch, a);
  const Tensor out =
      vectors ? fortran(batch, n, n, dtype, a.device()) : empty(Dims({0}), dtype, a.device());
  if (a.numel() > 0) {
    const Tensor work = fortran_copy(a);
    kernels(op, a).geev(info.numel(), n, work.bytes(), values.bytes(),
                        vectors ? out.bytes() : nullptr, info.data<int32_t>());
  }
  return {values, out, info};
}

std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor> lstsq(const Tensor& a, const Tensor& b,
                                                         double rcond, const std::string& driver) {
  const char* op = "torch.linalg.lstsq";
  check_matrix(op, a, "input");
  check_matrix(op, b, "other");
  check_alike(op, a, "input", b, "other");
  RL_CHECK(driver == "gels" || driver == "gelsy" || driver == "gelsd" || driver == "gelss", op,
           ": parameter `driver` should be one of (gels, gelsy, gelsd, gelss), got ", driver);
  const int64_t m = rows_of(a), n = columns_of(a), columns = columns_of(b);
  RL_CHECK(rows_of(b) == m, op, ": input.size(-2) should match other.size(-2), got ", a.shape(),
           " and ", b.shape());
  const Dims batch = broadcast_shapes(op, batch_of(a), batch_of(b));
  const char kind = driver == "gels" ? 'l' : driver.back();
  const DType real = real_of(a.dtype());
  const Tensor none = empty(Dims({0}), real, a.device()), info = new_info(batch, a);
  const Tensor rank = zeros(batch, DType::I64, a.device());
  const Tensor s = zeros(with(batch, std::min(m, n)), real, a.device());
  const Tensor work = fortran_copy(expand_batch(op, a, batch));
  const Tensor x = fortran(batch, std::max(m, n), columns, a.dtype(), a.device());
  zero_(x);
  copy_(narrow(x, -2, 0, m), b);
  if (x.numel() > 0 && work.numel() > 0)
    kernels(op, a).gels(info.numel(), m, n, columns, kind, rcond, work.bytes(), x.bytes(),
                        rank.data<int64_t>(), s.bytes(), info.data<int32_t>());
  else if (kind == 'l')
    zero_(x);  // as gels itself does
  Tensor residuals = none;
  bool full = kind != 'y' && m > n;
  if (kind == 'd' || kind == 's')
    for (int64_t i = 0; i < rank.numel(); ++i) full &= rank.data<int64_t>()[i] == n;
  if (full) residuals = sum(square(abs(narrow(x, -2, n, m - n))), Dims({-2}), false, {});
  return {narrow(x, -2, 0, n), residuals,
          kind == 'l' ? empty(Dims({0}), DType::I64, a.device()) : rank,
          kind == 'd' || kind == 's' ? s : none, info};
}

Tensors3 ldl_factor_ex(const Tensor& a, bool hermitian) {
  const char* op = "torch.linalg.ldl_factor";
  check_square(op, a);
  const Tensor out = fortran_copy(tril(a, 0)), info = new_info(batch_of(a), a);
  const Tensor pivots = empty(with(batch_of(a), rows_of(a)), DType::I32, a.device());
  if (out.numel() > 0)
    kernels(op, a).sytrf(info.numel(), rows_of(a), hermitian, out.bytes(), pivots.data<int32_t>(),
                         info.data<int32_t>());
  return {out, pivots, info};
}

Tensor ldl_solve(const Tensor& ld, const Tensor& pivots, const Tensor& b, bool hermitian) {
  const char* op = "torch.linalg.ldl_solve";
  check_system(op, ld, b, true, "LD");
  const int64_t n = rows_of(ld);
  RL_CHECK(pivots.dtype() == DType::I32, op, ": pivots must be int32, got ", pivots.dtype());
  RL_CHECK(pivots.shape() == with(batch_of(ld), n), op,
           ": Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape ",
           pivots.shape(), " and LD with shape ", ld.shape());
  check_same_device(op, ld, pivots);
  const Dims batch = broadcast_shapes(op, batch_of(ld), batch_of(b));
  const Tensor swaps = contiguous(expand_to(op, pivots, with(batch, n)));
  // A block of two rows has both its pivots negative.
  kernels(op, ld);
  for (int64_t i = 0; i < swaps.numel(); ++i) {
    const int32_t p = swaps.data<int32_t>()[i];
    const bool pair = p >= 0 || i % n > 0 || (n > 1 && swaps.data<int32_t>()[i + 1] < 0);
    RL_CHECK(p != 0 && std::abs(int64_t(p)) <= n && pair, op, ": pivot ", p,
             " is outside of a matrix of ", n, " rows");
  }
  const Tensor x = fortran_copy(expand_batch(op, b, batch));
  if (x.numel() > 0)
    kernels(op, ld).sytrs(count_of(batch), n, columns_of(x), hermitian,
                          fortran_of(expand_batch(op, ld, batch)).bytes(), swaps.data<int32_t>(),
                          x.bytes());
  return x;
}

}  // namespace rushlight::linalg
