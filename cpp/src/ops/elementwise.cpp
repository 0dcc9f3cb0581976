#include "rushlight/ops/elementwise.h"

#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {
namespace {

enum class Rule : uint8_t { Same, Float, Bool, Real, Whole, Number };

struct OpRow {
  unsigned accepts;
  Rule rule;
};
enum : unsigned { B = 1, I = 2, F = 4, C = 8 };
constexpr OpRow kUnary[] = {
#define RL_UNARY(name, functor, accepts, result) {accepts, Rule::result},
#include "rushlight/ops.def"
#undef RL_UNARY
};
constexpr OpRow kBinary[] = {
#define RL_BINARY(name, functor, accepts, result) {accepts, Rule::result},
#include "rushlight/ops.def"
#undef RL_BINARY
};

int category(DType d) { return d == DType::Bool ? 0 : d < DType::F16 ? 1 : d < DType::C64 ? 2 : 3; }

DType compute_type(const OpRow& row, DType d) {
  if (row.rule == Rule::Number && d == DType::Bool) return DType::I64;
  return row.rule == Rule::Float && d < DType::F16 ? default_dtype() : d;
}
DType out_type(const OpRow& row, DType computed) {
  return row.rule == Rule::Bool ? DType::Bool : row.rule == Rule::Real ? real_of(computed) : computed;
}
bool accepts(const OpRow& row, DType d) {
  const unsigned bit = 1u << category(d);
  return (row.accepts & bit) != 0 && !(d == DType::U16 || d == DType::U32 || d == DType::U64);
}

void check_no_bool(bool first, bool second) {
  if (RL_LIKELY(!first && !second)) return;
  raise<Error>(first && second
                   ? "sub(): Subtraction, the `-` operator, with two bool tensors is not supported. Use the "
                     "`^` or `logical_xor()` operator instead."
                   : "sub(): Subtraction, the `-` operator, with a bool tensor is not supported. If you are "
                     "trying to invert a mask, use the `~` or `logical_not()` operator instead.");
}

void check_binary(BinaryOp op, const Tensor& a, const Tensor& b, DType computed) {
  const char* name = op_name(op);
  RL_CHECK(a.device() == b.device(), name,
           "(): Expected all tensors to be on the same device, but found ", a.device(), " and ", b.device());
  if (op == BinaryOp::sub) check_no_bool(a.dtype() == DType::Bool, b.dtype() == DType::Bool);
  if (RL_UNLIKELY(!accepts(kBinary[int(op)], computed)))
    raise<NotImplementedError>("\"", name, "\" not implemented for '", dtype_name(computed), "'");
}

// One element on the CPU meets tensors of any device.
bool travels(const Tensor& number, const Tensor& other) {
  return number.ndim() == 0 && number.device().is_cpu() && !other.device().is_cpu();
}

void check_division(BinaryOp op, const Tensor& divisor) {
  if (op != BinaryOp::floor_divide && op != BinaryOp::trunc_divide && op != BinaryOp::remainder &&
      op != BinaryOp::fmod)
    return;
  if (!is_integral(divisor.dtype()) || !divisor.device().is_cpu()) return;
  // An integer has no answer here; PyTorch's text.
  const Tensor is_zero = eq(divisor, Scalar(0));
  const Tensor flat = contiguous(is_zero);
  const bool* flags = flat.data<bool>();
  bool any = false;
  for (int64_t i = 0; i < flat.numel(); ++i) any |= flags[i];
  RL_CHECK(!any, "ZeroDivisionError: ", op_name(op), "(): integer division by zero");
}

void check_exponent(BinaryOp op, DType computed, const Scalar& exponent, bool is_exponent) {
  RL_CHECK(op != BinaryOp::pow || !is_exponent || !is_integral(computed) || exponent.to_int() >= 0,
           "pow(): Integers to negative integer powers are not allowed; convert the tensor to float");
}

// Halves times or over a number (or a 0-d tensor of another dtype): the number stays in float32.
bool keeps_float(BinaryOp op, DType computed) {
  return (op == BinaryOp::mul || op == BinaryOp::div) &&
         (computed == DType::F16 || computed == DType::BF16);
}
bool keeps_float(BinaryOp op, DType computed, const Tensor& second) {
  return second.ndim() == 0 && second.dtype() != computed && keeps_float(op, computed);
}

// The exponents that PyTorch computes another way, faster and with other special values.
bool power_is_unary(DType computed, const Scalar& exponent, UnaryOp* op) {
  if (!is_inexact(computed) || exponent.kind() == Scalar::Kind::Complex) return false;
  const double e = exponent.to_double();
  if (e == 2)
    *op = UnaryOp::square;
  else if (e == 0.5)
    *op = UnaryOp::sqrt;
  else if (e == -0.5)
    *op = UnaryOp::rsqrt;
  else if (e == -1)
    *op = UnaryOp::reciprocal;
  else
    return false;
  return true;
}

void run_binary(BinaryOp op, DType computed, const Tensor& out, const Tensor& a, const Tensor& b) {
  NdPlan plan;
  const Tensor* operands[] = {&out, &a, &b};
  make_plan(plan, out.shape(), operands, 3);
  kernel_or_raise(kernel_slots(out.device().type).binary[int(op)][int(computed)], op_name(op),
                  out.device(), computed)(plan);
}

// out = a op b with a number as one element of the plan; `scalar_at` is its operand index.
void run_binary_scalar(BinaryOp op, DType computed, const Tensor& out, const Tensor& a,
                       const void* element, int scalar_at) {
  NdPlan plan;
  const Tensor* operands[] = {&out, &a};
  make_plan(plan, out.shape(), operands, 2);
  plan.operands = 3;
  const int tensor_at = 3 - scalar_at;
  char* bytes = plan.data[1];
  plan.data[tensor_at] = bytes;
  plan.data[scalar_at] = static_cast<char*>(const_cast<void*>(element));
  for (int d = 0; d < plan.ndim; ++d) {
    const int64_t stride = plan.strides[d][1];
    plan.strides[d][tensor_at] = stride;
    plan.strides[d][scalar_at] = 0;
  }
  kernel_or_raise(kernel_slots(out.device().type).binary[int(op)][int(computed)], op_name(op),
                  out.device(), computed)(plan);
}

Tensor binary_scalar(BinaryOp op, const Tensor& t, const Scalar& s, int scalar_at) {
  const OpRow& row = kBinary[int(op)];
  const DType computed = compute_type(row, result_type(t.dtype(), s));
  check_binary(op, t, t, computed);
  if (scalar_at == 2 && s.to_double() == 0 && is_integral(computed))
    check_division(op, scalar_tensor(s, computed));
  else if (scalar_at == 1)
    check_division(op, t);
  if (op == BinaryOp::sub) check_no_bool(false, s.kind() == Scalar::Kind::Bool);
  check_exponent(op, computed, s, scalar_at == 2);
  UnaryOp power;
  if (op == BinaryOp::pow && scalar_at == 2 && power_is_unary(computed, s, &power))
    return unary(power, to_dtype(t, computed));
  // PyTorch divides a number by a tensor so.
  if (op == BinaryOp::div && scalar_at == 1)
    return binary_scalar(BinaryOp::mul, unary(UnaryOp::reciprocal, to_dtype(t, computed)), s, 2);
  if (keeps_float(op, computed))
    return to_dtype(binary_scalar(op, to_dtype(t, DType::F32), s, scalar_at), computed);
  alignas(16) char element[16];
  s.store(computed, element);
  const Tensor a = to_dtype(t, computed);
  const Tensor* operands[] = {&a};
  Tensor out = allocate_result(a.shape(), out_type(row, computed), operands, 1);
  run_binary_scalar(op, computed, out, a, element, scalar_at);
  return out;
}

// An operand to read while out is written: itself, or a copy where strided views meet in memory
// (dense ones were refused before).
Tensor read_beside(const Tensor& out, const Tensor& in) {
  if (RL_LIKELY(out.storage_ptr().get() != in.storage_ptr().get())) return in;
  if (out.bytes() == in.bytes() && out.shape() == in.shape() && out.strides() == in.strides() &&
      out.dtype() == in.dtype())
    return in;
  return may_share_memory(out, in) ? clone(in) : in;
}

// Writes a kernel's result into a given tensor of another dtype.
template <class Run>
void write_out(const char* name, DType result, const Tensor& out, const Run& run) {
  check_no_internal_overlap(name, out);
  if (out.dtype() == result) return run(out);
  check_can_cast(name, result, out.dtype());
  Tensor temporary = empty_like(out, result);
  run(temporary);
  copy_(out, temporary);
}

}  // namespace

