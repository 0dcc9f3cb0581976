"""Facts about dtypes: finfo, iinfo, can_cast, and PyTorch's old tensor type names."""

from __future__ import annotations

import sys

from rushlight import _core
from rushlight._core import Tensor

# digits of the mantissa, exponent range of normal numbers, decimal digits, resolution
_FLOATS = {
    "float16": (10, -14, 15, 1e-3),
    "bfloat16": (7, -126, 127, 1e-2),
    "float32": (23, -126, 127, 1e-6),
    "float64": (52, -1022, 1023, 1e-15),
}


class finfo:
    """The limits of a floating-point dtype; of a complex one, those of its parts.

    Args:
        type (dtype, optional): default ``get_default_dtype()``.

    Raises:
        TypeError: for another dtype.

    Example::

        >>> rushlight.finfo(rushlight.float32).eps
        1.1920928955078125e-07
    """

    def __init__(self, type=None):
        dtype = _core.get_default_dtype() if type is None else type
        name = dtype.to_real().name if isinstance(dtype, _core.dtype) else None
        if name not in _FLOATS:
            raise TypeError(
                "rushlight.finfo() requires a floating point input type. Use "
                f"rushlight.iinfo to handle {dtype}"
            )
        digits, low, high, self.resolution = _FLOATS[name]
        self.dtype = name
        self.bits = dtype.to_real().itemsize * 8
        self.eps = 2.0**-digits
        self.max = (2.0 - self.eps) * 2.0**high
        self.min = -self.max
        self.tiny = self.smallest_normal = 2.0**low

    def __repr__(self):
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, "
            f"max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, "
            f"dtype={self.dtype})"
        )

    def __eq__(self, other):
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self):
        return hash(self.dtype)


class iinfo:
    """The limits of an integer dtype.

    Example::

        >>> rushlight.iinfo(rushlight.int8).max
        127
    """

    def __init__(self, type):
        if (
            not isinstance(type, _core.dtype)
            or type.is_floating_point
            or type.is_complex
            or type.name == "bool"
        ):
            raise TypeError(
                "rushlight.iinfo() requires an integer input type. Use rushlight.finfo "
                f"to handle {type}"
            )
        self.dtype = type.name
        self.bits = 8 * type.itemsize
        self.min = -(2 ** (self.bits - 1)) if type.is_signed else 0
        self.max = self.min + 2**self.bits - 1

    def __repr__(self):
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"

    def __eq__(self, other):
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self):
        return hash(self.dtype)


def _category(dtype):
    if dtype.name == "bool":
        return 0
    return 3 if dtype.is_complex else 2 if dtype.is_floating_point else 1


def can_cast(from_, to):
    """Whether a result of one dtype may be written into a tensor of another.

    Example::

        >>> rushlight.can_cast(rushlight.float32, rushlight.int32)
        False
    """
    return _category(from_) <= _category(to)


class _TypeMeta(type):
    def __instancecheck__(cls, value):
        return isinstance(value, Tensor) and value.dtype == cls.dtype


def _is_storage(value):
    module = sys.modules.get("rushlight.storage")
    return module is not None and module.is_storage(value)


def legacy_new(args, kwargs, dtype=None, name="Tensor"):
    """What ``Tensor(...)``, ``FloatTensor(...)`` and ``tensor.new(...)`` make.

    Args:
        args (tuple): nothing, sizes, one Size, sequence, tensor or storage.
        kwargs (dict): ``device``, and ``data`` or ``size`` in the place of args.
        dtype (dtype, optional): of the result; None takes a tensor of any dtype, and
            the default dtype for all else.

    Raises:
        TypeError: for anything else, or a tensor of another dtype.
        RuntimeError: for a storage of another dtype.
    """
    kwargs = dict(kwargs)
    device = kwargs.pop("device", None)
    for key in ("data", "size"):
        if not args and key in kwargs:
            args = (kwargs.pop(key),)
            if key == "size":
                args = (_core.Size(args[0]),)
    if kwargs:
        raise TypeError(
            f"new() received an invalid combination of arguments - got {list(kwargs)}"
        )
    want = _core.get_default_dtype() if dtype is None else dtype
    if len(args) != 1 or isinstance(args[0], (int, _core.Size)):
        return _core.empty(*(args or (0,)), dtype=want, device=device)
    data = args[0]
    if isinstance(data, Tensor):
        if dtype is not None and data.dtype != dtype:
            raise TypeError(
                f"{name}(): expected a tensor of {dtype} (got {data.dtype}): convert "
                "it with .to()"
            )
        return data.detach()
    if _is_storage(data):
        return sys.modules["rushlight.storage"].tensor_over(data, want, name)
    if not hasattr(data, "__len__"):
        if hasattr(data, "__index__"):
            return _core.empty(data.__index__(), dtype=want, device=device)
        raise TypeError(f"new(): data must be a sequence (got {type(data).__name__})")
    if not want.is_floating_point and not want.is_complex:
        # Floats are truncated, as the old constructors did.
        values = _core.tensor(data)
        if values.is_floating_point():
            return values.to(want)
    return _core.tensor(data, dtype=want, device=device)


def _make(name, dtype):
    def __new__(cls, *args, **kwargs):
        return legacy_new(args, kwargs, dtype, name)

    doc = f"``{name}(sizes...)`` or ``{name}(sequence)``: a tensor of {dtype}."
    members = {"__new__": __new__, "dtype": dtype, "is_cuda": False, "__doc__": doc}
    return _TypeMeta(name, (), {**members, "__module__": "rushlight"})


TENSOR_TYPES = {
    "BoolTensor": "bool",
    "ByteTensor": "uint8",
    "CharTensor": "int8",
    "ShortTensor": "int16",
    "IntTensor": "int32",
    "LongTensor": "int64",
    "HalfTensor": "float16",
    "BFloat16Tensor": "bfloat16",
    "FloatTensor": "float32",
    "DoubleTensor": "float64",
}


def tensor_types():
    """The old constructors by name."""
    by_name = {d.name: d for d in _core._dtypes}
    return {name: _make(name, by_name[d]) for name, d in TENSOR_TYPES.items()}
