// An argument that is a tensor or a number.
#pragma once

#include "op.h"

namespace rushlight::python {

struct Operand {
  Tensor tensor;
  Scalar scalar = int64_t(0);
};
inline int64_t work_of(const Operand& operand) {
  return operand.tensor.defined() ? operand.tensor.numel() : 0;
}

template <>
struct TypeText<Operand> {
  static std::string get() { return "Tensor | Number"; }
};

}  // namespace rushlight::python

namespace pybind11::detail {
template <>
struct type_caster<rushlight::python::Operand> {
  PYBIND11_TYPE_CASTER(rushlight::python::Operand, const_name("Tensor | Number"));
  bool load(handle src, bool convert) {
    if (rushlight::python::is_tensor(src.ptr())) {
      value.tensor = rushlight::python::tensor_of(src.ptr());
      return value.tensor.defined();
    }
    make_caster<rushlight::Scalar> number;
    if (!number.load(src, convert)) return false;
    value.scalar = static_cast<const rushlight::Scalar&>(number);
    return true;
  }
};
}  // namespace pybind11::detail
