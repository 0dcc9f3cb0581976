// Conversions between Python objects and the core's value types.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <vector>

#include "api.h"
#include "errors.h"
#include "rushlight/core/scalar.h"
#include "rushlight/core/tensor.h"

namespace rushlight::python {

namespace py = pybind11;

// The core module's table; imported once by the module's init.
const Api& api();

inline bool is_tensor(PyObject* object) {
  return Py_TYPE(object) == api().tensor_type || PyType_IsSubtype(Py_TYPE(object), api().tensor_type);
}
inline const Tensor& tensor_of(PyObject* object) {
  return reinterpret_cast<TensorObject*>(object)->tensor;
}

// A Python int, or anything with __index__; bool only where PyTorch takes one.
inline bool load_int(PyObject* object, int64_t* value) {
  if (PyLong_CheckExact(object)) {
    *value = PyLong_AsLongLong(object);
  } else if (PyLong_Check(object) || (PyIndex_Check(object) && !PyFloat_Check(object))) {
    PyObject* index = PyNumber_Index(object);
    if (!index) {
      PyErr_Clear();
      return false;
    }
    *value = PyLong_AsLongLong(index);
    Py_DECREF(index);
  } else {
    return false;
  }
  if (*value == -1 && PyErr_Occurred()) {
    PyErr_Clear();
    raise<Error>("Overflow when unpacking long: the int does not fit in 64 bits");
  }
  return true;
}

}  // namespace rushlight::python

namespace pybind11::detail {

template <>
struct type_caster<rushlight::Tensor> {
  PYBIND11_TYPE_CASTER(rushlight::Tensor, const_name("Tensor"));
  bool load(handle src, bool) {
    if (!rushlight::python::is_tensor(src.ptr())) return false;
    value = rushlight::python::tensor_of(src.ptr());
    return value.defined();
  }
  static handle cast(rushlight::Tensor tensor, return_value_policy, handle) {
    PyObject* object = rushlight::python::api().wrap(&tensor);
    if (!object) throw error_already_set();
    return object;
  }
};

template <>
struct type_caster<rushlight::Scalar> {
  rushlight::Scalar value = int64_t(0);
  static constexpr auto name = const_name("Number");
  operator const rushlight::Scalar&() const { return value; }
  template <class T>
  using cast_op_type = const rushlight::Scalar&;
  bool load(handle src, bool) {
    PyObject* o = src.ptr();
    int64_t i;
    if (PyFloat_Check(o))
      value = PyFloat_AS_DOUBLE(o);
    else if (PyBool_Check(o))
      value = o == Py_True;
    else if (rushlight::python::load_int(o, &i))
      value = i;
    else if (PyComplex_Check(o))
      value = rushlight::c128(PyComplex_RealAsDouble(o), PyComplex_ImagAsDouble(o));
    else if (PyNumber_Check(o) && !rushlight::python::is_tensor(o) && PyObject_HasAttrString(o, "item")) {
      object item = reinterpret_borrow<object>(src).attr("item")();
      return !item.is(src) && load(item, false);
    } else
      return false;
    return true;
  }
};

template <>
struct type_caster<rushlight::DType> {
  PYBIND11_TYPE_CASTER(rushlight::DType, const_name("dtype"));
  bool load(handle src, bool) {
    const int code = rushlight::python::api().dtype_of(src.ptr());
    if (code < 0) return false;
    value = rushlight::DType(code);
    return true;
  }
  static handle cast(rushlight::DType d, return_value_policy, handle) {
    return handle(rushlight::python::api().dtypes[int(d)]).inc_ref();
  }
};

// A list or tuple of tensors; a tensor itself is none, although it can be iterated.
template <>
struct type_caster<std::vector<rushlight::Tensor>>
    : list_caster<std::vector<rushlight::Tensor>, rushlight::Tensor> {
  bool load(handle src, bool convert) {
    return !rushlight::python::is_tensor(src.ptr()) && list_caster::load(src, convert);
  }
};

// An int or a sequence of ints.
template <>
struct type_caster<rushlight::Dims> {
  PYBIND11_TYPE_CASTER(rushlight::Dims, const_name("Size"));
  bool load(handle src, bool) {
    PyObject* o = src.ptr();
    int64_t one;
    if (PyList_Check(o) || PyTuple_Check(o)) {
      const Py_ssize_t n = PySequence_Fast_GET_SIZE(o);
      RL_CHECK(n <= rushlight::kMaxDims, "tensors have at most ", rushlight::kMaxDims,
               " dimensions, got a sequence of ", n);
      rushlight::Dims dims(static_cast<int>(n));
      for (Py_ssize_t i = 0; i < n; ++i) {
        PyObject* item = PySequence_Fast_GET_ITEM(o, i);
        if (PyBool_Check(item) || !rushlight::python::load_int(item, &one)) return false;
        dims[int(i)] = one;
      }
      value = std::move(dims);
      return true;
    }
    if (PyBool_Check(o) || !rushlight::python::load_int(o, &one)) return false;
    value = rushlight::Dims({one});
    return true;
  }
  static handle cast(const rushlight::Dims& dims, return_value_policy, handle) {
    tuple result(static_cast<size_t>(dims.size()));
    for (int i = 0; i < dims.size(); ++i) result[size_t(i)] = int_(dims[i]);
    return result.release();
  }
};

}  // namespace pybind11::detail
