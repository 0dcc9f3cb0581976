#include "rushlight/ops/units.h"

#include "norm_support.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {
namespace {

// Expanded from one element, as the gradient of a sum is.
bool is_one_number(const Tensor& t) {
  if (t.numel() == 0) return false;
  for (int d = 0; d < t.ndim(); ++d)
    if (t.size(d) > 1 && t.stride(d) != 0) return false;
  return true;
}

Tensor run(const char* op, Unit unit, const Tensor& input, double a = 0, double b = 0,
           double c = 0) {
  const NormKernels& kernels = kernels_for(op, input);
  Tensor out = empty_like(input, input.dtype());
  const Tensor x = placed_like(out, input);
  kernels.unit({unit, input.dtype(), out.numel(), a, b, c, x.bytes(), nullptr, out.bytes(), false});
  return out;
}

void run_in_place(const char* op, Unit unit, const Tensor& self, double a = 0, double b = 0,
                  double c = 0) {
  const NormKernels& kernels = kernels_for(op, self);
  check_no_internal_overlap(op, self);
  const auto write = [&](const Tensor& t) {
    kernels.unit({unit, t.dtype(), t.numel(), a, b, c, t.bytes(), nullptr, t.bytes(), false});
  };
  if (self.is_contiguous()) return write(self);
  const Tensor dense = contiguous(self);
  write(dense);
  copy_(self, dense);
}

Unit unit_named(const std::string& name) {
  const std::pair<const char*, Unit> units[] = {{"elu", Unit::Elu},
                                                {"gelu", Unit::Gelu},
                                                {"gelu_tanh", Unit::GeluTanh},
                                                {"hardsigmoid", Unit::Hardsigmoid},
                                                {"hardswish", Unit::Hardswish},
                                                {"hardtanh", Unit::Hardtanh},
                                                {"leaky_relu", Unit::LeakyRelu},
                                                {"log_sigmoid", Unit::LogSigmoid},
                                                {"mish", Unit::Mish},
                                                {"silu", Unit::Silu},
                                                {"softplus", Unit::Softplus}};
  for (const auto& [known, unit] : units)
    if (name == known) return unit;
  raise<ValueError>("unit_backward(): there is no unit '", name, "'");
}

Loss loss_named(const char* op, const std::string& name) {
  const std::pair<const char*, Loss> losses[] = {
      {"binary_cross_entropy", Loss::BinaryCrossEntropy},
      {"binary_cross_entropy_with_logits", Loss::BinaryCrossEntropyWithLogits},
      {"huber", Loss::Huber},
      {"l1", Loss::L1},
      {"mse", Loss::Mse},
      {"smooth_l1", Loss::SmoothL1}};
  for (const auto& [known, loss] : losses)
    if (name == known) return loss;
  raise<ValueError>(op, "(): there is no loss '", name, "'");
}

LossPlan loss_plan(const char* op, const Tensor& input, const Tensor& target,
                   const std::string& loss, int64_t reduction, double a) {
  RL_CHECK_VALUE(reduction >= 0 && reduction <= 2, op, "(): ", reduction,
                 " is not a valid value for reduction");
  RL_CHECK(target.shape() == input.shape(), op, "(): expected a target of the input's shape ",
           input.shape(), ", got ", target.shape());
  RL_CHECK(target.dtype() == input.dtype(), op, "(): Expected target dtype ", input.dtype(),
           " but got ", target.dtype());
  RL_CHECK(target.device() == input.device(), op,
           "(): Expected all tensors to be on the same device, but found ", input.device(), " and ",
           target.device());
  LossPlan plan{};
  plan.loss = loss_named(op, loss);
  plan.dtype = input.dtype();
  plan.reduction = Reduction(reduction);
  plan.n = input.numel();
  plan.a = a;
  return plan;
}

}  // namespace

Tensor elu(const Tensor& input, double a, double b, double c) {
  return run("elu", Unit::Elu, input, a, b, c);
}
Tensor gelu(const Tensor& input, const std::string& approximate) {
  RL_CHECK(approximate == "none" || approximate == "tanh",
           "gelu(): approximate must be 'none' or 'tanh', got '", approximate, "'");
  return run("gelu", approximate == "none" ? Unit::Gelu : Unit::GeluTanh, input);
}
Tensor hardsigmoid(const Tensor& input) { return run("hardsigmoid", Unit::Hardsigmoid, input); }
Tensor hardswish(const Tensor& input) { return run("hardswish", Unit::Hardswish, input); }
Tensor hardtanh(const Tensor& input, double min_val, double max_val) {
  return run("hardtanh", Unit::Hardtanh, input, min_val, max_val);
}
Tensor leaky_relu(const Tensor& input, double negative_slope) {
  return run("leaky_relu", Unit::LeakyRelu, input, negative_slope);
}
Tensor log_sigmoid(const Tensor& input) { return run("log_sigmoid", Unit::LogSigmoid, input); }
Tensor mish(const Tensor& input) { return run("mish", Unit::Mish, input); }
Tensor silu(const Tensor& input) { return run("silu", Unit::Silu, input); }
Tensor softplus(const Tensor& input, double beta, double threshold) {
  return run("softplus", Unit::Softplus, input, beta, threshold);
}

