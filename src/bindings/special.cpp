// Every row of special.def: name(input, ...), name_(input, ...) and name(..., out=).
#include "rushlight/ops/special.h"

#include "operand.h"

namespace rushlight::python {
namespace {

Tensor run(SpecialBinary op, const Operand& a, const Operand& b) {
  if (a.tensor.defined())
    return b.tensor.defined() ? special(op, a.tensor, b.tensor) : special(op, a.tensor, b.scalar);
  RL_CHECK_TYPE(b.tensor.defined(), op_name(op), "(): at least one argument must be Tensor");
  return special(op, a.scalar, b.tensor);
}

}  // namespace

void bind_special(py::module_& m) {
  for (int i = 0; i < int(SpecialUnary::kCount); ++i) {
    const SpecialUnary op = SpecialUnary(i);
    const std::string name = op_name(op);
    bind_op<Kind::Plain>(
        m, (name + "(input)").c_str(), [op](const Tensor& x) { return special(op, x); },
        static_cast<Tensor (*)(const Tensor&)>(nullptr));
    bind_inplace(
        m, (name + "_(input)").c_str(), [op](const Tensor& x) { special_(op, x); },
        static_cast<void (*)(const Tensor&)>(nullptr));
  }
  for (int i = 0; i < int(SpecialBinary::kCount); ++i) {
    const SpecialBinary op = SpecialBinary(i);
    const std::string name = op_name(op);
    bind_op<Kind::Plain>(
        m, (name + "(input, other)").c_str(),
        [op](const Operand& a, const Operand& b) { return run(op, a, b); },
        static_cast<Tensor (*)(const Operand&, const Operand&)>(nullptr));
  }
  for (const SpecialBinary op : {SpecialBinary::igamma, SpecialBinary::igammac}) {
    const std::string name = op_name(op);
    bind_inplace(
        m, (name + "_(input, other)").c_str(),
        [op](const Tensor& a, const Tensor& b) { special_(op, a, b); },
        static_cast<void (*)(const Tensor&, const Tensor&)>(nullptr));
  }
}

}  // namespace rushlight::python
