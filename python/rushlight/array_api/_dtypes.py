"""Data types of the array API: promotion by its table, and descriptions of dtypes."""

from __future__ import annotations

import rushlight
from rushlight import _core
from rushlight._core import Tensor
from rushlight._type_info import finfo as _finfo
from rushlight._type_info import iinfo as _iinfo

NAMES = (
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 "
    "complex128"
).split()
_SIGNED = ("int8", "int16", "int32", "int64")
_UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
_REAL = ("float16", "bfloat16", "float32", "float64")
_COMPLEX = ("complex64", "complex128")
KINDS = {
    "bool": ("bool",),
    "signed integer": _SIGNED,
    "unsigned integer": _UNSIGNED,
    "integral": _SIGNED + _UNSIGNED,
    "real floating": _REAL,
    "complex floating": _COMPLEX,
    "numeric": _SIGNED + _UNSIGNED + _REAL + _COMPLEX,
}


def is_kind(dtype, *kinds):
    """Whether a dtype is of one of the standard's kinds."""
    return any(dtype.name in KINDS[kind] for kind in kinds)


def promote_types(a, b):
    """The dtype that two arrays of these dtypes promote to.

    PyTorch has no promotion between an unsigned and another integer beyond uint8; the
    standard has: to the wider one, or to the signed type of twice the width.

    Raises:
        TypeError: for uint64 with a signed integer, which no dtype holds.
    """
    if a is b:
        return a
    if not (is_kind(a, "integral") and is_kind(b, "integral")):
        return _core_promote(a, b)
    if is_kind(a, "signed integer") == is_kind(b, "signed integer"):
        return a if a.itemsize > b.itemsize else b
    signed, unsigned = (a, b) if is_kind(a, "signed integer") else (b, a)
    if signed.itemsize > unsigned.itemsize:
        return signed
    if unsigned.itemsize == 8:
        raise TypeError(f"result_type(): {a} and {b} do not promote to a common dtype")
    return getattr(rushlight, f"int{16 * unsigned.itemsize}")


def _core_promote(a, b):
    if is_kind(a, "bool", "integral") and is_kind(b, "bool", "integral"):
        return b if a is rushlight.bool else a
    # Integers of every width give the floating-point dtype as it is.
    a, b = (rushlight.int64 if is_kind(d, "integral") else d for d in (a, b))
    return rushlight.promote_types(a, b)


def with_scalar(dtype, value):
    """The dtype of an array of ``dtype`` and a number: its own where it can be."""
    if isinstance(value, bool):
        return dtype
    if isinstance(value, int):
        return rushlight.int64 if dtype is rushlight.bool else dtype
    if isinstance(value, float):
        inexact = is_kind(dtype, "real floating", "complex floating")
        return dtype if inexact else rushlight.get_default_dtype()
    if isinstance(value, complex):
        if is_kind(dtype, "complex floating"):
            return dtype
        double = dtype is rushlight.float64
        return rushlight.complex128 if double else default_complex(dtype)
    raise TypeError(f"expected an array or a number, got {type(value).__name__}")


def default_complex(dtype=None):
    """The complex dtype of a real one's precision, or the default one's."""
    if dtype is None or not is_kind(dtype, "real floating"):
        dtype = rushlight.get_default_dtype()
    return rushlight.complex128 if dtype is rushlight.float64 else rushlight.complex64


def result_type(*arrays_and_dtypes):
    """The dtype that arrays, dtypes and Python numbers promote to.

    Unlike :func:`rushlight.result_type` a 0-d array counts as every other array.

    Args:
        arrays_and_dtypes (Tensor, dtype or Number): at least one.

    Returns:
        dtype: the numbers change it only where its kind cannot hold them.

    Raises:
        TypeError: for none, or where the standard's table has no common dtype.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.result_type(xp.uint16, xp.int8)
        rushlight.int32
    """
    dtypes = []
    scalars = []
    for item in arrays_and_dtypes:
        if isinstance(item, Tensor):
            dtypes.append(item.dtype)
        elif isinstance(item, _core.dtype):
            dtypes.append(item)
        else:
            scalars.append(item)
    if not dtypes and not scalars:
        raise TypeError("result_type(): expected at least one array or dtype")
    if not dtypes:
        dtypes = [rushlight.tensor(scalars[0]).dtype]
    result = dtypes[0]
    for d in dtypes[1:]:
        result = promote_types(result, d)
    for value in scalars:
        result = with_scalar(result, value)
    return result


