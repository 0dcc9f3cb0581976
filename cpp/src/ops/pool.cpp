#include "rushlight/ops/pool.h"

#include "rushlight/iter/kernel_slots.h"
#include "rushlight/iter/pool_plan.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {
namespace {

struct Pair {
  int64_t y, x;
};

Pair pair_of(const char* op, const char* what, const Dims& values) {
  RL_CHECK(values.size() == 1 || values.size() == 2, op, "(): ", what,
           " must either be a single int, or a tuple of two ints, got ", values);
  return {values[0], values[values.size() - 1]};
}

void check_input(const char* op, const Dims& input) {
  const int n = input.size();
  RL_CHECK(n == 3 || n == 4, op,
           "(): non-empty 3D or 4D (batch mode) tensor expected for input, got ", input);
  RL_CHECK(
      input[n - 1] > 0 && input[n - 2] > 0 && input[n - 3] > 0, op,
      "(): Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but "
      "got:",
      input);
}

int64_t output_size(const char* op, int64_t in, int64_t kernel, int64_t stride, int64_t pad,
                    int64_t dilation, bool ceil_mode) {
  const int64_t reach = checked_add(checked_mul(dilation, kernel - 1), 1);
  RL_CHECK(pad <= kernel / 2, op,
           "(): pad should be at most half of kernel size, but got pad=", pad,
           " and kernel_size=", kernel);
  const int64_t room = checked_add(in, 2 * pad) - reach + (ceil_mode ? stride - 1 : 0);
  if (room < 0) return 0;
  int64_t out = room / stride + 1;
  // The last window begins inside of the input or its left padding.
  if (ceil_mode && (out - 1) * stride >= in + pad) --out;
  return out;
}

PoolWindows make_windows(const char* op, const Dims& input, const Dims& kernel_size,
                         const Dims& stride, const Dims& padding, const Dims& dilation,
                         bool ceil_mode) {
  const Pair kernel = pair_of(op, "kernel_size", kernel_size);
  const Pair step = stride.empty() ? kernel : pair_of(op, "stride", stride);
  const Pair pad = pair_of(op, "padding", padding);
  const Pair spread = pair_of(op, "dilation", dilation);
  RL_CHECK(step.y != 0 && step.x != 0, op, "(): stride should not be zero");
  RL_CHECK(kernel.y > 0 && kernel.x > 0, op,
           "(): kernel size should be greater than zero, but got kH: ", kernel.y,
           " kW: ", kernel.x);
  RL_CHECK(step.y > 0 && step.x > 0, op,
           "(): stride should be greater than zero, but got dH: ", step.y, " dW: ", step.x);
  RL_CHECK(spread.y > 0 && spread.x > 0, op,
           "(): dilation should be greater than zero, but got dilationH: ", spread.y,
           " dilationW: ", spread.x);
  RL_CHECK(pad.y >= 0 && pad.x >= 0, op,
           "(): pad must be non-negative, but got pad: ", pad.y < 0 ? pad.y : pad.x);
  check_input(op, input);
  const int n = input.size();
  PoolWindows w;
  w.planes = n == 4 ? checked_mul(input[0], input[1]) : input[0];
  w.in_height = input[n - 2], w.in_width = input[n - 1];
  w.kernel_y = kernel.y, w.kernel_x = kernel.x;
  w.stride_y = step.y, w.stride_x = step.x;
  w.pad_y = pad.y, w.pad_x = pad.x;
  w.dilation_y = spread.y, w.dilation_x = spread.x;
  w.out_height = output_size(op, w.in_height, kernel.y, step.y, pad.y, spread.y, ceil_mode);
  w.out_width = output_size(op, w.in_width, kernel.x, step.x, pad.x, spread.x, ceil_mode);
  RL_CHECK(w.out_height > 0 && w.out_width > 0, op, "(): Given input size: (", input[n - 3], "x",
           w.in_height, "x", w.in_width, "). Calculated output size: (", input[n - 3], "x",
           w.out_height, "x", w.out_width, "). Output size is too small");
  return w;
}

Dims with_size(const Dims& input, int64_t height, int64_t width) {
  Dims shape = input;
  shape[shape.size() - 2] = height;
  shape[shape.size() - 1] = width;
  return shape;
}

void check_dtype(const char* op, DType dtype, bool takes_ints) {
  const bool has_kernel =
      is_floating(dtype) || (takes_ints && is_integral(dtype) && dtype != DType::U16 &&
                             dtype != DType::U32 && dtype != DType::U64);
  RL_CHECK_IMPLEMENTED(has_kernel, op, "(): not implemented for '", dtype, "'");
}

void check_gradient(const char* op, const Tensor& grad_output, const Dims& expected) {
  RL_CHECK(grad_output.shape() == expected, op, "(): expected grad_output of shape ", expected,
           ", got ", grad_output.shape());
}

Tensor max_pool(const char* op, const Tensor& input, const Dims& kernel_size, const Dims& stride,
                const Dims& padding, const Dims& dilation, bool ceil_mode, Tensor* indices) {
  MaxPoolPlan plan;
  static_cast<PoolWindows&>(plan) =
      make_windows(op, input.shape(), kernel_size, stride, padding, dilation, ceil_mode);
  check_dtype(op, input.dtype(), true);
  const auto kernel = kernel_or_raise(kernel_slots(input.device().type).max_pool, op,
                                      input.device(), input.dtype());
  const Dims shape = with_size(input.shape(), plan.out_height, plan.out_width);
  Tensor values = empty(shape, input.dtype(), input.device());
  if (indices) *indices = empty(shape, DType::I64, input.device());
  if (values.numel() == 0) return values;
  const Tensor x = contiguous(input);
  plan.dtype = input.dtype();
  plan.input = x.bytes();
  plan.values = values.bytes();
  plan.indices = indices ? indices->data<int64_t>() : nullptr;
  kernel(plan);
  return values;
}

AveragePoolPlan average_plan(const char* op, const Dims& input, const Dims& kernel_size,
                             const Dims& stride, const Dims& padding, bool ceil_mode,
                             bool count_include_pad, std::optional<int64_t> divisor_override) {
  AveragePoolPlan plan;
  RL_CHECK(!divisor_override || *divisor_override != 0, op, "(): divisor must be not zero");
  static_cast<PoolWindows&>(plan) =
      make_windows(op, input, kernel_size, stride, padding, Dims({1}), ceil_mode);
  plan.count_padding = count_include_pad;
  plan.divisor = divisor_override.value_or(0);
  return plan;
}

Dims checked_output_size(const char* op, const Dims& output_size) {
  RL_CHECK(output_size.size() == 1 || output_size.size() == 2, op,
           "(): output_size must be one int or two, got ", output_size);
  const Dims size({output_size[0], output_size[output_size.size() - 1]});
  RL_CHECK(size[0] >= 0 && size[1] >= 0, op,
           "(): elements of output_size must be greater than or equal to 0 but received ",
           output_size);
  return size;
}

AdaptivePoolPlan adaptive_plan(const char* op, const Dims& input, int64_t height, int64_t width) {
  const int n = input.size();
  RL_CHECK(n == 3 || n == 4, op, "(): Expected 3D or 4D tensor, but got ", input);
  for (int d = n - 2; d < n; ++d)
    RL_CHECK(
        input[d] > 0, op,
        "(): Expected input to have non-zero size for non-batch dimensions, but input has sizes ",
        input, " with dimension ", d, " being empty");
  AdaptivePoolPlan plan;
  plan.planes = n == 4 ? checked_mul(input[0], input[1]) : input[0];
  plan.in_height = input[n - 2], plan.in_width = input[n - 1];
  plan.out_height = height, plan.out_width = width;
  // The windows' bounds are products of two sizes.
  checked_mul(checked_add(height, 1), plan.in_height);
  checked_mul(checked_add(width, 1), plan.in_width);
  return plan;
}

}  // namespace

