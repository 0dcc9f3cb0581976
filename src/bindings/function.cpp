#include "function.h"

#include <pybind11/eval.h>

#include "docs.h"
#include "op.h"

namespace rushlight::python {
namespace {

std::string strip(const std::string& s) {
  const size_t first = s.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return s.substr(first, s.find_last_not_of(' ') - first + 1);
}

std::vector<std::string> split_list(const std::string& s) {
  std::vector<std::string> parts;
  int depth = 0;
  std::string part;
  for (char c : s) {
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
    if (c == ',' && depth == 0) {
      parts.push_back(strip(part));
      part.clear();
    } else {
      part += c;
    }
  }
  if (!strip(part).empty()) parts.push_back(strip(part));
  return parts;
}

}  // namespace

void Signature::append(const char* argument, const char* default_text, py::object value) {
  arguments.emplace_back(argument);
  default_texts.emplace_back(default_text);
  defaults.push_back(std::move(value));
}

Signature parse_text(const char* text) {
  const std::string all = text;
  const size_t open = all.find('('), close = all.rfind(')');
  Signature s;
  s.name = all.substr(0, open);
  for (const std::string& part : split_list(all.substr(open + 1, close - open - 1))) {
    if (part == "*") {
      s.keyword_from = int(s.arguments.size());
      continue;
    }
    const size_t equals = part.find('=');
    const std::string value = equals == std::string::npos ? "" : strip(part.substr(equals + 1));
    s.append(strip(part.substr(0, equals)).c_str(), value.c_str(),
             value.empty() ? py::object() : py::eval(value));
  }
  const size_t arrow = all.find("->", close);
  if (arrow != std::string::npos)
    s.result_type = make_result_type(s.name, split_list(all.substr(arrow + 2)));
  return s;
}

Signature parse_signature(const char* text, bool inplace) {
  Signature s = parse_text(text);
  std::string op = s.name;
  if (inplace && op.back() == '_') op.pop_back();
  py::tuple names(s.arguments.size());
  for (size_t i = 0; i < s.arguments.size(); ++i) names[i] = s.arguments[i];
  s.op = api().register_op(op.c_str(), names.ptr());
  check_python(s.op);
  return s;
}

namespace {

PyTypeObject* object_type() {
  static PyTypeObject type = {PyVarObject_HEAD_INIT(nullptr, 0)};
  if (!type.tp_name) {
    type.tp_name = "rushlight.op";
    type.tp_basicsize = sizeof(PyObject) + sizeof(void*);
    type.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    if (PyType_Ready(&type) < 0) throw py::error_already_set();
  }
  return &type;
}

// "sum(input: Tensor, dim: Size | None = None, ...)"; without types where they are null.
std::string written(const Signature& s, const std::vector<std::string>* types) {
  std::string text = s.name + "(";
  for (size_t i = 0; i < s.arguments.size(); ++i) {
    if (i) text += ", ";
    if (int(i) == s.keyword_from) text += "*, ";
    text += s.arguments[i];
    if (types) text += ": " + (*types)[i];
    if (!s.default_texts[i].empty()) text += (types ? " = " : "=") + s.default_texts[i];
  }
  return text + ")";
}

}  // namespace

const Overrides& overrides() {
  static const Overrides* imported = nullptr;
  if (RL_UNLIKELY(!imported)) {
    imported = static_cast<const Overrides*>(PyCapsule_Import("rushlight._core._overrides", 0));
    if (!imported) throw py::error_already_set();
  }
  return *imported;
}
bool is_function(PyObject* object) {
  return PyCFunction_Check(object) && PyCFunction_GET_SELF(object) &&
         Py_TYPE(PyCFunction_GET_SELF(object)) == object_type();
}

Function::Function(Signature signature, std::vector<std::string> types)
    : signature_(std::move(signature)),
      types_(std::move(types)),
      num_arguments_(Py_ssize_t(signature_.arguments.size())),
      num_positional_(signature_.keyword_from < 0 ? num_arguments_ : signature_.keyword_from) {
  for (const std::string& name : signature_.arguments) {
    names_.push_back(PyUnicode_InternFromString(name.c_str()));
    if (!names_.back()) throw py::error_already_set();
  }
  for (const py::object& value : signature_.defaults) defaults_.push_back(value.ptr());
  const std::string doc = doc_of(signature_.name);
  doc_ = written(signature_, nullptr) + "\n--\n\n" +
         (doc.empty() ? written(signature_, &types_) + " -> object" : doc);
}

void Function::add_to(py::module_& m, Entry entry) {
  entry_ = entry;
  definition_ = {signature_.name.c_str(),
                 reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(entry)),
                 METH_FASTCALL | METH_KEYWORDS, doc_.c_str()};
  auto* self = PyObject_New(Object, object_type());
  if (!self) throw py::error_already_set();
  self->function = this;
  const auto owner = py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(self));
  const auto module_name = py::reinterpret_borrow<py::object>(m.attr("__name__"));
  const auto object = py::reinterpret_steal<py::object>(
      PyCFunction_NewEx(&definition_, owner.ptr(), module_name.ptr()));
  if (!object) throw py::error_already_set();
  callable_ = py::object(object).release().ptr();
  m.attr(signature_.name.c_str()) = object;
  // With types, which the docstring leaves to its text: for the tools.
  if (!py::hasattr(m, "_signatures")) m.attr("_signatures") = py::dict();
  m.attr("_signatures")[signature_.name.c_str()] = written(signature_, &types_);
}

