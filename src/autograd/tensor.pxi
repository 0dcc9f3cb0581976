# The Tensor object: its attributes, operators and the hottest methods. The rest of its methods are
# attached from python/rushlight/_tensor_methods.py.

cdef enum:
    LARGE = 32768  # elements from which a kernel is worth giving the GIL away


cdef class Extra:
    """What few tensors have; apart, so that making a tensor stays cheap."""
    cdef object grad
    cdef object hooks          # of a leaf: id -> callable(grad), an OrderedDict
    cdef object post_hooks     # id -> callable(tensor), after .grad was accumulated
    cdef object accumulator


cdef inline Extra extra_of(Tensor t):
    if t._extra is None:
        refers_to_more(<PyObject*>t)
        t._extra = Extra.__new__(Extra)
    return t._extra


cdef inline object grad_of(Tensor t):
    return None if t._extra is None else t._extra.grad


# The order of the fields stands in fast_view.h too.
@cython.freelist(256)
cdef class Tensor:
    """A strided array of one dtype on one device, optionally recorded for gradients."""
    __module__ = "rushlight"
    cdef CTensor c
    cdef Node _grad_fn
    cdef readonly object _base # the Tensor this is a view of, or None
    cdef Extra _extra          # None until something in it is needed
    cdef int _output_nr
    cdef int _history          # see Note [Views written in place]
    cdef bint _requires_grad
    cdef int _untracked        # see Note [Untracked views]
    cdef PyObject* _attributes # the user's own, a dict or NULL; fast_view.h makes it __dict__
    cdef object __weakref__

    def __init__(self, *args, **kwargs):
        """Nothing: ``__new__`` has made the tensor, so that a subclass may do without this."""

    # -- what it is ------------------------------------------------------------------------------

    @property
    def shape(self):
        return _tuple_new(_Size, dims_tuple(self.c.shape()))

    def size(self, dim=None):
        """The shape, or the size of one dim."""
        if dim is None:
            return _tuple_new(_Size, dims_tuple(self.c.shape()))
        return self.c.size(wrap_index(dim, self.c.ndim()))

    def stride(self, dim=None):
        """The strides in elements, or that of one dim."""
        if dim is None:
            return dims_tuple(self.c.strides())
        return self.c.stride(wrap_index(dim, self.c.ndim()))

    def dim(self):
        """The number of dims."""
        return self.c.ndim()

    ndimension = dim

    @property
    def ndim(self):
        return self.c.ndim()

    def numel(self):
        """The number of elements."""
        return self.c.numel()

    nelement = numel

    def storage_offset(self):
        """Elements from the start of the storage to the first element."""
        return self.c.offset()

    def data_ptr(self):
        """The address of the first element; 0 for a tensor without elements."""
        return <size_t>self.c.bytes() if self.c.numel() else 0

    def element_size(self):
        """Bytes per element."""
        return self.c.itemsize()

    @property
    def itemsize(self):
        return self.c.itemsize()

    @property
    def nbytes(self):
        return self.c.numel() * <int64_t>self.c.itemsize()

    def is_contiguous(self, memory_format=None):
        """Whether the elements lie without gaps, row-major or in the given format."""
        if memory_format is None or memory_format is _contiguous_format:
            return self.c.is_contiguous()
        return _late("is_in_format")(self, memory_format)

    @property
    def dtype(self):
        return <object>_dtype_table[<int>self.c.dtype()]

    @property
    def device(self):
        cdef CDevice d = self.c.device()
        if d.is_cpu():
            return _CPU
        return device("cuda", None if d.index < 0 else d.index)

    @property
    def is_cuda(self):
        return not self.c.device().is_cpu()

    @property
    def layout(self):
        return _strided

    def is_floating_point(self):
        """Whether the dtype is float16, bfloat16, float32 or float64."""
        return 9 <= <int>self.c.dtype() <= 12

    def is_complex(self):
        """Whether the dtype is complex64 or complex128."""
        return <int>self.c.dtype() >= 13

    def is_signed(self):
        """Whether the dtype has negative values."""
        return (<dtype>self.dtype).is_signed

    @property
    def T(self):
        cdef int i, n = self.c.ndim()
        if n == 2:
            return self.t()
        return self.permute([n - 1 - i for i in range(n)])

    @property
    def mT(self):
        if self.c.ndim() == 0:
            return self.t()
        if self.c.ndim() < 2:
            raise RuntimeError("tensor.mT is only supported on matrices or batches of matrices. "
                               f"Got {self.c.ndim()}-D tensor.")
        return self.transpose(-2, -1)

    # -- gradient state --------------------------------------------------------------------------

    @property
    def requires_grad(self):
        return requires(self)

    @requires_grad.setter
    def requires_grad(self, value):
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad=True):
        """Starts (or ends) recording what is computed from this leaf; returns it."""
        if not requires_grad:
            if requires(self) and self._grad_fn is not None:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use "
                    "a computed variable in a subgraph that doesn't require differentiation use "
                    "var_no_grad = var.detach().")
            self._requires_grad = False
            return self
        if not differentiable(self):
            raise RuntimeError("only Tensors of floating point and complex dtype can require "
                               "gradients")
        if is_inference_version(self.c.storage().version()) and not inference_enabled():
            raise RuntimeError("Setting requires_grad=True on inference tensor outside "
                               "InferenceMode is not allowed; clone() it first")
        if not requires(self):
            self._requires_grad = True
        return self

    @property
    def is_leaf(self):
        edge_of(self)
        return self._grad_fn is None

    @property
    def grad_fn(self):
        if self._base is not None:
            edge_of(self)
        return named(self._grad_fn)

    @property
    def output_nr(self):
        return self._output_nr

    @property
    def grad(self):
        g = grad_of(self)
        if g is None and self._grad_fn is not None and not self.retains_grad:
            import warnings
            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its "
                ".grad attribute won't be populated during autograd.backward(): call "
                ".retain_grad() on it, or read the leaf's .grad.", UserWarning, stacklevel=1)
        return g

    @grad.setter
    def grad(self, value):
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError("assigned grad expected to be a Tensor or None but got grad of type "
                                f"{type(value).__name__}")
            if (<Tensor>value).c.shape() != self.c.shape():
                raise RuntimeError(
                    f"assigned grad has data of a different size: {value.shape} for a tensor of "
                    f"{self.shape}")
            if (<Tensor>value).c.dtype() != self.c.dtype():
                raise RuntimeError(f"attempting to assign a gradient with dtype '{value.dtype}' to a "
                                   f"tensor with dtype '{self.dtype}'")
        if value is not None or self._extra is not None:
            extra_of(self).grad = value

    @grad.deleter
    def grad(self):
        extra_of(self).grad = None

    @property
    def _version(self):
        cdef uint32_t version = self.c.storage().version()
        if is_inference_version(version):
            raise RuntimeError("Inference tensors do not track version counter.")
        return version

    def is_inference(self):
        """Whether its memory was made in inference mode."""
        return bool(is_inference_version(self.c.storage().version()))

    def _become(self, Tensor other):
        """Takes over the layout and history of a view made of this tensor."""
        if grad_enabled() and self._requires_grad and self._grad_fn is None:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place "
                               "operation.")
        self.c = alias(other.c)
        refers_to_more(<PyObject*>self)
        self._grad_fn = other._grad_fn
        self._output_nr = other._output_nr
        count_write(self.c.storage(), "an in-place view")
        return self

    def _is_view(self):
        return self._base is not None

    @property
    def retains_grad(self):
        return (self._grad_fn is not None and self._grad_fn.retained is not None
                and self._output_nr in self._grad_fn.retained)

    def retain_grad(self):
        """Keeps ``.grad`` of this tensor although it is not a leaf."""
        if not requires(self):
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        edge_of(self)
        if self._grad_fn is None:
            return
        import weakref
        if self._grad_fn.retained is None:
            self._grad_fn.retained = {}
        self._grad_fn.retained[self._output_nr] = weakref.ref(self)

    def register_hook(self, hook):
        """Calls ``hook(grad)`` when the gradient is computed; a returned tensor replaces it."""
        if not requires(self):
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        cdef Extra extra
        edge_of(self)
        if self._grad_fn is None:
            extra = extra_of(self)
            if extra.hooks is None:
                extra.hooks = new_hooks()
            return add_hook(extra.hooks, hook)
        if self._grad_fn.tensor_hooks is None:
            self._grad_fn.tensor_hooks = {}
        hooks = self._grad_fn.tensor_hooks.get(self._output_nr)
        if hooks is None:
            hooks = self._grad_fn.tensor_hooks[self._output_nr] = new_hooks()
        return add_hook(hooks, hook)

    def register_post_accumulate_grad_hook(self, hook):
        """Calls ``hook(tensor)`` after ``.grad`` of this leaf was accumulated."""
        if not requires(self):
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self._grad_fn is not None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        cdef Extra extra = extra_of(self)
        if extra.post_hooks is None:
            extra.post_hooks = new_hooks()
        return add_hook(extra.post_hooks, hook)

    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
        """Sums d(self)/d(leaf) into ``.grad`` of every leaf that requires it.

        Args:
            gradient (Tensor, optional): d(loss)/d(self), of self's shape; 1 for a single element.
            retain_graph (bool, optional): keep what was saved; default ``create_graph``.
            create_graph (bool): record the backward pass, for higher derivatives.
            inputs (sequence of Tensor, optional): only these get a gradient.
        """
        run_backward([self], [gradient], create_graph if retain_graph is None else retain_graph,
                     create_graph, inputs, True, False)

    def detach(self):
        """The same data outside the graph."""
        if override_wanted_by(<PyObject*>self):
            return override_method("detach", (self,))
        cdef CTensor out = alias(self.c)
        return wrap_move(out)

    def detach_(self):
        """Makes this a leaf without history."""
        if self._base is not None:
            raise RuntimeError("Can't detach views in-place. Use detach() instead.")
        self._grad_fn = None
        self._output_nr = 0
        self._requires_grad = False
        return self

    @property
    def data(self):
        return self.detach()

    @data.setter
    def data(self, value):
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        if requires(self) and not differentiable(<Tensor>value):
            raise RuntimeError("data set to a tensor that requires gradients must be floating point "
                               "or complex dtype")
        edge_of(self)
        self.c = alias((<Tensor>value).c)
        self._base = None

    @staticmethod
    def _make_subclass(cls, data, require_grad=False):
        """The data of a tensor, without history, as an object of a subclass of Tensor."""
        cdef Tensor source = <Tensor?>data
        cdef Tensor self = <Tensor>new_undefined(cls)
        self.c = alias(source.c)
        if require_grad:
            self.requires_grad_()
        return self

    def as_subclass(self, cls):
        """The same tensor, its history kept, as an object of a subclass of Tensor."""
        if not (isinstance(cls, type) and issubclass(cls, Tensor)):
            raise TypeError("as_subclass(): argument 'cls' must be a subclass of Tensor, got "
                            f"{cls!r}")
        cdef Tensor r = <Tensor>new_undefined(cls)
        cdef Tensor base = self if self._base is None else <Tensor>self._base
        r.c = alias(self.c)
        r._base = base
        r._history = base._history
        if recorded(self):
            record(op_view, (self,), r)
        return r

    # -- values ----------------------------------------------------------------------------------

    def item(self):
        """The one element as a Python number."""
        if self.c.numel() != 1:
            raise RuntimeError(f"a Tensor with {self.c.numel()} elements cannot be converted to "
                               "Scalar")
        if not self.c.device().is_cpu():
            return self.cpu().item()
        return element_to_python(self.c.dtype(), self.c.bytes())

    def __bool__(self):
        if self.c.numel() != 1:
            if self.c.numel() == 0:
                raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
            raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
        return bool(self.item())

    def __float__(self):
        return float(single(self, "double"))

    def __int__(self):
        return int(single(self, "int64_t"))

    def __complex__(self):
        return complex(self.item())

    def __index__(self):
        if self.c.numel() != 1 or self.is_floating_point() or self.is_complex():
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __len__(self):
        if self.c.ndim() == 0:
            raise TypeError("len() of a 0-d tensor")
        return self.c.size(0)

    def __iter__(self):
        if self.c.ndim() == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter([self[i] for i in range(self.c.size(0))])

    def __contains__(self, element):
        if isinstance(element, (Tensor, int, float, complex)):
            return bool((self == element).any())
        raise RuntimeError("Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
                           f"{type(element)}.")

    def __repr__(self):
        return _late("tensor_str")(self)

    def __hash__(self):
        return <Py_hash_t>(<size_t><PyObject*>self >> 4)

    def __getbuffer__(self, Py_buffer* view, int flags):
        fill_buffer(self, view, flags)

    def __releasebuffer__(self, Py_buffer* view):
        release_buffer(view)

    # -- operators -------------------------------------------------------------------------------

    def __add__(a, b):
        return binary_operator(OP_ADD, a, b)

    def __sub__(a, b):
        return binary_operator(OP_SUB, a, b)

    def __mul__(a, b):
        return binary_operator(OP_MUL, a, b)

    def __truediv__(a, b):
        return binary_operator(OP_DIV, a, b)

    def __floordiv__(a, b):
        return binary_operator(OP_FLOORDIV, a, b)

    def __mod__(a, b):
        return binary_operator(OP_REMAINDER, a, b)

    def __pow__(a, b, modulo):
        if modulo is not None:
            raise TypeError("pow() of tensors takes no modulus")
        return binary_operator(OP_POW, a, b)

    def __and__(a, b):
        return binary_operator(OP_AND, a, b)

    def __or__(a, b):
        return binary_operator(OP_OR, a, b)

    def __xor__(a, b):
        return binary_operator(OP_XOR, a, b)

    def __lshift__(a, b):
        return binary_operator(OP_LSHIFT, a, b)

    def __rshift__(a, b):
        return binary_operator(OP_RSHIFT, a, b)

    def __matmul__(a, b):
        if g_overrides.active and pair_wanted(a, b):
            return override_operator("matmul", "__rmatmul__", a, b)
        if not (isinstance(a, Tensor) and isinstance(b, Tensor)):
            return NotImplemented
        return matmul(<Tensor>a, <Tensor>b)

    def __richcmp__(a, b, int op):
        if op == 2:
            return binary_operator(OP_EQ, a, b)
        if op == 3:
            return binary_operator(OP_NE, a, b)
        if op == 0:
            return binary_operator(OP_LT, a, b)
        if op == 1:
            return binary_operator(OP_LE, a, b)
        if op == 4:
            return binary_operator(OP_GT, a, b)
        return binary_operator(OP_GE, a, b)

    def __iadd__(self, other):
        return binary_inplace(OP_ADD, self, other)

    def __isub__(self, other):
        return binary_inplace(OP_SUB, self, other)

    def __imul__(self, other):
        return binary_inplace(OP_MUL, self, other)

    def __itruediv__(self, other):
        return binary_inplace(OP_DIV, self, other)

    def __ifloordiv__(self, other):
        return binary_inplace(OP_FLOORDIV, self, other)

    def __imod__(self, other):
        return binary_inplace(OP_REMAINDER, self, other)

    def __ipow__(self, other, modulo):
        return binary_inplace(OP_POW, self, other)

    def __iand__(self, other):
        return binary_inplace(OP_AND, self, other)

    def __ior__(self, other):
        return binary_inplace(OP_OR, self, other)

    def __ixor__(self, other):
        return binary_inplace(OP_XOR, self, other)

    def __ilshift__(self, other):
        return binary_inplace(OP_LSHIFT, self, other)

    def __irshift__(self, other):
        return binary_inplace(OP_RSHIFT, self, other)

    def __neg__(self):
        return unary_operator(OP_NEG, self)

    def __pos__(self):
        if override_wanted_by(<PyObject*>self):
            return override_method("positive", (self,))
        return self

    def __abs__(self):
        return unary_operator(OP_ABS, self)

    def __invert__(self):
        if <int>self.c.dtype() >= 9:
            raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type "
                            "tensors")
        return unary_operator(OP_NOT, self)

    def __getitem__(self, index):
        if g_overrides.active and pair_wanted(self, index):
            return override_method("__getitem__", (self, index))
        return getitem(self, index)

    def __setitem__(self, index, value):
        if g_overrides.active and (pair_wanted(self, index) or pair_wanted(self, value)):
            override_method("__setitem__", (self, index, value))
            return
        setitem(self, index, value)

    def __delitem__(self, index):
        raise TypeError("Tensor does not support deleting items")

    # -- views and copies ------------------------------------------------------------------------

    def view(self, *shape):
        """The same elements in another shape (one size may be -1), or ``view(dtype)``."""
        if override_wanted_by(<PyObject*>self):
            return override_method("view", (self,) + shape)
        if len(shape) == 1 and type(shape[0]) is dtype:
            return self._view_dtype(shape[0])
        return view_shape(self, parse_dims(shape, "view"))

    def reshape(self, *shape):
        """In another shape: a view where possible, else a copy."""
        if override_wanted_by(<PyObject*>self):
            return override_method("reshape", (self,) + shape)
        return reshape_to(self, parse_dims(shape, "reshape"))

    def permute(self, *dims):
        """The dims in another order; a view."""
        if override_wanted_by(<PyObject*>self):
            return override_method("permute", (self,) + dims)
        if not dims:
            raise TypeError('permute() missing 1 required positional arguments: "dims"')
        cdef CDims order = parse_dims(dims, "permute")
        cdef CTensor out = c_permute(self.c, order)
        cdef Tensor r = view_result(self, out)
        if recorded(self):
            record(op_permute, (self, dims_tuple(order)), r)
        return r

    def transpose(self, dim0, dim1):
        """Two dims exchanged; a view."""
        if override_wanted_by(<PyObject*>self):
            return override_method("transpose", (self, dim0, dim1))
        cdef CTensor out = c_transpose(self.c, dim0, dim1)
        cdef Tensor r = view_result(self, out)
        if recorded(self):
            record(op_transpose, (self, dim0, dim1), r)
        return r

    def t(self):
        """A 2-d tensor transposed; 0-d and 1-d as they are."""
        if override_wanted_by(<PyObject*>self):
            return override_method("t", (self,))
        cdef CTensor out = c_t(self.c)
        cdef Tensor r = view_result(self, out)
        if recorded(self):
            record(op_t, (self,), r)
        return r

    def unsqueeze(self, dim=None, *, axis=None):
        """A new dim of size 1 at ``dim``; a view."""
        if dim is None:
            if axis is None:
                raise TypeError("unsqueeze() missing 1 required positional arguments: \"dim\"")
            dim = axis
        if override_wanted_by(<PyObject*>self):
            return override_method("unsqueeze", (self, dim))
        cdef CTensor out = c_unsqueeze(self.c, dim)
        cdef Tensor r = view_result(self, out)
        if recorded(self):
            record(op_unsqueeze, (self, dim), r)
        return r

    def expand(self, *sizes):
        """Size-1 dims repeated without copying; -1 keeps a size."""
        if override_wanted_by(<PyObject*>self):
            return override_method("expand", (self,) + sizes)
        cdef CDims dims = parse_dims(sizes, "expand")
        cdef CTensor out = c_expand(self.c, dims)
        cdef Tensor r = view_result(self, out)
        if recorded(self):
            record(op_expand, (self, dims_tuple(dims)), r)
        return r

    def contiguous(self, memory_format=None):
        """Itself when row-major (or in the given format) already, else a copy that is."""
        if override_wanted_by(<PyObject*>self):
            return override_method("contiguous",
                                   (self,) if memory_format is None else (self, memory_format))
        if memory_format is not None and memory_format is not _contiguous_format:
            return _late("contiguous_in")(self, memory_format)
        if self.c.is_contiguous():
            return self
        cdef CTensor out
        if self.c.numel() > LARGE:
            with nogil:
                out = c_contiguous(self.c)
        else:
            out = c_contiguous(self.c)
        return result_of(op_clone, self, wrap_move(out))

    def clone(self, *, memory_format=None):
        """A copy; gradients flow back to the original."""
        if override_wanted_by(<PyObject*>self):
            kwargs = {} if memory_format is None else {"memory_format": memory_format}
            return ask_overrides(Tensor.clone, (self,), kwargs)
        if memory_format is not None and memory_format is not _preserve_format:
            if not (memory_format is _contiguous_format and self.c.is_contiguous()):
                return _late("clone_in")(self, memory_format)
        cdef CTensor out
        if self.c.numel() > LARGE:
            with nogil:
                out = c_clone(self.c)
        else:
            out = c_clone(self.c)
        return result_of(op_clone, self, wrap_move(out))

    def copy_(self, src, non_blocking=False):
        """Writes ``src``, broadcast and converted, into this tensor.

        With ``non_blocking``, a copy between a CUDA device and page-locked memory may still be on
        its way when the call returns.
        """
        if override_wanted_by(<PyObject*>self):
            return override_method("copy_", (self, src, non_blocking))
        cdef Tensor source
        if isinstance(src, (int, float, complex)):
            src = _late("tensor")(src)
        if not isinstance(src, Tensor):
            raise TypeError("copy_(): argument 'other' must be Tensor, not "
                            + src.__class__.__name__)
        source = <Tensor>src
        copy_into(self, source, non_blocking)
        return self

    def _to_dtype(self, d, bint copy=False):
        if override_wanted_by(<PyObject*>self):
            return override_method("_to_dtype", (self, d, copy))
        cdef int code = dtype_code(d, "to")
        if code == <int>self.c.dtype() and not copy:
            return self
        cdef CTensor out
        with nogil:
            out = c_to_dtype(self.c, <CDType>code)
        if code == <int>self.c.dtype():
            return self.clone()
        cdef Tensor r = wrap_move(out)
        if recorded(self):
            record(op_to, (self, d), r)
        return r


