# Tensors from sizes and from Python data.
from cpython.buffer cimport (PyBUF_FORMAT, PyBUF_ND, PyBUF_STRIDES, PyBUF_WRITABLE,
                             PyObject_CheckBuffer)


cdef inline Tensor finish_new(CTensor& out, bint requires_grad, bint pin_memory=False):
    cdef Tensor r = wrap_move(out)
    if pin_memory:
        r = r.pin_memory()
    if requires_grad:
        r.requires_grad_()
    return r


cdef inline CDims sizes_of(tuple size, object keyword, const char* op) except *:
    if keyword is not None:
        if size:
            raise TypeError(f"{op.decode()}(): sizes were given twice")
        return parse_dims((keyword,), op)
    return parse_dims(size, op)


def check_layout(op, layout, pin_memory):
    if pin_memory and not _late("cuda_is_available")():
        raise RuntimeError(f"{op}(): pin_memory=True needs CUDA: Cannot access accelerator device "
                           "when none is available.")
    if layout is not None and layout is not _strided:
        raise NotImplementedError(f"{op}(): only the strided layout exists, got {layout}")


def empty(*args, size=None, dtype=None, device=None, requires_grad=False, layout=None,
          pin_memory=False, memory_format=None, out=None):
    """An uninitialised tensor.

    Args:
        size (int...): the shape, as ints or one sequence.
        dtype (dtype, optional): default ``get_default_dtype()``.
        device (device, optional): default the CPU.
        requires_grad (bool): record what is computed from it.

    Returns:
        Tensor: of shape ``size``.

    Example::

        >>> rushlight.empty(2, 3).shape
        rushlight.Size([2, 3])
    """
    if layout is not None or pin_memory:
        check_layout("empty", layout, pin_memory)
    if out is not None:
        return _late("factory_out")("empty", dims_tuple(sizes_of(args, size, "empty")), dtype, out)
    cdef CTensor fresh = c_empty(sizes_of(args, size, "empty"), <CDType>dtype_code(dtype, "empty"),
                                 device_of(device))
    cdef Tensor r = finish_new(fresh, requires_grad)
    if memory_format is not None and memory_format is not _contiguous_format:
        r = _late("empty_in")(r, memory_format)
    if pin_memory:
        return r.detach().pin_memory().requires_grad_(requires_grad)
    return r


def zeros(*args, size=None, dtype=None, device=None, requires_grad=False, layout=None,
          pin_memory=False, out=None):
    """A tensor of zeros.

    Args:
        size (int...): the shape, as ints or one sequence.
        dtype (dtype, optional): default ``get_default_dtype()``.
        device (device, optional): default the CPU.
        requires_grad (bool): record what is computed from it.

    Returns:
        Tensor: of shape ``size``.

    Example::

        >>> rushlight.zeros(2, 2)
        tensor([[0., 0.],
                [0., 0.]])
    """
    if layout is not None or pin_memory:
        check_layout("zeros", layout, pin_memory)
    cdef CTensor result
    cdef CDims dims
    if len(args) == 1 and PyLong_CheckExact(args[0]):
        dims = CDims(1)
        dims[0] = args[0]
    else:
        dims = sizes_of(args, size, "zeros")
    if out is not None:
        return _late("factory_out")("zeros", dims_tuple(dims), dtype, out).zero_()
    result = c_zeros(dims, default_dtype() if dtype is None else <CDType>dtype_code(dtype, "zeros"),
                     CDevice() if device is None else device_of(device))
    if requires_grad or pin_memory:
        return finish_new(result, requires_grad, pin_memory)
    return wrap_move(result)


