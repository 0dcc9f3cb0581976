"""What every function of the array API does with its arguments before the work."""

from __future__ import annotations

import rushlight
from rushlight._core import Tensor
from rushlight.array_api._dtypes import result_type

# Note [Wide unsigned integers]
# As in PyTorch no kernel computes with uint16, uint32 and uint64; the standard wants
# all of its functions on them. They are computed in int64: the narrower two exactly,
# and uint64 modulo 2**64, where the same bits serve as int64 for +, -, *, and bit
# operations. For comparisons its top bit is turned over, which keeps the order.
_WIDE = ("uint16", "uint32", "uint64")
_TOP = -(2**63)


def is_wide(dtype):
    """Whether a dtype has no kernels of its own: see Note [Wide unsigned integers]."""
    return dtype.name in _WIDE


def bits_of(x):
    """An array of a wide dtype as int64 of the same value, for uint64 modulo 2**64."""
    return x.view(rushlight.int64) if x.dtype is rushlight.uint64 else x.long()


def from_bits(x, dtype):
    """The reverse of :func:`bits_of`, modulo the dtype's range."""
    if dtype is rushlight.uint64:
        return x.contiguous().view(dtype)
    return x.to(dtype)


def ordered(x):
    """An array with kernels that sorts and compares as ``x`` does."""
    if x.dtype is rushlight.uint64:
        return x.view(rushlight.int64) ^ _TOP
    return x.long() if is_wide(x.dtype) else x


def from_ordered(x, dtype):
    """The reverse of :func:`ordered`."""
    if dtype is rushlight.uint64:
        return (x ^ _TOP).contiguous().view(dtype)
    return x.to(dtype) if is_wide(dtype) else x


def scalar_array(value, dtype, device=None):
    """A 0-d array of a Python number."""
    if dtype is rushlight.uint64 and isinstance(value, int) and value >= 2**63:
        return rushlight.tensor(value - 2**64, device=device).view(dtype)
    return rushlight.tensor(value, dtype=dtype, device=device)


def check_array(op, x, position=1):
    """``x``, which must be an array."""
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{op}(): argument {position} must be an array, not {type(x).__name__}"
        )
    return x


def pair(op, x1, x2):
    """Two arrays, one of them perhaps a number, as arrays of their common dtype."""
    if not isinstance(x1, Tensor) and not isinstance(x2, Tensor):
        raise TypeError(
            f"{op}(): expected at least one array, got {type(x1).__name__} and "
            f"{type(x2).__name__}"
        )
    dtype = result_type(x1, x2)
    device = (x1 if isinstance(x1, Tensor) else x2).device
    return tuple(
        x.to(dtype) if isinstance(x, Tensor) else scalar_array(x, dtype, device)
        for x in (x1, x2)
    )


def axes_of(op, axis, ndim):
    """An axis, some axes or None (all of them) as a tuple, none of them negative.

    Raises:
        IndexError: for an axis out of range.
        ValueError: for one that is given twice.
    """
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    for a in axes:
        if not -ndim <= a < ndim:
            raise IndexError(
                f"{op}(): axis {a} is out of bounds for an array of {ndim} dimensions"
            )
    axes = tuple(a % ndim for a in axes)
    if len(set(axes)) != len(axes):
        raise ValueError(f"{op}(): an axis is given twice in {axis}")
    return axes