cdef extern from "Python.h":
    int PyObject_GenericSetAttr(object, object, PyObject*) except -1


# The one value of a tensor for float() and int().
cdef object single(Tensor t, str name):
    if t.c.numel() != 1:
        raise ValueError("only one element tensors can be converted to Python scalars, got shape "
                         f"{tuple(t.shape)}")
    value = t.item()
    if isinstance(value, complex):
        if value.imag != 0:
            raise RuntimeError(f"value cannot be converted to type {name} without overflow")
        return value.real
    return value


cdef inline Tensor wrap_move(CTensor& t):
    cdef Tensor r = Tensor.__new__(Tensor)
    r.c = move(t)
    return r


cdef inline Tensor wrap_copy(const CTensor& t):
    cdef Tensor r = Tensor.__new__(Tensor)
    r.c = t
    return r


cdef Tensor view_shape(Tensor self, const CDims& dims):
    cdef CTensor out = c_view(self.c, dims)
    cdef Tensor r = view_result(self, out)
    if recorded(self):
        record(op_view, (self,), r)
    return r


cdef Tensor reshape_to(Tensor self, const CDims& dims):
    cdef CTensor out = c_reshape(self.c, dims)
    if not shares_storage(out, self.c):
        if not recorded(self):
            return wrap_move(out)
        return view_shape(self.contiguous(), dims)
    cdef Tensor r = view_result(self, out)
    if recorded(self):
        record(op_view, (self,), r)
    return r


cdef inline bint shares_storage(CTensor& a, CTensor& b):
    return &a.storage() == &b.storage()


cdef inline int wrap_index(object dim, int n) except -1:
    cdef int64_t d = dim
    cdef int m = n if n > 0 else 1
    if d < -m or d >= m:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-m}, {m - 1}], but "
                         f"got {d})")
    if n == 0:
        raise IndexError(f"Dimension specified as {d} but tensor has no dimensions")
    return d + m if d < 0 else d
