#include "rushlight/ops/norm.h"

#include <limits>

#include "norm_support.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {
namespace {

using Maybe = std::optional<Tensor>;

bool given(const Maybe& t) { return t && t->defined(); }
DType compute_dtype(DType d) { return d == DType::F64 ? DType::F64 : DType::F32; }

void check_parameters(const char* op, const Tensor& input,
                      std::initializer_list<const Maybe*> parameters) {
  const DType own = input.dtype();
  const bool half = own == DType::F16 || own == DType::BF16;
  bool any_own = false, any_single = false;
  for (const Maybe* p : parameters) {
    if (!given(*p)) continue;
    const Tensor& t = **p;
    RL_CHECK(t.device() == input.device(), op,
             "(): Expected all tensors to be on the same device, but ", "found ", input.device(),
             " and ", t.device());
    any_own |= t.dtype() == own;
    any_single |= half && t.dtype() == DType::F32;
    RL_CHECK((t.dtype() == own || (half && t.dtype() == DType::F32)) && !(any_own && any_single),
             op, "(): mixed dtype: an input of ", own, " does not go with parameters of ",
             t.dtype(), any_own && any_single ? " and others" : "", "; convert one of them");
  }
}

// As the kernels read it: row-major and of the dtype that is computed in. Undefined if not given.
Tensor ready(const Maybe& parameter, DType dtype) {
  return given(parameter) ? contiguous(to_dtype(*parameter, dtype)) : Tensor();
}
const void* bytes_of(const Tensor& t) { return t.defined() ? t.bytes() : nullptr; }

// Gradients are allocated first and filled by the kernel.
struct Gradients {
  NormGradients result;
  void *x = nullptr, *weight = nullptr, *bias = nullptr;

