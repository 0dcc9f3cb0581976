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
  int untracked;
  PyObject* attributes;
  PyObject* weakrefs;
};

// Note [Idle tensors]
// A dead tensor keeps its TensorImpl, without a storage, and waits here for the next view: making
// that is then filling in fields. But for its missing base an idle object is as a fresh one. The
// lists are guarded by the interpreter lock.
//
// Note [Untracked views]
// The garbage collector need not know a view that refers to its base alone, while the base refers
// to nothing: no cycle passes through it. Such views are made of idle objects, and all of these,
// waiting or in use, stand in `members`, so that the views of a base can be found when it, or one
// of them, is about to refer to more (an attribute, a hook, a history): refers_to_more() tracks
// them and strikes them off the list.
struct IdleTensors {
  static constexpr int kLimit = 64;
  TensorFields* items[kLimit];
  int count = 0;
  TensorFields* members[kLimit];
  int num_members = 0;
};
enum Untracked { kMember = 1, kHasUntrackedViews = 2 };

struct FastViews {
  PyTypeObject* type = nullptr;
  // The same, but null while a mode is entered that wants to see every call.
  PyTypeObject* plain_type = nullptr;
  int modes = 0;
  traverseproc slow_traverse = nullptr;
  inquiry slow_clear = nullptr;
  destructor slow_dealloc = nullptr;
  binaryfunc slow_subscript = nullptr;
  setattrofunc slow_setattro = nullptr;
  IdleTensors idle;
};
inline FastViews g_views;

RL_INLINE TensorFields* fields(PyObject* o) { return reinterpret_cast<TensorFields*>(o); }

// What t refers to besides its base, for a branch that is taken once for all of it.
RL_INLINE uintptr_t references(TensorFields* t) {
  return uintptr_t(t->attributes) | (uintptr_t(t->grad_fn) ^ uintptr_t(Py_None)) |
         (uintptr_t(t->extra) ^ uintptr_t(Py_None));
}
RL_INLINE TensorFields* base_of(TensorFields* t) {
  return t->base == Py_None ? t : fields(t->base);
}

// Whether a view of t is a matter of layouts alone: nothing to record, nothing to rebase, and no
// cycle that the view could be in.
RL_INLINE bool is_plain(TensorFields* t) {
  TensorFields* base = base_of(t);
  return Py_TYPE(t) == g_views.plain_type && Py_TYPE(base) == g_views.plain_type &&
         (uintptr_t(t->requires_grad) | (uintptr_t(t->grad_fn) ^ uintptr_t(Py_None)) |
          references(base) | uintptr_t(base->history ^ t->history)) == 0 &&
         t->tensor.defined() && t->tensor.ndim() <= Dims::kInline;
}

// Modes of all threads: entered (1) or left (-1).
inline void count_modes(int change) {
  g_views.modes += change;
  g_views.plain_type = g_views.modes > 0 ? nullptr : g_views.type;
}

// An idle object for a view, whose layout is to be filled in; null when none waits.
RL_INLINE TensorFields* take_idle() {
  IdleTensors& idle = g_views.idle;
  return RL_LIKELY(idle.count > 0) ? idle.items[--idle.count] : nullptr;
}
RL_INLINE void put_back(TensorFields* t) { g_views.idle.items[g_views.idle.count++] = t; }

inline void leave_members(TensorFields* t) {
  IdleTensors& idle = g_views.idle;
  int i = 0;
  while (idle.members[i] != t) ++i;
  idle.members[i] = idle.members[--idle.num_members];
  t->untracked &= ~kMember;
  PyObject_GC_Track(t);
}
// Makes t, which is tracked and dead, a member, unless enough of them wait. Where all are in use,
// one of those is tracked from now on.
inline __attribute__((noinline)) bool join_members(TensorFields* t) {
  IdleTensors& idle = g_views.idle;
  if (idle.num_members == IdleTensors::kLimit) {
    if (idle.count > 0) return false;
    leave_members(idle.members[0]);
  }
  PyObject_GC_UnTrack(t);
  idle.members[idle.num_members++] = t;
  t->untracked = kMember;
  return true;
}
inline __attribute__((noinline)) void track_with_views(TensorFields* t) {
  IdleTensors& idle = g_views.idle;
  const int was = std::exchange(t->untracked, t->untracked & kMember);
  if (was & kMember) leave_members(t);
  if (was & kHasUntrackedViews)
    for (int i = idle.num_members; i-- > 0;)
      if (idle.members[i]->base == reinterpret_cast<PyObject*>(t)) leave_members(idle.members[i]);
}
// To be called before, or right after, a tensor refers to more than its base.
RL_INLINE void refers_to_more(PyObject* tensor) {
  if (RL_UNLIKELY(fields(tensor)->untracked)) track_with_views(fields(tensor));
}