def ones(*args, size=None, dtype=None, device=None, requires_grad=False, layout=None,
         pin_memory=False, out=None):
    """A tensor of ones; arguments as :func:`zeros`.

    Returns:
        Tensor: of shape ``size``.

    Example::

        >>> rushlight.ones(3)
        tensor([1., 1., 1.])
    """
    if layout is not None or pin_memory:
        check_layout("ones", layout, pin_memory)
    if out is not None:
        return _late("factory_out")("ones", dims_tuple(sizes_of(args, size, "ones")), dtype, out).fill_(1)
    cdef CTensor result = c_full(sizes_of(args, size, "ones"), CScalar(<int64_t>1),
                                 <CDType>dtype_code(dtype, "ones"), device_of(device))
    return finish_new(result, requires_grad, pin_memory)


def full(size, fill_value, *, dtype=None, device=None, requires_grad=False, layout=None,
         pin_memory=False, out=None):
    """A tensor of one value; the dtype follows the value unless given.

    Args:
        size (sequence of int): the shape.
        fill_value (Number or Tensor): the value; a tensor has one element.
        dtype (dtype, optional): default bool, int64, the default dtype or its complex one.
        device (device, optional): default the CPU.
        requires_grad (bool): record what is computed from it.

    Returns:
        Tensor: of shape ``size``.

    Example::

        >>> rushlight.full((2,), 7)
        tensor([7, 7])
    """
    if layout is not None or pin_memory:
        check_layout("full", layout, pin_memory)
    cdef ScalarBox s
    if isinstance(size, int):
        raise TypeError("full(): argument 'size' (position 1) must be tuple of ints, not int")
    if as_scalar(fill_value, &s) == 0:
        if isinstance(fill_value, Tensor):
            fill_value = fill_value.item()
            as_scalar(fill_value, &s)
        else:
            raise TypeError("full(): argument 'fill_value' must be Number, not "
                            + type(fill_value).__name__)
    if out is not None:
        sizes = dims_tuple(parse_dims((size,), "full"))
        return _late("factory_out")("full", sizes, dtype, out).fill_(fill_value)
    cdef int code
    if dtype is not None:
        code = dtype_code(dtype, "full")
    else:
        code = scalar_code(fill_value)
    cdef CTensor result = c_full(parse_dims((size,), "full"), s.value, <CDType>code,
                                 device_of(device))
    return finish_new(result, requires_grad, pin_memory)


cdef int scalar_code(object v) except -1:
    if isinstance(v, bool):
        return 0
    if isinstance(v, int):
        return 5
    if isinstance(v, float):
        return <int>default_dtype()
    if isinstance(v, complex):
        return 14 if <int>default_dtype() == 12 else 13
    if hasattr(v, "dtype") and hasattr(v, "item"):
        return scalar_code(v.item())
    raise TypeError(f"expected a number, got {type(v).__name__}")


# A list, tuple or anything else with a length and items; Tensors are leaves, as in PyTorch.
cdef inline bint is_nested(object data):
    if type(data) is list or type(data) is tuple:
        return True
    if isinstance(data, (int, float, complex, Tensor, dict, str, bytes)):
        return False
    return hasattr(data, "__len__") and hasattr(data, "__getitem__") and getattr(data, "shape", 1) != ()


# The shape of nested sequences, checked while filling.
cdef tuple nested_shape(object data):
    shape = []
    while True:
        if isinstance(data, (str, bytes)):
            if shape:
                raise ValueError(f"too many dimensions '{type(data).__name__}'")
            raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
        if not is_nested(data):
            break
        shape.append(len(data))
        if len(data) == 0:
            break
        data = data[0]
        if len(shape) > 64:
            raise ValueError("too many dimensions: sequences are nested deeper than 64")
    return tuple(shape)


# The dtype code all leaves promote to; -1 when there are none.
cdef int nested_code(object data) except -2:
    cdef int code = -1, c
    if isinstance(data, Tensor):
        return <int>(<Tensor>data).c.dtype()
    if type(data) is list or type(data) is tuple:
        for x in data:
            c = nested_code(x)
            if c < 0:
                continue
            code = c if code < 0 else (code if code == c
                                       else <int>promote_types_c(<CDType>code, <CDType>c))
        return code
    if type(data) is float or type(data) is int or type(data) is bool or type(data) is complex:
        return scalar_code(data)
    if hasattr(data, "dtype"):
        return (<dtype>_late("dtype_from_numpy")(data.dtype)).code
    if isinstance(data, (bool, int, float, complex)):
        return scalar_code(data)
    if is_nested(data):
        return nested_code(list(data))
    if not isinstance(data, (dict, str, bytes)):
        if hasattr(data, "__index__"):
            return 5
        if hasattr(data, "__float__"):
            return <int>default_dtype()
    raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")


