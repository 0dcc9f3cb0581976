#include "rushlight/ops/special.h"

#include "rushlight/iter/kernel_slots.h"
#include "rushlight/iter/special_limits.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/reduce.h"

namespace rushlight {
namespace {

struct Row {
  const char* name;
  bool halves, exact;
};
constexpr Row kUnary[] = {
#define RL_SPECIAL_UNARY(name, halves) {#name, halves, true},
#include "rushlight/iter/special.def"
#undef RL_SPECIAL_UNARY
};
constexpr Row kBinary[] = {
#define RL_SPECIAL_BINARY(name, halves, exact) {#name, halves, exact},
#include "rushlight/iter/special.def"
#undef RL_SPECIAL_BINARY
};

DType compute_type(const Row& row, DType d) {
  const DType computed = row.exact && d < DType::F16 ? default_dtype() : d;
  const bool taken =
      is_floating(computed) && (row.halves || (computed != DType::F16 && computed != DType::BF16));
  if (RL_UNLIKELY(!taken))
    raise<NotImplementedError>("\"", row.name, "\" not implemented for '", dtype_name(computed),
                               "'");
  return computed;
}

// The kernels read and write these two; a half goes through float.
DType kernel_type(DType d) { return d == DType::F64 ? DType::F64 : DType::F32; }

// These two would take as many steps as the degree says, and nothing could interrupt them.
void check_degrees(SpecialBinary op, const Tensor& n) {
  if (op != SpecialBinary::laguerre_polynomial_l && op != SpecialBinary::legendre_polynomial_p)
    return;
  if (n.numel() == 0) return;
  const Tensor largest = to_device(to_dtype(amax(n), DType::F64), Device{});
  RL_CHECK(!(*largest.data<double>() > kLongestRecurrence), "special_", op_name(op),
           "(): the degree n must be at most ", kLongestRecurrence, ", got up to ",
           *largest.data<double>());
}

void write_back(const char* name, const Tensor& result, const Tensor& self) {
  check_no_internal_overlap(name, self);
  check_can_cast(name, result.dtype(), self.dtype());
  RL_CHECK(result.shape() == self.shape(), name, "(): output with shape ", self.shape(),
           " doesn't match the broadcast shape ", result.shape());
  copy_(self, result);
}

Tensor run(SpecialBinary op, DType computed, const Tensor& a, const Tensor& b) {
  const char* name = op_name(op);
  RL_CHECK(a.device() == b.device(), name,
           "(): Expected all tensors to be on the same device, but found ", a.device(), " and ",
           b.device());
  const DType inner = kernel_type(computed);
  const Dims shape = broadcast_shapes(name, a.shape(), b.shape());
  const Tensor x = to_dtype(a, inner), y = to_dtype(b, inner);
  const Tensor* inputs[] = {&x, &y};
  const Tensor out = allocate_result(shape, inner, inputs, 2);
  NdPlan plan;
  const Tensor* operands[] = {&out, &x, &y};
  make_plan(plan, shape, operands, 3);
  const auto kernel =
      kernel_or_raise(kernel_slots(out.device().type).special_binary, name, out.device(), inner);
  if (out.numel() != 0) check_degrees(op, y);
  kernel(plan, inner, int(op));
  return to_dtype(out, computed);
}

}  // namespace

const char* op_name(SpecialUnary op) { return kUnary[int(op)].name; }
const char* op_name(SpecialBinary op) { return kBinary[int(op)].name; }

Tensor special(SpecialUnary op, const Tensor& self) {
  const DType computed = compute_type(kUnary[int(op)], self.dtype());
  const DType inner = kernel_type(computed);
  const Tensor x = to_dtype(self, inner);
  const Tensor* inputs[] = {&x};
  const Tensor out = allocate_result(x.shape(), inner, inputs, 1);
  NdPlan plan;
  const Tensor* operands[] = {&out, &x};
  make_plan(plan, out.shape(), operands, 2);
  kernel_or_raise(kernel_slots(out.device().type).special_unary, op_name(op), out.device(), inner)(
      plan, inner, int(op));
  return to_dtype(out, computed);
}

Tensor special(SpecialBinary op, const Tensor& a, const Tensor& b) {
  return run(op, compute_type(kBinary[int(op)], result_type(a, b)), a, b);
}
Tensor special(SpecialBinary op, const Tensor& a, const Scalar& b) {
  const DType computed = compute_type(kBinary[int(op)], result_type(a.dtype(), b));
  return run(op, computed, a, to_device(scalar_tensor(b, kernel_type(computed)), a.device()));
}
Tensor special(SpecialBinary op, const Scalar& a, const Tensor& b) {
  const DType computed = compute_type(kBinary[int(op)], result_type(b.dtype(), a));
  return run(op, computed, to_device(scalar_tensor(a, kernel_type(computed)), b.device()), b);
}

void special_(SpecialUnary op, const Tensor& self) {
  write_back(op_name(op), special(op, self), self);
}
void special_(SpecialBinary op, const Tensor& self, const Tensor& other) {
  write_back(op_name(op), special(op, self, other), self);
}

}  // namespace rushlight
