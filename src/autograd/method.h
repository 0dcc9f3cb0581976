// Public functions and methods as objects: they call what they are made of, and are where
// overrides and NumPy's keywords are seen to. As a method, a compiled function is called without
// making a bound method first, as a built-in type's own are (and a PyInstanceMethod is not).
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstring>

#include "overrides.h"

namespace rushlight::python {

inline Overrides g_overrides;

struct CallObject {
  PyObject_HEAD PyObject* function;
  vectorcallfunc vectorcall;
  unsigned spellings;  // which of NumPy's keywords it takes
};

inline PyObject* call_spelled(CallObject* call, PyObject* const* args, size_t nargsf,
                              PyObject* names) {
  PyObject* spelled = spelled_keywords(names, call->spellings);
  if (!spelled) return nullptr;
  PyObject* result = PyObject_Vectorcall(call->function, args, nargsf, spelled);
  Py_DECREF(spelled);
  return result;
}

inline PyObject* forward_call(PyObject* self, PyObject* const* args, size_t nargsf,
                              PyObject* names) {
  auto* call = reinterpret_cast<CallObject*>(self);
  const Py_ssize_t nargs = PyVectorcall_NARGS(nargsf);
  if (RL_UNLIKELY(g_overrides.active)) {
    const Py_ssize_t count = nargs + (names ? PyTuple_GET_SIZE(names) : 0);
    if (g_overrides.wanted(args, count)) return g_overrides.dispatch(self, args, nargs, names);
  }
  PyObject* result = names && call->spellings && may_be_spelled(names)
                         ? call_spelled(call, args, nargsf, names)
                         : PyObject_Vectorcall(call->function, args, nargsf, names);
  return RL_LIKELY(result != nullptr) ? result : g_overrides.failed(self, args, nargs, names);
}

inline PyObject* method_get(PyObject* self, PyObject* instance, PyObject*) {
  return instance && instance != Py_None ? PyMethod_New(self, instance) : Py_NewRef(self);
}
// __name__, __doc__, ... are the function's; pickled by name.
inline PyObject* call_getattro(PyObject* self, PyObject* name) {
  const char* text = PyUnicode_AsUTF8(name);
  if (!text) return nullptr;
  if (std::strncmp(text, "__reduce", 8) == 0 || std::strcmp(text, "__wrapped__") == 0)
    return PyObject_GenericGetAttr(self, name);
  return PyObject_GetAttr(reinterpret_cast<CallObject*>(self)->function, name);
}
inline PyObject* call_reduce(PyObject* self, PyObject*) {
  return PyObject_GetAttrString(reinterpret_cast<CallObject*>(self)->function, "__qualname__");
}
inline PyObject* call_wrapped(PyObject* self, void*) {
  return Py_NewRef(reinterpret_cast<CallObject*>(self)->function);
}
inline PyObject* method_repr(PyObject* self) {
  return PyUnicode_FromFormat("<method of 'rushlight.Tensor': %R>",
                              reinterpret_cast<CallObject*>(self)->function);
}
inline PyObject* function_repr(PyObject* self) {
  return PyObject_Repr(reinterpret_cast<CallObject*>(self)->function);
}
inline void call_dealloc(PyObject* self) {
  Py_DECREF(reinterpret_cast<CallObject*>(self)->function);
  PyObject_Free(self);
}

inline PyMethodDef kCallMethods[] = {{"__reduce__", call_reduce, METH_NOARGS, nullptr}, {}};
inline PyGetSetDef kCallMembers[] = {{"__wrapped__", call_wrapped, nullptr, nullptr, nullptr}, {}};

// The type of methods, or of functions, which do not bind.
inline PyTypeObject* call_type(bool method) {
  static PyTypeObject types[2] = {{PyVarObject_HEAD_INIT(nullptr, 0)},
                                  {PyVarObject_HEAD_INIT(nullptr, 0)}};
  PyTypeObject& type = types[method];
  if (type.tp_name) return &type;
  type.tp_name = method ? "rushlight.method_descriptor" : "rushlight.function";
  type.tp_basicsize = sizeof(CallObject);
  type.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL;
  type.tp_vectorcall_offset = offsetof(CallObject, vectorcall);
  type.tp_call = PyVectorcall_Call;
  type.tp_getattro = call_getattro;
  type.tp_repr = method ? method_repr : function_repr;
  type.tp_dealloc = call_dealloc;
  type.tp_methods = kCallMethods;
  type.tp_getset = kCallMembers;
  if (method) {
    type.tp_flags |= Py_TPFLAGS_METHOD_DESCRIPTOR;
    type.tp_descr_get = method_get;
  }
  return PyType_Ready(&type) < 0 ? nullptr : &type;
}

inline PyObject* new_call(PyObject* function, bool method, unsigned spellings) {
  PyTypeObject* type = call_type(method);
  if (!type) return nullptr;
  auto* call = PyObject_New(CallObject, type);
  if (!call) return nullptr;
  call->function = Py_NewRef(function);
  call->vectorcall = forward_call;
  call->spellings = spellings;
  return reinterpret_cast<PyObject*>(call);
}

// -- which calls are taken over
// --------------------------------------------------------------------

// Of the thread: blocks that switch overrides off, and modes that are entered.
inline thread_local int t_overrides_off = 0;
inline thread_local int t_override_modes = 0;

inline PyObject* g_disabled_override = nullptr;  // the __torch_function__ of classes without one

inline bool overrides(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  // No class of C's has one, but Tensor's own, which is not asked.
  if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) return false;
  PyObject* function =
      PyObject_GetAttrString(reinterpret_cast<PyObject*>(type), "__torch_function__");
  if (!function) {
    PyErr_Clear();
    return false;
  }
  Py_DECREF(function);
  return function != g_disabled_override;
}

inline bool some_override(PyObject* const* args, Py_ssize_t count) {
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject* a = args[i];
    if (PyTuple_CheckExact(a) || PyList_CheckExact(a)) {
      for (Py_ssize_t k = 0; k < PySequence_Fast_GET_SIZE(a); ++k)
        if (overrides(PySequence_Fast_GET_ITEM(a, k))) return true;
    } else if (overrides(a)) {
      return true;
    }
  }
  return false;
}

inline __attribute__((noinline, cold)) bool override_wanted(PyObject* const* args,
                                                            Py_ssize_t count) {
  if (t_overrides_off) return false;
  return t_override_modes > 0 || some_override(args, count);
}

inline __attribute__((noinline, cold)) bool pair_wanted(PyObject* a, PyObject* b) {
  PyObject* both[] = {a, b};
  return override_wanted(both, 2);
}

RL_INLINE bool override_wanted_by(PyObject* object) {
  return RL_UNLIKELY(g_overrides.active) && override_wanted(&object, 1);
}

}  // namespace rushlight::python
