# dtype, device and Size objects.

cdef class dtype:
    """An element type, such as ``rushlight.float32``."""
    cdef readonly int code
    cdef readonly str name
    cdef readonly int itemsize
    cdef readonly bint is_floating_point
    cdef readonly bint is_complex
    cdef readonly bint is_signed
    __module__ = "rushlight"

    def __repr__(self):
        return "rushlight." + self.name

    def __reduce__(self):
        return self.name

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def to_complex(self):
        """The complex dtype of this precision."""
        if self.is_complex:
            return self
        return _DTYPES[14] if self.name == "float64" else _DTYPES[13]

    def to_real(self):
        """The dtype of the real and imaginary parts."""
        if self.name == "complex32":
            return _DTYPES[9]
        if self.name == "complex64":
            return _DTYPES[11]
        if self.name == "complex128":
            return _DTYPES[12]
        return self


cdef PyObject* _dtype_table[15]
cdef list _DTYPES = []


cdef _make_dtypes():
    cdef dtype d
    cdef int code
    for code in range(15):
        d = dtype.__new__(dtype)
        d.code = code
        d.name = dtype_name(<CDType>code).decode()
        d.itemsize = dtype_itemsize(<CDType>code)
        d.is_floating_point = 9 <= code <= 12
        d.is_complex = code >= 13
        d.is_signed = code in (2, 3, 4, 5, 9, 10, 11, 12, 13, 14)
        _DTYPES.append(d)
        _dtype_table[code] = <PyObject*>d


_make_dtypes()


cdef class _NamedDtype(dtype):
    """A dtype that can be named but that no tensor has."""


cdef _make_complex32():
    cdef _NamedDtype d = _NamedDtype.__new__(_NamedDtype)
    d.code = -1
    d.name = "complex32"
    d.itemsize = 4
    d.is_complex = d.is_signed = True
    return d


complex32 = _make_complex32()


cdef class layout:
    """How elements are kept: ``rushlight.strided`` is the only one."""
    cdef readonly str name
    __module__ = "rushlight"

    def __repr__(self):
        return "rushlight." + self.name

    def __reduce__(self):
        return self.name


cdef class memory_format:
    """An order of dims in memory, such as ``rushlight.channels_last``."""
    cdef readonly str name
    __module__ = "rushlight"

    def __repr__(self):
        return "rushlight." + self.name

    def __reduce__(self):
        return self.name


cdef layout make_layout(str name):
    cdef layout l = layout.__new__(layout)
    l.name = name
    return l


cdef memory_format make_format(str name):
    cdef memory_format f = memory_format.__new__(memory_format)
    f.name = name
    return f


strided = make_layout("strided")
contiguous_format = make_format("contiguous_format")
preserve_format = make_format("preserve_format")
channels_last = make_format("channels_last")
channels_last_3d = make_format("channels_last_3d")
cdef object _strided = strided
cdef object _contiguous_format = contiguous_format
cdef object _preserve_format = preserve_format


cdef inline int dtype_code(object d, const char* op) except -1:
    if type(d) is dtype:
        return (<dtype>d).code
    if d is None:
        return <int>default_dtype()
    if d is float:
        return 12
    if d is int:
        return 5
    if d is bool:
        return 0
    if d is complex:
        return 14
    if d is complex32:
        raise NotImplementedError(
            f"{op.decode()}(): there are no tensors of rushlight.complex32; use complex64")
    raise TypeError(
        f"{op.decode()}(): argument 'dtype' must be rushlight.dtype, not {type(d).__name__}")