# One element from a Python number; PyTorch's conversions and overflow rules.
cdef int store_element(char* to, int code, object v) except -1:
    cdef ScalarBox s
    if isinstance(v, Tensor):
        if code == 0:
            v = bool(v)
        elif code >= 13:
            v = complex(v)
        elif code >= 9:
            v = float(v)
        elif (<Tensor>v).is_floating_point():
            v = int(v)
        else:
            v = v.__index__()
    elif not isinstance(v, (int, float, complex)):
        if hasattr(v, "item") and hasattr(v, "dtype"):
            v = v.item()
        elif hasattr(v, "__index__"):
            v = v.__index__()
        elif hasattr(v, "__float__"):
            v = v.__float__()
        else:
            raise TypeError(f"must be real number, not {type(v).__name__}")
    if code == 0:
        v = bool(v)
    elif code >= 13:
        v = complex(v)
    elif isinstance(v, complex):
        if code >= 9:
            raise TypeError("must be real number, not complex")
        raise TypeError("'complex' object cannot be interpreted as an integer")
    elif code >= 9:
        v = float(v)
    else:
        name = (<dtype>_DTYPES[code]).name
        if isinstance(v, float):
            if v != v or v - v != 0:
                raise RuntimeError(f"value cannot be converted to type {name} without overflow")
            v = int(v)
        bits = 8 * (<dtype>_DTYPES[code]).itemsize
        signed = (<dtype>_DTYPES[code]).is_signed
        limit = (1 << (bits - 1 if signed else bits)) - 1
        if v > limit or v < -limit - signed:
            if code == 5:
                raise ValueError("Overflow when unpacking long long")
            raise RuntimeError(f"value cannot be converted to type {name} without overflow")
        # Unsigned types wrap, and uint64 uses all 64 bits.
        if v < 0 and not signed:
            v += 1 << bits
        if v > 0x7fffffffffffffff:
            v -= 1 << 64
    to_scalar(<PyObject*>v, &s)
    s.value.store(<CDType>code, to)
    return 0


cdef int fill_nested(char* to, int code, int64_t* shape, int ndim, int depth,
                     object data, int64_t* at) except -1:
    if depth == ndim:
        if type(data) is list or type(data) is tuple:
            raise TypeError(f"must be real number, not {type(data).__name__}")
        store_element(to + at[0] * <int64_t>dtype_itemsize(<CDType>code), code, data)
        at[0] += 1
        return 0
    if not is_nested(data):
        raise TypeError(f"not a sequence at dim {depth}: expected {shape[depth]} elements, got "
                        f"{type(data).__name__}")
    if len(data) != shape[depth]:
        raise ValueError(f"expected sequence of length {shape[depth]} at dim {depth} "
                         f"(got {len(data)})")
    for x in data:
        fill_nested(to, code, shape, ndim, depth + 1, x, at)
    return 0


cdef Tensor tensor_from_data(object data, object want_dtype):
    cdef tuple shape
    cdef int code, i
    cdef CDims dims
    cdef CTensor out
    cdef int64_t at = 0
    shape = nested_shape(data)
    code = dtype_code(want_dtype, "tensor") if want_dtype is not None else nested_code(data)
    if code < 0:
        code = <int>default_dtype()
    dims = CDims(<int>len(shape))
    for i in range(len(shape)):
        dims[i] = shape[i]
    out = c_empty(dims, <CDType>code, CDevice())
    fill_nested(out.bytes(), code, dims.data(), dims.size(), 0, data, &at)
    return wrap_move(out)


