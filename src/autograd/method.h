// A compiled function as a method. The interpreter calls it without making a bound method first, as
// it does with a built-in type's own methods (and not with a PyInstanceMethod).
#pragma once

#include <Python.h>

#include <cstddef>

namespace rushlight::python {

struct MethodObject {
  PyObject_HEAD PyObject* function;
  vectorcallfunc vectorcall;
};

inline PyObject* method_call(PyObject* self, PyObject* const* args, size_t nargsf,
                             PyObject* names) {
  return PyObject_Vectorcall(reinterpret_cast<MethodObject*>(self)->function, args, nargsf, names);
}
inline PyObject* method_get(PyObject* self, PyObject* instance, PyObject*) {
  return instance && instance != Py_None ? PyMethod_New(self, instance) : Py_NewRef(self);
}
// __name__, __doc__, ... are the function's.
inline PyObject* method_getattro(PyObject* self, PyObject* name) {
  return PyObject_GetAttr(reinterpret_cast<MethodObject*>(self)->function, name);
}
inline PyObject* method_repr(PyObject* self) {
  return PyUnicode_FromFormat("<method of 'rushlight.Tensor': %R>",
                              reinterpret_cast<MethodObject*>(self)->function);
}
inline void method_dealloc(PyObject* self) {
  Py_DECREF(reinterpret_cast<MethodObject*>(self)->function);
  PyObject_Free(self);
}

inline PyTypeObject* method_type() {
  static PyTypeObject type = {PyVarObject_HEAD_INIT(nullptr, 0)};
  if (type.tp_name) return &type;
  type.tp_name = "rushlight.method_descriptor";
  type.tp_basicsize = sizeof(MethodObject);
  type.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_METHOD_DESCRIPTOR | Py_TPFLAGS_HAVE_VECTORCALL;
  type.tp_vectorcall_offset = offsetof(MethodObject, vectorcall);
  type.tp_call = PyVectorcall_Call;
  type.tp_descr_get = method_get;
  type.tp_getattro = method_getattro;
  type.tp_repr = method_repr;
  type.tp_dealloc = method_dealloc;
  return PyType_Ready(&type) < 0 ? nullptr : &type;
}

inline PyObject* new_method(PyObject* function) {
  PyTypeObject* type = method_type();
  if (!type) return nullptr;
  auto* method = PyObject_New(MethodObject, type);
  if (!method) return nullptr;
  method->function = Py_NewRef(function);
  method->vectorcall = method_call;
  return reinterpret_cast<PyObject*>(method);
}

}  // namespace rushlight::python