void check_can_cast(const char* op, DType from, DType to) {
  RL_CHECK(category(from) <= category(to), op, "(): result type ", from,
           " can't be cast to the desired output type ", to);
}

DType result_type(const Tensor& a, const Tensor& b) {
  const DType x = a.dtype(), y = b.dtype();
  if (RL_LIKELY(x == y)) return x;
  if ((a.ndim() == 0) == (b.ndim() == 0)) return promote_types(x, y);
  const DType high = a.ndim() == 0 ? y : x, low = a.ndim() == 0 ? x : y;
  const int ch = category(high), cl = category(low);
  if (cl <= ch) return high;
  if (ch == 2) return complex_of(high);
  return promote_types(high, low);
}

Tensor allocate_result(const Dims& shape, DType dtype, const Tensor* const* operands, int count) {
  const Device device = operands[0]->device();
  bool row_major = true;
  for (int k = 0; k < count; ++k)
    row_major &= operands[k]->is_contiguous() || operands[k]->shape() != shape;
  if (RL_LIKELY(row_major)) return empty(shape, dtype, device);
  // Dims sorted by the operands' strides, innermost first, as make_plan does.
  const int n = shape.size();
  Dims order(n), strides(n);
  int used = 0;
  for (int d = n - 1; d >= 0; --d) {
    int at = used;
    while (at > 0) {
      bool before = false;
      const int other = int(order[at - 1]);
      for (int k = 0; k < count; ++k) {
        const Tensor& t = *operands[k];
        if (t.shape() != shape) continue;
        const int64_t x = shape[d] == 1 ? 0 : t.stride(d), y = shape[other] == 1 ? 0 : t.stride(other);
        if (x == y || x == 0 || y == 0) continue;
        before = x < y;
        break;
      }
      if (!before) break;
      order[at] = order[at - 1];
      --at;
    }
    order[at] = d;
    ++used;
  }
  int64_t stride = 1;
  for (int i = 0; i < n; ++i) {
    const int d = int(order[i]);
    strides[d] = stride;
    stride = checked_mul(stride, shape[d] > 0 ? shape[d] : 1);
  }
  return empty_strided(shape, strides, dtype, device);
}

