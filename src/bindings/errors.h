// The one mapping of C++ exceptions to Python's.
#pragma once

#include <Python.h>

#include <exception>
#include <new>

#include "rushlight/core/error.h"

namespace rushlight::python {

// What a failed allocation raises, a subclass of MemoryError; set when the package is imported.
inline PyObject* g_out_of_memory_error = nullptr;
inline void set_out_of_memory_error(PyObject* type) {
  Py_INCREF(type);
  g_out_of_memory_error = type;
}

// Call inside a catch block; leaves a Python exception set.
inline void set_python_error() {
  try {
    throw;
  } catch (const IndexError& e) {
    PyErr_SetString(PyExc_IndexError, e.what());
  } catch (const ValueError& e) {
    PyErr_SetString(PyExc_ValueError, e.what());
  } catch (const TypeError& e) {
    PyErr_SetString(PyExc_TypeError, e.what());
  } catch (const NotImplementedError& e) {
    PyErr_SetString(PyExc_NotImplementedError, e.what());
  } catch (const OutOfMemoryError& e) {
    PyErr_SetString(g_out_of_memory_error ? g_out_of_memory_error : PyExc_MemoryError, e.what());
  } catch (const std::bad_alloc&) {
    PyErr_SetString(PyExc_MemoryError, "out of memory");
  } catch (const std::exception& e) {
    PyErr_SetString(PyExc_RuntimeError, e.what());
  }
}

}  // namespace rushlight::python