void elu_(const Tensor& self, double a, double b, double c) {
  run_in_place("elu_", Unit::Elu, self, a, b, c);
}
void hardsigmoid_(const Tensor& self) { run_in_place("hardsigmoid_", Unit::Hardsigmoid, self); }
void hardswish_(const Tensor& self) { run_in_place("hardswish_", Unit::Hardswish, self); }
void hardtanh_(const Tensor& self, double min_val, double max_val) {
  run_in_place("hardtanh_", Unit::Hardtanh, self, min_val, max_val);
}
void leaky_relu_(const Tensor& self, double negative_slope) {
  run_in_place("leaky_relu_", Unit::LeakyRelu, self, negative_slope);
}
void mish_(const Tensor& self) { run_in_place("mish_", Unit::Mish, self); }
void silu_(const Tensor& self) { run_in_place("silu_", Unit::Silu, self); }

Tensor unit_backward(const Tensor& grad, const Tensor& input, const std::string& unit, double a,
                     double b, double c) {
  constexpr const char* kName = "unit_backward";
  RL_CHECK(grad.shape() == input.shape(), kName, "(): expected a gradient of shape ", input.shape(),
           ", got ", grad.shape());
  RL_CHECK(grad.device() == input.device(), kName,
           "(): Expected all tensors to be on the same device, but found ", grad.device(), " and ",
           input.device());
  const NormKernels& kernels = kernels_for(kName, input);
  const Unit kind = unit_named(unit);
  Tensor out = empty_like(input, input.dtype());
  const Tensor cast = to_dtype(grad, input.dtype());
  const bool one = is_one_number(cast);
  const Tensor x = placed_like(out, input), g = one ? cast : placed_like(out, cast);
  kernels.unit({kind, input.dtype(), out.numel(), a, b, c, x.bytes(), g.bytes(), out.bytes(), one});
  return out;
}

Tensor pair_loss(const Tensor& input, const Tensor& target, const std::string& loss,
                 int64_t reduction, double a) {
  constexpr const char* kName = "pair_loss";
  LossPlan plan = loss_plan(kName, input, target, loss, reduction, a);
  const NormKernels& kernels = kernels_for(loss.c_str(), input);
  const bool each = plan.reduction == Reduction::None;
  // Where the losses are summed, only their pairs must lie alike.
  Tensor out =
      each ? empty_like(input, input.dtype()) : empty(Dims(), input.dtype(), input.device());
  const Tensor x = each ? placed_like(out, input) : contiguous(input);
  const Tensor t = each ? placed_like(out, target) : contiguous(target);
  plan.x = x.bytes(), plan.target = t.bytes();
  plan.out = out.bytes();
  RL_CHECK(kernels.loss(plan), loss, "(): all elements of input and of target should be between 0 and 1");
  return out;
}

Tensor pair_loss_backward(const Tensor& grad, const Tensor& input, const Tensor& target,
                          const std::string& loss, int64_t reduction, double a) {
  constexpr const char* kName = "pair_loss_backward";
  LossPlan plan = loss_plan(kName, input, target, loss, reduction, a);
  const Dims shape = plan.reduction == Reduction::None ? input.shape() : Dims();
  RL_CHECK(grad.shape() == shape, kName, "(): expected a gradient of shape ", shape, ", got ",
           grad.shape());
  RL_CHECK(grad.device() == input.device(), kName,
           "(): Expected all tensors to be on the same device, but found ", grad.device(), " and ",
           input.device());
  const NormKernels& kernels = kernels_for(kName, input);
  Tensor out = empty_like(input, input.dtype());
  const Tensor x = placed_like(out, input), t = placed_like(out, target);
  const Tensor cast = to_dtype(grad, input.dtype());
  const Tensor g = plan.reduction == Reduction::None ? placed_like(out, cast) : cast;
  plan.x = x.bytes(), plan.target = t.bytes();
  plan.grad = g.bytes();
  plan.out = out.bytes();
  kernels.loss(plan);
  return out;
}

}  // namespace rushlight
