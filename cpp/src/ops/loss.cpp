#include "rushlight/ops/loss.h"

#include "rushlight/iter/kernel_slots.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {
namespace {

// Checks the operands and fills all of the plan but input, grad and out.
struct NllCall {
  Tensor target, weight;  // as the kernel reads them
  NllPlan plan;
  bool single;  // a lone sample without a batch dim

  NllCall(const char* op, const Dims& input, DType dtype, Device device, const Tensor& given_target,
          const std::optional<Tensor>& given_weight, int64_t reduction, int64_t ignore_index) {
    RL_CHECK_VALUE(input.size() >= 1, op, "(): Expected 1 or more dimensions (got ", input.size(), ")");
    if (!is_floating(dtype))
      raise<NotImplementedError>("\"", op, "\" not implemented for '", dtype_name(dtype), "'");
    RL_CHECK_VALUE(reduction >= 0 && reduction <= 2, op, "(): ", reduction,
                   " is not a valid value for reduction");
    RL_CHECK(given_target.dtype() == DType::I64 || given_target.dtype() == DType::U8, op,
             "(): expected target dtype to be Long or Byte, but got ", given_target.dtype());
    RL_CHECK(given_target.device() == device, op,
             "(): Expected all tensors to be on the same device, but found ", device, " and ",
             given_target.device());
    single = input.size() == 1;
    Dims expected;
    if (!single) {
      RL_CHECK_VALUE(given_target.ndim() >= 1 && given_target.size(0) == input[0], op,
                     "(): Expected input batch_size (", input[0], ") to match target batch_size (",
                     given_target.ndim() ? given_target.size(0) : 1, ").");
      expected.push_back(input[0]);
      for (int d = 2; d < input.size(); ++d) expected.push_back(input[d]);
    }
    RL_CHECK(given_target.shape() == expected, op, "(): size mismatch (got input: ", input,
             ", target: ", given_target.shape(), ", expected target: ", expected, ")");
    plan.batch = single ? 1 : input[0];
    plan.classes = input[single ? 0 : 1];
    plan.inner = 1;
    for (int d = 2; d < input.size(); ++d) plan.inner *= input[d];
    plan.reduction = Reduction(reduction);
    plan.ignore_index = ignore_index;
    target = contiguous(to_dtype(given_target, DType::I64));
    plan.target = target.data<int64_t>();
    plan.weight = nullptr;
    if (given_weight && given_weight->defined()) {
      RL_CHECK(given_weight->ndim() == 1 && given_weight->size(0) == plan.classes, op,
               "(): weight tensor should be defined either for all ", plan.classes,
               " classes or no classes but got weight tensor of shape: ", given_weight->shape());
      RL_CHECK(given_weight->dtype() == dtype, op, "(): expected scalar type ", dtype, " but found ",
               given_weight->dtype(), " in weight");
      RL_CHECK(given_weight->device() == device, op,
               "(): Expected all tensors to be on the same device, but found ", device, " and ",
               given_weight->device());
      weight = contiguous(*given_weight);
      plan.weight = weight.bytes();
    }
    plan.input = plan.grad = nullptr;
    plan.out = nullptr;
  }

  Dims loss_shape() const {
    return plan.reduction == Reduction::None ? target.shape() : Dims();
  }
  void check_result(const char* op, int64_t bad) const {
    if (RL_LIKELY(bad < 0)) return;
    const Tensor targets = to_device(target, Device{});
    raise<IndexError>(op, "(): Target ", targets.data<int64_t>()[bad], " is out of bounds.");
  }
};

}  // namespace

Tensor nll_loss(const Tensor& input, const Tensor& target, const std::optional<Tensor>& weight,
                int64_t reduction, int64_t ignore_index) {
  constexpr const char* kName = "nll_loss";
  NllCall call(kName, input.shape(), input.dtype(), input.device(), target, weight, reduction,
               ignore_index);
  auto kernel =
      kernel_or_raise(kernel_slots(input.device().type).nll_loss, kName, input.device(), input.dtype());
  const Tensor dense = contiguous(input);
  Tensor out = empty(call.loss_shape(), input.dtype(), input.device());
  call.plan.input = dense.bytes();
  call.plan.out = out.bytes();
  call.check_result(kName, kernel(call.plan, input.dtype()));
  return out;
}

Tensor nll_loss_backward(const Tensor& grad, const Tensor& target, const std::optional<Tensor>& weight,
                         int64_t reduction, int64_t ignore_index, const Dims& input_shape) {
  constexpr const char* kName = "nll_loss_backward";
  NllCall call(kName, input_shape, grad.dtype(), grad.device(), target, weight, reduction, ignore_index);
  RL_CHECK(grad.shape() == call.loss_shape(), kName, "(): expected a gradient of shape ",
           call.loss_shape(), ", got ", grad.shape());
  auto kernel = kernel_or_raise(kernel_slots(grad.device().type).nll_loss_backward, kName, grad.device(),
                                grad.dtype());
  const Tensor dense = contiguous(grad);
  Tensor out = empty(input_shape, grad.dtype(), grad.device());
  call.plan.grad = dense.bytes();
  call.plan.out = out.bytes();
  call.check_result(kName, kernel(call.plan, grad.dtype()));
  return out;
}

}  // namespace rushlight
