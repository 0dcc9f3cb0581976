// t[i], t[i:j] and t.view(...) of a plain tensor: the shortest way from Python to a view.
#pragma once

#include <Python.h>

#include <new>
#include <utility>

#include "rushlight/core/tensor.h"
#include "rushlight/core/view_layout.h"

namespace rushlight::python {

// The fields of _core's Tensor, in their order; attach_fast_views() checks that they agree.
struct TensorFields {
  PyObject_HEAD Tensor tensor;
  PyObject* grad_fn;
  PyObject* base;
  PyObject* extra;
  int output_nr;
  int history;
  int requires_grad;
  PyObject* attributes;
  PyObject* weakrefs;
};

// Note [Idle tensors]
// A dead tensor keeps its TensorImpl, without a storage, and waits here for the next view: making
// that is then filling in fields. But for its missing base an idle object is as a fresh one. The
// list is guarded by the interpreter lock.
struct IdleTensors {
  static constexpr int kLimit = 64;
  TensorFields* items[kLimit];
  int count = 0;
};

struct FastViews {
  PyTypeObject* type = nullptr;
  traverseproc slow_traverse = nullptr;
  inquiry slow_clear = nullptr;
  destructor slow_dealloc = nullptr;
  binaryfunc slow_subscript = nullptr;
  IdleTensors idle;
};
inline FastViews g_views;

RL_INLINE TensorFields* fields(PyObject* o) { return reinterpret_cast<TensorFields*>(o); }

// Whether a view of t is a matter of layouts alone: nothing to record, nothing to rebase.
RL_INLINE bool is_plain(TensorFields* t) {
  if (Py_TYPE(t) != g_views.type || t->requires_grad || t->grad_fn != Py_None ||
      !t->tensor.defined() || t->tensor.ndim() > Dims::kInline)
    return false;
  return t->base == Py_None || fields(t->base)->history == t->history;
}

// An idle object for a view of source, whose layout is to be filled in; null when none waits.
RL_INLINE TensorFields* take_idle() {
  IdleTensors& idle = g_views.idle;
  return RL_LIKELY(idle.count > 0) ? idle.items[--idle.count] : nullptr;
}
RL_INLINE void put_back(TensorFields* t) { g_views.idle.items[g_views.idle.count++] = t; }

RL_INLINE PyObject* finish_view(TensorFields* source, TensorFields* view) {
  TensorImpl* impl = view->tensor.impl();
  new (&impl->storage) StoragePtr(source->tensor.storage_ptr());  // an idle one holds none
  impl->dtype = source->tensor.dtype();
  PyObject* base = source->base == Py_None ? reinterpret_cast<PyObject*>(source) : source->base;
  Py_INCREF(base);
  view->base = base;
  view->history = fields(base)->history;
  view->output_nr = 0;
  PyObject* object = reinterpret_cast<PyObject*>(view);
#if defined(Py_TRACE_REFS) || defined(Py_REF_DEBUG) || PY_VERSION_HEX >= 0x030D0000
  _Py_NewReference(object);
#else
  Py_SET_REFCNT(object, 1);
#endif
  PyObject_GC_Track(object);
  return object;
}

// An int of the machine's size without an error to clear; false for a longer one.
RL_INLINE bool short_int(PyObject* o, int64_t* value) {
#if PY_VERSION_HEX < 0x030C0000
  const Py_ssize_t size = Py_SIZE(o);
  if (size < -1 || size > 1) return false;
  *value = size * int64_t(reinterpret_cast<PyLongObject*>(o)->ob_digit[0]);
  return true;
#else
  if (!PyUnstable_Long_IsCompact(reinterpret_cast<PyLongObject*>(o))) return false;
  *value = PyUnstable_Long_CompactValue(reinterpret_cast<PyLongObject*>(o));
  return true;
#endif
}

RL_INLINE bool slice_bound(PyObject* o, int64_t otherwise, int64_t* value) {
  *value = otherwise;
  return o == Py_None || (PyLong_CheckExact(o) && short_int(o, value));
}

inline __attribute__((noinline)) PyObject* subscript_slice(PyObject* self, PyObject* index) {
  TensorFields* t = fields(self);
  const auto* s = reinterpret_cast<PySliceObject*>(index);
  int64_t i, j;
  if (s->step == Py_None && slice_bound(s->start, 0, &i) && slice_bound(s->stop, INT64_MAX, &j) &&
      is_plain(t) && t->tensor.ndim() > 0) {
    if (TensorFields* view = take_idle()) {
      slice_layout(t->tensor.layout(), 0, i, j, 1, view->tensor.impl()->layout);
      return finish_view(t, view);
    }
  }
  return g_views.slow_subscript(self, index);
}

inline __attribute__((noinline)) PyObject* subscript_row(TensorFields* t, int64_t i) {
  TensorFields* view = take_idle();
  select_layout(t->tensor.layout(), 0, i, view->tensor.impl()->layout);
  return finish_view(t, view);
}

// Kept so short that it saves no registers.
inline PyObject* fast_subscript(PyObject* self, PyObject* index) {
  TensorFields* t = fields(self);
  int64_t i;
  if (PyLong_CheckExact(index)) {
    if (short_int(index, &i) && is_plain(t) && g_views.idle.count > 0) {
      const Layout& layout = t->tensor.layout();
      if (RL_LIKELY(layout.ndim() > 0)) {
        const int64_t size = layout.shape()[0];
        i += i < 0 ? size : 0;
        if (RL_LIKELY(uint64_t(i) < uint64_t(size))) {
          if (layout.ndim() > 1) return subscript_row(t, i);
          TensorFields* view = take_idle();
          Layout& to = view->tensor.impl()->layout;
          to.unset(0, layout.offset() + i * layout.strides()[0]);
          to.set_dense(1);
          return finish_view(t, view);
        }
      }
    }
  } else if (PySlice_Check(index)) {
    return subscript_slice(self, index);
  }
  return g_views.slow_subscript(self, index);
}

// t.view(sizes...) where it is row-major and names every size; null without an exception elsewhere.
inline PyObject* fast_dense_view(PyObject* self, PyObject* const* args, Py_ssize_t n) {
  TensorFields* t = fields(self);
  int64_t sizes[Dims::kInline];
  if (n == 0 || n > Dims::kInline || !is_plain(t)) return nullptr;
  for (Py_ssize_t i = 0; i < n; ++i)
    if (!PyLong_CheckExact(args[i]) || !short_int(args[i], &sizes[i])) return nullptr;
  TensorFields* view = take_idle();
  if (!view) return nullptr;
  if (!dense_layout(t->tensor.layout(), sizes, int(n), view->tensor.impl()->layout)) {
    put_back(view);
    return nullptr;
  }
  return finish_view(t, view);
}

inline void fast_dealloc(PyObject* self) {
  TensorFields* t = fields(self);
  TensorImpl* impl = t->tensor.impl();
  // Few branches: all pointers that must be null, or None, at once.
  const uintptr_t set = uintptr_t(t->weakrefs) | uintptr_t(t->attributes) |
                        uintptr_t(t->requires_grad) | (uintptr_t(t->grad_fn) ^ uintptr_t(Py_None)) |
                        (uintptr_t(t->extra) ^ uintptr_t(Py_None));
  if (Py_TYPE(self) == g_views.type && set == 0 && impl && impl->use_count() == 1 &&
      impl->layout.ndim() <= Dims::kInline && g_views.idle.count < IdleTensors::kLimit) {
    PyObject_GC_UnTrack(self);
    PyObject* base = std::exchange(t->base, nullptr);
    impl->storage.reset();
    put_back(t);
    Py_DECREF(base);
    return;
  }
  // The slow one expects a tracked object, and clearing may run the user's code.
  if (t->attributes) {
    PyObject_GC_UnTrack(self);
    Py_CLEAR(t->attributes);
    PyObject_GC_Track(self);
  }
  g_views.slow_dealloc(self);
}

// Cython would make a dict with every object that has a __dict__; here it is made when first
// written.
inline int dict_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(fields(self)->attributes);
  return g_views.slow_traverse(self, visit, arg);
}
inline int dict_clear(PyObject* self) {
  Py_CLEAR(fields(self)->attributes);
  return g_views.slow_clear(self);
}
inline int attach_dict(PyTypeObject* type) {
  static PyGetSetDef entry = {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict,
                              "The user's own attributes.", nullptr};
  type->tp_dictoffset = Py_ssize_t(offsetof(TensorFields, attributes));
  g_views.slow_traverse = type->tp_traverse;
  g_views.slow_clear = type->tp_clear;
  type->tp_traverse = dict_traverse;
  type->tp_clear = dict_clear;
  PyObject* descriptor = PyDescr_NewGetSet(type, &entry);
  if (!descriptor) return -1;
  const int status = PyDict_SetItemString(type->tp_dict, entry.name, descriptor);
  Py_DECREF(descriptor);
  return status;
}

// Puts the functions above in place of the type's own; -1 with an exception when its fields moved.
inline int attach_fast_views(PyTypeObject* type) {
  if (type->tp_basicsize != sizeof(TensorFields) ||
      type->tp_weaklistoffset != Py_ssize_t(offsetof(TensorFields, weakrefs))) {
    PyErr_SetString(PyExc_SystemError, "fast_view.h does not have the fields of _core's Tensor");
    return -1;
  }
  g_views.type = type;
  g_views.slow_dealloc = type->tp_dealloc;
  g_views.slow_subscript = type->tp_as_mapping->mp_subscript;
  type->tp_dealloc = fast_dealloc;
  type->tp_as_mapping->mp_subscript = fast_subscript;
  if (attach_dict(type) < 0) return -1;
  PyType_Modified(type);
  return 0;
}

}  // namespace rushlight::python