RL_INLINE PyObject* finish_view(TensorFields* source, TensorFields* view) {
  TensorImpl* impl = view->tensor.impl();
  new (&impl->storage) StoragePtr(source->tensor.storage_ptr());  // an idle one holds none
  impl->dtype = source->tensor.dtype();
  TensorFields* base = base_of(source);
  base->untracked |= kHasUntrackedViews;
  Py_INCREF(base);
  view->base = reinterpret_cast<PyObject*>(base);
  view->history = base->history;
  view->output_nr = 0;
  PyObject* object = reinterpret_cast<PyObject*>(view);
#if defined(Py_TRACE_REFS) || defined(Py_REF_DEBUG) || PY_VERSION_HEX >= 0x030D0000
  _Py_NewReference(object);
#else
  Py_SET_REFCNT(object, 1);
#endif
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

inline __attribute__((noinline)) PyObject* subscript_none(PyObject* self) {
  TensorFields* t = fields(self);
  if (is_plain(t) && t->tensor.ndim() < Dims::kInline) {
    if (TensorFields* view = take_idle()) {
      first_dim_layout(t->tensor.layout(), view->tensor.impl()->layout);
      return finish_view(t, view);
    }
  }
  return g_views.slow_subscript(self, Py_None);
}

// Dims d and e exchanged; null without an exception where that takes the long way.
inline PyObject* fast_transposed(PyObject* self, int64_t d, int64_t e) {
  TensorFields* t = fields(self);
  if (!is_plain(t)) return nullptr;
  const int64_t n = t->tensor.ndim();
  d += d < 0 ? n : 0;
  e += e < 0 ? n : 0;
  if (uint64_t(d) >= uint64_t(n) || uint64_t(e) >= uint64_t(n)) return nullptr;
  TensorFields* view = take_idle();
  if (!view) return nullptr;
  swap_layout(t->tensor.layout(), int(d), int(e), view->tensor.impl()->layout);
  return finish_view(t, view);
}

// Whether a write into t is a matter of memory alone.
RL_INLINE bool is_plain(PyObject* tensor) { return is_plain(fields(tensor)); }

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
  } else if (index == Py_None) {
    return subscript_none(self);
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
  // Few branches: all fields that must be null, or None, at once.
  if (Py_TYPE(self) == g_views.type &&
      (references(t) | uintptr_t(t->weakrefs) | uintptr_t(t->requires_grad)) == 0 && impl &&
      impl->use_count() == 1 && impl->layout.ndim() <= Dims::kInline &&
      ((t->untracked & kMember) || join_members(t))) {
    t->untracked = kMember;
    PyObject* base = std::exchange(t->base, nullptr);
    // Last, for giving these up may run anything, the death of further tensors included.
    const StoragePtr storage(std::move(impl->storage));
    put_back(t);
    Py_DECREF(base);
    return;
  }
  // The slow one expects a tracked object, and clearing may run the user's code.
  if (t->untracked & kMember) leave_members(t);
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
inline PyObject* get_dict(PyObject* self, void* context) {
  refers_to_more(self);
  return PyObject_GenericGetDict(self, context);
}
inline int set_dict(PyObject* self, PyObject* value, void* context) {
  refers_to_more(self);
  return PyObject_GenericSetDict(self, value, context);
}
inline int set_attribute(PyObject* self, PyObject* name, PyObject* value) {
  const int status = g_views.slow_setattro(self, name, value);
  if (fields(self)->attributes) refers_to_more(self);
  return status;
}
inline int attach_dict(PyTypeObject* type) {
  static PyGetSetDef entry = {"__dict__", get_dict, set_dict, "The user's own attributes.",
                              nullptr};
  type->tp_dictoffset = Py_ssize_t(offsetof(TensorFields, attributes));
  g_views.slow_traverse = type->tp_traverse;
  g_views.slow_clear = type->tp_clear;
  g_views.slow_setattro = type->tp_setattro;
  type->tp_setattro = set_attribute;
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
  g_views.type = g_views.plain_type = type;
  g_views.slow_dealloc = type->tp_dealloc;
  g_views.slow_subscript = type->tp_as_mapping->mp_subscript;
  type->tp_dealloc = fast_dealloc;
  type->tp_as_mapping->mp_subscript = fast_subscript;
  if (attach_dict(type) < 0) return -1;
  PyType_Modified(type);
  return 0;
}

}  // namespace rushlight::python
