// The type of a package whose names are imported at first use. A module with a __getattr__ of its
// own is no longer looked up by the interpreter's short way (specialize_module_load_attr of CPython
// refuses it), which costs each `rushlight.f` 40 ns; this type asks the module's dict first.
#pragma once

#include <Python.h>

#include <cstdint>

namespace rushlight::python {

inline PyObject* module_attribute(PyObject* self, PyObject* name) {
  PyObject* dict =
      *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(self) + PyModule_Type.tp_dictoffset);
  if (!dict) return PyModule_Type.tp_getattro(self, name);
#if PY_VERSION_HEX < 0x030C0000
  // The last answers; a dict has another version after any change of it.
  struct Answer {
    PyObject* name;
    PyObject* value;  // the dict's own
    uint64_t version;
  };
  static Answer answers[256];
  const uint64_t version = reinterpret_cast<PyDictObject*>(dict)->ma_version_tag;
  Answer& answer = answers[(reinterpret_cast<uintptr_t>(name) >> 4) % 256];
  if (answer.name == name && answer.version == version) return Py_NewRef(answer.value);
#endif
  PyObject* value = PyDict_GetItemWithError(dict, name);
  if (!value) return PyErr_Occurred() ? nullptr : PyModule_Type.tp_getattro(self, name);
#if PY_VERSION_HEX < 0x030C0000
  if (PyUnicode_CHECK_INTERNED(name)) answer = {name, value, version};
#endif
  return Py_NewRef(value);
}

inline PyObject* lazy_module_type() {
  static PyType_Slot slots[] = {{Py_tp_getattro, reinterpret_cast<void*>(module_attribute)},
                                {0, nullptr}};
  static PyType_Spec spec = {"rushlight.module", 0, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                             slots};
  PyObject* bases = PyTuple_Pack(1, reinterpret_cast<PyObject*>(&PyModule_Type));
  if (!bases) return nullptr;
  PyObject* type = PyType_FromSpecWithBases(&spec, bases);
  Py_DECREF(bases);
  return type;
}

}  // namespace rushlight::python
