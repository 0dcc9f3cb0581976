# The table that the pybind11 modules use; see api.h.

cdef extern from "api.h" namespace "rushlight::python":
    cdef struct Api:
        PyTypeObject* tensor_type
        PyObject* (*wrap)(CTensor*)
        int (*register_op)(const char*, PyObject*)
        int (*needs_record)(PyObject* const*, Py_ssize_t)
        int (*record)(int, PyObject*, PyObject*)
        PyObject* (*prepare_inplace)(int, PyObject*)
        int (*finish_inplace)(int, PyObject*, PyObject*)
        void (*count_write)(const CTensor&, const char*) noexcept
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


cdef dict _write_names = {}


cdef void api_count_write(const CTensor& t, const char* what) noexcept:
    name = what.decode()
    count_write(t.storage(), _write_names.setdefault(name, name))


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
_api_table.count_write = api_count_write
_api = PyCapsule_New(&_api_table, "rushlight._core._api", NULL)


# -- functions called without argument tuples ----------------------------------------------------

# Note [Fast calls]
# A few calls are so short that Cython's argument parsing would cost more than the work. These are
# bound as METH_FASTCALL functions that serve plain positional ints and pass everything else on.
ctypedef PyObject* (*FastCall)(PyObject*, PyObject* const*, Py_ssize_t, PyObject*) noexcept

cdef extern from "Python.h":
    ctypedef PyObject* (*PyCFunction)(PyObject*, PyObject*)
    ctypedef struct PyMethodDef:
        const char* ml_name
        PyCFunction ml_meth
        int ml_flags
        const char* ml_doc
    int METH_FASTCALL
    int METH_KEYWORDS
    object PyCFunction_New(PyMethodDef*, object)
    object PyDescr_NewMethod(PyTypeObject*, PyMethodDef*)
    PyObject* PyObject_Vectorcall(PyObject*, PyObject* const*, size_t, PyObject*)
    long long PyLong_AsLongLong(PyObject*) except? -1
    bint PyLong_CheckExact_ "PyLong_CheckExact"(PyObject*)
    void Py_INCREF_ "Py_INCREF"(PyObject*)


cdef extern from "lazy_module.h" namespace "rushlight::python":
    object lazy_module_type()

LazyModule = lazy_module_type()

cdef extern from "fast_view.h" namespace "rushlight::python":
    int attach_fast_views(PyTypeObject*) except -1
    PyObject* fast_dense_view(PyObject*, PyObject* const*, Py_ssize_t) noexcept
    bint short_int(PyObject*, int64_t*) noexcept


# Before any subclass of Tensor is made.
attach_fast_views(<PyTypeObject*>Tensor)


# The ints of a call into dims; False when some argument is none.
cdef inline bint plain_ints(PyObject* const* args, Py_ssize_t n, PyObject* names, CDims* dims) except -1:
    cdef Py_ssize_t i
    if names != NULL or n == 0 or n > 6:
        return False
    for i in range(n):
        if not PyLong_CheckExact_(args[i]):
            return False
    dims[0] = CDims(<int>n)
    for i in range(n):
        dims[0][<int>i] = PyLong_AsLongLong(args[i])
    return True


cdef inline PyObject* given(Tensor r) noexcept:
    Py_INCREF(r)
    return <PyObject*>r


cdef PyObject* fast_zeros(PyObject* self, PyObject* const* args, Py_ssize_t n,
                          PyObject* names) noexcept:
    cdef CDims dims
    cdef CTensor out
    try:
        if g_overrides.active and override_wanted(args, n):
            return dispatch_call(<PyObject*>zeros, args, n, names)
        if plain_ints(args, n, names, &dims):
            out = c_zeros(dims, default_dtype(), CDevice())
            return given(wrap_move(out))
    except BaseException as e:
        restore(e)
        return NULL
    return PyObject_Vectorcall(<PyObject*>_slow_zeros, args, n, names)


cdef PyObject* fast_empty(PyObject* self, PyObject* const* args, Py_ssize_t n,
                          PyObject* names) noexcept:
    cdef CDims dims
    cdef CTensor out
    try:
        if g_overrides.active and override_wanted(args, n):
            return dispatch_call(<PyObject*>empty, args, n, names)
        if plain_ints(args, n, names, &dims):
            out = c_empty(dims, default_dtype(), CDevice())
            return given(wrap_move(out))
    except BaseException as e:
        restore(e)
        return NULL
    return PyObject_Vectorcall(<PyObject*>_slow_empty, args, n, names)


cdef PyObject* fast_ones(PyObject* self, PyObject* const* args, Py_ssize_t n,
                         PyObject* names) noexcept:
    cdef CDims dims
    cdef CTensor out
    try:
        if g_overrides.active and override_wanted(args, n):
            return dispatch_call(<PyObject*>ones, args, n, names)
        if plain_ints(args, n, names, &dims):
            out = c_full(dims, CScalar(<int64_t>1), default_dtype(), CDevice())
            return given(wrap_move(out))
    except BaseException as e:
        restore(e)
        return NULL
    return PyObject_Vectorcall(<PyObject*>_slow_ones, args, n, names)


