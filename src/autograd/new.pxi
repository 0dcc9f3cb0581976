# Python's Tensor.__new__ makes a whole tensor, whatever a subclass's __init__ leaves out: a method of
# an undefined one would crash. The core itself fills in what the plain one of Cython gives.
cdef extern from *:
    """
    static newfunc rl_plain_new;
    static int (*rl_fill)(PyObject*, PyObject*, PyObject*);
    static PyObject* rl_whole_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
      PyObject* empty = PyTuple_New(0);
      if (!empty) return NULL;
      PyObject* self = rl_plain_new(type, empty, NULL);
      Py_DECREF(empty);
      if (self && rl_fill(self, args, kwargs ? kwargs : Py_None) < 0) Py_CLEAR(self);
      return self;
    }
    static void rl_install_new(PyTypeObject* type, int (*fill)(PyObject*, PyObject*, PyObject*)) {
      rl_plain_new = type->tp_new;
      rl_fill = fill;
      type->tp_new = rl_whole_new;
    }
    static PyObject* rl_new_undefined(PyObject* type, PyTypeObject* base, PyObject* empty) {
      if (!PyType_Check(type) || !PyType_IsSubtype((PyTypeObject*)type, base)) {
        PyErr_Format(PyExc_TypeError, "expected a subclass of Tensor, got %R", type);
        return NULL;
      }
      return rl_plain_new((PyTypeObject*)type, empty, NULL);
    }
    """
    void install_new "rl_install_new" (PyTypeObject*, int (*)(object, object, object) except -1)
    object subclass_new "rl_new_undefined" (object, PyTypeObject*, tuple)


cdef int fill_new(object self, object args, object kwargs) except -1:
    legacy_init(<Tensor>self, <tuple>args, {} if kwargs is None else <dict>kwargs)
    return 0


cdef object new_undefined(object cls):
    return subclass_new(cls, <PyTypeObject*>Tensor, ())


install_new(<PyTypeObject*>Tensor, fill_new)
