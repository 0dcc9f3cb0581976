# The table that the pybind11 modules use; see api.h.
from cpython.pycapsule cimport PyCapsule_New

cdef extern from "api.h" namespace "rushlight::python":
    cdef struct Api:
        PyTypeObject* tensor_type
        PyObject* (*wrap)(CTensor*)
        int (*register_op)(const char*, PyObject*)
        int (*needs_record)(PyObject* const*, Py_ssize_t)
        int (*record)(int, PyObject*, PyObject*)
        PyObject* (*prepare_inplace)(int, PyObject*)
        int (*finish_inplace)(int, PyObject*, PyObject*)
        PyObject* const* dtypes
        int (*dtype_of)(PyObject*)
        int (*mark_view)(PyObject*, PyObject*)
        PyObject* (*size_object)(const CTensor&)

cdef Api _api_table


cdef PyObject* api_wrap(CTensor* t) noexcept:
    try:
        r = wrap_move(t[0])
        Py_INCREF(r)
        return <PyObject*>r
    except BaseException as e:
        restore(e)
        return NULL


cdef extern from "Python.h":
    void PyErr_SetRaised "PyErr_SetObject" (object, object)


cdef void restore(object e) noexcept:
    PyErr_SetRaised(type(e), e)


cdef int api_register(const char* name, PyObject* names) noexcept:
    try:
        return get_op(name.decode(), tuple(<object>names)).id
    except BaseException as e:
        restore(e)
        return -1


cdef int api_needs_record(PyObject* const* args, Py_ssize_t count) noexcept:
    cdef Py_ssize_t i
    if not grad_enabled():
        return 0
    for i in range(count):
        a = <object>args[i]
        if isinstance(a, Tensor):
            if requires(<Tensor>a):
                return 1
        elif type(a) is list or type(a) is tuple:
            for b in a:
                if isinstance(b, Tensor) and requires(<Tensor>b):
                    return 1
    return 0


cdef int api_record(int op, PyObject* args, PyObject* result) noexcept:
    try:
        return record(<OpInfo>_ops[op], <tuple><object>args, <object>result)
    except BaseException as e:
        restore(e)
        return -1


cdef PyObject* api_prepare(int op, PyObject* args) noexcept:
    try:
        r = prepare_inplace(<OpInfo>_ops[op], <tuple><object>args)
        Py_INCREF(r)
        return <PyObject*>r
    except BaseException as e:
        restore(e)
        return NULL


cdef int api_finish(int op, PyObject* args, PyObject* original) noexcept:
    try:
        return finish_inplace(<OpInfo>_ops[op], <tuple><object>args, <object>original)
    except BaseException as e:
        restore(e)
        return -1


cdef int api_dtype_of(PyObject* o) noexcept:
    if type(<object>o) is dtype:
        return (<dtype><object>o).code
    return -1


# Makes `view` remember `source` (or its base) as what it looks into.
cdef int api_mark_view(PyObject* view, PyObject* source) noexcept:
    cdef Tensor v = <Tensor><object>view
    cdef Tensor s = <Tensor><object>source
    if v is s or not shares_storage(v.c, s.c):
        return 0
    cdef Tensor base = s if s._base is None else <Tensor>s._base
    v._base = base
    v._history = base._history
    return 0


cdef PyObject* api_size(const CTensor& t) noexcept:
    try:
        r = _tuple_new(_Size, dims_tuple((<CTensor*>&t).shape()))
        Py_INCREF(r)
        return <PyObject*>r
    except BaseException as e:
        restore(e)
        return NULL


_api_table.tensor_type = <PyTypeObject*>Tensor
_api_table.wrap = api_wrap
_api_table.register_op = api_register
_api_table.needs_record = api_needs_record
_api_table.record = api_record
_api_table.prepare_inplace = api_prepare
_api_table.finish_inplace = api_finish
_api_table.dtypes = _dtype_table
_api_table.dtype_of = api_dtype_of
_api_table.mark_view = api_mark_view
_api_table.size_object = api_size
_api = PyCapsule_New(&_api_table, "rushlight._core._api", NULL)


# -- methods that live outside -------------------------------------------------------------------

cdef extern from "Python.h":
    object PyInstanceMethod_New(object)
    void PyType_Modified(PyTypeObject*)


cdef extern from *:
    """
    static inline int rl_set_type_attr(PyTypeObject* type, PyObject* name, PyObject* value) {
      return PyDict_SetItem(type->tp_dict, name, value);
    }
    """
    int rl_set_type_attr(PyTypeObject*, object, object) except -1


def _attach(str name, value):
    """Gives Tensor an attribute: a Python function, a property or a compiled function."""
    if type(value).__name__ == "builtin_function_or_method":
        value = PyInstanceMethod_New(value)
    rl_set_type_attr(<PyTypeObject*>Tensor, name, value)
    PyType_Modified(<PyTypeObject*>Tensor)


def get_default_dtype():
    """The dtype of new floating-point tensors; ``float32`` at start."""
    return _DTYPES[<int>default_dtype()]


def set_default_dtype(d):
    """Sets the dtype of new floating-point tensors.

    Args:
        d (dtype): a floating-point dtype.

    Raises:
        TypeError: for any other dtype.
    """
    if type(d) is not dtype:
        raise TypeError("set_default_dtype(): invalid dtype object")
    set_default_dtype_c(<CDType>(<dtype>d).code)


_dtypes = tuple(_DTYPES)
