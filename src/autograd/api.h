// What the Cython core offers the pybind11 modules, as a capsule named "rushlight._core._api".
#pragma once

#include <Python.h>

#include "rushlight/core/tensor.h"

namespace rushlight::python {

// The head of every Tensor object; the gradient state that follows is private to _core.
struct TensorObject {
  PyObject_HEAD
  Tensor tensor;
};

struct Api {
  PyTypeObject* tensor_type;
  // A new Tensor object, or null with an exception set.
  PyObject* (*wrap)(Tensor* tensor);
  // The id of an op by name; argument_names is a tuple of str. -1 with an exception set.
  int (*register_op)(const char* name, PyObject* argument_names);
  // 1 when gradients are recorded and one of the tensors in args requires one.
  int (*needs_record)(PyObject* const* args, Py_ssize_t count);
  // Note [One record hook]
  // Links `result` (a Tensor, or a tuple or list of them) to the op that made it from `args`, a
  // tuple in the order of the registered names. 0, or -1 with an exception set.
  int (*record)(int op, PyObject* args, PyObject* result);
  // Before an op writes into args[0]: checks that autograd allows it. Returns the original value
  // where a derivative needs it, else None; null with an exception set.
  PyObject* (*prepare_inplace)(int op, PyObject* args);
  // After it: counts the write and records.
  int (*finish_inplace)(int op, PyObject* args, PyObject* original);
  // dtype objects, indexed by DType; `dtype_of` is -1 for an object of another type.
  PyObject* const* dtypes;
  int (*dtype_of)(PyObject* object);
  // Makes `view` remember the tensor it looks into, where both share a storage.
  int (*mark_view)(PyObject* view, PyObject* source);
  PyObject* (*size_object)(const Tensor& tensor);
  // After a write that no op records: counts it, under this name in errors.
  void (*count_write)(const Tensor& tensor, const char* what);
};

}  // namespace rushlight::python