cdef PyObject* call_method(PyObject* method, PyObject* self, PyObject* const* args, Py_ssize_t n,
                           PyObject* names) noexcept:
    cdef vector[PyObject*] all_args
    cdef Py_ssize_t i, total = n
    try:
        if names != NULL:
            total += len(<tuple><object>names)
        all_args.push_back(self)
        for i in range(total):
            all_args.push_back(args[i])
    except BaseException as e:
        restore(e)
        return NULL
    return PyObject_Vectorcall(method, all_args.data(), n + 1, names)


# A method that an override of its first argument takes over.
cdef PyObject* dispatch_method(str name, PyObject* self, PyObject* const* args, Py_ssize_t n,
                               PyObject* names) except NULL:
    kwargs = {}
    if names != NULL:
        for i, keyword in enumerate(<tuple><object>names):
            kwargs[keyword] = <object>args[n + <Py_ssize_t>i]
    positional = (<object>self,) + tuple([<object>args[i] for i in range(n)])
    r = ask_overrides(getattr(Tensor, name), positional, kwargs)
    Py_INCREF(r)
    return <PyObject*>r


cdef PyObject* fast_view(PyObject* self, PyObject* const* args, Py_ssize_t n,
                         PyObject* names) noexcept:
    cdef CDims dims
    cdef PyObject* view = fast_dense_view(self, args, n) if names == NULL else NULL
    if view != NULL:
        return view
    try:
        if override_wanted_by(self):
            return dispatch_method("view", self, args, n, names)
        if plain_ints(args, n, names, &dims):
            return given(view_shape(<Tensor><object>self, dims))
    except BaseException as e:
        restore(e)
        return NULL
    return call_method(<PyObject*>_slow_view, self, args, n, names)


cdef PyObject* fast_reshape(PyObject* self, PyObject* const* args, Py_ssize_t n,
                            PyObject* names) noexcept:
    cdef CDims dims
    cdef PyObject* view = fast_dense_view(self, args, n) if names == NULL else NULL
    if view != NULL:
        return view
    try:
        if override_wanted_by(self):
            return dispatch_method("reshape", self, args, n, names)
        if plain_ints(args, n, names, &dims):
            return given(reshape_to(<Tensor><object>self, dims))
    except BaseException as e:
        restore(e)
        return NULL
    return call_method(<PyObject*>_slow_reshape, self, args, n, names)


cdef PyObject* fast_transpose(PyObject* self, PyObject* const* args, Py_ssize_t n,
                              PyObject* names) noexcept:
    cdef int64_t d, e
    cdef PyObject* view
    if (names == NULL and n == 2 and PyLong_CheckExact_(args[0]) and PyLong_CheckExact_(args[1])
            and short_int(args[0], &d) and short_int(args[1], &e)):
        view = fast_transposed(self, d, e)
        if view != NULL:
            return view
    return call_method(<PyObject*>_slow_transpose, self, args, n, names)


cdef PyObject* fast_t(PyObject* self, PyObject* const* args, Py_ssize_t n,
                      PyObject* names) noexcept:
    cdef PyObject* view = NULL
    if n == 0 and names == NULL and (<Tensor><object>self).c.ndim() == 2:
        view = fast_transposed(self, 0, 1)
    return view if view != NULL else call_method(<PyObject*>_slow_t, self, args, n, names)


cdef PyObject* fast_clone(PyObject* self, PyObject* const* args, Py_ssize_t n,
                          PyObject* names) noexcept:
    cdef CTensor out
    cdef Tensor x = <Tensor><object>self
    if n == 0 and names == NULL and is_plain(self) and x.c.numel() <= LARGE:
        try:
            out = c_clone(x.c)
            return given(wrap_move(out))
        except BaseException as e:
            restore(e)
            return NULL
    return call_method(<PyObject*>_slow_clone, self, args, n, names)


# A reduction of all elements, called without arguments.
ctypedef CTensor (*WholeReduction)(const CTensor&) except +rl_raise nogil


cdef PyObject* reduce_whole(WholeReduction reduction, OpInfo op, str name, object slow,
                            PyObject* self, PyObject* const* args, Py_ssize_t n,
                            PyObject* names) noexcept:
    cdef CTensor out
    cdef Tensor x = <Tensor><object>self
    try:
        if override_wanted_by(self):
            return dispatch_method(name, self, args, n, names)
        if n == 0 and names == NULL:
            if x.c.numel() > LARGE:
                with nogil:
                    out = reduction(x.c)
            else:
                out = reduction(x.c)
            r = wrap_move(out)
            if recorded(x):
                record(op, (x, None, False, None) if op is _op_sum else (x,), r)
            return given(r)
    except BaseException as e:
        restore(e)
        return NULL
    return call_method(<PyObject*>slow, self, args, n, names)