Tensor empty_like(const Tensor& like, DType dtype) {
  const Tensor* operands[] = {&like};
  return allocate_result(like.shape(), dtype, operands, 1);
}

DType unary_result_type(UnaryOp op, DType dtype) {
  const OpRow& row = kUnary[int(op)];
  const DType computed = compute_type(row, dtype);
  if (row.rule == Rule::Whole && category(computed) == 1) return computed;
  if (RL_UNLIKELY(!accepts(row, computed))) {
    if (op == UnaryOp::neg && computed == DType::Bool)
      raise<Error>("neg(): Negation, the `-` operator, on a bool tensor is not supported. If you are "
                   "trying to invert a mask, use the `~` or `logical_not()` operator instead.");
    raise<NotImplementedError>("\"", op_name(op), "\" not implemented for '", dtype_name(computed), "'");
  }
  return out_type(row, computed);
}

Tensor unary(UnaryOp op, const Tensor& self) {
  const DType result = unary_result_type(op, self.dtype());
  const OpRow& row = kUnary[int(op)];
  if (row.rule == Rule::Whole && category(self.dtype()) == 1) return clone(self);
  const DType computed = compute_type(row, self.dtype());
  const Tensor in = to_dtype(self, computed);
  const Tensor* inputs[] = {&in};
  Tensor out = allocate_result(in.shape(), result, inputs, 1);
  NdPlan plan;
  const Tensor* operands[] = {&out, &in};
  make_plan(plan, out.shape(), operands, 2);
  kernel_or_raise(kernel_slots(out.device().type).unary[int(op)][int(computed)], op_name(op),
                  out.device(), computed)(plan);
  return out;
}

void unary_out(UnaryOp op, const Tensor& self, const Tensor& out) {
  const DType result = unary_result_type(op, self.dtype());
  const OpRow& row = kUnary[int(op)];
  const char* name = op_name(op);
  check_no_partial_overlap(name, out, self);
  write_out(name, result, out, [&](const Tensor& to) {
    if (row.rule == Rule::Whole && category(self.dtype()) == 1) return copy_(to, self);
    const DType computed = compute_type(row, self.dtype());
    const Tensor in = to_dtype(read_beside(to, self), computed);
    NdPlan plan;
    const Tensor* operands[] = {&to, &in};
    make_plan(plan, to.shape(), operands, 2);
    kernel_or_raise(kernel_slots(to.device().type).unary[int(op)][int(computed)], name, to.device(),
                    computed)(plan);
  });
}

Tensor binary(BinaryOp op, const Tensor& a, const Tensor& b) {
  const OpRow& row = kBinary[int(op)];
  const DType computed = compute_type(row, result_type(a, b));
  if (RL_UNLIKELY(a.device() != b.device())) {
    if (travels(b, a)) return binary(op, a, to_device(b, a.device()));
    if (travels(a, b)) return binary(op, to_device(a, b.device()), b);
  }
  check_binary(op, a, b, computed);
  if (RL_LIKELY(a.dtype() == computed && b.dtype() == computed && a.shape() == b.shape())) {
    check_division(op, b);
    const Tensor* inputs[] = {&a, &b};
    Tensor out = allocate_result(a.shape(), out_type(row, computed), inputs, 2);
    run_binary(op, computed, out, a, b);
    return out;
  }
  if (keeps_float(op, computed, b))
    return to_dtype(binary(op, to_dtype(a, DType::F32), to_dtype(b, DType::F32)), computed);
  const Dims shape = broadcast_shapes(op_name(op), a.shape(), b.shape());
  check_division(op, b);
  const Tensor x = to_dtype(a, computed), y = to_dtype(b, computed);
  const Tensor* inputs[] = {&x, &y};
  Tensor out = allocate_result(shape, out_type(row, computed), inputs, 2);
  run_binary(op, computed, out, x, y);
  return out;
}

