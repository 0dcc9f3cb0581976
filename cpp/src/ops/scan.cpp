#include "rushlight/ops/scan.h"

#include "rushlight/iter/kernel_slots.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {
namespace {

Tensor scan(const char* op, const Tensor& self, int64_t dim, std::optional<DType> dtype, ScanOp kind) {
  const int d = wrap_dim(op, dim, self.ndim());
  const DType result = dtype.value_or(self.dtype() < DType::F16 ? DType::I64 : self.dtype());
  // Narrow integers wrap when the int64 result is converted.
  const DType computed = result < DType::F16 ? DType::I64 : result;
  const Tensor in = contiguous(to_dtype(to_dtype(self, result), computed));
  auto kernel = kernel_or_raise(kernel_slots(in.device().type).scan, op, in.device(), computed);
  Tensor out = empty(in.shape(), computed, in.device());
  if (out.numel() != 0) {
    SoftmaxPlan plan{1, in.ndim() == 0 ? 1 : in.size(d), 1, in.bytes(), nullptr, out.bytes()};
    for (int i = 0; i < in.ndim(); ++i) (i < d ? plan.outer : i > d ? plan.inner : plan.n) *= i == d ? 1 : in.size(i);
    kernel(plan, computed, kind);
  }
  return to_dtype(out, result);
}

}  // namespace

Tensor cumsum(const Tensor& self, int64_t dim, std::optional<DType> dtype) {
  return scan("cumsum", self, dim, dtype, ScanOp::Sum);
}
Tensor cumprod(const Tensor& self, int64_t dim, std::optional<DType> dtype) {
  return scan("cumprod", self, dim, dtype, ScanOp::Product);
}
Tensor reversed_cumsum(const Tensor& self, int64_t dim) {
  return scan("reversed_cumsum", self, dim, {}, ScanOp::ReversedSum);
}

}  // namespace rushlight
