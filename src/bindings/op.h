// Binds C++ ops as Python functions that record themselves for autograd.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "function.h"

namespace rushlight::python {

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

// The dtype of a result that is computed in the dtype of out= unless another is asked for.
struct ResultDType {
  mutable std::optional<DType> value;
};
template <>
struct TypeText<ResultDType> {
  static std::string get() { return "dtype | None"; }
};
template <class T>
RL_INLINE void adopt_dtype(const T&, PyObject*) {}
inline void adopt_dtype(const ResultDType& dtype, PyObject* out) {
  if (!dtype.value && is_tensor(out)) dtype.value = tensor_of(out).dtype();
}

// Raises where a function that writes out= while it reads got memory of an argument there.
void check_apart(const char* op, PyObject* const* objects, size_t n, PyObject* out);

// Moves a result into the tensor given as out=, resizing it where its shape differs.
py::object write_out(const char* op, const Tensor& result, PyObject* out);

template <class R>
inline constexpr bool is_tensor_result = std::is_same_v<R, Tensor>;

template <class R>
py::object to_python(R&& result, PyTypeObject* type) {
  py::object object =
      py::reinterpret_steal<py::object>(py::detail::make_caster<std::decay_t<R>>::cast(
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

template <>
struct type_caster<rushlight::python::ResultDType> {
  PYBIND11_TYPE_CASTER(rushlight::python::ResultDType, const_name("dtype | None"));
  bool load(handle src, bool convert) {
    make_caster<std::optional<rushlight::DType>> inner;
    if (!inner.load(src, convert)) return false;
    value.value = cast_op<std::optional<rushlight::DType>>(std::move(inner));
    return true;
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
  Signature s = parse_signature(text, false);
  const int op = s.op;
  PyTypeObject* type = s.result_type;
  if (s.arguments.size() != sizeof...(A))
    throw std::logic_error(std::string("wrong arity: ") + text);
  if constexpr (is_tensor_result<R> && kKind == Kind::Plain) {
    if (s.keyword_from < 0) s.keyword_from = int(sizeof...(A));
    s.append("out", "None", py::none());
    const char* name = (new std::string(s.name))->c_str();
    add_function<std::decay_t<A>..., py::handle>(
        m, std::move(s),
        [fn, op, name](const Arg<std::decay_t<A>>&... args, const Arg<py::handle>& out) {
          if (RL_LIKELY(out.object == Py_None)) return call_op<kKind>(fn, op, nullptr, args...);
          PyObject* objects[] = {args.object..., out.object};
          RL_CHECK(!api().needs_record(objects, sizeof...(A) + 1), name,
                   "(): functions with out=... arguments don't support automatic differentiation, "
                   "but one of the arguments requires grad.");
          check_apart(name, objects, sizeof...(A), out.object);
          (adopt_dtype(args.value, out.object), ...);
          const Tensor result =
              run_op((work_of(args.value) + ...), [&] { return fn(args.value...); });
          return write_out(name, result, out.object);
        });
  } else {
    add_function<std::decay_t<A>...>(m, std::move(s),
                                     [fn, op, type](const Arg<std::decay_t<A>>&... args) {
                                       return call_op<kKind>(fn, op, type, args...);
                                     });
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
  Signature s = parse_signature(text, true);
  const int op = s.op;
  if (s.arguments.size() != sizeof...(A))
    throw std::logic_error(std::string("wrong arity: ") + text);
  add_function<std::decay_t<A>...>(
      m, std::move(s), [fn, op](const Arg<std::decay_t<A>>&... args) -> py::object {
        PyObject* objects[] = {args.object...};
        const py::tuple packed = pack_arguments(objects, sizeof...(A));
        const py::object original =
            py::reinterpret_steal<py::object>(api().prepare_inplace(op, packed.ptr()));
        if (!original) throw py::error_already_set();
        run_op((work_of(args.value) + ...), [&] {
          fn(args.value...);
          return 0;
        });
        check_python(api().finish_inplace(op, packed.ptr(), original.ptr()));
        return py::reinterpret_borrow<py::object>(objects[0]);
      });
}
template <class... A>
void def_inplace(py::module_& m, const char* text, void (*fn)(A...)) {
  bind_inplace(m, text, fn, fn);
}

}  // namespace rushlight::python
