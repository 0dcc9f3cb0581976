// C++ the Cython core leans on: exception mapping, thread state, conversions of single values.
#pragma once

#include <Python.h>

#include <queue>
#include <utility>
#include <vector>

#include "api.h"
#include "errors.h"
#include "place.h"
#include "rushlight/core/inference.h"
#include "rushlight/core/scalar.h"
#include "rushlight/core/tensor.h"

namespace rushlight::python {

// Recording is a property of the thread: what the modes ask for, and whether it happens, which is
// never in inference mode.
inline thread_local bool t_grad_mode = true;
inline thread_local bool t_grad_enabled = true;
inline thread_local bool t_inference = false;
RL_INLINE bool grad_enabled() { return t_grad_enabled; }
RL_INLINE bool grad_mode() { return t_grad_mode; }
RL_INLINE void set_grad_enabled(bool on) {
  t_grad_mode = on;
  t_grad_enabled = on && !t_inference;
}
RL_INLINE bool inference_enabled() { return t_inference; }
inline void set_inference(bool on) {
  t_inference = on;
  t_grad_enabled = t_grad_mode && !on;
  set_inference_storages(on);
}
RL_INLINE bool is_inference_version(uint32_t version) { return (version & kInferenceVersion) != 0; }

template <class T>
RL_INLINE double float_or_double(T v) {
  return double(v);
}
RL_INLINE double float_or_double(Half v) { return double(float(v)); }
RL_INLINE double float_or_double(BFloat16 v) { return double(float(v)); }

inline PyObject* element_to_python(DType dtype, const void* element) {
  return dispatch(dtype, [&](auto tag) -> PyObject* {
    using T = typename decltype(tag)::type;
    T value;
    __builtin_memcpy(&value, element, sizeof(T));
    if constexpr (dtype_of<T> == DType::Bool)
      return PyBool_FromLong(value);
    else if constexpr (dtype_of<T> == DType::U64)
      return PyLong_FromUnsignedLongLong(value);
    else if constexpr (dtype_of<T> < DType::F16)
      return PyLong_FromLongLong(int64_t(value));
    else if constexpr (dtype_of<T> >= DType::C64)
      return PyComplex_FromDoubles(double(value.re), double(value.im));
    else
      return PyFloat_FromDouble(double(float_or_double(value)));
  });
}
// A Scalar with a default constructor, which Cython needs.
struct ScalarBox {
  ScalarBox() : value(int64_t(0)) {}
  Scalar value;
};

// 1 and a value; 0 when the object is no number; -1 with an exception set (an int beyond 64 bits).
inline int to_scalar(PyObject* object, ScalarBox* out) {
  if (PyFloat_Check(object)) {
    out->value = Scalar(PyFloat_AS_DOUBLE(object));
    return 1;
  }
  if (PyBool_Check(object)) {
    out->value = Scalar(object == Py_True);
    return 1;
  }
  if (PyLong_Check(object)) {
    const long long v = PyLong_AsLongLong(object);
    if (v == -1 && PyErr_Occurred()) {
      PyErr_Clear();
      PyErr_SetString(PyExc_OverflowError, "int too big to convert: it does not fit in 64 bits");
      return -1;
    }
    out->value = Scalar(int64_t(v));
    return 1;
  }
  if (PyComplex_Check(object)) {
    out->value = Scalar(c128(PyComplex_RealAsDouble(object), PyComplex_ImagAsDouble(object)));
    return 1;
  }
  return 0;
}

// What a consumer of the buffer protocol holds: the storage itself, since the Tensor object may be
// given another one, and Note [Exports].
struct Exported {
  explicit Exported(const Tensor& t) : tensor(t.view_as(t.layout())), dims(size_t(2 * t.ndim() + 1)) {
    tensor.storage().add_export();
    for (int i = 0; i < t.ndim(); ++i) {
      dims[size_t(i)] = t.size(i);
      dims[size_t(t.ndim() + i)] = t.stride(i) * Py_ssize_t(t.itemsize());
    }
  }
  ~Exported() { tensor.storage().drop_export(); }
  Exported(const Exported&) = delete;
  Tensor tensor;
  std::vector<Py_ssize_t> dims;
};
inline void* export_tensor(const Tensor& t) { return new Exported(t); }
inline Py_ssize_t* exported_dims(void* e) { return static_cast<Exported*>(e)->dims.data(); }
inline void release_export(void* e) { delete static_cast<Exported*>(e); }

// The same elements in a tensor of its own, whose layout can be changed alone.
inline Tensor alias(const Tensor& t) { return t.view_as(t.layout()); }

// Nodes waiting to run, the latest recorded first.
using ReadyQueue = std::priority_queue<std::pair<long long, PyObject*>>;

// Whether nothing else refers to a tensor's memory: neither a view nor a second handle.
inline bool sole_owner(const Tensor& t) {
  return t.storage().use_count() == 1 && t.impl()->use_count() == 1;
}

}  // namespace rushlight::python