cdef class device:
    """Where a tensor lives: ``device('cpu')``, ``device('cuda', 0)``."""
    cdef readonly str type
    cdef int _index
    __module__ = "rushlight"

    def __init__(self, type="cpu", index=None):
        if isinstance(type, device):
            self.type = (<device>type).type
            self._index = (<device>type)._index
            return
        if isinstance(type, int):
            type, index = "cuda", type
        if not isinstance(type, str):
            raise TypeError("device(): argument 'type' must be str, not "
                            + builtins_type(type).__name__)
        cdef CDevice parsed = CDevice.parse((<str>type).encode())
        self.type = "cpu" if parsed.is_cpu() else "cuda"
        self._index = parsed.index
        if index is not None:
            if self._index >= 0:
                raise RuntimeError("type (string) must not include an index because index was "
                                   f"passed explicitly: {type}")
            if index < 0 or index > 127:
                raise RuntimeError(f"Device index must be between 0 and 127, got {index}")
            self._index = index

    @property
    def index(self):
        return None if self._index < 0 else self._index

    def __repr__(self):
        if self._index < 0:
            return f"device(type='{self.type}')"
        return f"device(type='{self.type}', index={self._index})"

    def __str__(self):
        return self.type if self._index < 0 else f"{self.type}:{self._index}"

    def __eq__(self, other):
        return (isinstance(other, device) and (<device>other).type == self.type
                and (<device>other)._index == self._index)

    def __hash__(self):
        return hash((self.type, self._index))

    def __reduce__(self):
        return device, (str(self),)


cdef builtins_type(x):
    return x.__class__


cdef device _CPU = device("cpu")


cdef CDevice device_of(object d) except *:
    if d is None:
        return CDevice()
    if type(d) is not device:
        d = device(d)
    return CDevice.parse(str(d).encode())


# Its methods are no built-in functions; the signature would stand in their docstrings.
@cython.embedsignature(False)
class Size(tuple):
    """A tensor's shape: a tuple of ints with ``numel()``."""
    __slots__ = ()
    __module__ = "rushlight"

    def __new__(cls, iterable=()):
        self = tuple.__new__(cls, iterable)
        for v in self:
            if not isinstance(v, int):
                raise TypeError("rushlight.Size() takes an iterable of 'int' "
                                f"(item {v!r} is '{v.__class__.__name__}')")
        return self

    def numel(self):
        """The number of elements of a tensor of this shape."""
        n = 1
        for v in self:
            n *= v
        return n

    def __repr__(self):
        return "rushlight.Size([" + ", ".join(map(str, self)) + "])"

    def __getitem__(self, index):
        item = tuple.__getitem__(self, index)
        return tuple.__new__(Size, item) if isinstance(index, slice) else item

    def __add__(self, other):
        if not isinstance(other, tuple):
            return NotImplemented
        return tuple.__new__(Size, tuple.__add__(self, other))

    def __radd__(self, other):
        if not isinstance(other, tuple):
            return NotImplemented
        return tuple.__new__(Size, tuple.__add__(other, self))

    def __mul__(self, n):
        return tuple.__new__(Size, tuple.__mul__(self, n))

    __rmul__ = __mul__

    def __reduce__(self):
        return Size, (tuple(self),)


cdef object _Size = Size
cdef object _tuple_new = tuple.__new__


cdef tuple dims_tuple(const CDims& dims):
    cdef int i, n = (<CDims*>&dims).size()
    cdef int64_t* data = (<CDims*>&dims).data()
    return tuple([data[i] for i in range(n)])


cdef inline int64_t as_int(object v, const char* op) except? -1:
    if isinstance(v, int):
        if isinstance(v, bool):
            raise TypeError(f"{op.decode()}(): argument must be tuple of ints, not bool")
        return v
    if hasattr(v, "__index__"):
        return v.__index__()
    raise TypeError(f"{op.decode()}(): argument must be tuple of ints, "
                    f"but found element of type {v.__class__.__name__}")


# The sizes of f(2, 3), f((2, 3)), f([2, 3]) and f(2).
cdef CDims parse_dims(tuple args, const char* op) except *:
    cdef object seq = args
    cdef int i, n
    if len(args) == 1 and not isinstance(args[0], int):
        seq = args[0]
        if not isinstance(seq, (tuple, list)):
            if hasattr(seq, "__index__"):
                seq = (seq,)
            elif hasattr(seq, "__iter__"):
                seq = tuple(seq)
            else:
                raise TypeError(f"{op.decode()}(): argument 'size' must be tuple of ints, "
                                f"not {seq.__class__.__name__}")
    n = len(seq)
    cdef CDims dims = CDims(n)
    for i in range(n):
        dims[i] = as_int(seq[i], op)
    return dims