std::tuple<Tensor, Tensor> max_pool2d_with_indices(const Tensor& input, const Dims& kernel_size,
                                                   const Dims& stride, const Dims& padding,
                                                   const Dims& dilation, bool ceil_mode) {
  Tensor indices;
  Tensor values =
      max_pool("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode, &indices);
  return {std::move(values), std::move(indices)};
}

Tensor max_pool2d(const Tensor& input, const Dims& kernel_size, const Dims& stride,
                  const Dims& padding, const Dims& dilation, bool ceil_mode) {
  return max_pool("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode, nullptr);
}

Tensor max_pool2d_with_indices_backward(const Tensor& grad_output, const Tensor& indices,
                                        const Dims& input_size) {
  constexpr const char* op = "max_pool2d_with_indices_backward";
  check_input(op, input_size);
  const int n = input_size.size();
  RL_CHECK(grad_output.ndim() == n, op, "(): expected a ", n, "-D grad_output, got ",
           grad_output.shape());
  check_gradient(op, grad_output,
                 with_size(input_size, grad_output.size(n - 2), grad_output.size(n - 1)));
  RL_CHECK(indices.shape() == grad_output.shape(), op, "(): indices ", indices.shape(),
           " and grad_output ", grad_output.shape(), " differ in shape");
  RL_CHECK(indices.dtype() == DType::I64, op, "(): expected int64 indices, got ", indices.dtype());
  RL_CHECK(indices.device() == grad_output.device(), op,
           "(): Expected all tensors to be on the same device, but found ", indices.device(),
           " and ", grad_output.device());
  check_dtype(op, grad_output.dtype(), false);
  const auto kernel = kernel_or_raise(kernel_slots(grad_output.device().type).max_pool_backward, op,
                                      grad_output.device(), grad_output.dtype());
  Tensor grad = empty(input_size, grad_output.dtype(), grad_output.device());
  const Tensor g = contiguous(grad_output), at = contiguous(indices);
  MaxPoolBackwardPlan plan;
  plan.dtype = grad.dtype();
  plan.planes = n == 4 ? input_size[0] * input_size[1] : input_size[0];
  plan.in_plane = input_size[n - 2] * input_size[n - 1];
  plan.out_plane = g.size(n - 2) * g.size(n - 1);
  plan.grad_output = g.bytes();
  plan.indices = at.data<int64_t>();
  plan.grad_input = grad.bytes();
  RL_CHECK_INDEX(kernel(plan), op, "(): an index is out of range for a plane of ", plan.in_plane,
                 " elements");
  return grad;
}

Tensor avg_pool2d(const Tensor& input, const Dims& kernel_size, const Dims& stride,
                  const Dims& padding, bool ceil_mode, bool count_include_pad,
                  std::optional<int64_t> divisor_override) {
  constexpr const char* op = "avg_pool2d";
  AveragePoolPlan plan = average_plan(op, input.shape(), kernel_size, stride, padding, ceil_mode,
                                      count_include_pad, divisor_override);
  check_dtype(op, input.dtype(), input.dtype() == DType::I64);
  const auto kernel = kernel_or_raise(kernel_slots(input.device().type).average_pool, op,
                                      input.device(), input.dtype());
  Tensor out = empty(with_size(input.shape(), plan.out_height, plan.out_width), input.dtype(),
                     input.device());
  if (out.numel() == 0) return out;
  const Tensor x = contiguous(input);
  plan.dtype = out.dtype();
  plan.from = x.bytes(), plan.to = out.bytes();
  kernel(plan);
  return out;
}

Tensor avg_pool2d_backward(const Tensor& grad_output, const Dims& input_size,
                           const Dims& kernel_size, const Dims& stride, const Dims& padding,
                           bool ceil_mode, bool count_include_pad,
                           std::optional<int64_t> divisor_override) {
  constexpr const char* op = "avg_pool2d_backward";
  AveragePoolPlan plan = average_plan(op, input_size, kernel_size, stride, padding, ceil_mode,
                                      count_include_pad, divisor_override);
  check_gradient(op, grad_output, with_size(input_size, plan.out_height, plan.out_width));
  check_dtype(op, grad_output.dtype(), false);
  const auto kernel = kernel_or_raise(kernel_slots(grad_output.device().type).average_pool_backward,
                                      op, grad_output.device(), grad_output.dtype());
  Tensor grad = empty(input_size, grad_output.dtype(), grad_output.device());
  if (grad.numel() == 0) return grad;
  const Tensor g = contiguous(grad_output);
  plan.dtype = grad.dtype();
  plan.from = g.bytes(), plan.to = grad.bytes();
  kernel(plan);
  return grad;
}

std::tuple<Tensor, Tensor> adaptive_max_pool2d(const Tensor& input, const Dims& output_size) {
  constexpr const char* op = "adaptive_max_pool2d";
  const Dims size = checked_output_size(op, output_size);
  const AdaptivePoolPlan windows = adaptive_plan(op, input.shape(), size[0], size[1]);
  check_dtype(op, input.dtype(), false);
  const auto kernel = kernel_or_raise(kernel_slots(input.device().type).max_pool, op,
                                      input.device(), input.dtype());
  const Dims shape = with_size(input.shape(), size[0], size[1]);
  Tensor values = empty(shape, input.dtype(), input.device());
  Tensor indices = empty(shape, DType::I64, input.device());
  if (values.numel() > 0) {
    const Tensor x = contiguous(input);
    MaxPoolPlan plan;
    plan.dtype = input.dtype();
    plan.planes = windows.planes;
    plan.in_height = windows.in_height, plan.in_width = windows.in_width;
    plan.out_height = size[0], plan.out_width = size[1];
    plan.kernel_y = plan.kernel_x = plan.pad_y = plan.pad_x = 0;
    plan.stride_y = plan.stride_x = plan.dilation_y = plan.dilation_x = 1;
    plan.input = x.bytes();
    plan.values = values.bytes();
    plan.indices = indices.data<int64_t>();
    kernel(plan);
  }
  return {std::move(values), std::move(indices)};
}

Tensor adaptive_avg_pool2d(const Tensor& input, const Dims& output_size) {
  constexpr const char* op = "adaptive_avg_pool2d";
  const Dims size = checked_output_size(op, output_size);
  const int64_t height = size[0], width = size[1];
  AdaptivePoolPlan plan = adaptive_plan(op, input.shape(), height, width);
  check_dtype(op, input.dtype(), false);
  const auto kernel = kernel_or_raise(kernel_slots(input.device().type).adaptive_pool, op,
                                      input.device(), input.dtype());
  Tensor out = empty(with_size(input.shape(), height, width), input.dtype(), input.device());
  if (out.numel() == 0) return out;
  const Tensor x = contiguous(input);
  plan.dtype = out.dtype();
  plan.from = x.bytes(), plan.to = out.bytes();
  kernel(plan);
  return out;
}

Tensor adaptive_avg_pool2d_backward(const Tensor& grad_output, const Dims& input_size) {
  constexpr const char* op = "adaptive_avg_pool2d_backward";
  const int n = grad_output.ndim();
  RL_CHECK(n == input_size.size() && n >= 3, op, "(): grad_output ", grad_output.shape(),
           " and input_size ", input_size, " differ in dims");
  AdaptivePoolPlan plan =
      adaptive_plan(op, input_size, grad_output.size(n - 2), grad_output.size(n - 1));
  check_gradient(op, grad_output, with_size(input_size, plan.out_height, plan.out_width));
  check_dtype(op, grad_output.dtype(), false);
  const auto kernel =
      kernel_or_raise(kernel_slots(grad_output.device().type).adaptive_pool_backward, op,
                      grad_output.device(), grad_output.dtype());
  Tensor grad = empty(input_size, grad_output.dtype(), grad_output.device());
  if (grad.numel() == 0) return grad;
  const Tensor g = contiguous(grad_output);
  plan.dtype = grad.dtype();
  plan.from = g.bytes(), plan.to = grad.bytes();
  kernel(plan);
  return grad;
}

}  // namespace rushlight
