// Every row of ops.def: name(input, ...), name_(input, ...) and name(..., out=).
#include <array>

#include "operand.h"
#include "rushlight/ops/elementwise.h"

namespace rushlight::python {
namespace {

// Which of its operands an op takes as a number (PyTorch's overloads).
struct Numbers {
  bool input, other;
};
Numbers numbers_of(const std::string& name) {
  for (const char* op : {"atan2", "fmax", "fmin", "hypot", "logical_and", "logical_or",
                         "logical_xor", "maximum", "minimum"})
    if (name == op) return {false, false};
  for (const char* op : {"eq", "fmod", "ge", "gt", "le", "lt", "ne"})
    if (name == op) return {false, true};
  return {true, true};
}
void check_numbers(const char* op, Numbers allowed, const Operand& a, const Operand& b) {
  RL_CHECK_TYPE(allowed.input || a.tensor.defined(), op,
                "(): argument 'input' (position 1) must be Tensor, not a number");
  RL_CHECK_TYPE(allowed.other || b.tensor.defined(), op,
                "(): argument 'other' (position 2) must be Tensor, not a number");
}

Tensor run_binary(BinaryOp op, const Operand& a, const Operand& b) {
  if (a.tensor.defined())
    return b.tensor.defined() ? binary(op, a.tensor, b.tensor) : binary(op, a.tensor, b.scalar);
  RL_CHECK_TYPE(b.tensor.defined(), op_name(op), "(): at least one argument must be Tensor");
  return binary(op, a.scalar, b.tensor);
}

void run_binary_(BinaryOp op, const Tensor& a, const Operand& b) {
  if (b.tensor.defined())
    binary_out(op, a, b.tensor, a);
  else
    binary_out(op, a, b.scalar, a);
}

}  // namespace

void bind_uniform(py::module_& m) {
  for (int i = 0; i < kNumUnaryOps; ++i) {
    const UnaryOp op = UnaryOp(i);
    const std::string name = op_name(op);
    bind_op<Kind::Plain>(
        m, (name + "(input)").c_str(), [op](const Tensor& x) { return unary(op, x); },
        static_cast<Tensor (*)(const Tensor&)>(nullptr));
    bind_inplace(
        m, (name + "_(input)").c_str(),
        [op](const Tensor& x) {
          RL_CHECK(op != UnaryOp::abs || !is_complex(x.dtype()),
                   "abs_(): In-place abs is not supported for complex tensors, their modulus is real");
          unary_out(op, x, x);
        },
        static_cast<void (*)(const Tensor&)>(nullptr));
  }
  for (int i = 0; i < kNumBinaryOps; ++i) {
    const BinaryOp op = BinaryOp(i);
    const std::string name = op_name(op);
    const Numbers allowed = numbers_of(name);
    if (op == BinaryOp::maximum || op == BinaryOp::minimum) {
      // clamp takes numbers where these do not.
      bind_op<Kind::Plain>(
          m, (name + "(input, other)").c_str(),
          [op](const Operand& a, const Operand& b) { return run_binary(op, a, b); },
          static_cast<Tensor (*)(const Operand&, const Operand&)>(nullptr));
      m.attr(("_" + name).c_str()) = m.attr(name.c_str());
    }
    bind_op<Kind::Plain>(
        m, (name + "(input, other)").c_str(),
        [op, allowed](const Operand& a, const Operand& b) {
          check_numbers(op_name(op), allowed, a, b);
          return run_binary(op, a, b);
        },
        static_cast<Tensor (*)(const Operand&, const Operand&)>(nullptr));
    bind_inplace(
        m, (name + "_(input, other)").c_str(),
        [op, allowed](const Tensor& a, const Operand& b) {
          check_numbers(op_name(op), {true, allowed.other}, Operand{a}, b);
          run_binary_(op, a, b);
        },
        static_cast<void (*)(const Tensor&, const Operand&)>(nullptr));
  }
  def_op(m, "where(condition, input, other)", &where);
}

}  // namespace rushlight::python
