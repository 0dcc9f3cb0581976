// Calls that a class may take over with __torch_function__, and NumPy's names of keywords.
#pragma once

#include <Python.h>

#include <cstring>

#include "rushlight/core/dtype.h"

namespace rushlight::python {

// Note [Overrides]
// Every public function and method can be taken over by an argument whose class defines
// __torch_function__: a subclass of Tensor, or any other class. `active` is 0 until such a class
// has been seen (a subclass when it is defined, another class when it makes a call fail, a mode
// when it is entered), so a plain call pays one load for all of this.
struct Overrides {
  int active = 0;
  // Whether an argument (or an item of a list or tuple of them) overrides, or a mode is entered.
  bool (*wanted)(PyObject* const* args, Py_ssize_t count);
  // Asks the classes in turn; the arguments are those of a vectorcall.
  PyObject* (*dispatch)(PyObject* function, PyObject* const* args, Py_ssize_t nargs,
                        PyObject* names);
  // After a call has failed: as dispatch, where an argument overrides, else the same error.
  PyObject* (*failed)(PyObject* function, PyObject* const* args, Py_ssize_t nargs, PyObject* names);
  // See Note [NumPy's keywords]; a new reference, null with an exception set.
  PyObject* (*spelled)(PyObject* names, unsigned allowed);
};

// Note [NumPy's keywords]
// Functions take axis= for dim=, keepdims= for keepdim=, x= and x1= for input= and x2= for other=,
// where they have no argument of that name. A bit of `allowed` stands for a row of this table.
struct Spelling {
  const char *numpy, *ours;
};
inline constexpr Spelling kSpellings[] = {
    {"axis", "dim"}, {"keepdims", "keepdim"}, {"x", "input"}, {"x1", "input"}, {"x2", "other"}};
inline constexpr unsigned kAllSpellings = 31;

// 1 + the row of a keyword, 0 for one that stays.
inline int spelling_of(PyObject* name, unsigned allowed) {
  Py_ssize_t size;
  const char* text = PyUnicode_AsUTF8AndSize(name, &size);
  if (!text) {
    PyErr_Clear();
    return 0;
  }
  for (int i = 0; i < int(std::size(kSpellings)); ++i)
    if ((allowed >> i & 1) && size == Py_ssize_t(std::strlen(kSpellings[i].numpy)) &&
        std::memcmp(text, kSpellings[i].numpy, size_t(size)) == 0)
      return i + 1;
  return 0;
}

// Whether one of the names has the length of one in the table; few do.
inline bool may_be_spelled(PyObject* names) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); ++i) {
    const Py_ssize_t size = PyUnicode_GET_LENGTH(PyTuple_GET_ITEM(names, i));
    if (size <= 2 || size == 4 || size == 8) return true;
  }
  return false;
}

inline PyObject* spelled_keywords(PyObject* names, unsigned allowed) {
  const Py_ssize_t count = PyTuple_GET_SIZE(names);
  PyObject* result = nullptr;
  for (Py_ssize_t i = 0; i < count; ++i) {
    const int row = spelling_of(PyTuple_GET_ITEM(names, i), allowed);
    if (row == 0) continue;
    if (!result && !(result = PyTuple_GetSlice(names, 0, count))) return nullptr;
    if (result == names) {  // a slice of everything is the tuple itself
      Py_DECREF(result);
      result = PyTuple_New(count);
      if (!result) return nullptr;
      for (Py_ssize_t k = 0; k < count; ++k)
        PyTuple_SET_ITEM(result, k, Py_NewRef(PyTuple_GET_ITEM(names, k)));
    }
    PyObject* ours = PyUnicode_InternFromString(kSpellings[row - 1].ours);
    if (!ours) return Py_DECREF(result), nullptr;
    for (Py_ssize_t k = 0; k < count; ++k) {
      if (k != i && PyUnicode_Compare(PyTuple_GET_ITEM(result, k), ours) == 0) {
        PyErr_Format(PyExc_TypeError, "got both %R and %R, which name one argument", ours,
                     PyTuple_GET_ITEM(names, i));
        Py_DECREF(ours);
        Py_DECREF(result);
        return nullptr;
      }
    }
    PyObject* old = PyTuple_GET_ITEM(result, i);
    PyTuple_SET_ITEM(result, i, ours);
    Py_DECREF(old);
  }
  return result ? result : Py_NewRef(names);
}

}  // namespace rushlight::python
