#include "rushlight/ops/linear.h"

#include "products.h"
#include "rushlight/iter/nd_plan.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/matmul.h"

namespace rushlight {

Tensor linear(const Tensor& input, const Tensor& weight, const std::optional<Tensor>& bias) {
  const int n = input.ndim();
  RL_CHECK(n >= 1 && weight.ndim() >= 1,
           "linear(): both arguments to linear need to be at least 1D, but they are ", n, "D and ",
           weight.ndim(), "D");
  if (weight.ndim() == 1) {
    RL_CHECK(!bias, "linear(): weight must be a matrix where there is a bias, got 1-D tensor ",
             weight.shape());
    return matmul(input, weight);
  }
  RL_CHECK(weight.ndim() == 2, "linear(): expected a weight (out_features, in_features), got ",
           weight.ndim(), "-D tensor ", weight.shape());
  const int64_t k = input.size(n - 1), outputs = weight.size(0);
  if (RL_UNLIKELY(k != weight.size(1))) {
    int64_t rows = 1;
    for (int d = 0; d < n - 1; ++d) rows *= input.size(d);
    raise<Error>("linear(): mat1 and mat2 shapes cannot be multiplied (", rows, "x", k, " and ",
                 weight.size(1), "x", outputs, "): input ", input.shape(), " has ", k,
                 " features, weight ", weight.shape(), " takes ", weight.size(1));
  }
  RL_CHECK(input.dtype() == weight.dtype(),
           "linear(): expected input and weight to have the same dtype, but got: ", input.dtype(),
           " != ", weight.dtype());
  check_same_device("linear", input, weight);
  check_product_dtype("linear", input.dtype());

  Dims shape = input.shape();
  shape[n - 1] = outputs;
  Tensor out = empty(shape, input.dtype(), input.device());
  if (bias) {
    RL_CHECK(bias->dtype() == input.dtype(),
             "linear(): expected input and bias to have the same dtype, but got: ", input.dtype(),
             " != ", bias->dtype());
    check_same_device("linear", input, *bias);
    if (out.numel() > 0)
      fill_from("linear", out, *bias);
    else
      expand_to("linear", *bias, shape);
  }
  if (out.numel() == 0) return out;

  const Scalar beta(bias ? 1 : 0);
  const MatrixView w = MatrixView(weight).transposed();
  if (n == 1) {
    const MatrixView x(input, 1, k, 1, input.stride(0));
    multiply("linear", x, w, nullptr, 0, Scalar(1), beta, out, outputs);
  } else if (input.is_contiguous()) {
    const MatrixView x(input, out.numel() / outputs, k, k, 1);
    multiply("linear", x, w, nullptr, 0, Scalar(1), beta, out, outputs);
  } else {
    const MatrixView x(input);
    BatchDim dims[kMaxDims];
    int64_t step = checked_mul(x.rows, outputs);
    for (int d = n - 3; d >= 0; --d) {
      dims[d] = {input.size(d), input.stride(d), 0, step};
      step *= input.size(d);
    }
    multiply("linear", x, w, dims, n - 2, Scalar(1), beta, out, outputs);
  }
  return out;
}

}  // namespace rushlight
