#include "op.h"

#include <string_view>

#include "rushlight/ops/copy.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/resize.h"

namespace rushlight::python {

PyTypeObject* make_result_type(const std::string& op, const std::vector<std::string>& fields) {
  auto* names = new std::vector<std::string>(fields);
  auto* entries = new std::vector<PyStructSequence_Field>;
  for (const std::string& name : *names) entries->push_back({name.c_str(), nullptr});
  entries->push_back({nullptr, nullptr});
  auto* type_name = new std::string("rushlight.return_types." + op);
  PyStructSequence_Desc desc{type_name->c_str(), nullptr, entries->data(), int(fields.size())};
  PyTypeObject* type = PyStructSequence_NewType(&desc);
  if (!type) throw py::error_already_set();
  // Where rushlight.return_types finds it.
  py::module_::import("rushlight._core").attr("_result_types")[op.c_str()] =
      py::handle(reinterpret_cast<PyObject*>(type));
  return type;
}

namespace {

// Whether some elements are certainly the same memory.
bool repeats(const Tensor& t) {
  if (t.numel() < 2) return false;
  for (int i = 0; i < t.ndim(); ++i)
    if (t.size(i) > 1 && t.stride(i) == 0) return true;
  return false;
}

}  // namespace

py::object write_out(const char* op, const Tensor& result, PyObject* out) {
  RL_CHECK_TYPE(is_tensor(out), op, "(): argument 'out' must be Tensor, not ", Py_TYPE(out)->tp_name);
  const Tensor& to = tensor_of(out);
  RL_CHECK(to.device() == result.device(), op, "(): Expected out tensor to have device ",
           result.device(), ", but got ", to.device(), " instead");
  // PyTorch's joins raise another type than everything else.
  const std::string_view name = op;
  if (name == "cat" || name == "stack" || name == "hstack" || name == "vstack" || name == "dstack")
    RL_CHECK_TYPE(is_inexact(to.dtype()) || !is_inexact(result.dtype()), op,
                  "(): input types can't be cast to the desired output type ", to.dtype());
  check_can_cast(op, result.dtype(), to.dtype());
  RL_CHECK(!repeats(to), op, "(): unsupported operation: more than one element of the written-to "
           "tensor refers to a single memory location; clone() the tensor first");
  if (to.shape() != result.shape()) {
    if (to.numel() != 0 &&
        PyErr_WarnEx(PyExc_UserWarning,
                     "An output with one or more elements was resized since its shape did not match "
                     "the required output shape. This behavior is deprecated: pass an empty tensor, "
                     "or one of the right shape.",
                     1) < 0)
      throw py::error_already_set();
    resize_(to, result.shape());
  }
  copy_(to, result);
  to.storage().bump_version();
  return py::reinterpret_borrow<py::object>(out);
}

}  // namespace rushlight::python
