#include "rushlight/ops/conv.h"

#include <vector>

#include "rushlight/iter/conv_plan.h"
#include "rushlight/iter/kernel_slots.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/view.h"

namespace rushlight {
namespace {

struct Pair {
  int64_t y, x;
};

// Everything about one convolution but its tensors.
struct Problem {
  int64_t batch, groups;
  int64_t in_channels, out_channels;  // of one group
  Pair in, out, kernel, stride, padding, dilation;

  Dims out_shape(bool batched) const {
    Dims shape({batch, groups * out_channels, out.y, out.x});
    if (!batched) shape.erase(0);
    return shape;
  }
};

Pair pair_of(const char* op, const char* what, const Dims& values) {
  RL_CHECK(values.size() == 1 || values.size() == 2, op, "(): expected ", what,
           " to be a single integer value or a list of 2 values to match the convolution dimensions, "
           "but got ", what, "=", values);
  return {values[0], values[values.size() - 1]};
}

int64_t output_size(int64_t in, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation) {
  return (in + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
}

void check_window(const char* op, const Problem& p) {
  const auto padded = [](int64_t in, int64_t padding) {
    return checked_add(in, checked_mul(2, padding));
  };
  const auto extent = [](int64_t kernel, int64_t dilation) {
    return checked_add(checked_mul(dilation, kernel - 1), 1);
  };
  const Pair size{padded(p.in.y, p.padding.y), padded(p.in.x, p.padding.x)};
  const Pair span{extent(p.kernel.y, p.dilation.y), extent(p.kernel.x, p.dilation.x)};
  RL_CHECK(size.y >= span.y && size.x >= span.x, op, "(): Calculated padded input size per channel: (",
           size.y, " x ", size.x, "). Kernel size: (", span.y, " x ", span.x,
           "). Kernel size can't be greater than actual input size");
}

// Checks shapes against each other; `shown` is the input's shape as the caller gave it.
Problem make_problem(const char* op, const Dims& input, const Dims& shown, const Dims& weight,
                     const Dims& stride, const Dims& padding, const Dims& dilation,
                     int64_t groups) {
  Problem p;
  RL_CHECK(weight.size() == 4, op, "(): expected a 4-dimensional weight, got ", weight);
  RL_CHECK(groups > 0, op, "(): non-positive groups is not supported, got ", groups);
  p.stride = pair_of(op, "stride", stride);
  p.padding = pair_of(op, "padding", padding);
  p.dilation = pair_of(op, "dilation", dilation);
  RL_CHECK(p.stride.y > 0 && p.stride.x > 0, op, "(): non-positive stride is not supported, got ",
           stride);
  RL_CHECK(p.padding.y >= 0 && p.padding.x >= 0, op,
           "(): negative padding is not supported, got ", padding);
  RL_CHECK(p.dilation.y > 0 && p.dilation.x > 0, op,
           "(): dilation should be greater than zero, but got ", dilation);
  RL_CHECK(weight[0] >= groups, op, "(): Given groups=", groups,
           ", expected weight to be at least ", groups, " at dimension 0, but got weight of size ",
           weight, " instead");
  RL_CHECK(weight[0] % groups == 0, op, "(): Given groups=", groups,
           ", expected weight to be divisible by ", groups,
           " at dimension 0, but got weight of size ", weight, " instead");
  RL_CHECK(input[1] == checked_mul(weight[1], groups), op, "(): Given groups=", groups,
           ", weight of size ", weight, ", expected input", shown, " to have ", weight[1] * groups,
           " channels, but got ", input[1], " channels instead");
  p.batch = input[0];
  p.groups = groups;
  p.in_channels = weight[1];
  p.out_channels = weight[0] / groups;
  p.in = {input[2], input[3]};
  p.kernel = {weight[2], weight[3]};
  RL_CHECK(p.kernel.y > 0 && p.kernel.x > 0, op,
           "(): kernel size should be greater than zero, but got kernel_height: ", p.kernel.y,
           " kernel_width: ", p.kernel.x);
  check_window(op, p);
  RL_CHECK(p.in.y > 0 && p.in.x > 0, op, "(): expected an input with non-empty spatial dims, got ",
           shown);
  p.out = {output_size(p.in.y, p.kernel.y, p.stride.y, p.padding.y, p.dilation.y),
           output_size(p.in.x, p.kernel.x, p.stride.x, p.padding.x, p.dilation.x)};
  return p;
}

Dims with_batch(const Dims& shape) {
  Dims full = shape;
  if (full.size() == 3) full.insert(0, 1);
  return full;
}

void check_rank(const char* op, const Dims& shape) {
  RL_CHECK(shape.size() == 3 || shape.size() == 4, op,
           "(): Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: ",
           shape);
}

void check_pair(const char* op, const char* name_a, const Tensor& a, const char* name_b,
                const Tensor& b) {
  RL_CHECK(a.dtype() == b.dtype(), op, "(): expected ", name_a, " and ", name_b,
           " to have the same dtype, but got ", a.dtype(), " and ", b.dtype());
  RL_CHECK(a.device() == b.device(), op,
           "(): Expected all tensors to be on the same device, but found ", a.device(), " and ",
           b.device());
}

// Half precision is computed in float.
DType check_dtype(const char* op, DType dtype) {
  RL_CHECK_IMPLEMENTED(dtype != DType::Bool && dtype != DType::U16 && dtype != DType::U32 &&
                           dtype != DType::U64,
                       op, "(): not implemented for '", dtype, "'; convert the operands first");
  return is_reduced_float(dtype) ? DType::F32 : dtype;
}

Tensor prepared(const Tensor& t, DType dtype) { return contiguous(to_dtype(t, dtype)); }

void set_sizes(ConvGeometry& g, const Problem& p) {
  g.batch = p.batch;
  g.groups = p.groups;
}

std::vector<ConvTap> forward_taps(const Problem& p) {
  std::vector<ConvTap> taps;
  if (p.in_channels == 0) return taps;
  taps.reserve(size_t(p.kernel.y * p.kernel.x));
  for (int64_t y = 0; y < p.kernel.y; ++y)
    for (int64_t x = 0; x < p.kernel.x; ++x)
      taps.push_back({y * p.dilation.y - p.padding.y, x * p.dilation.x - p.padding.x,
                      y * p.kernel.x + x});
  return taps;
}

void set_forward(ConvGeometry& g, const Problem& p, const std::vector<ConvTap>& taps) {
  set_sizes(g, p);
  g.in_channels = p.in_channels;
  g.in_height = p.in.y, g.in_width = p.in.x;
  g.out_channels = p.out_channels;
  g.out_height = g.rows = p.out.y, g.out_width = g.cols = p.out.x;
  g.in_sy = p.stride.y, g.in_sx = p.stride.x;
  g.out_y = g.out_x = 0;
  g.out_sy = g.out_sx = 1;
  g.taps = taps.data();
  g.tap_count = int64_t(taps.size());
}

// The kernel positions that input positions with residue `first` of the stride meet, and the
// distance to the output they belong to.
struct Residue {
  int64_t first, count;
  std::vector<std::pair<int64_t, int64_t>> taps;  // kernel index, output offset
};
std::vector<Residue> residues(int64_t in, int64_t kernel, int64_t stride, int64_t padding,
                              int64_t dilation) {
  std::vector<Residue> result;
  for (int64_t k = 0; k < kernel; ++k) {
    // Smallest non-negative position with position + padding - k * dilation divisible by stride.
    const int64_t shift = k * dilation - padding;
    const int64_t first = ((shift % stride) + stride) % stride;
    if (first >= in) continue;
    Residue* found = nullptr;
    for (Residue& r : result)
      if (r.first == first) found = &r;
    if (!found) {
      result.push_back({first, (in - first + stride - 1) / stride, {}});
      found = &result.back();
    }
    found->taps.emplace_back(k, (first - shift) / stride);
  }
  return result;
}

}  // namespace

Tensor conv2d(const Tensor& input, const Tensor& weight, const std::optional<Tensor>& bias,
              const Dims& stride, const Dims& padding, const Dims& dilation, int64_t groups) {
  constexpr const char* op = "conv2d";
  check_rank(op, input.shape());
  const Problem p = make_problem(op, with_batch(input.shape()), input.shape(), weight.shape(),
                                 stride, padding, dilation, groups);
  check_pair(op, "input", input, "weight", weight);
  if (bias) {
    RL_CHECK(bias->ndim() == 1 && bias->size(0) == weight.size(0), op, "(): Given weight of size ",
             weight.shape(), ", expected bias to be 1-dimensional with ", weight.size(0),
             " elements, but got bias of size ", bias->shape(), " instead");
    check_pair(op, "input", input, "bias", *bias);
  }
  const DType dtype = check_dtype(op, input.dtype());
  const auto kernel =
      kernel_or_raise(kernel_slots(input.device().type).correlate, op, input.device(), dtype);
  Tensor out = empty(p.out_shape(input.ndim() == 4), dtype, input.device());
  if (out.numel() > 0) {
    const Tensor x = prepared(input, dtype), w = prepared(weight, dtype);
    const Tensor b = bias ? prepared(*bias, dtype) : Tensor();
    const std::vector<ConvTap> taps = forward_taps(p);
    CorrelatePlan plan;
    set_forward(plan, p, taps);
    plan.dtype = dtype;
    plan.input = x.bytes(), plan.weight = w.bytes(), plan.output = out.bytes();
    plan.bias = bias ? b.bytes() : nullptr;
    plan.weight_in = p.kernel.y * p.kernel.x;
    plan.weight_out = p.in_channels * plan.weight_in;
    plan.weight_group = p.out_channels * plan.weight_out;
    kernel(plan);
  }
  return to_dtype(out, input.dtype());
}

Tensor conv1d(const Tensor& input, const Tensor& weight, const std::optional<Tensor>& bias,
              const Dims& stride, const Dims& padding, const Dims& dilation, int64_t groups) {
  const int n = input.ndim();
  RL_CHECK(n == 2 || n == 3,
           "conv1d(): Expected 2D (unbatched) or 3D (batched) input to conv1d, but got input of size: ",
           input.shape());
  RL_CHECK(weight.ndim() == 3, "conv1d(): expected a 3-dimensional weight (out_channels, "
           "in_channels / groups, kernel), got ", weight.shape());
  const auto one = [](const char* what, const Dims& d) {
    RL_CHECK(d.size() == 1, "conv1d(): expected ", what,
             " to be a single integer value or a list of 1 values to match the convolution "
             "dimensions, but got ", what, "=", d);
    return d[0];
  };
  const int64_t s = one("stride", stride), p = one("padding", padding), d = one("dilation", dilation);
  if (groups > 0 && p >= 0 && d > 0 && weight.size(2) > 0) {
    RL_CHECK(input.size(n - 2) == checked_mul(weight.size(1), groups), "conv1d(): Given groups=",
             groups, ", weight of size ", weight.shape(), ", expected input", input.shape(),
             " to have ", weight.size(1) * groups, " channels, but got ", input.size(n - 2),
             " channels instead");
    const int64_t padded = checked_add(input.size(n - 1), checked_mul(2, p));
    const int64_t span = checked_add(checked_mul(d, weight.size(2) - 1), 1);
    RL_CHECK(padded >= span, "conv1d(): Calculated padded input size per channel: (", padded,
             "). Kernel size: (", span, "). Kernel size can't be greater than actual input size");
  }
  return squeeze(conv2d(unsqueeze(input, -2), unsqueeze(weight, -2), bias, Dims({1, s}),
                        Dims({0, p}), Dims({1, d}), groups),
                 Dims({-2}));
}

Tensor conv2d_backward_input(const Tensor& grad_output, const Tensor& weight,
                             const Dims& input_size, const Dims& stride, const Dims& padding,
                             const Dims& dilation, int64_t groups) {
  constexpr const char* op = "conv2d_backward_input";
  check_rank(op, input_size);
  const Problem p = make_problem(op, with_batch(input_size), input_size, weight.shape(), stride,
                                 padding, dilation, groups);
  RL_CHECK(grad_output.shape() == p.out_shape(input_size.size() == 4), op,
           "(): expected grad_output of shape ", p.out_shape(input_size.size() == 4), ", got ",
           grad_output.shape());
  check_pair(op, "grad_output", grad_output, "weight", weight);
  const DType dtype = check_dtype(op, weight.dtype());
  const auto kernel =
      kernel_or_raise(kernel_slots(weight.device().type).correlate, op, weight.device(), dtype);
  Tensor grad = empty(input_size, dtype, weight.device());
  if (grad.numel() > 0) {
    const Tensor g = prepared(grad_output, dtype), w = prepared(weight, dtype);
    const auto by_y = residues(p.in.y, p.kernel.y, p.stride.y, p.padding.y, p.dilation.y);
    const auto by_x = residues(p.in.x, p.kernel.x, p.stride.x, p.padding.x, p.dilation.x);
    int64_t covered_y = 0, covered_x = 0;
    for (const Residue& r : by_y) covered_y += r.count;
    for (const Residue& r : by_x) covered_x += r.count;
    if (covered_y < p.in.y || covered_x < p.in.x) zero_(grad);
    CorrelatePlan plan;
    set_sizes(plan, p);
    plan.dtype = dtype;
    plan.input = g.bytes(), plan.weight = w.bytes(), plan.output = grad.bytes();
    plan.bias = nullptr;
    plan.in_channels = p.out_channels;
    plan.in_height = p.out.y, plan.in_width = p.out.x;
    plan.out_channels = p.in_channels;
    plan.out_height = p.in.y, plan.out_width = p.in.x;
    plan.in_sy = plan.in_sx = 1;
    plan.out_sy = p.stride.y, plan.out_sx = p.stride.x;
    plan.weight_out = p.kernel.y * p.kernel.x;
    plan.weight_in = p.in_channels * plan.weight_out;
    plan.weight_group = p.out_channels * plan.weight_in;
    std::vector<ConvTap> taps;
    for (const Residue& y : by_y)
      for (const Residue& x : by_x) {
        taps.clear();
        for (const auto& [ky, dy] : y.taps)
          for (const auto& [kx, dx] : x.taps) taps.push_back({dy, dx, ky * p.kernel.x + kx});
        plan.rows = y.count, plan.cols = x.count;
        plan.out_y = y.first, plan.out_x = x.first;
        plan.taps = taps.data();
        plan.tap_count = int64_t(taps.size());
        kernel(plan);
      }
  }
  return to_dtype(grad, weight.dtype());
}

Tensor conv2d_backward_weight(const Tensor& grad_output, const Tensor& input,
                              const Dims& weight_size, const Dims& stride, const Dims& padding,
                              const Dims& dilation, int64_t groups) {
  constexpr const char* op = "conv2d_backward_weight";
  check_rank(op, input.shape());
  const Problem p = make_problem(op, with_batch(input.shape()), input.shape(), weight_size, stride,
                                 padding, dilation, groups);
  RL_CHECK(grad_output.shape() == p.out_shape(input.ndim() == 4), op,
           "(): expected grad_output of shape ", p.out_shape(input.ndim() == 4), ", got ",
           grad_output.shape());
  check_pair(op, "grad_output", grad_output, "input", input);
  const DType dtype = check_dtype(op, input.dtype());
  RL_CHECK_IMPLEMENTED(is_inexact(dtype), op, "(): not implemented for '", dtype, "'");
  const auto kernel = kernel_or_raise(kernel_slots(input.device().type).correlate_weight, op,
                                      input.device(), dtype);
  Tensor grad = empty(weight_size, dtype, input.device());
  if (p.batch == 0) {
    zero_(grad);
  } else if (grad.numel() > 0) {
    const Tensor g = prepared(grad_output, dtype), x = prepared(input, dtype);
    const std::vector<ConvTap> taps = forward_taps(p);
    WeightGradientPlan plan;
    set_forward(plan, p, taps);
    plan.dtype = dtype;
    plan.input = x.bytes(), plan.grad = g.bytes(), plan.grad_weight = grad.bytes();
    kernel(plan);
  }
  return to_dtype(grad, input.dtype());
}

}  // namespace rushlight
