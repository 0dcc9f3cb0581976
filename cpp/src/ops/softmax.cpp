#include "rushlight/ops/softmax.h"

#include <limits>

#include "rushlight/iter/kernel_slots.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/reduce.h"
#include "rushlight/ops/view.h"

namespace rushlight {
namespace {

void check_floating(const char* op, DType d) {
  if (RL_UNLIKELY(!is_floating(d)))
    raise<NotImplementedError>("\"", op, "\" not implemented for '", dtype_name(d), "'");
}

// (outer, n, inner) around dim d of a contiguous tensor.
SoftmaxPlan plan_along(const Tensor& t, int d) {
  SoftmaxPlan plan{1, t.ndim() == 0 ? 1 : t.size(d), 1, nullptr, nullptr, nullptr};
  for (int i = 0; i < t.ndim(); ++i) {
    if (i < d) plan.outer *= t.size(i);
    if (i > d) plan.inner *= t.size(i);
  }
  return plan;
}

Tensor forward(const char* op, const Tensor& self, int64_t dim, std::optional<DType> dtype, bool logarithm) {
  const int d = wrap_dim(op, dim, self.ndim());
  const Tensor in = contiguous(dtype ? to_dtype(self, *dtype) : self);
  check_floating(op, in.dtype());
  auto kernel = kernel_or_raise(kernel_slots(in.device().type).softmax, op, in.device(), in.dtype());
  Tensor out = empty(in.shape(), in.dtype(), in.device());
  if (out.numel() == 0) return out;
  SoftmaxPlan plan = plan_along(in, d);
  plan.in = in.bytes();
  plan.out = out.bytes();
  kernel(plan, in.dtype(), logarithm);
  return out;
}

Tensor backward(const char* op, const Tensor& grad, const Tensor& output, int64_t dim, bool logarithm) {
  const int d = wrap_dim(op, dim, output.ndim());
  check_floating(op, output.dtype());
  RL_CHECK(grad.shape() == output.shape(), op, "(): expected a gradient of shape ", output.shape(),
           ", got ", grad.shape());
  RL_CHECK(grad.device() == output.device(), op, "(): Expected all tensors to be on the same device, ",
           "but found ", grad.device(), " and ", output.device());
  const Tensor g = contiguous(to_dtype(grad, output.dtype())), y = contiguous(output);
  auto kernel = kernel_or_raise(kernel_slots(y.device().type).softmax_backward, op, y.device(), y.dtype());
  Tensor out = empty(y.shape(), y.dtype(), y.device());
  if (out.numel() == 0) return out;
  SoftmaxPlan plan = plan_along(y, d);
  plan.in = y.bytes();
  plan.grad = g.bytes();
  plan.out = out.bytes();
  kernel(plan, y.dtype(), logarithm);
  return out;
}

}  // namespace

Tensor softmax(const Tensor& self, int64_t dim, std::optional<DType> dtype) {
  return forward("softmax", self, dim, dtype, false);
}
Tensor log_softmax(const Tensor& self, int64_t dim, std::optional<DType> dtype) {
  return forward("log_softmax", self, dim, dtype, true);
}
Tensor softmax_backward(const Tensor& grad, const Tensor& output, int64_t dim) {
  return backward("softmax_backward", grad, output, dim, false);
}
Tensor log_softmax_backward(const Tensor& grad, const Tensor& output, int64_t dim) {
  return backward("log_softmax_backward", grad, output, dim, true);
}

// Shifted by the largest real part, so that no exponential overflows.
Tensor complex_logsumexp(const Tensor& self, const Dims& dim, bool keepdim) {
  if (self.numel() == 0) return log(sum(exp(self), dim, keepdim));
  const Tensor largest = amax(select(view_as_real(self), -1, 0), dim, true);
  const Tensor shift =
      where(isfinite(largest), largest, zeros(largest.shape(), largest.dtype(), largest.device()));
  const Tensor total = log(sum(exp(sub(self, shift)), dim, true));
  const Tensor result = add(total, shift);
  const DimMask mask = reduced_dims("logsumexp", dim, self.ndim());
  return keepdim ? result : reshape(result, reduced_shape(self.shape(), mask, false));
}

Tensor logsumexp(const Tensor& self, const Dims& dim, bool keepdim) {
  constexpr const char* kName = "logsumexp";
  const DimMask mask = reduced_dims(kName, dim, self.ndim());
  if (is_complex(self.dtype())) return complex_logsumexp(self, dim, keepdim);
  const Tensor in = self.dtype() < DType::F16 ? to_dtype(self, default_dtype()) : self;
  check_floating(kName, in.dtype());
  auto kernel = kernel_or_raise(kernel_slots(in.device().type).logsumexp, kName, in.device(), in.dtype());
  Tensor out = empty(reduced_shape(in.shape(), mask, keepdim), in.dtype(), in.device());
  if (out.numel() == 0) return out;
  if (in.numel() == 0) {
    fill_(out, Scalar(-std::numeric_limits<double>::infinity()));
    return out;
  }
  // One block of adjacent dims is reduced where it stands; others are moved to the end.
  int first = -1, last = -1, reduced = 0;
  Dims order;
  for (int d = 0; d < in.ndim(); ++d) {
    if (!(mask >> d & 1)) {
      order.push_back(d);
      continue;
    }
    first = first < 0 ? d : first;
    last = d;
    ++reduced;
  }
  SoftmaxPlan plan{1, 1, 1, nullptr, nullptr, out.bytes()};
  Tensor dense;
  if (reduced == 0 || last - first + 1 == reduced) {
    dense = contiguous(in);
    for (int d = 0; d < in.ndim(); ++d)
      (mask >> d & 1 ? plan.n : d < first || reduced == 0 ? plan.outer : plan.inner) *= in.size(d);
  } else {
    for (int d = 0; d < in.ndim(); ++d)
      if (mask >> d & 1) order.push_back(d);
    dense = contiguous(permute(in, order));
    plan.outer = out.numel();
    plan.n = in.numel() / plan.outer;
  }
  plan.in = dense.bytes();
  kernel(plan, in.dtype());
  return out;
}

}  // namespace rushlight
