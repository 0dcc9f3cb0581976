// rushlight._ops: everything bound with pybind11.
#include "calls.h"
#include "op.h"

namespace rushlight::python {

namespace {
const Api* g_api = nullptr;
}
const Api& api() { return *g_api; }

#define RL_BINDINGS(_) \
  _(uniform) \
  _(view) \
  _(interop) \
  _(dlpack) \
  _(random) \
  _(matmul) \
  _(conv) \
  _(config) \
  _(cuda) \
  _(optim) \
  _(storage) \
  _(index) \
  _(scatter) \
  _(join) \
  _(reduce) \
  _(sort) \
  _(softmax) \
  _(norm) \
  _(units) \
  _(pad) \
  _(resample) \
  _(linalg) \
  _(special) \
  _(recurrent)

#define RL_DECLARE(family) void bind_##family(py::module_& m);
RL_BINDINGS(RL_DECLARE)
#undef RL_DECLARE

}  // namespace rushlight::python

PYBIND11_MODULE(_ops, m) {
  namespace python = rushlight::python;
  python::py::module_::import("rushlight._core");
  python::g_api = static_cast<const python::Api*>(PyCapsule_Import("rushlight._core._api", 0));
  if (!python::g_api) throw python::py::error_already_set();
  python::py::register_exception_translator([](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const rushlight::Error&) {
      python::set_python_error();
    }
  });
#define RL_BIND(family) python::bind_##family(m);
  RL_BINDINGS(RL_BIND)
#undef RL_BIND
  using python::py::handle;
  m.def("_set_out_of_memory_error", [](handle type) {
    RL_CHECK_TYPE(PyType_Check(type.ptr()) &&
                      PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(type.ptr()),
                                       reinterpret_cast<PyTypeObject*>(PyExc_MemoryError)),
                  "_set_out_of_memory_error(): expected a subclass of MemoryError");
    python::set_out_of_memory_error(type.ptr());
  });
  m.def("_redirect", [](handle op, handle handler) {
    RL_CHECK_TYPE(handler.is_none() || PyCallable_Check(handler.ptr()),
                  "_redirect(): expected a function as handler, or None");
    python::Function::redirect(op.ptr(), handler.is_none() ? nullptr : handler.ptr());
  });
  // For functions written in Python: their out= and their named results.
  m.def("check_apart", [](const std::string& op, handle input, handle out) {
    PyObject* objects[] = {input.ptr()};
    python::check_apart(op.c_str(), objects, 1, out.ptr());
  });
  m.def("write_out", [](const std::string& op, const rushlight::Tensor& result, handle out) {
    PyObject* objects[] = {out.ptr()};
    RL_CHECK(!python::is_tensor(out.ptr()) || !python::api().needs_record(objects, 1), op,
             "(): functions with out=... arguments don't support automatic differentiation, but "
             "one of the arguments requires grad.");
    return python::write_out(op.c_str(), result, out.ptr());
  });
  m.def("make_result_type", [](const std::string& op, const std::vector<std::string>& fields) {
    return handle(reinterpret_cast<PyObject*>(python::make_result_type(op, fields)));
  });
  python::make_overridable(m);
}
