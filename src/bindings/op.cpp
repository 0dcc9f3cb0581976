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

// Functions whose out= has to have the result's dtype, or must not overlap an argument. The
// others take what the result can be cast to, and compute it before they write.
struct OutRule {
  std::string_view op;
  bool exact, apart;
};
constexpr OutRule kOutRules[] = {
    {"cat", false, true},          {"dstack", false, true},        {"gather", true, true},
    {"hstack", false, true},       {"index_add", true, true},      {"index_copy", true, true},
    {"index_reduce", true, true},  {"index_select", true, true},   {"kthvalue", true, true},
    {"masked_select", true, true}, {"scatter", true, false},       {"scatter_add", true, true},
    {"scatter_reduce", true, true}, {"stack", false, true},        {"take", true, true},
    {"take_along_dim", true, true}, {"vstack", false, true},
};
OutRule out_rule(std::string_view op) {
  for (const OutRule& rule : kOutRules)
    if (rule.op == op) return rule;
  return {op, false, false};
}

// Whether the elements fill the memory between the first and the last, which only then tells
// whether two tensors meet.
bool dense_range(const Tensor& t, int64_t* first, int64_t* last) {
  *first = *last = t.offset();
  if (t.numel() == 0) return false;
  for (int i = 0; i < t.ndim(); ++i) *last += (t.size(i) - 1) * t.stride(i);
  const int64_t size = t.itemsize();
  const bool dense = *last - *first + 1 == t.numel();
  *first *= size;
  *last = (*last + 1) * size - 1;
  return dense;
}

void check_apart(const char* op, PyObject* object, const Tensor& out) {
  if (PyTuple_Check(object) || PyList_Check(object)) {
    for (py::handle item : py::reinterpret_borrow<py::sequence>(object))
      check_apart(op, item.ptr(), out);
    return;
  }
  if (!is_tensor(object)) return;
  const Tensor& in = tensor_of(object);
  int64_t b0, e0, b1, e1;
  RL_CHECK(in.storage_ptr().get() != out.storage_ptr().get() || !dense_range(in, &b0, &e0) ||
               !dense_range(out, &b1, &e1) || e0 < b1 || e1 < b0,
           op, "(): unsupported operation: some elements of the input tensor and the written-to "
           "tensor refer to a single memory location. Please clone() the tensor before performing "
           "the operation.");
}

// Whether some elements are certainly the same memory.
bool repeats(const Tensor& t) {
  if (t.numel() < 2) return false;
  for (int i = 0; i < t.ndim(); ++i)
    if (t.size(i) > 1 && t.stride(i) == 0) return true;
  return false;
}

}  // namespace

void check_apart(const char* op, PyObject* const* objects, size_t n, PyObject* out) {
  if (!out_rule(op).apart || !is_tensor(out)) return;
  for (size_t i = 0; i < n; ++i) check_apart(op, objects[i], tensor_of(out));
}

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
  RL_CHECK(!out_rule(op).exact || to.dtype() == result.dtype(), op,
           "(): Expected out tensor to have dtype ", result.dtype(), ", but got ", to.dtype(),
           " instead");
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
  api().count_write(to, op);
  return py::reinterpret_borrow<py::object>(out);
}

}  // namespace rushlight::python