def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new tensor with a copy of ``data``.

    Args:
        data: a number, nested sequences of numbers, a NumPy array or anything with
            ``__array_interface__``, or a Tensor.
        dtype (dtype, optional): default the data's own; float becomes ``get_default_dtype()``.
        device (device, optional): default the CPU.
        requires_grad (bool): record what is computed from it.

    Returns:
        Tensor: of the data's shape; 0-d for a number.

    Raises:
        ValueError: for sequences of unequal lengths.
        RuntimeError: when no dtype can be inferred.

    Example::

        >>> rushlight.tensor([[1, 2], [3, 4]])
        tensor([[1, 2],
                [3, 4]])
    """
    cdef Tensor r
    if g_overrides.active and t_overrides_off == 0:
        # Data, not an argument that overrides: the result is a plain Tensor.
        with DisableTorchFunctionSubclass():
            return tensor(data, dtype=dtype, device=device, requires_grad=requires_grad,
                          pin_memory=pin_memory)
    if isinstance(data, Tensor):
        r = (<Tensor>data).detach()
        r = r.clone() if dtype is None else r._to_dtype(dtype, True)
    elif not isinstance(data, (list, tuple, int, float, complex)) and (
            hasattr(data, "__array_interface__") or hasattr(data, "__array__")):
        r = _late("from_array")(data)
        r = r.clone() if dtype is None else r._to_dtype(dtype, True)
    else:
        r = tensor_from_data(data, dtype)
    if device is not None:
        r = r.to(device=device)
    if pin_memory:
        check_layout("tensor", None, True)
        r = r.pin_memory()
    if requires_grad:
        r.requires_grad_()
    return r


# Tensor(2, 3) here; Tensor(sequence), Tensor(storage) and the errors in rushlight._legacy.
cdef legacy_init(Tensor self, tuple args, dict kwargs):
    cdef CTensor out
    if kwargs or (args and not isinstance(args[0], int)):
        self.c = alias((<Tensor?>_late("legacy_new")(args, kwargs)).c)
        return
    out = c_empty(parse_dims(args if args else (0,), "new"), default_dtype(), CDevice())
    self.c = out


# -- the buffer protocol -------------------------------------------------------------------------

cdef const char** _formats = [b"?", b"B", b"b", b"h", b"i", b"q", b"H", b"I", b"Q", b"e", NULL, b"f",
                              b"d", b"Zf", b"Zd"]


cdef int fill_buffer(Tensor self, Py_buffer* view, int flags) except -1:
    cdef int n = self.c.ndim()
    cdef const char* fmt = _formats[<int>self.c.dtype()]
    if not self.c.device().is_cpu():
        raise TypeError("can't convert a CUDA tensor to a buffer; use Tensor.cpu() first")
    if requires(self):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use "
                           "tensor.detach().numpy() instead.")
    if fmt == NULL:
        raise TypeError("Got unsupported ScalarType BFloat16: the buffer protocol has no format for "
                        "it; convert with .float() first")
    if not (flags & PyBUF_STRIDES) == PyBUF_STRIDES and not self.c.is_contiguous():
        raise BufferError("the tensor is not contiguous and the consumer cannot take strides")
    cdef void* exported = export_tensor(self.c)
    cdef Py_ssize_t* dims = exported_dims(exported)
    view.buf = self.c.bytes()
    view.obj = self
    view.len = self.c.numel() * <int64_t>self.c.itemsize()
    view.itemsize = self.c.itemsize()
    view.readonly = 0
    view.format = <char*>fmt if flags & PyBUF_FORMAT else NULL
    view.ndim = n
    view.shape = dims
    view.strides = dims + n
    view.suboffsets = NULL
    view.internal = exported
    return 0


# noexcept: an exception may be on its way while the buffer is let go.
cdef void release_buffer(Py_buffer* view) noexcept:
    release_export(view.internal)
    view.internal = NULL
