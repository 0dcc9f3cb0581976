// Lines of the user's program: where an op was recorded, and where a tensor was last written.
#pragma once

#include <Python.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

// The frames of the interpreter have no public interface that does not allocate.
#if PY_VERSION_HEX < 0x030E0000 && !defined(PYPY_VERSION)
#define RL_HAS_FRAMES 1
#ifndef Py_BUILD_CORE
#define Py_BUILD_CORE 1
#endif
#include <internal/pycore_frame.h>
#endif

namespace rushlight::python {

// Note [Places]
// An error about an overwritten value names two lines, so each op that saves a value and each write
// notes where it was called: the code object and the instruction, a few nanoseconds; the line is
// looked up only for an error. Frames of this package do not count: the caller is meant. Writes are
// kept in a ring, the newest 1024; an older one is not named. From Python 3.14 on, whose frames
// look different, no line is named outside of anomaly mode.
struct Place {
  PyObject* code = nullptr;  // borrowed
  int instruction = 0;
};

inline std::string& package_folder() {
  static std::string folder;  // with the last '/'
  return folder;
}

inline void set_package_folder(const char* file) {
  const char* end = std::strrchr(file, '/');
  package_folder().assign(file, end ? size_t(end - file) + 1 : 0);
}

#ifdef RL_HAS_FRAMES

inline bool belongs_to_package(const PyCodeObject* code) {
  const std::string& folder = package_folder();
  PyObject* name = code->co_filename;
  return !folder.empty() && PyUnicode_IS_COMPACT_ASCII(name) &&
         size_t(PyUnicode_GET_LENGTH(name)) > folder.size() &&
         std::memcmp(PyUnicode_1BYTE_DATA(name), folder.data(), folder.size()) == 0;
}

inline Place user_place() {
#if PY_VERSION_HEX >= 0x030D0000
  _PyInterpreterFrame* frame = PyThreadState_GET()->current_frame;
#else
  _PyInterpreterFrame* frame = PyThreadState_GET()->cframe->current_frame;
#endif
  for (; frame; frame = frame->previous) {
#if PY_VERSION_HEX >= 0x030D0000
    PyObject* object = frame->f_executable;
    const _Py_CODEUNIT* at = frame->instr_ptr;
#else
    PyObject* object = reinterpret_cast<PyObject*>(frame->f_code);
    const _Py_CODEUNIT* at = frame->prev_instr;
#endif
#if PY_VERSION_HEX >= 0x030C0000
    if (frame->owner == FRAME_OWNED_BY_CSTACK) continue;
#endif
    if (!object || !PyCode_Check(object)) continue;
    auto* code = reinterpret_cast<PyCodeObject*>(object);
    if (belongs_to_package(code)) continue;
    return {object, int(at - _PyCode_CODE(code)) * int(sizeof(_Py_CODEUNIT))};
  }
  return {};
}

#else

inline Place user_place() { return {}; }

#endif

// "file:line" as a new reference, or None where it is not known; null with an exception set.
inline PyObject* describe_place(PyObject* code, int instruction) {
  if (!code || !PyCode_Check(code)) Py_RETURN_NONE;
  auto* c = reinterpret_cast<PyCodeObject*>(code);
  return PyUnicode_FromFormat("%U:%d", c->co_filename, PyCode_Addr2Line(c, instruction));
}

struct Write {
  const void* storage = nullptr;
  uint32_t version = 0;      // after it
  PyObject* what = nullptr;  // a str that is never freed
  PyObject* code = nullptr;  // owned
  int instruction = 0;
};

inline std::array<Write, 1024> recent_writes;
inline unsigned next_write = 0;

// `what` is a str that lives as long as the process.
inline void note_write(const void* storage, uint32_t version, PyObject* what) {
  const Place place = user_place();
  Write& slot = recent_writes[next_write++ % recent_writes.size()];
  PyObject* old = slot.code;
  slot = {storage, version, what, Py_XNewRef(place.code), place.instruction};
  Py_XDECREF(old);
}

// The first of the last `count` writes into these storages that made a version above `floor`; null
// where it is too long ago.
inline const Write* find_write(const std::vector<const void*>& storages, uint32_t count,
                               uint32_t floor) {
  const Write* first = nullptr;
  for (unsigned i = 1; i <= recent_writes.size() && count > 0; ++i) {
    const Write& w = recent_writes[(next_write - i) % recent_writes.size()];
    if (std::find(storages.begin(), storages.end(), w.storage) == storages.end()) continue;
    if (w.version <= floor) return first;
    first = &w;
    --count;
  }
  return count == 0 ? first : nullptr;
}

}  // namespace rushlight::python
