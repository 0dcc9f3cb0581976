// One operand of a (batched) matrix product, and the product itself: shared by matmul and linear.
#pragma once

#include "rushlight/core/scalar.h"
#include "rushlight/core/tensor.h"

namespace rushlight {

// `rows` x `cols` elements of a tensor, in steps of `row_step` and `col_step`.
struct MatrixView {
  const Tensor* base;
  int64_t rows, cols, row_step, col_step;

  MatrixView(const Tensor& t, int64_t rows, int64_t cols, int64_t row_step, int64_t col_step)
      : base(&t), rows(rows), cols(cols), row_step(row_step), col_step(col_step) {}
  // The last two dims of t.
  explicit MatrixView(const Tensor& t)
      : MatrixView(t, t.size(t.ndim() - 2), t.size(t.ndim() - 1), t.stride(t.ndim() - 2),
                   t.stride(t.ndim() - 1)) {}
  MatrixView transposed() const { return {*base, cols, rows, col_step, row_step}; }
};

// A dim that all three operands walk together, in elements.
struct BatchDim {
  int64_t size, step_a, step_b, step_out;
};

void check_product_dtype(const char* op, DType dtype);
void check_same_device(const char* op, const Tensor& a, const Tensor& b);

// out = alpha * a @ b + beta * out for every index of the batch dims. `out` is row-major with rows
// `row_step` elements apart and starts at the tensor's first element.
void multiply(const char* op, const MatrixView& a, const MatrixView& b, const BatchDim* batch,
              int batch_dims, const Scalar& alpha, const Scalar& beta, const Tensor& out,
              int64_t row_step);

// Fills row-major out with `value`, which broadcasts to it.
void fill_from(const char* op, const Tensor& out, const Tensor& value);

}  // namespace rushlight
