#include "rushlight/ops/gates.h"

#include "norm_support.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {
namespace {

GluPlan plan_glu(const char* op, const Tensor& input, int64_t dim, int* wrapped) {
  RL_CHECK(input.ndim() > 0, op, "(): does not support scalars because halving size must be even");
  const int d = *wrapped = wrap_dim(op, dim, input.ndim());
  RL_CHECK(input.size(d) % 2 == 0, op, "(): Halving dimension must be even, but dimension ", d,
           " is size ", input.size(d));
  GluPlan plan{};
  plan.dtype = input.dtype();
  plan.outer = 1;
  plan.run = input.size(d) / 2;
  for (int i = 0; i < input.ndim(); ++i)
    if (i != d) (i < d ? plan.outer : plan.run) *= input.size(i);
  return plan;
}

void check_gradient(const char* op, const Tensor& grad, const Dims& shape, const Tensor& input) {
  RL_CHECK(grad.shape() == shape, op, "(): expected a gradient of shape ", shape, ", got ",
           grad.shape());
  RL_CHECK(grad.device() == input.device(), op,
           "(): Expected all tensors to be on the same device, but found ", grad.device(), " and ",
           input.device());
}

Dims halved(const Dims& shape, int d) {
  Dims half = shape;
  half[d] /= 2;
  return half;
}

PreluPlan plan_prelu(const char* op, const Tensor& input, const Tensor& weight) {
  RL_CHECK(weight.dtype() == input.dtype(), op, "(): Type promoting not supported. Got ",
           input.dtype(), " and ", weight.dtype());
  RL_CHECK(weight.device() == input.device(), op,
           "(): Expected all tensors to be on the same device, but found ", input.device(), " and ",
           weight.device());
  PreluPlan plan{};
  plan.dtype = input.dtype();
  plan.outer = plan.channels = 1;
  plan.inner = input.numel();
  if (weight.numel() != 1) {
    const int64_t channels = input.ndim() > 1 ? input.size(1) : 1;
    RL_CHECK(channels == weight.numel(), op,
             "(): Mismatch of parameter numbers and input channel size. Found parameter numbers = ",
             weight.numel(), " and channel size = ", channels, ".");
    plan.outer = input.size(0);
    plan.channels = channels;
    plan.inner = 1;
    for (int d = 2; d < input.ndim(); ++d) plan.inner *= input.size(d);
  }
  return plan;
}

}  // namespace

Tensor glu(const Tensor& input, int64_t dim) {
  constexpr const char* kName = "glu";
  int d;
  GluPlan plan = plan_glu(kName, input, dim, &d);
  const NormKernels& kernels = kernels_for(kName, input);
  Tensor out = empty(halved(input.shape(), d), input.dtype(), input.device());
  if (out.numel() == 0) return out;
  const Tensor x = contiguous(input);
  plan.x = x.bytes(), plan.out = out.bytes();
  kernels.glu(plan);
  return out;
}

Tensor glu_backward(const Tensor& grad, const Tensor& input, int64_t dim) {
  constexpr const char* kName = "glu_backward";
  int d;
  GluPlan plan = plan_glu(kName, input, dim, &d);
  check_gradient(kName, grad, halved(input.shape(), d), input);
  const NormKernels& kernels = kernels_for(kName, input);
  Tensor out = empty(input.shape(), input.dtype(), input.device());
  if (out.numel() == 0) return out;
  const Tensor x = contiguous(input), g = contiguous(to_dtype(grad, input.dtype()));
  plan.x = x.bytes(), plan.grad = g.bytes(), plan.out = out.bytes();
  kernels.glu(plan);
  return out;
}

Tensor prelu(const Tensor& input, const Tensor& weight) {
  constexpr const char* kName = "prelu";
  PreluPlan plan = plan_prelu(kName, input, weight);
  const NormKernels& kernels = kernels_for(kName, input);
  Tensor out = empty_like(input, input.dtype());
  if (out.numel() == 0) return out;
  // With one slope any order of the elements will do.
  const bool flat = plan.channels == 1;
  Tensor dense = flat || out.is_contiguous() ? out : empty(out.shape(), out.dtype(), out.device());
  const Tensor x = flat ? placed_like(out, input) : contiguous(input), w = contiguous(weight);
  plan.x = x.bytes(), plan.weight = w.bytes(), plan.out = dense.bytes();
  kernels.prelu(plan);
  if (!dense.is_same(out)) copy_(out, dense);
  return out;
}

std::tuple<std::optional<Tensor>, std::optional<Tensor>> prelu_backward(const Tensor& grad,
                                                                        const Tensor& input,
                                                                        const Tensor& weight,
                                                                        bool want_input,
                                                                        bool want_weight) {
  constexpr const char* kName = "prelu_backward";
  PreluPlan plan = plan_prelu(kName, input, weight);
  check_gradient(kName, grad, input.shape(), input);
  const NormKernels& kernels = kernels_for(kName, input);
  std::optional<Tensor> grad_input, grad_weight;
  if (want_input) grad_input = empty(input.shape(), input.dtype(), input.device());
  if (want_weight)
    grad_weight = empty(weight.shape(), input.dtype() == DType::F64 ? DType::F64 : DType::F32,
                        input.device());
  if (input.numel() == 0) {
    if (want_weight) zero_(*grad_weight);
    return {std::move(grad_input), std::move(grad_weight)};
  }
  const Tensor x = contiguous(input), w = contiguous(weight);
  const Tensor g = contiguous(to_dtype(grad, input.dtype()));
  plan.x = x.bytes(), plan.weight = w.bytes(), plan.grad = g.bytes();
  plan.out = want_input ? grad_input->bytes() : nullptr;
  plan.grad_weight = want_weight ? grad_weight->bytes() : nullptr;
  kernels.prelu(plan);
  return {std::move(grad_input), std::move(grad_weight)};
}

}  // namespace rushlight
