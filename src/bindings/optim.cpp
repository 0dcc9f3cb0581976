// Optimizer steps: lists of tensors in, one call. Autograd does not record them: parameters are
// leaves, and writing to them counts as an in-place change.
#include "rushlight/ops/optim.h"
#include "casters.h"
#include "op.h"

namespace rushlight::python {
namespace {

// The tensors of a list; None becomes an undefined tensor where it is allowed.
std::vector<Tensor> tensors_of(const char* op, const py::handle& list, bool allow_none = false) {
  if (!PyList_Check(list.ptr()) && !PyTuple_Check(list.ptr()))
    raise<TypeError>(op, "(): expected a list of tensors, got ", Py_TYPE(list.ptr())->tp_name);
  const Py_ssize_t n = PySequence_Fast_GET_SIZE(list.ptr());
  std::vector<Tensor> tensors;
  tensors.reserve(size_t(n));
  for (Py_ssize_t i = 0; i < n; ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(list.ptr(), i);
    if (is_tensor(item) && tensor_of(item).defined())
      tensors.push_back(tensor_of(item));
    else if (allow_none && item == Py_None)
      tensors.emplace_back();
    else
      raise<TypeError>(op, "(): expected a list of tensors, got ", Py_TYPE(item)->tp_name,
                       " at position ", i);
  }
  return tensors;
}

void count_writes(const std::vector<Tensor>& tensors, const char* what) {
  for (const Tensor& t : tensors)
    if (t.defined()) api().count_write(t, what);
}

py::list fused_sgd(py::handle params, py::handle grads, py::handle buffers, double lr,
                   double momentum, double dampening, double weight_decay, bool nesterov,
                   bool maximize) {
  constexpr const char* kOp = "_fused_sgd_";
  const std::vector<Tensor> p = tensors_of(kOp, params), g = tensors_of(kOp, grads);
  std::vector<Tensor> b = tensors_of(kOp, buffers, true);
  const std::vector<Tensor> before = b;
  run_op(work_of(p), [&] {
    sgd_(p, g, b, {lr, momentum, dampening, weight_decay, nesterov, maximize});
    return 0;
  });
  count_writes(p, kOp);
  count_writes(before, kOp);
  // The same objects, and new ones where there was none.
  py::list result(b.size());
  for (size_t i = 0; i < b.size(); ++i) {
    PyObject* item;
    if (before[i].defined() || !b[i].defined()) {
      item = Py_NewRef(PySequence_Fast_GET_ITEM(buffers.ptr(), Py_ssize_t(i)));
    } else {
      item = api().wrap(&b[i]);
      if (!item) throw py::error_already_set();
    }
    PyList_SET_ITEM(result.ptr(), Py_ssize_t(i), item);
  }
  return result;
}

void fused_adam(py::handle params, py::handle grads, py::handle means, py::handle squares,
                py::handle max_squares, py::handle steps, double lr, double beta1, double beta2,
                double weight_decay, double eps, bool amsgrad, bool maximize, bool decoupled) {
  constexpr const char* kOp = "_fused_adam_";
  const std::vector<Tensor> p = tensors_of(kOp, params), g = tensors_of(kOp, grads),
                            m = tensors_of(kOp, means), s = tensors_of(kOp, squares),
                            x = tensors_of(kOp, max_squares), t = tensors_of(kOp, steps);
  run_op(work_of(p), [&] {
    adam_(p, g, m, s, x, t, {lr, beta1, beta2, weight_decay, eps, amsgrad, maximize, decoupled});
    return 0;
  });
  count_writes(p, kOp);
  count_writes(m, kOp);
  count_writes(s, kOp);
  count_writes(x, kOp);
  count_writes(t, kOp);
}

// The entries of that name of the parameters' state dicts.
std::vector<Tensor> entries_of(const char* op, const py::list& dicts, const py::handle& name) {
  std::vector<Tensor> tensors;
  tensors.reserve(dicts.size());
  for (const py::handle dict : dicts) {
    if (!PyDict_Check(dict.ptr()))
      raise<TypeError>(op, "(): expected a list of dicts, got ", Py_TYPE(dict.ptr())->tp_name);
    PyObject* item = PyDict_GetItemWithError(dict.ptr(), name.ptr());
    if (!item) {
      if (!PyErr_Occurred()) PyErr_SetObject(PyExc_KeyError, name.ptr());
      throw py::error_already_set();
    }
    if (!is_tensor(item) || !tensor_of(item).defined())
      raise<TypeError>(op, "(): expected a tensor as the state '",
                       py::str(name).cast<std::string>(), "', got ", Py_TYPE(item)->tp_name);
    tensors.push_back(tensor_of(item));
  }
  return tensors;
}

// states: one dict a parameter, whose entries of these names the rule updates; None stands for a
// state that the options do without.
void fused_update(const std::string& rule, py::handle params, py::handle grads, py::list states,
                  py::tuple state_names, py::tuple count_names, py::tuple options) {
  constexpr const char* kOp = "_fused_update_";
  UpdateLists lists{tensors_of(kOp, params), tensors_of(kOp, grads), {}, {}};
  for (const py::handle name : state_names)
    lists.states.push_back(name.is_none() ? std::vector<Tensor>(lists.params.size())
                                          : entries_of(kOp, states, name));
  for (const py::handle name : count_names) lists.counts.push_back(entries_of(kOp, states, name));
  std::vector<double> numbers;
  for (const py::handle option : options) {
    const double value = PyFloat_AsDouble(option.ptr());
    if (value == -1 && PyErr_Occurred()) throw py::error_already_set();
    numbers.push_back(value);
  }
  run_op(work_of(lists.params), [&] {
    update_(rule, lists, numbers);
    return 0;
  });
  count_writes(lists.params, kOp);
  for (const auto& list : lists.states) count_writes(list, kOp);
  for (const auto& list : lists.counts) count_writes(list, kOp);
}

}  // namespace

void bind_optim(py::module_& m) {
  m.def("_fused_sgd_", &fused_sgd);
  m.def("_fused_adam_", &fused_adam);
  m.def("_fused_update_", &fused_update);
}

}  // namespace rushlight::python
