// Makes the functions bound by pybind11 itself overridable, and gives them NumPy's keywords; those
// of function.h are so by themselves.
#include "calls.h"

#include <unordered_map>

#include "function.h"

namespace rushlight::python {
namespace {

using FastFunction = PyObject* (*)(PyObject*, PyObject* const*, Py_ssize_t, PyObject*);

const Overrides* g_overrides = nullptr;
FastFunction g_dispatcher = nullptr;  // pybind11's own; all its functions have the same
// pybind11's record of a function, which is all that a call is given, and the function.
std::unordered_map<PyObject*, PyObject*>& functions() {
  static auto* map = new std::unordered_map<PyObject*, PyObject*>;
  return *map;
}

__attribute__((noinline)) PyObject* call_spelled(PyObject* self, PyObject* const* args,
                                                 Py_ssize_t nargsf, PyObject* names) {
  PyObject* spelled = g_overrides->spelled(names, kAllSpellings);
  if (!spelled) return nullptr;
  PyObject* result = g_dispatcher(self, args, nargsf, spelled);
  Py_DECREF(spelled);
  return result;
}

PyObject* call(PyObject* self, PyObject* const* args, Py_ssize_t nargsf, PyObject* names) {
  const Py_ssize_t nargs = PyVectorcall_NARGS(size_t(nargsf));
  if (RL_UNLIKELY(g_overrides->active) &&
      g_overrides->wanted(args, nargs + (names ? PyTuple_GET_SIZE(names) : 0)))
    return g_overrides->dispatch(functions().at(self), args, nargs, names);
  PyObject* result = RL_UNLIKELY(names && may_be_spelled(names))
                         ? call_spelled(self, args, nargsf, names)
                         : g_dispatcher(self, args, nargsf, names);
  if (RL_LIKELY(result != nullptr)) return result;
  return g_overrides->failed(functions().at(self), args, nargs, names);
}

}  // namespace

void make_overridable(py::module_& m) {
  g_overrides = &overrides();
  for (auto [name, value] : py::reinterpret_borrow<py::dict>(m.attr("__dict__"))) {
    if (!PyCFunction_Check(value.ptr()) || is_function(value.ptr())) continue;
    auto* function = reinterpret_cast<PyCFunctionObject*>(value.ptr());
    if (function->m_ml->ml_flags != (METH_FASTCALL | METH_KEYWORDS) || !function->m_self ||
        functions().count(function->m_self))
      continue;
    auto* original =
        reinterpret_cast<FastFunction>(reinterpret_cast<void*>(function->m_ml->ml_meth));
    if (!g_dispatcher) g_dispatcher = original;
    if (original != g_dispatcher) throw std::logic_error("pybind11 has more than one dispatcher");
    functions()[function->m_self] = value.inc_ref().ptr();
    function->m_ml->ml_meth = reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(&call));
  }
}

}  // namespace rushlight::python