def astype(x, dtype, /, *, copy=True, device=None):
    """``x`` converted to a dtype.

    Args:
        x (Tensor): of any shape.
        dtype (dtype): of the result.
        copy (bool): False gives ``x`` itself where nothing changes.
        device (device, optional): of the result; default that of ``x``.

    Raises:
        TypeError: from a complex to a real dtype; take ``real(x)`` or ``imag(x)``.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.astype(xp.asarray([0, 2]), xp.bool)
        tensor([False,  True])
    """
    real = is_kind(dtype, "integral", "real floating")
    if is_kind(x.dtype, "complex floating") and real:
        raise TypeError(
            f"astype(): {x.dtype} to {dtype} would drop the imaginary part; convert "
            "real(x) or imag(x)"
        )
    if device is not None:
        x = x.to(device=device)
    return x.to(dtype, copy=copy)


def can_cast(from_, to, /):
    """Whether the promotion rules take a dtype (or an array's) to another.

    Args:
        from_ (dtype or Tensor): what to cast.
        to (dtype): what to cast to.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.can_cast(xp.uint8, xp.int16), xp.can_cast(xp.float64, xp.float32)
        (True, False)
    """
    dtype = from_.dtype if isinstance(from_, Tensor) else from_
    try:
        return promote_types(dtype, to) is to
    except TypeError:
        return False


def _dtype_of(type):
    return type.dtype if isinstance(type, Tensor) else type


def finfo(type, /):
    """Limits of a floating-point dtype (or array); of the parts for a complex one.

    Returns:
        with ``bits``, ``eps``, ``max``, ``min``, ``smallest_normal`` and ``dtype``.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.finfo(xp.complex64).bits
        32
    """
    info = _finfo(_dtype_of(type))
    real = {"complex64": "float32", "complex128": "float64"}
    name = real.get(_dtype_of(type).name, _dtype_of(type).name)
    return FloatInfo(info, getattr(rushlight, name))


def iinfo(type, /):
    """Limits of an integer dtype (or array).

    Returns:
        with ``bits``, ``max``, ``min`` and ``dtype``.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.iinfo(xp.int8).max
        127
    """
    return IntInfo(_iinfo(_dtype_of(type)), _dtype_of(type))


class FloatInfo:
    """What :func:`finfo` returns; unlike in rushlight.finfo ``dtype`` is an object."""

    def __init__(self, info, dtype):
        self.bits, self.eps, self.max, self.min = (
            info.bits,
            info.eps,
            info.max,
            info.min,
        )
        self.smallest_normal = info.smallest_normal
        self.dtype = dtype

    def __repr__(self):
        return (
            f"finfo(dtype={self.dtype}, bits={self.bits}, eps={self.eps}, "
            f"max={self.max}, min={self.min}, smallest_normal={self.smallest_normal})"
        )


class IntInfo:
    """What :func:`iinfo` returns; unlike in rushlight.iinfo ``dtype`` is an object."""

    def __init__(self, info, dtype):
        self.bits, self.max, self.min = info.bits, info.max, info.min
        self.dtype = dtype

    def __repr__(self):
        return (
            f"iinfo(dtype={self.dtype}, bits={self.bits}, max={self.max}, "
            f"min={self.min})"
        )


def isdtype(dtype, kind):
    """Whether a dtype is another one, or of a kind, or any of a tuple of these.

    Args:
        dtype (dtype): to look at.
        kind (dtype, str or tuple): a dtype or ``"bool"``, ``"signed integer"``,
            ``"unsigned integer"``, ``"integral"``, ``"real floating"`` (float16 and
            bfloat16 too), ``"complex floating"``, ``"numeric"``.

    Raises:
        ValueError: for an unknown kind.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.isdtype(xp.float32, ("bool", "real floating"))
        True
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, k) for k in kind)
    if isinstance(kind, str):
        if kind not in KINDS:
            raise ValueError(f"isdtype(): unknown kind {kind!r}; one of {list(KINDS)}")
        return dtype.name in KINDS[kind]
    if isinstance(kind, _core.dtype):
        return dtype is kind
    raise TypeError(
        f"isdtype(): kind must be a dtype, str or tuple, not {type(kind).__name__}"
    )
