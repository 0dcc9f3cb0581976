#include "rushlight/ops/attention.h"

#include <limits>
#include <utility>

#include "rushlight/iter/attention_kernels.h"
#include "rushlight/iter/kernel_slots.h"
#include "rushlight/iter/nd_plan.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/view.h"

namespace rushlight {
namespace {

DType compute_dtype(DType d) { return d == DType::F64 ? DType::F64 : DType::F32; }

Tensor with_adjacent_columns(const Tensor& t) {
  return t.stride(3) == 1 || t.size(3) <= 1 ? t : contiguous(t);
}

template <class T>
AttentionOperand<T> operand(const Tensor& t) {
  return {reinterpret_cast<T*>(t.bytes()), t.stride(0), t.stride(1), t.stride(2)};
}

// Dense, with its dims 0, 1 and 2 in memory in the order of t's.
Tensor empty_in_order_of(const Tensor& t, int64_t width, DType dtype) {
  int64_t order[3] = {0, 1, 2};
  for (int i = 1; i < 3; ++i)
    for (int j = i; j > 0 && t.stride(int(order[j - 1])) < t.stride(int(order[j])); --j)
      std::swap(order[j - 1], order[j]);
  Dims shape{0, 0, 0, width}, back{0, 0, 0, 3};
  for (int i = 0; i < 3; ++i) {
    shape[i] = t.size(int(order[i]));
    back[int(order[i])] = i;
  }
  return permute(empty(shape, dtype, t.device()), back);
}

// A plan, and the tensors that it points into.
struct Prepared {
  AttentionPlan plan;
  const AttentionKernels* kernels;
  Tensor q, k, v, mask;
};

void check_shapes(const char* op, const Tensor& q, const Tensor& k, const Tensor& v) {
  const bool fit = q.ndim() == 4 && k.ndim() == 4 && v.ndim() == 4 && q.size(0) == k.size(0) &&
                   q.size(0) == v.size(0) && k.size(1) == v.size(1) && k.size(2) == v.size(2) &&
                   q.size(3) == k.size(3);
  RL_CHECK(fit, op,
           "(): expected query (N, Hq, L, E), key (N, H, S, E) and value (N, H, S, Ev), got ",
           q.shape(), ", ", k.shape(), " and ", v.shape());
  RL_CHECK(
      q.size(1) == k.size(1) || (k.size(1) > 0 && q.size(1) % k.size(1) == 0), op,
      "(): the number of query heads must be a multiple of the number of key heads, got shapes ",
      q.shape(), " and ", k.shape());
  RL_CHECK(q.dtype() == k.dtype() && q.dtype() == v.dtype(), op,
           "(): expected query, key and value to have the same dtype, got ", q.dtype(), ", ",
           k.dtype(), " and ", v.dtype());
  RL_CHECK(q.device() == k.device() && q.device() == v.device(), op,
           "(): Expected all tensors to be on the same device, but found ", q.device(), ", ",
           k.device(), " and ", v.device());
}

Prepared prepare(const char* op, const Tensor& query, const Tensor& key, const Tensor& value,
                 const std::optional<Tensor>& mask, bool causal, double scale) {
  check_shapes(op, query, key, value);
  const DType dtype = query.dtype();
  const auto find =
      kernel_or_raise(kernel_slots(query.device().type).attention, op, query.device(), dtype);
  Prepared p;
  p.kernels = kernel_or_raise(find(dtype), op, query.device(), dtype);
  p.q = with_adjacent_columns(query);
  p.k = with_adjacent_columns(key);
  p.v = with_adjacent_columns(value);
  p.plan = AttentionPlan{};
  p.plan.batch = query.size(0);
  p.plan.heads = query.size(1);
  p.plan.kv_heads = key.size(1);
  p.plan.queries = query.size(2);
  p.plan.keys = key.size(2);
  p.plan.width = query.size(3);
  p.plan.value_width = value.size(3);
  p.plan.scale = scale;
  p.plan.causal = causal;
  p.plan.q = operand<const void>(p.q);
  p.plan.k = operand<const void>(p.k);
  p.plan.v = operand<const void>(p.v);
  if (!mask) return p;
  RL_CHECK(mask->device() == query.device(), op,
           "(): Expected all tensors to be on the same device, ", "but found a mask on ",
           mask->device(), " and a query on ", query.device());
  RL_CHECK(mask->dtype() == DType::Bool || is_floating(mask->dtype()), op,
           "(): expected a mask of bool or a floating point dtype, got ", mask->dtype());
  const Dims shape{p.plan.batch, p.plan.heads, p.plan.queries, p.plan.keys};
  const bool is_bool = mask->dtype() == DType::Bool;
  Tensor m = is_bool ? *mask : to_dtype(*mask, compute_dtype(dtype));
  const int last = m.ndim() - 1;
  if (m.ndim() > 0 && m.size(last) == p.plan.keys && m.stride(last) != 1) m = contiguous(m);
  p.mask = expand_to(op, m, shape);
  // One column for all keys.
  if (p.plan.keys > 1 && p.mask.stride(3) != 1) p.mask = contiguous(p.mask);
  if (is_bool)
    p.plan.allowed = operand<const bool>(p.mask);
  else
    p.plan.added = operand<const void>(p.mask);
  return p;
}

}  // namespace

std::tuple<Tensor, Tensor> attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                     const std::optional<Tensor>& mask, bool causal, double scale) {
  Prepared p = prepare("attention", query, key, value, mask, causal, scale);
  Tensor out = empty_in_order_of(p.q, p.plan.value_width, query.dtype());
  Tensor logsum = empty(Dims{p.plan.batch, p.plan.heads, p.plan.queries},
                        compute_dtype(query.dtype()), query.device());
  if (logsum.numel() == 0 || p.plan.keys == 0 || p.plan.value_width == 0) {
    fill_(out, Scalar(0));
    fill_(logsum, Scalar(std::numeric_limits<double>::infinity()));
    return {out, logsum};
  }
  p.plan.out = operand<void>(out);
  p.plan.logsum = logsum.bytes();
  p.kernels->forward(p.plan);
  return {out, logsum};
}

