# Calls that __torch_function__ takes over: see Note [Overrides] in overrides.h. Who is asked and in
# which order is decided in rushlight._overriding.

from cpython.pycapsule cimport PyCapsule_New

cdef extern from "Python.h":
    void PyErr_SetRaised "PyErr_SetObject" (object, object)
    bint PyErr_ExceptionMatches(object)
    void PyErr_Clear()
    void PyErr_Fetch(PyObject**, PyObject**, PyObject**)
    void PyErr_NormalizeException(PyObject**, PyObject**, PyObject**)
    void PyErr_Restore(PyObject*, PyObject*, PyObject*)


cdef void restore(object e) noexcept:
    PyErr_SetRaised(type(e), e)


cdef extern from "overrides.h" namespace "rushlight::python":
    cdef struct Overrides:
        int active
        bint (*wanted)(PyObject* const*, Py_ssize_t)
        PyObject* (*dispatch)(PyObject*, PyObject* const*, Py_ssize_t, PyObject*)
        PyObject* (*failed)(PyObject*, PyObject* const*, Py_ssize_t, PyObject*)
        PyObject* (*spelled)(PyObject*, unsigned)
    PyObject* spelled_keywords(PyObject*, unsigned)

cdef extern from "method.h" namespace "rushlight::python":
    Overrides g_overrides
    object new_call(PyObject*, bint, unsigned)
    bint override_wanted(PyObject* const*, Py_ssize_t)
    bint override_wanted_by(PyObject*)
    bint pair_wanted(object, object)
    bint some_override(PyObject* const*, Py_ssize_t)
    int t_overrides_off
    int t_override_modes
    PyObject* g_disabled_override

# Asks the overrides of a call for its result.
cdef object ask_overrides(object function, tuple args, dict kwargs):
    return _late("ask_overrides")(function, args, kwargs)


# The same for a method of Tensor by name.
cdef object override_method(str name, tuple args):
    return ask_overrides(getattr(Tensor, name), args, {})


cdef PyObject* dispatch_call(PyObject* function, PyObject* const* args, Py_ssize_t n,
                             PyObject* names) noexcept:
    cdef Py_ssize_t i
    try:
        positional = tuple([<object>args[i] for i in range(n)])
        kwargs = {}
        if names != NULL:
            for i, name in enumerate(<tuple><object>names):
                kwargs[name] = <object>args[n + i]
        r = ask_overrides(<object>function, positional, kwargs)
        Py_INCREF(r)
        return <PyObject*>r
    except BaseException as e:
        restore(e)
        return NULL


# A function written in Python finds out by an attribute that an argument is no Tensor. The error
# then becomes a TypeError that names the argument, as a compiled function's is.
cdef void blame_argument(object function, PyObject* const* args, Py_ssize_t n,
                         PyObject* names) noexcept:
    cdef PyObject *kind = NULL, *error = NULL, *trace = NULL
    cdef Py_ssize_t i
    PyErr_Fetch(&kind, &error, &trace)
    PyErr_NormalizeException(&kind, &error, &trace)
    e = <object>error
    words = [] if names == NULL else list(<tuple><object>names)
    if e.name is not None and not isinstance(e.obj, Tensor):
        for i in range(n + len(words)):
            if <object>args[i] is e.obj:
                which = i + 1 if i < n else repr(words[i - n])
                text = (f"{function.__name__}(): argument {which} must be Tensor, not "
                        f"{type(e.obj).__name__}")
                try:
                    raise TypeError(text) from e
                except TypeError as better:
                    restore(better)
                Py_XDECREF_(kind)
                Py_XDECREF_(error)
                Py_XDECREF_(trace)
                return
    PyErr_Restore(kind, error, trace)


# A class that is no Tensor is seen when the call that it was given to fails.
cdef PyObject* failed_call(PyObject* function, PyObject* const* args, Py_ssize_t n,
                           PyObject* names) noexcept:
    cdef Py_ssize_t count = n
    if not (PyErr_ExceptionMatches(TypeError) or PyErr_ExceptionMatches(AttributeError)):
        return NULL
    if names != NULL:
        count += PyTuple_GET_SIZE_(names)
    if t_overrides_off or g_overrides.active or not search_failed(args, count):
        if PyErr_ExceptionMatches(AttributeError):
            blame_argument(<object>function, args, n, names)
        return NULL
    PyErr_Clear()
    g_overrides.active = 1
    return dispatch_call(function, args, n, names)


cdef extern from *:
    """
    // Looking for attributes must not lose the error that is set.
    static bool search_failed(PyObject* const* args, Py_ssize_t count) {
      PyObject *type, *value, *trace;
      PyErr_Fetch(&type, &value, &trace);
      const bool found = rushlight::python::some_override(args, count);
      PyErr_Restore(type, value, trace);
      return found;
    }
    #define PyTuple_GET_SIZE_(t) PyTuple_GET_SIZE(t)
    #define Py_XDECREF_(o) Py_XDECREF(o)
    """
    bint search_failed(PyObject* const*, Py_ssize_t)
    Py_ssize_t PyTuple_GET_SIZE_(PyObject*)
    void Py_XDECREF_(PyObject*)


g_overrides.wanted = override_wanted
g_overrides.dispatch = dispatch_call
g_overrides.failed = failed_call
g_overrides.spelled = spelled_keywords
_overrides = PyCapsule_New(&g_overrides, "rushlight._core._overrides", NULL)


def _disabled_torch_function_impl(func, types, args=(), kwargs=None):
    """The ``__torch_function__`` of a class of Tensors whose results are plain Tensors."""
    with DisableTorchFunctionSubclass():
        return func(*args, **(kwargs or {}))


g_disabled_override = <PyObject*>_disabled_torch_function_impl


cdef class DisableTorchFunctionSubclass:
    """A block in which no ``__torch_function__`` is asked.

    Example::

        >>> with rushlight.overrides.DisableTorchFunctionSubclass():
        ...     rushlight.ones(2) + 1
        tensor([2., 2.])
    """
    def __enter__(self):
        global t_overrides_off
        t_overrides_off = t_overrides_off + 1

    def __exit__(self, *exc):
        global t_overrides_off
        t_overrides_off = t_overrides_off - 1


def _activate_overrides():
    """From now on calls look for ``__torch_function__``: see Note [Overrides]."""
    g_overrides.active = 1


def _overrides_enabled():
    return t_overrides_off == 0


def _count_override_modes(int change):
    """How many modes this thread has entered, after a change."""
    global t_override_modes
    t_override_modes = t_override_modes + change
    count_modes(change)
    return t_override_modes


def _suspend_overrides(int count):
    """Sets how many blocks switch overrides off; returns how many did."""
    global t_overrides_off
    before = t_overrides_off
    t_overrides_off = count
    return before


def _function(function, unsigned spellings):
    """A public function written in Python, made overridable."""
    return new_call(<PyObject*>function, False, spellings)
