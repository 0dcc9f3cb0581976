#include "products.h"

#include <algorithm>
#include <cstring>

#include "rushlight/iter/kernel_slots.h"
#include "rushlight/ops/copy.h"

namespace rushlight {
namespace {

// How the matrix product is told to read a matrix.
struct Stored {
  Tensor copy;  // undefined where the matrix is read in place
  const char* data;
  bool transposed;
  int64_t row_length;  // elements between stored rows
};

bool rows_contiguous(int64_t rows, int64_t cols, int64_t row_step, int64_t col_step) {
  return (cols <= 1 || col_step == 1) && (rows <= 1 || row_step >= std::max<int64_t>(cols, 1));
}

// Copies the matrices of one operand next to each other and adjusts the steps of its batch dims. A
// dim the operand does not have stays one matrix, unless `whole`.
Stored pack(const MatrixView& m, BatchDim* batch, int dims, int64_t BatchDim::*step, bool whole) {
  Dims shape(dims + 2), strides(dims + 2);
  int64_t packed = checked_mul(m.rows, m.cols);
  for (int d = dims - 1; d >= 0; --d) {
    const bool kept = whole || batch[d].*step != 0;
    shape[d] = kept ? batch[d].size : 1;
    strides[d] = batch[d].*step;
    if (kept) {
      batch[d].*step = packed;
      packed = checked_mul(packed, batch[d].size);
    }
  }
  shape[dims] = m.rows, shape[dims + 1] = m.cols;
  strides[dims] = m.row_step, strides[dims + 1] = m.col_step;
  Tensor copy = contiguous(m.base->view_as(Layout(shape, strides, m.base->offset())));
  const char* data = copy.bytes();
  return {std::move(copy), data, false, m.cols};
}

Stored stored(const MatrixView& m, BatchDim* batch, int dims, int64_t BatchDim::*step) {
  if (rows_contiguous(m.rows, m.cols, m.row_step, m.col_step))
    return {Tensor(), m.base->bytes(), false, m.row_step};
  if (rows_contiguous(m.cols, m.rows, m.col_step, m.row_step))
    return {Tensor(), m.base->bytes(), true, m.col_step};
  return pack(m, batch, dims, step, false);
}

// The same with all batch dims in one run, so that they can be joined.
Stored stored_joined(const MatrixView& m, BatchDim* batch, int dims, int64_t BatchDim::*step) {
  bool joined = rows_contiguous(m.rows, m.cols, m.row_step, m.col_step) ||
                rows_contiguous(m.cols, m.rows, m.col_step, m.row_step);
  for (int d = 0; d + 1 < dims; ++d)
    joined &= batch[d].*step == batch[d + 1].*step * batch[d + 1].size;
  return joined ? stored(m, batch, dims, step) : pack(m, batch, dims, step, true);
}

// Drops dims of size 1 and joins neighbours that all operands walk with one step.
int coalesce(const BatchDim* from, int count, BatchDim* to) {
  int n = 0;
  for (int i = 0; i < count; ++i) {
    const BatchDim& d = from[i];
    if (d.size == 1) continue;
    if (n > 0 && to[n - 1].step_a == d.step_a * d.size && to[n - 1].step_b == d.step_b * d.size &&
        to[n - 1].step_out == d.step_out * d.size) {
      to[n - 1] = {to[n - 1].size * d.size, d.step_a, d.step_b, d.step_out};
    } else {
      to[n++] = d;
    }
  }
  return n;
}

// Below this many multiply-adds in the innermost batch dim it is cheaper to copy an operand into
// one batch than to start a product for every index of the outer dims.
constexpr double kWorkPerCall = 1 << 20;

}  // namespace

void check_product_dtype(const char* op, DType dtype) {
  RL_CHECK_IMPLEMENTED(dtype != DType::Bool && dtype != DType::U16 && dtype != DType::U32 &&
                           dtype != DType::U64,
                       op, "(): not implemented for '", dtype, "'; convert the operands first");
}

void check_same_device(const char* op, const Tensor& a, const Tensor& b) {
  RL_CHECK(a.device() == b.device(), op,
           "(): Expected all tensors to be on the same device, but found ", a.device(), " and ",
           b.device());
}

void multiply(const char* op, const MatrixView& a, const MatrixView& b, const BatchDim* batch,
              int batch_dims, const Scalar& alpha, const Scalar& beta, const Tensor& out,
              int64_t row_step) {
  const DType dtype = out.dtype();
  const auto gemm = kernel_or_raise(kernel_slots(out.device().type).gemm, op, out.device(), dtype);
  const int64_t m = a.rows, n = b.cols, k = a.cols;
  if (batch_dims == 0) {
    const Stored x = stored(a, nullptr, 0, &BatchDim::step_a);
    const Stored y = stored(b, nullptr, 0, &BatchDim::step_b);
    gemm(dtype, x.transposed, y.transposed, 1, m, n, k, alpha, x.data, x.row_length, 0, y.data,
         y.row_length, 0, beta, out.bytes(), row_step, 0);
    return;
  }
  BatchDim dims[kMaxDims];
  int count = coalesce(batch, batch_dims, dims);
  const double inner = count > 0 ? double(dims[count - 1].size) : 1.0;
  const bool pack_all = count > 1 && inner * double(m) * double(n) * double(k) < kWorkPerCall;
  Stored x, y;
  if (pack_all) {
    x = stored_joined(a, dims, count, &BatchDim::step_a);
    y = stored_joined(b, dims, count, &BatchDim::step_b);
    BatchDim joined[kMaxDims];
    count = coalesce(dims, count, joined);
    std::copy_n(joined, count, dims);
  } else {
    x = stored(a, dims, count, &BatchDim::step_a);
    y = stored(b, dims, count, &BatchDim::step_b);
  }
  const BatchDim last = count > 0 ? dims[count - 1] : BatchDim{1, 0, 0, 0};
  const int64_t item = int64_t(out.itemsize());
  int64_t index[kMaxDims] = {}, at_a = 0, at_b = 0, at_out = 0;
  for (;;) {
    gemm(dtype, x.transposed, y.transposed, last.size, m, n, k, alpha, x.data + at_a * item,
         x.row_length, last.step_a, y.data + at_b * item, y.row_length, last.step_b, beta,
         out.bytes() + at_out * item, row_step, last.step_out);
    int d = count - 2;
    for (; d >= 0; --d) {
      at_a += dims[d].step_a, at_b += dims[d].step_b, at_out += dims[d].step_out;
      if (++index[d] < dims[d].size) break;
      at_a -= dims[d].step_a * dims[d].size, at_b -= dims[d].step_b * dims[d].size;
      at_out -= dims[d].step_out * dims[d].size;
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

void fill_from(const char* op, const Tensor& out, const Tensor& value) {
  const int n = value.ndim();
  const bool dense = value.is_contiguous() && value.dtype() == out.dtype() &&
                     out.device().is_cpu() && value.device().is_cpu() && out.nbytes() <= 65536;
  const size_t row = value.nbytes();
  if (dense && row > 0 && (n == 1 || n == out.ndim()) &&
      value.size(n - 1) == out.size(out.ndim() - 1) && out.nbytes() % row == 0 &&
      (n == 1 || row == out.nbytes())) {
    for (size_t at = 0; at < out.nbytes(); at += row)
      std::memcpy(out.bytes() + at, value.bytes(), row);
    return;
  }
  copy_(out, expand_to(op, value, out.shape()));
}

}  // namespace rushlight