void Function::redirect(PyObject* callable, PyObject* handler) {
  PyObject* self = PyCFunction_Check(callable) ? PyCFunction_GET_SELF(callable) : nullptr;
  RL_CHECK_TYPE(self && Py_TYPE(self) == object_type(), "redirect(): expected a compiled op, got ",
                Py_TYPE(callable)->tp_name);
  Function& function = *reinterpret_cast<Object*>(self)->function;
  Py_XINCREF(handler);
  Py_XDECREF(std::exchange(function.handler_, handler));
  function.definition_.ml_meth = reinterpret_cast<PyCFunction>(
      reinterpret_cast<void*>(handler ? &Function::redirected : function.entry_));
}

PyObject* Function::redirected(PyObject* self, PyObject* const* args, Py_ssize_t n,
                               PyObject* names) {
  const Function& function = *reinterpret_cast<Object*>(self)->function;
  const Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0, all = n + named;
  for (Py_ssize_t k = 0; k < named; ++k)
    if (PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, k), "out") == 0)
      return function.entry_(self, args, n, names);
  const auto given = py::reinterpret_steal<py::object>(PyTuple_New(all));
  if (!given) return nullptr;
  for (Py_ssize_t i = 0; i < all; ++i) PyTuple_SET_ITEM(given.ptr(), i, Py_NewRef(args[i]));
  const auto handler = py::reinterpret_borrow<py::object>(function.handler_);
  const auto taken =
      py::reinterpret_steal<py::object>(PyObject_CallOneArg(handler.ptr(), given.ptr()));
  if (!taken) return nullptr;
  if (!PyTuple_Check(taken.ptr()) || PyTuple_GET_SIZE(taken.ptr()) != all) {
    PyErr_Format(PyExc_TypeError, "%s(): the handler of redirect() must return a tuple of %zd",
                 function.signature_.name.c_str(), all);
    return nullptr;
  }
  return function.entry_(self, reinterpret_cast<PyTupleObject*>(taken.ptr())->ob_item, n, names);
}

int Function::find(PyObject* name) const {
  for (size_t i = 0; i < names_.size(); ++i)
    if (names_[i] == name) return int(i);
  for (size_t i = 0; i < names_.size(); ++i)
    if (PyUnicode_Compare(names_[i], name) == 0) return int(i);
  const int spelling = spelling_of(name, kAllSpellings);
  if (spelling)
    for (size_t i = 0; i < names_.size(); ++i)
      if (signature_.arguments[i] == kSpellings[spelling - 1].ours) return int(i);
  return -1;
}

bool Function::place_with_names(PyObject* const* args, Py_ssize_t n, PyObject* names,
                                PyObject** slots) const {
  const char* op = signature_.name.c_str();
  if (n > num_positional_) {
    PyErr_Format(PyExc_TypeError, "%s() takes %zd positional argument%s but %zd were given", op,
                 num_positional_, num_positional_ == 1 ? "" : "s", n);
    return false;
  }
  for (Py_ssize_t i = 0; i < num_arguments_; ++i) slots[i] = i < n ? args[i] : nullptr;
  const Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;
  for (Py_ssize_t k = 0; k < named; ++k) {
    PyObject* name = PyTuple_GET_ITEM(names, k);
    const int i = find(name);
    if (i < 0) {
      PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'; it takes %s", op,
                   name, written(signature_, nullptr).c_str());
      return false;
    }
    if (slots[i]) {
      if (PyUnicode_Compare(names_[size_t(i)], name) == 0)
        PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%U'", op, name);
      else
        PyErr_Format(PyExc_TypeError, "%s() got both '%U' and '%U', which name one argument", op,
                     names_[size_t(i)], name);
      return false;
    }
    slots[i] = args[n + k];
  }
  for (Py_ssize_t i = 0; i < num_arguments_; ++i) {
    if (!slots[i]) slots[i] = defaults_[size_t(i)];
    if (!slots[i]) return complain_of_missing(i);
  }
  return true;
}

bool Function::complain_of_missing(Py_ssize_t i) const {
  PyErr_Format(PyExc_TypeError, "%s() missing 1 required argument: '%U' (position %zd)",
               signature_.name.c_str(), names_[size_t(i)], i + 1);
  return false;
}

PyObject* Function::complain_of_type(size_t i, PyObject* got) const {
  if (!PyErr_Occurred())
    PyErr_Format(PyExc_TypeError, "%s(): argument '%U' (position %zu) must be %s, not %.100s",
                 signature_.name.c_str(), names_[i], i + 1, types_[i].c_str(),
                 Py_TYPE(got)->tp_name);
  return nullptr;
}

}  // namespace rushlight::python