  void want_input(Tensor t) {
    x = t.bytes();
    std::get<0>(result) = std::move(t);
  }
  void want_parameters(const Tensor& like, const Dims& shape, bool want_weight, bool want_bias) {
    const DType dtype = compute_dtype(like.dtype());
    if (want_weight) weight = (std::get<1>(result) = empty(shape, dtype, like.device()))->bytes();
    if (want_bias) bias = (std::get<2>(result) = empty(shape, dtype, like.device()))->bytes();
  }
  // Where there is no element to sum.
  NormGradients zeroed() {
    if (weight) zero_(*std::get<1>(result));
    if (bias) zero_(*std::get<2>(result));
    return std::move(result);
  }
  template <class Plan>
  void into(Plan& plan) const {
    plan.grad_x = x, plan.grad_weight = weight, plan.grad_bias = bias;
  }
};

void check_gradient(const char* op, const Tensor& grad, const Tensor& input) {
  RL_CHECK(grad.shape() == input.shape(), op, "(): expected a gradient of shape ", input.shape(),
           ", got ", grad.shape());
  RL_CHECK(grad.device() == input.device(), op,
           "(): Expected all tensors to be on the same device, but ", "found ", grad.device(),
           " and ", input.device());
}
void check_statistics(const char* op, const char* name, const Tensor& t, const Tensor& input,
                      int64_t n) {
  RL_CHECK(t.numel() == n && t.dtype() == compute_dtype(input.dtype()) && t.is_contiguous() &&
               t.device() == input.device(),
           op, "(): expected ", name, " of ", n, " elements of ", compute_dtype(input.dtype()),
           ", got ", t.shape(), " of ", t.dtype());
}

// ---- the last dims

void check_normalized(const char* op, const Tensor& input, const Dims& shape, const Maybe& weight,
                      const Maybe& bias) {
  RL_CHECK(
      !shape.empty(), op,
      "(): Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
      "element, but got normalized_shape = []");
  for (const Maybe* p : {&weight, &bias})
    RL_CHECK(!given(*p) || (*p)->shape() == shape, op,
             "(): Expected weight and bias to be of same shape as normalized_shape, but got shape ",
             (*p)->shape(), " and normalized_shape = ", shape);
  bool fits = input.ndim() >= shape.size();
  for (int i = 1; fits && i <= shape.size(); ++i)
    fits = input.size(input.ndim() - i) == shape[shape.size() - i];
  RL_CHECK(fits, op, "(): Given normalized_shape=", shape,
           ", expected input whose shape ends in these sizes, but got input of size ",
           input.shape());
}

RowNormPlan plan_last(const Tensor& input, const Dims& normalized_shape, bool centred, double eps) {
  RowNormPlan plan{};
  plan.n = 1;
  for (int64_t size : normalized_shape) plan.n *= size;
  plan.rows = plan.n ? input.numel() / plan.n : 0;
  plan.groups = plan.inner = 1;
  plan.centred = centred;
  plan.eps = eps;
  return plan;
}
// The input's shape with 1 for every normalised dim.
Dims statistics_shape(const Tensor& input, const Dims& normalized_shape) {
  Dims shape = input.shape();
  for (int i = 1; i <= normalized_shape.size(); ++i) shape[shape.size() - i] = 1;
  return shape;
}

// Runs the forward kernel. `out` may be strided.
void run_rows(const NormKernels& kernels, RowNormPlan& plan, const Tensor& input,
              const Maybe& weight, const Maybe& bias, const Tensor& out, const Tensor& mean,
              const Tensor& rstd) {
  const DType dtype = compute_dtype(input.dtype());
  const Tensor x = contiguous(input), w = ready(weight, dtype), b = ready(bias, dtype);
  const Tensor dense = out.is_contiguous() ? out : empty(out.shape(), out.dtype(), out.device());
  // Without parameters all elements of a row are scaled alike.
  if (!w.defined() && !b.defined()) plan.groups = 1, plan.inner = plan.n;
  plan.x = x.bytes();
  plan.weight = bytes_of(w), plan.bias = bytes_of(b);
  plan.out = dense.bytes();
  plan.mean = mean.defined() ? mean.bytes() : nullptr;
  plan.rstd = rstd.bytes();
  kernels.row_forward(plan);
  if (!dense.is_same(out)) copy_(out, dense);
}

void run_rows_backward(const NormKernels& kernels, RowNormPlan& plan, const Tensor& grad,
                       const Tensor& input, const Maybe& weight, const Gradients& gradients,
                       const Tensor& grad_input, const Tensor& mean, const Tensor& rstd) {
  const Tensor x = contiguous(input), g = contiguous(to_dtype(grad, input.dtype()));
  const Tensor w = ready(weight, compute_dtype(input.dtype()));
  gradients.into(plan);
  Tensor dense;
  if (grad_input.defined()) {
    dense = grad_input.is_contiguous()
                ? grad_input
                : empty(grad_input.shape(), grad_input.dtype(), grad_input.device());
    plan.grad_x = dense.bytes();
  }
  plan.x = x.bytes();
  plan.grad = g.bytes();
  plan.weight = bytes_of(w);
  plan.mean = mean.defined() ? mean.bytes() : nullptr;
  plan.rstd = rstd.bytes();
  kernels.row_backward(plan);
  if (grad_input.defined() && !dense.is_same(grad_input)) copy_(grad_input, dense);
}

NormGradients last_backward(const char* op, const Tensor& grad, const Tensor& input,
                            const Dims& normalized_shape, const Tensor& mean, const Tensor& rstd,
                            const Maybe& weight, bool want_input, bool want_weight,
                            bool want_bias) {
  const bool centred = mean.defined();
  check_normalized(op, input, normalized_shape, weight, std::nullopt);
  check_gradient(op, grad, input);
  const NormKernels& kernels = kernels_for(op, input);
  RowNormPlan plan = plan_last(input, normalized_shape, centred, 0);
  Gradients gradients;
  Tensor grad_input;
  if (want_input)
    gradients.want_input(grad_input = empty(input.shape(), input.dtype(), input.device()));
  gradients.want_parameters(input, normalized_shape, want_weight, want_bias);
  if (input.numel() == 0) return gradients.zeroed();
  if (centred) check_statistics(op, "mean", mean, input, plan.rows);
  check_statistics(op, "rstd", rstd, input, plan.rows);
  run_rows_backward(kernels, plan, grad, input, weight, gradients, grad_input, mean, rstd);
  return std::move(gradients.result);
}

// ---- channels

// The dims of a channels-last tensor from the innermost: C, the last ones, N.
int channels_last_dim(const Tensor& t, int i) {
  return i == 0 ? 1 : i == t.ndim() - 1 ? 0 : t.ndim() - i;
}
// Whether the strides grow in that order, with room between them or not: such input, unless it is
// row-major, gives a channels-last result.
bool like_channels_last(const Tensor& t) {
  if (t.ndim() < 4 || t.ndim() > 5 || t.is_contiguous() || t.numel() == 0 || t.stride(1) == 0)
    return false;
  int64_t least = 0;
  for (int i = 0; i < t.ndim(); ++i) {
    const int d = channels_last_dim(t, i);
    if (t.stride(d) < least || (d == 0 && least == t.stride(1))) return false;
    least = t.size(d) > 1 ? t.stride(d) * t.size(d) : t.stride(d);
  }
  return true;
}
Dims channels_last_strides(const Tensor& t) {
  Dims strides(t.ndim());
  int64_t stride = 1;
  for (int i = 0; i < t.ndim(); ++i) {
    const int d = channels_last_dim(t, i);
    strides[d] = stride;
    stride *= t.size(d);
  }
  return strides;
}
// Row-major, or with the channels innermost where the input has them there.
Tensor empty_channels(const Tensor& input) {
  return like_channels_last(input) ? empty_strided(input.shape(), channels_last_strides(input),
                                                   input.dtype(), input.device())
                                   : empty(input.shape(), input.dtype(), input.device());
}
// t, dense in the order of empty_channels(input).
Tensor in_order_of(const Tensor& input, const Tensor& t) {
  if (!like_channels_last(input)) return contiguous(t);
  if (t.strides() == channels_last_strides(input)) return t;
  Tensor copy = empty_channels(input);
  copy_(copy, t);
  return copy;
}

int64_t check_channels(const char* op, const Tensor& input) {
  RL_CHECK_INDEX(input.ndim() >= 2, op, "(): Dimension out of range: expected an input of shape ",
                 "(N, C, ...), got ", input.shape());
  return input.size(1);
}

RowNormPlan plan_groups(const Tensor& input, int64_t num_groups, double eps) {
  RowNormPlan plan{};
  plan.rows = input.size(0) * num_groups;
  plan.n = input.numel() / plan.rows;
  plan.groups = num_groups;
  plan.inner = plan.n / (input.size(1) / num_groups);
  plan.centred = true;
  plan.eps = eps;
  return plan;
}

void check_groups(const char* op, const Tensor& input, int64_t num_groups, const Maybe& weight,
                  const Maybe& bias) {
  const int64_t channels = check_channels(op, input);
  RL_CHECK(num_groups > 0, op, "(): Expected num groups to be greater than 0, got ", num_groups);
  RL_CHECK(
      channels % num_groups == 0, op,
      "(): Expected number of channels in input to be divisible by num_groups, but got input of "
      "shape ",
      input.shape(), " and num_groups=", num_groups);
  const char* name = "weight";
  for (const Maybe* p : {&weight, &bias}) {
    RL_CHECK(!given(*p) || ((*p)->ndim() == 1 && (*p)->size(0) == channels), op, "(): Expected ",
             name, " to be a vector of size equal to the number of channels in input, ", channels,
             ", but got ", name, " of shape ", (*p)->shape());
    name = "bias";
  }
}

BatchNormPlan plan_batch(const Tensor& input) {
  BatchNormPlan plan{};
  plan.channels = input.size(1);
  const int64_t inner = input.numel() / (input.size(0) * plan.channels);
  const bool last = like_channels_last(input);
  plan.outer = last ? input.size(0) * inner : input.size(0);
  plan.inner = last ? 1 : inner;
  return plan;
}

// A running statistic in the dtype and order of the kernels, written back after the call.
class Running {
 public:
  Running(const Maybe& original, DType dtype)
      : original_(given(original) ? *original : Tensor()), dense_(ready(original, dtype)) {}
  void* bytes() const { return dense_.defined() ? dense_.bytes() : nullptr; }
  void write_back() const {
    if (!original_.defined()) return;
    if (dense_.storage_ptr().get() != original_.storage_ptr().get()) copy_(original_, dense_);
    original_.storage().bump_version();
  }

