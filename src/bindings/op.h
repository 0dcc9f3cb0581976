// Binds C++ ops as Python functions that record themselves for autograd.
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
  std::vector<py::object> defaults;  // null: required
  int keyword_from = -1;             // index of the first keyword-only argument
  int op = -1;
  PyTypeObject* result_type = nullptr;  // of the named tuple
  std::string doc;  // signature and text; Python splits it, so inspect.signature works
};
enum class Form { Plain, Out, InPlace, Function };
// Parses, and registers the op: in-place forms under the name without the last underscore. The form
// Out takes out= behind the text's arguments; a Function is no op of the tape.
Signature parse_signature(const char* text, Form form);

// A converted argument together with the object it came from, which the tape wants.
template <class T>
struct Arg {
  PyObject* object;
  T value;
};

// Elements from which a kernel is worth giving the interpreter lock away.
inline constexpr int64_t kReleaseGil = 32768;

template <class T>
RL_INLINE int64_t work_of(const T&) {
  return 0;
}
inline int64_t work_of(const Tensor& t) { return t.numel(); }
inline int64_t work_of(const std::optional<Tensor>& t) { return t ? t->numel() : 0; }
inline int64_t work_of(const std::vector<Tensor>& list) {
  int64_t n = 0;
  for (const Tensor& t : list) n += t.numel();
  return n;
}

template <class F>
decltype(auto) run_op(int64_t work, const F& f) {
  if (work < kReleaseGil) return f();
  py::gil_scoped_release release;
  return f();
}

inline void check_python(int status) {
  if (status < 0) throw py::error_already_set();
}

inline py::tuple pack_arguments(PyObject* const* objects, size_t n) {
  py::tuple args(n);
  for (size_t i = 0; i < n; ++i) PyTuple_SET_ITEM(args.ptr(), Py_ssize_t(i), Py_NewRef(objects[i]));
  return args;
}

// A type like Python's structseq, `rushlight.return_types.<op>`; lives as long as the process.
PyTypeObject* make_result_type(const std::string& op, const std::vector<std::string>& fields);

// Moves a result into the tensor given as out=, resizing it where its shape differs.
py::object write_out(const char* op, const Tensor& result, PyObject* out);

template <class R>
inline constexpr bool is_tensor_result = std::is_same_v<R, Tensor>;

template <class R>
py::object to_python(R&& result, PyTypeObject* type) {
  py::object object = py::reinterpret_steal<py::object>(py::detail::make_caster<std::decay_t<R>>::cast(
      std::forward<R>(result), py::return_value_policy::move, py::handle()));
  if (!type) return object;
  PyObject* named = PyStructSequence_New(type);
  if (!named) throw py::error_already_set();
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object.ptr()); ++i)
    PyStructSequence_SetItem(named, i, Py_NewRef(PyTuple_GET_ITEM(object.ptr(), i)));
  return py::reinterpret_steal<py::object>(named);
}

}  // namespace rushlight::python

namespace pybind11::detail {

template <class T>
struct type_caster<rushlight::python::Arg<T>> {
  make_caster<T> inner;
  PyObject* object = nullptr;
  static constexpr auto name = make_caster<T>::name;
  template <class>
  using cast_op_type = rushlight::python::Arg<T>;
  bool load(handle src, bool convert) {
    object = src.ptr();
    return inner.load(src, convert);
  }
  operator rushlight::python::Arg<T>() { return {object, cast_op<T>(std::move(inner))}; }
};

template <>
struct process_attribute<rushlight::python::Signature>
    : process_attribute_default<rushlight::python::Signature> {
  static void init(const rushlight::python::Signature& s, function_record* r) {
    r->name = const_cast<char*>(s.name.c_str());
    r->doc = const_cast<char*>(s.doc.c_str());  // copied before the call returns
    for (size_t i = 0; i < s.arguments.size(); ++i) {
      handle value = s.defaults[i] ? s.defaults[i].inc_ref() : handle();
      r->args.emplace_back(s.arguments[i].c_str(), nullptr, value, true, true);
    }
    if (s.keyword_from >= 0) r->nargs_pos = static_cast<std::uint16_t>(s.keyword_from);
  }
};

}  // namespace pybind11::detail