std::tuple<Tensor, Tensor, Tensor> attention_backward(const Tensor& grad, const Tensor& query,
                                                      const Tensor& key, const Tensor& value,
                                                      const Tensor& output, const Tensor& logsum,
                                                      const std::optional<Tensor>& mask,
                                                      bool causal, double scale) {
  constexpr const char* kName = "attention_backward";
  Prepared p = prepare(kName, query, key, value, mask, causal, scale);
  const AttentionPlan& plan = p.plan;
  const Dims shape{plan.batch, plan.heads, plan.queries, plan.value_width};
  RL_CHECK(grad.shape() == shape && output.shape() == shape, kName,
           "(): expected a gradient and an output of shape ", shape, ", got ", grad.shape(),
           " and ", output.shape());
  RL_CHECK(logsum.shape() == (Dims{plan.batch, plan.heads, plan.queries}), kName,
           "(): expected logsum of shape ", Dims{plan.batch, plan.heads, plan.queries}, ", got ",
           logsum.shape());
  const DType dtype = query.dtype();
  RL_CHECK(
      grad.dtype() == dtype && output.dtype() == dtype && logsum.dtype() == compute_dtype(dtype),
      kName, "(): expected a gradient and an output of ", dtype, " and logsum of ",
      compute_dtype(dtype), ", got ", grad.dtype(), ", ", output.dtype(), " and ", logsum.dtype());
  RL_CHECK(grad.device() == query.device() && output.device() == query.device() &&
               logsum.device() == query.device(),
           kName, "(): Expected all tensors to be on the same device, but found ", grad.device(),
           ", ", output.device(), ", ", logsum.device(), " and ", query.device());
  Tensor grad_q = empty_in_order_of(p.q, plan.width, dtype);
  Tensor grad_k = empty_in_order_of(p.k, plan.width, dtype);
  Tensor grad_v = empty_in_order_of(p.v, plan.value_width, dtype);
  if (logsum.numel() == 0 || plan.keys == 0) {
    fill_(grad_q, Scalar(0));
    fill_(grad_k, Scalar(0));
    fill_(grad_v, Scalar(0));
    return {grad_q, grad_k, grad_v};
  }
  const Tensor g = with_adjacent_columns(grad), out = with_adjacent_columns(output);
  const Tensor sums = contiguous(logsum);
  p.plan.out = operand<void>(out);
  p.plan.logsum = sums.bytes();
  AttentionGradients gradients;
  gradients.grad = operand<const void>(g);
  gradients.q = operand<void>(grad_q);
  gradients.k = operand<void>(grad_k);
  gradients.v = operand<void>(grad_v);
  p.kernels->backward(p.plan, gradients);
  return {grad_q, grad_k, grad_v};
}

}  // namespace rushlight
