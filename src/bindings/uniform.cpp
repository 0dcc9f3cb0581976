// Every row of ops.def: name(input, ...), name_(input, ...) and name(..., out=).
#include <array>

#include "operand.h"
#include "rushlight/ops/elementwise.h"

namespace rushlight::python {
namespace {

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
        m, (name + "_(input)").c_str(), [op](const Tensor& x) { unary_out(op, x, x); },
        static_cast<void (*)(const Tensor&)>(nullptr));
  }
  for (int i = 0; i < kNumBinaryOps; ++i) {
    const BinaryOp op = BinaryOp(i);
    const std::string name = op_name(op);
    bind_op<Kind::Plain>(
        m, (name + "(input, other)").c_str(),
        [op](const Operand& a, const Operand& b) { return run_binary(op, a, b); },
        static_cast<Tensor (*)(const Operand&, const Operand&)>(nullptr));
    bind_inplace(
        m, (name + "_(input, other)").c_str(),
        [op](const Tensor& a, const Operand& b) { run_binary_(op, a, b); },
        static_cast<void (*)(const Tensor&, const Operand&)>(nullptr));
  }
  def_op(m, "where(condition, input, other)", &where);
}

}  // namespace rushlight::python