 private:
  Tensor original_, dense_;
};

}  // namespace

std::tuple<Tensor, Tensor, Tensor> native_layer_norm(const Tensor& input,
                                                     const Dims& normalized_shape,
                                                     const Maybe& weight, const Maybe& bias,
                                                     double eps) {
  constexpr const char* kName = "layer_norm";
  check_normalized(kName, input, normalized_shape, weight, bias);
  const NormKernels& kernels = kernels_for(kName, input);
  check_parameters(kName, input, {&weight, &bias});
  const DType dtype = compute_dtype(input.dtype());
  const Dims shape = statistics_shape(input, normalized_shape);
  Tensor out = empty(input.shape(), input.dtype(), input.device());
  Tensor mean = empty(shape, dtype, input.device()), rstd = empty(shape, dtype, input.device());
  if (out.numel() == 0) {
    zero_(mean), zero_(rstd);
    return {std::move(out), std::move(mean), std::move(rstd)};
  }
  RowNormPlan plan = plan_last(input, normalized_shape, true, eps);
  run_rows(kernels, plan, input, weight, bias, out, mean, rstd);
  return {std::move(out), std::move(mean), std::move(rstd)};
}

NormGradients layer_norm_backward(const Tensor& grad, const Tensor& input,
                                  const Dims& normalized_shape, const Tensor& mean,
                                  const Tensor& rstd, const Maybe& weight, bool want_input,
                                  bool want_weight, bool want_bias) {
  return last_backward("layer_norm_backward", grad, input, normalized_shape, mean, rstd, weight,
                       want_input, want_weight, want_bias);
}