cdef PyObject* fast_sum(PyObject* self, PyObject* const* args, Py_ssize_t n,
                        PyObject* names) noexcept:
    return reduce_whole(c_sum, _op_sum, "sum", _slow_sum, self, args, n, names)


cdef PyObject* fast_max(PyObject* self, PyObject* const* args, Py_ssize_t n,
                        PyObject* names) noexcept:
    return reduce_whole(c_max, _op_max, "max", _slow_max, self, args, n, names)


cdef PyObject* fast_min(PyObject* self, PyObject* const* args, Py_ssize_t n,
                        PyObject* names) noexcept:
    return reduce_whole(c_min, _op_min, "min", _slow_min, self, args, n, names)


cdef OpInfo _op_sum = get_op("sum", ("input", "dim", "keepdim", "dtype"))
cdef OpInfo _op_max = get_op("max_all", ("input",))
cdef OpInfo _op_min = get_op("min_all", ("input",))
cdef object _slow_sum = None
cdef object _slow_max = None
cdef object _slow_min = None
cdef object _slow_zeros = zeros
cdef object _slow_empty = empty
cdef object _slow_ones = ones
cdef object _slow_view = Tensor.view
cdef object _slow_reshape = Tensor.reshape
cdef object _slow_transpose = Tensor.transpose
cdef object _slow_t = Tensor.t
cdef object _slow_clone = Tensor.clone
cdef PyMethodDef _fast[11]


cdef void fast_entry(int i, const char* name, FastCall fn) noexcept:
    _fast[i].ml_name = name
    _fast[i].ml_meth = <PyCFunction><void*>fn
    _fast[i].ml_flags = METH_FASTCALL | METH_KEYWORDS
    _fast[i].ml_doc = NULL


fast_entry(0, b"zeros", fast_zeros)
fast_entry(1, b"empty", fast_empty)
fast_entry(2, b"ones", fast_ones)
fast_entry(3, b"view", fast_view)
fast_entry(4, b"reshape", fast_reshape)
fast_entry(5, b"sum", fast_sum)
fast_entry(6, b"transpose", fast_transpose)
fast_entry(7, b"max", fast_max)
fast_entry(8, b"min", fast_min)
fast_entry(9, b"t", fast_t)
fast_entry(10, b"clone", fast_clone)


# -- methods that live outside -------------------------------------------------------------------

cdef extern from "Python.h":
    void PyType_Modified(PyTypeObject*)


cdef extern from *:
    """
    static inline int rl_set_type_attr(PyTypeObject* type, PyObject* name, PyObject* value) {
      return PyDict_SetItem(type->tp_dict, name, value);
    }
    """
    int rl_set_type_attr(PyTypeObject*, object, object) except -1


def _attach(str name, value, unsigned spellings=0, bint as_is=False):
    """Gives Tensor an attribute: a function, compiled or not, or a property.

    ``as_is``: a Python function stays one. ``spellings``: which of NumPy's keywords it is given, where it does not see to that itself.
    """
    kind = type(value).__name__
    if kind == "builtin_function_or_method" or (
            kind == "function" and not as_is and name[:2] != "__"):
        value = new_call(<PyObject*>value, True, spellings)
    rl_set_type_attr(<PyTypeObject*>Tensor, name, value)
    PyType_Modified(<PyTypeObject*>Tensor)


def _use_fast_calls():
    """Replaces the slow forms, once everything they fall back on is there."""
    global zeros, empty, ones, _slow_sum, _slow_max, _slow_min
    functions = (zeros, empty, ones, Tensor.view, Tensor.reshape, Tensor.sum, Tensor.transpose,
                 Tensor.max, Tensor.min, Tensor.t, Tensor.clone)
    _slow_sum, _slow_max, _slow_min = Tensor.sum, Tensor.max, Tensor.min
    for i, function in enumerate(functions):
        _fast[<int>i].ml_doc = _doc_bytes(function)
    zeros = PyCFunction_New(&_fast[0], None)
    empty = PyCFunction_New(&_fast[1], None)
    ones = PyCFunction_New(&_fast[2], None)
    for i, name in enumerate(("view", "reshape", "sum", "transpose", "max", "min", "t", "clone")):
        rl_set_type_attr(<PyTypeObject*>Tensor, name,
                         PyDescr_NewMethod(<PyTypeObject*>Tensor, &_fast[3 + <int>i]))
    PyType_Modified(<PyTypeObject*>Tensor)


cdef list _doc_keep = []


# In the form that Python splits into __text_signature__ and __doc__.
cdef const char* _doc_bytes(object function) except NULL:
    # A function written in Python has no text of its signature: these are max and min.
    signature = getattr(function, "__text_signature__", None) or (
        "(input, dim=None, keepdim=False, *, other=None, out=None, axis=None, keepdims=False)")
    _doc_keep.append(f"{function.__name__}{signature}\n--\n\n"
                     f"{function.__doc__}".encode())
    return <const char*>_doc_keep[len(_doc_keep) - 1]


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
# Named tuple types by the function whose result they are; rushlight.return_types looks here.
_result_types = {}
