#include "rushlight/ops/units.h"

#include "rushlight/iter/attention_kernels.h"
#include "rushlight/iter/kernel_slots.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {
namespace {

// t itself, or a copy, with its elements in memory as those of `like`.
Tensor in_order_of(const Tensor& like, const Tensor& t) {
  if (t.strides() == like.strides()) return t;
  Tensor copy = empty_like(like, t.dtype());
  copy_(copy, t);
  return copy;
}

Tensor run(const char* op, UnitOp unit, const Tensor& self, const Tensor* grad, double slope) {
  const DType dtype = self.dtype();
  const auto find =
      kernel_or_raise(kernel_slots(self.device().type).attention, op, self.device(), dtype);
  const AttentionKernels* kernels = kernel_or_raise(find(dtype), op, self.device(), dtype);
  Tensor out = empty_like(self, dtype);
  UnitPlan plan{unit, slope, out.numel(), nullptr, nullptr, out.bytes()};
  const Tensor x = in_order_of(out, self);
  plan.x = x.bytes();
  Tensor g;
  if (grad) {
    RL_CHECK(grad->shape() == self.shape(), op, "(): expected a gradient of shape ", self.shape(),
             ", got ", grad->shape());
    RL_CHECK(grad->device() == self.device(), op,
             "(): Expected all tensors to be on the same device, but found ", grad->device(),
             " and ", self.device());
    g = in_order_of(out, to_dtype(*grad, dtype));
    plan.grad = g.bytes();
  }
  if (plan.n > 0) kernels->unit(plan);
  return out;
}

}  // namespace

Tensor gelu(const Tensor& self, bool tanh) {
  return run("gelu", tanh ? UnitOp::GeluTanh : UnitOp::Gelu, self, nullptr, 0);
}
Tensor gelu_backward(const Tensor& grad, const Tensor& self, bool tanh) {
  return run("gelu_backward", tanh ? UnitOp::GeluTanh : UnitOp::Gelu, self, &grad, 0);
}
Tensor silu(const Tensor& self) { return run("silu", UnitOp::Silu, self, nullptr, 0); }
Tensor silu_backward(const Tensor& grad, const Tensor& self) {
  return run("silu_backward", UnitOp::Silu, self, &grad, 0);
}
Tensor leaky_relu(const Tensor& self, double negative_slope) {
  return run("leaky_relu", UnitOp::LeakyRelu, self, nullptr, negative_slope);
}
Tensor leaky_relu_backward(const Tensor& grad, const Tensor& self, double negative_slope) {
  return run("leaky_relu_backward", UnitOp::LeakyRelu, self, &grad, negative_slope);
}

}  // namespace rushlight