namespace rushlight::python {

enum class Kind { Plain, View };

template <Kind kKind, class F, class... A>
py::object call_op(const F& fn, int op, PyTypeObject* type, const Arg<A>&... args) {
  PyObject* objects[] = {args.object...};
  constexpr size_t n = sizeof...(A);
  auto result = run_op((work_of(args.value) + ...), [&] { return fn(args.value...); });
  using R = decltype(result);
  if constexpr (is_tensor_result<R>) {
    // An op that had nothing to do gives its argument back.
    if (is_tensor(objects[0]) && result.impl() == tensor_of(objects[0]).impl())
      return py::reinterpret_borrow<py::object>(objects[0]);
  }
  py::object out = to_python(std::move(result), type);
  if constexpr (!std::is_arithmetic_v<R>) {
    if constexpr (kKind == Kind::View) {
      if constexpr (is_tensor_result<R>) {
        check_python(api().mark_view(out.ptr(), objects[0]));
      } else {
        for (py::handle item : out) check_python(api().mark_view(item.ptr(), objects[0]));
      }
    }
    if (api().needs_record(objects, n))
      check_python(api().record(op, pack_arguments(objects, n).ptr(), out.ptr()));
  }
  return out;
}

template <Kind kKind, class F, class R, class... A>
void bind_op(py::module_& m, const char* text, F fn, R (*)(A...)) {
  constexpr bool kOut = is_tensor_result<R> && kKind == Kind::Plain;
  Signature s = parse_signature(text, kOut ? Form::Out : Form::Plain);
  const int op = s.op;
  PyTypeObject* type = s.result_type;
  if (s.arguments.size() != sizeof...(A) + kOut)
    throw std::logic_error(std::string("wrong arity: ") + text);
  if constexpr (kOut) {
    const char* name = (new std::string(s.name))->c_str();
    m.attr(s.name.c_str()) = py::cpp_function(
        [fn, op, name](Arg<std::decay_t<A>>... args, py::handle out) -> py::object {
          if (RL_LIKELY(out.is_none())) return call_op<kKind>(fn, op, nullptr, args...);
          PyObject* objects[] = {args.object..., out.ptr()};
          RL_CHECK(!api().needs_record(objects, sizeof...(A) + 1), name,
                   "(): functions with out=... arguments don't support automatic differentiation, "
                   "but one of the arguments requires grad.");
          const Tensor result = run_op((work_of(args.value) + ...), [&] { return fn(args.value...); });
          return write_out(name, result, out.ptr());
        },
        s, py::scope(m));
  } else {
    m.attr(s.name.c_str()) = py::cpp_function(
        [fn, op, type](Arg<std::decay_t<A>>... args) -> py::object {
          return call_op<kKind>(fn, op, type, args...);
        },
        s, py::scope(m));
  }
}

// The C++ function returns new tensors, numbers or tuples of tensors.
template <class R, class... A>
void def_op(py::module_& m, const char* text, R (*fn)(A...)) {
  bind_op<Kind::Plain>(m, text, fn, fn);
}
// The C++ function returns views of its first argument.
template <class R, class... A>
void def_view(py::module_& m, const char* text, R (*fn)(A...)) {
  bind_op<Kind::View>(m, text, fn, fn);
}

// The C++ function writes into its first argument; Python gets that object back.
template <class F, class... A>
void bind_inplace(py::module_& m, const char* text, F fn, void (*)(A...)) {
  Signature s = parse_signature(text, Form::InPlace);
  const int op = s.op;
  if (s.arguments.size() != sizeof...(A)) throw std::logic_error(std::string("wrong arity: ") + text);
  m.attr(s.name.c_str()) = py::cpp_function(
      [fn, op](Arg<std::decay_t<A>>... args) -> py::object {
        PyObject* objects[] = {args.object...};
        const py::tuple packed = pack_arguments(objects, sizeof...(A));
        const py::object original =
            py::reinterpret_steal<py::object>(api().prepare_inplace(op, packed.ptr()));
        if (!original) throw py::error_already_set();
        run_op((work_of(args.value) + ...), [&] { fn(args.value...); return 0; });
        check_python(api().finish_inplace(op, packed.ptr(), original.ptr()));
        return py::reinterpret_borrow<py::object>(objects[0]);
      },
      s, py::scope(m));
}
template <class... A>
void def_inplace(py::module_& m, const char* text, void (*fn)(A...)) {
  bind_inplace(m, text, fn, fn);
}

// A public function that is no op: def_function(m, "set_num_threads(num)", &set_num_threads).
template <class F>
void def_function(py::module_& m, const char* text, F fn) {
  const Signature s = parse_signature(text, Form::Function);
  m.attr(s.name.c_str()) = py::cpp_function(fn, s, py::scope(m));
}

}  // namespace rushlight::python