Tensor binary(BinaryOp op, const Tensor& a, const Scalar& b) { return binary_scalar(op, a, b, 2); }
Tensor binary(BinaryOp op, const Scalar& a, const Tensor& b) { return binary_scalar(op, b, a, 1); }

void binary_out(BinaryOp op, const Tensor& a, const Tensor& b, const Tensor& out) {
  const OpRow& row = kBinary[int(op)];
  const char* name = op_name(op);
  const DType computed = compute_type(row, result_type(a, b));
  if (travels(b, a)) return binary_out(op, a, to_device(b, a.device()), out);
  if (travels(a, b)) return binary_out(op, to_device(a, b.device()), b, out);
  check_binary(op, a, b, computed);
  RL_CHECK(out.device() == a.device(), name,
           "(): Expected all tensors to be on the same device, but found ", a.device(),
           " and out on ", out.device());
  const Dims shape = broadcast_shapes(name, a.shape(), b.shape());
  RL_CHECK(shape == out.shape(), name, "(): output with shape ", out.shape(),
           " doesn't match the broadcast shape ", shape);
  check_no_partial_overlap(name, out, a);
  check_no_partial_overlap(name, out, b);
  check_division(op, b);
  write_out(name, out_type(row, computed), out, [&](const Tensor& to) {
    if (keeps_float(op, computed, b)) return copy_(to, binary(op, a, b));
    run_binary(op, computed, to, to_dtype(read_beside(to, a), computed),
               to_dtype(read_beside(to, b), computed));
  });
}

void binary_out(BinaryOp op, const Tensor& a, const Scalar& b, const Tensor& out) {
  const OpRow& row = kBinary[int(op)];
  const char* name = op_name(op);
  const DType computed = compute_type(row, result_type(a.dtype(), b));
  check_binary(op, a, a, computed);
  RL_CHECK(a.shape() == out.shape(), name, "(): output with shape ", out.shape(),
           " doesn't match the broadcast shape ", a.shape());
  check_no_partial_overlap(name, out, a);
  if (b.to_double() == 0 && is_integral(computed)) check_division(op, scalar_tensor(b, computed));
  if (op == BinaryOp::sub) check_no_bool(false, b.kind() == Scalar::Kind::Bool);
  check_exponent(op, computed, b, true);
  UnaryOp power;
  if (op == BinaryOp::pow && a.dtype() == computed && power_is_unary(computed, b, &power))
    return unary_out(power, a, out);
  alignas(16) char element[16];
  b.store(computed, element);
  write_out(name, out_type(row, computed), out, [&](const Tensor& to) {
    if (keeps_float(op, computed)) return copy_(to, binary_scalar(op, a, b, 2));
    run_binary_scalar(op, computed, to, to_dtype(read_beside(to, a), computed), element, 2);
  });
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  RL_CHECK(condition.dtype() == DType::Bool || condition.dtype() == DType::U8,
           "where(): expected condition to be a boolean tensor, but got a tensor with dtype ",
           condition.dtype());
  RL_CHECK(condition.device() == a.device() && a.device() == b.device(),
           "where(): Expected all tensors to be on the same device, but found ", condition.device(), ", ",
           a.device(), " and ", b.device());
  const DType d = result_type(a, b);
  const Dims shape = broadcast_shapes("where", condition.shape(), broadcast_shapes("where", a.shape(), b.shape()));
  const Tensor c = to_dtype(condition, DType::Bool), x = to_dtype(a, d), y = to_dtype(b, d);
  const Tensor* inputs[] = {&c, &x, &y};
  Tensor out = allocate_result(shape, d, inputs, 3);
  NdPlan plan;
  const Tensor* operands[] = {&out, &c, &x, &y};
  make_plan(plan, shape, operands, 4);
  kernel_or_raise(kernel_slots(out.device().type).where, "where", out.device(), d)(plan, int(out.itemsize()));
  return out;
}

#define RL_UNARY(name, functor, accepts, result) \
  Tensor name(const Tensor& self) { return unary(UnaryOp::name, self); }
#define RL_BINARY(name, functor, accepts, result)              \
  Tensor name(const Tensor& self, const Tensor& other) {       \
    return binary(BinaryOp::name, self, other);                \
  }                                                            \
  Tensor name(const Tensor& self, const Scalar& other) {       \
    return binary(BinaryOp::name, self, other);                \
  }
#include "rushlight/ops.def"
#undef RL_UNARY
#undef RL_BINARY

}  // namespace rushlight