std::tuple<Tensor, Tensor> fused_rms_norm(const Tensor& input, const Dims& normalized_shape,
                                          const Maybe& weight, std::optional<double> eps) {
  constexpr const char* kName = "rms_norm";
  check_normalized(kName, input, normalized_shape, weight, std::nullopt);
  const NormKernels& kernels = kernels_for(kName, input);
  check_parameters(kName, input, {&weight});
  const DType dtype = compute_dtype(input.dtype());
  Tensor out = empty(input.shape(), input.dtype(), input.device());
  Tensor rstd = empty(statistics_shape(input, normalized_shape), dtype, input.device());
  if (out.numel() == 0) {
    zero_(rstd);
    return {std::move(out), std::move(rstd)};
  }
  const double smallest = dtype == DType::F64 ? std::numeric_limits<double>::epsilon()
                                              : double(std::numeric_limits<float>::epsilon());
  RowNormPlan plan = plan_last(input, normalized_shape, false, eps.value_or(smallest));
  run_rows(kernels, plan, input, weight, std::nullopt, out, Tensor(), rstd);
  return {std::move(out), std::move(rstd)};
}

NormGradients rms_norm_backward(const Tensor& grad, const Tensor& input,
                                const Dims& normalized_shape, const Tensor& rstd,
                                const Maybe& weight, bool want_input, bool want_weight) {
  return last_backward("rms_norm_backward", grad, input, normalized_shape, Tensor(), rstd, weight,
                       want_input, want_weight, false);
}

std::tuple<Tensor, Tensor, Tensor> native_group_norm(const Tensor& input, int64_t num_groups,
                                                     const Maybe& weight, const Maybe& bias,
                                                     double eps) {
  constexpr const char* kName = "group_norm";
  check_groups(kName, input, num_groups, weight, bias);
  const NormKernels& kernels = kernels_for(kName, input);
  check_parameters(kName, input, {&weight, &bias});
  const DType dtype = compute_dtype(input.dtype());
  const Dims shape({input.size(0), num_groups});
  Tensor out = empty_channels(input);
  Tensor mean = empty(shape, dtype, input.device()), rstd = empty(shape, dtype, input.device());
  if (out.numel() == 0) {
    zero_(mean), zero_(rstd);
    return {std::move(out), std::move(mean), std::move(rstd)};
  }
  RowNormPlan plan = plan_groups(input, num_groups, eps);
  run_rows(kernels, plan, input, weight, bias, out, mean, rstd);
  return {std::move(out), std::move(mean), std::move(rstd)};
}

NormGradients group_norm_backward(const Tensor& grad, const Tensor& input, int64_t num_groups,
                                  const Tensor& mean, const Tensor& rstd, const Maybe& weight,
                                  bool want_input, bool want_weight, bool want_bias) {
  constexpr const char* kName = "group_norm_backward";
  check_groups(kName, input, num_groups, weight, std::nullopt);
  check_gradient(kName, grad, input);
  const NormKernels& kernels = kernels_for(kName, input);
  Gradients gradients;
  Tensor grad_input;
  if (want_input) gradients.want_input(grad_input = empty_channels(input));
  gradients.want_parameters(input, Dims({input.size(1)}), want_weight, want_bias);
  if (input.numel() == 0) return gradients.zeroed();
  RowNormPlan plan = plan_groups(input, num_groups, 0);
  check_statistics(kName, "mean", mean, input, plan.rows);
  check_statistics(kName, "rstd", rstd, input, plan.rows);
  run_rows_backward(kernels, plan, grad, input, weight, gradients, grad_input, mean, rstd);
  return std::move(gradients.result);
}

