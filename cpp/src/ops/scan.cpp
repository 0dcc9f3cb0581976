#include "rushlight/ops/scan.h"

#include "rushlight/iter/kernel_slots.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {
namespace {

SoftmaxPlan plan_along(const Tensor& in, int d, const Tensor& out) {
  SoftmaxPlan plan{1, in.ndim() == 0 ? 1 : in.size(d), 1, in.bytes(), nullptr, out.bytes()};
  for (int i = 0; i < in.ndim(); ++i) {
    if (i < d) plan.outer *= in.size(i);
    if (i > d) plan.inner *= in.size(i);
  }
  return plan;
}

std::tuple<Tensor, Tensor> scan_extreme(const char* op, const Tensor& self, int64_t dim, bool largest) {
  const int d = wrap_dim(op, dim, self.ndim());
  const DType dtype = self.dtype();
  if (is_complex(dtype) || dtype == DType::U16 || dtype == DType::U32 || dtype == DType::U64)
    raise_no_kernel(op, self.device(), dtype);
  const auto kernel =
      kernel_or_raise(kernel_slots(self.device().type).scan_extreme, op, self.device(), dtype);
  const Tensor in = contiguous(self);
  const Tensor values = empty(in.shape(), dtype, in.device());
  const Tensor indices = empty(in.shape(), DType::I64, in.device());
  if (values.numel() != 0)
    kernel(plan_along(in, d, values), dtype, indices.data<int64_t>(), largest);
  return {values, indices};
}

Tensor scan(const char* op, const Tensor& self, int64_t dim, std::optional<DType> dtype, ScanOp kind) {
  const int d = wrap_dim(op, dim, self.ndim());
  const DType result = dtype.value_or(self.dtype() < DType::F16 ? DType::I64 : self.dtype());
  // Narrow integers wrap when the int64 result is converted.
  const DType computed = result < DType::F16 ? DType::I64 : result;
  const Tensor in = contiguous(to_dtype(to_dtype(self, result), computed));
  auto kernel = kernel_or_raise(kernel_slots(in.device().type).scan, op, in.device(), computed);
  Tensor out = empty(in.shape(), computed, in.device());
  if (out.numel() != 0) kernel(plan_along(in, d, out), computed, kind);
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
std::tuple<Tensor, Tensor> cummax(const Tensor& self, int64_t dim) {
  return scan_extreme("cummax", self, dim, true);
}
std::tuple<Tensor, Tensor> cummin(const Tensor& self, int64_t dim) {
  return scan_extreme("cummin", self, dim, false);
}
Tensor logcumsumexp(const Tensor& self, int64_t dim) {
  const int d = wrap_dim("logcumsumexp", dim, self.ndim());
  if (!is_inexact(self.dtype())) raise_no_kernel("logcumsumexp", self.device(), self.dtype());
  const auto kernel = kernel_or_raise(kernel_slots(self.device().type).logcumsumexp_scan,
                                      "logcumsumexp", self.device(), self.dtype());
  const Tensor in = contiguous(self);
  const Tensor out = empty(in.shape(), in.dtype(), in.device());
  if (out.numel() != 0) kernel(plan_along(in, d, out), in.dtype());
  return out;
}

}  // namespace rushlight
