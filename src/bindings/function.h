// A C++ callable as a Python function whose arguments come without a tuple or a dict.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "casters.h"

namespace rushlight::python {

// Note [Op signatures]
// def_op(m, "sum(input, dim=None, keepdim=False)", &fn) binds fn under the text's name with these
// argument names and defaults (any Python literal). The names are also what derivative rows refer
// to: one C++ parameter per argument. Arguments behind "*" are keyword-only. A tuple result may
// name its fields: "max(input, dim, keepdim=False) -> values, indices". Functions that return one
// tensor take out= as well.
struct Signature {
  std::string name;
  std::vector<std::string> arguments;
  std::vector<std::string> default_texts;  // empty: required
  std::vector<py::object> defaults;        // null: required
  int keyword_from = -1;                   // index of the first keyword-only argument
  int op = -1;
  PyTypeObject* result_type = nullptr;  // of the named tuple

  void append(const char* argument, const char* default_text, py::object value);
};
// Parses, and registers the op: in-place forms under the name without the last underscore.
Signature parse_signature(const char* text, bool inplace);

// A converted argument together with the object it came from, which the tape wants.
template <class T>
struct Arg {
  PyObject* object;
  const T& value;
};

// How an argument's type is called in signatures and errors.
template <class T>
struct TypeText {
  static std::string get() { return "object"; }
};
#define RL_TYPE_TEXT(type, text)              \
  template <>                                 \
  struct TypeText<type> {                     \
    static std::string get() { return text; } \
  };
RL_TYPE_TEXT(Tensor, "Tensor")
RL_TYPE_TEXT(Scalar, "Number")
RL_TYPE_TEXT(Dims, "Size")
RL_TYPE_TEXT(DType, "dtype")
RL_TYPE_TEXT(bool, "bool")
RL_TYPE_TEXT(int, "int")
RL_TYPE_TEXT(int64_t, "int")
RL_TYPE_TEXT(double, "float")
RL_TYPE_TEXT(std::string, "str")
#undef RL_TYPE_TEXT
template <class T>
struct TypeText<std::optional<T>> {
  static std::string get() { return TypeText<T>::get() + " | None"; }
};
template <class T>
struct TypeText<std::vector<T>> {
  static std::string get() { return "Sequence[" + TypeText<T>::get() + "]"; }
};

// What the interpreter calls: a built-in function with one of these as its __self__. Both live as
// long as the process.
class Function {
 public:
  using Entry = PyObject* (*)(PyObject* self, PyObject* const* args, Py_ssize_t n, PyObject* names);

 protected:
  Function(Signature signature, std::vector<std::string> types);
  ~Function() = default;

  // Puts every argument, or its default, in its place; false with a TypeError set.
  RL_INLINE bool place(PyObject* const* args, Py_ssize_t n, PyObject* names,
                       PyObject** slots) const {
    if (RL_LIKELY(!names && n <= num_positional_)) {
      for (Py_ssize_t i = 0; i < n; ++i) slots[i] = args[i];
      for (Py_ssize_t i = n; i < num_arguments_; ++i) {
        slots[i] = defaults_[size_t(i)];
        if (RL_UNLIKELY(!slots[i])) return complain_of_missing(i);
      }
      return true;
    }
    return place_with_names(args, n, names, slots);
  }
  PyObject* complain_of_type(size_t i, PyObject* got) const;
  void add_to(py::module_& m, Entry entry);

  struct Object {
    PyObject_HEAD const Function* function;
  };

 private:
  bool place_with_names(PyObject* const* args, Py_ssize_t n, PyObject* names,
                        PyObject** slots) const;
  int find(PyObject* name) const;
  bool complain_of_missing(Py_ssize_t i) const;

  Signature signature_;
  std::vector<std::string> types_;
  std::vector<PyObject*> names_;  // interned
  std::vector<PyObject*> defaults_;
  Py_ssize_t num_arguments_, num_positional_;
  std::string doc_;
  PyMethodDef definition_{};
};

template <class F, class... A>
class FunctionOf final : public Function {
 public:
  FunctionOf(Signature signature, F f)
      : Function(std::move(signature), {TypeText<A>::get()...}), f_(std::move(f)) {}
  void add(py::module_& m) { add_to(m, &FunctionOf::entry); }

 private:
  static PyObject* entry(PyObject* self, PyObject* const* args, Py_ssize_t n, PyObject* names) {
    const auto* function =
        static_cast<const FunctionOf*>(reinterpret_cast<Object*>(self)->function);
    PyObject* slots[sizeof...(A) + 1];
    if (!function->place(args, n, names, slots)) return nullptr;
    try {
      return function->call(slots, std::index_sequence_for<A...>());
    } catch (py::error_already_set& error) {
      error.restore();
    } catch (...) {
      set_python_error();
    }
    return nullptr;
  }

  template <size_t... I>
  RL_INLINE PyObject* call(PyObject* const* slots, std::index_sequence<I...>) const {
    std::tuple<py::detail::make_caster<A>...> casters;
    size_t wrong = sizeof...(A);
    const bool loaded = ((std::get<I>(casters).load(slots[I], true) || (wrong = I, false)) && ...);
    if (RL_UNLIKELY(!loaded)) return complain_of_type(wrong, slots[wrong]);
    return f_(Arg<A>{slots[I], value_of<A>(std::get<I>(casters))}...).release().ptr();
  }
  template <class T, class Caster>
  RL_INLINE static decltype(auto) value_of(Caster& caster) {
    return py::detail::cast_op<const T&>(caster);
  }

  F f_;
};

template <class... A, class F>
void add_function(py::module_& m, Signature signature, F f) {
  (new FunctionOf<F, A...>(std::move(signature), std::move(f)))->add(m);
}

}  // namespace rushlight::python