std::tuple<Tensor, Tensor, Tensor> native_batch_norm(const Tensor& input, const Maybe& weight,
                                                     const Maybe& bias, const Maybe& running_mean,
                                                     const Maybe& running_var, bool training,
                                                     double momentum, double eps) {
  constexpr const char* kName = "batch_norm";
  const int64_t channels = check_channels(kName, input);
  RL_CHECK(input.numel() > 0, kName, "(): expected an input with elements, got shape ",
           input.shape());
  const std::pair<const char*, const Maybe*> all[] = {{"running_mean", &running_mean},
                                                      {"running_var", &running_var},
                                                      {"weight", &weight},
                                                      {"bias", &bias}};
  for (int i = 0; i < 2; ++i)
    RL_CHECK(training || given(*all[i].second), kName, "(): ", all[i].first,
             " must be defined in evaluation mode");
  RL_CHECK_VALUE(given(running_mean) == given(running_var), kName,
                 "(): running_mean and running_var must either both be None or neither be None");
  for (const auto& [name, parameter] : all)
    RL_CHECK(!given(*parameter) || (*parameter)->numel() == channels, kName, "(): ", name,
             " should contain ", channels, " elements not ", (*parameter)->numel());
  const NormKernels& kernels = kernels_for(kName, input);
  check_parameters(kName, input, {&running_mean, &running_var, &weight, &bias});
  const DType dtype = compute_dtype(input.dtype());
  Tensor out = empty_channels(input);
  Tensor mean = empty(Dims({channels}), dtype, input.device());
  Tensor rstd = empty(Dims({channels}), dtype, input.device());
  const Tensor x = in_order_of(input, input), w = ready(weight, dtype), b = ready(bias, dtype);
  const Running old_mean(running_mean, dtype), old_var(running_var, dtype);
  BatchNormPlan plan = plan_batch(input);
  plan.training = training;
  plan.eps = eps, plan.momentum = momentum;
  plan.x = x.bytes();
  plan.weight = bytes_of(w), plan.bias = bytes_of(b);
  plan.running_mean = old_mean.bytes(), plan.running_var = old_var.bytes();
  plan.mean = mean.bytes(), plan.rstd = rstd.bytes();
  plan.out = out.bytes();
  kernels.batch_forward(plan);
  if (training) {
    old_mean.write_back();
    old_var.write_back();
  }
  return {std::move(out), std::move(mean), std::move(rstd)};
}

NormGradients batch_norm_backward(const Tensor& grad, const Tensor& input, const Tensor& mean,
                                  const Tensor& rstd, const Maybe& weight, bool training,
                                  bool want_input, bool want_weight, bool want_bias) {
  constexpr const char* kName = "batch_norm_backward";
  const int64_t channels = check_channels(kName, input);
  RL_CHECK(input.numel() > 0, kName, "(): expected an input with elements, got shape ",
           input.shape());
  check_gradient(kName, grad, input);
  RL_CHECK(!given(weight) || weight->numel() == channels, kName, "(): weight should contain ",
           channels, " elements not ", given(weight) ? weight->numel() : 0);
  const NormKernels& kernels = kernels_for(kName, input);
  check_statistics(kName, "mean", mean, input, channels);
  check_statistics(kName, "rstd", rstd, input, channels);
  const Tensor x = in_order_of(input, input), g = in_order_of(input, to_dtype(grad, input.dtype()));
  const Tensor w = ready(weight, compute_dtype(input.dtype()));
  Gradients gradients;
  if (want_input) gradients.want_input(empty_channels(input));
  gradients.want_parameters(input, Dims({channels}), want_weight, want_bias);
  BatchNormPlan plan = plan_batch(input);
  gradients.into(plan);
  plan.training = training;
  plan.x = x.bytes();
  plan.grad = g.bytes();
  plan.weight = bytes_of(w);
  plan.mean = mean.bytes(), plan.rstd = rstd.bytes();
  kernels.batch_backward(plan);
  return std::move(gradients.result);
}

}  // namespace rushlight
