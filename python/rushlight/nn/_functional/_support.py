"""What the functions share: argument checks, half precision, the in-place form."""

from __future__ import annotations

import functools

import rushlight
from rushlight._core import Tensor


def check_tensors(op, *tensors):
    """Raises TypeError unless all are tensors; ``None`` stands for one left out."""
    for position, x in enumerate(tensors, 1):
        if x is not None and not isinstance(x, Tensor):
            raise TypeError(
                f"{op}(): argument {position} must be Tensor, not {type(x).__name__}"
            )


def check_floats(op, *tensors):
    """Raises NotImplementedError unless all hold real floating point numbers."""
    check_tensors(op, *tensors)
    for x in tensors:
        if x is not None and not x.is_floating_point():
            raise NotImplementedError(
                f'"{op}" not implemented for {x.dtype}; convert it to a floating point '
                "dtype"
            )


def has_kernels(x):
    """Whether x is a tensor of real floating point numbers where nn has kernels."""
    return isinstance(x, Tensor) and x.is_floating_point() and not x.is_cuda


def pair_has_kernel(input, target):
    """Whether a loss of two tensors of one shape has a kernel."""
    return (
        has_kernels(input)
        and isinstance(target, Tensor)
        and target.dtype is input.dtype
        and target.shape == input.shape
        and not target.is_cuda
    )


def is_half(x):
    return isinstance(x, Tensor) and x.is_floating_point() and x.dtype.itemsize == 2


def widen(x):
    """A half-precision tensor in float32, anything else as it is."""
    return x.to(rushlight.float32) if is_half(x) else x


# Where an argument has one of these, nothing is computed in another dtype.
_WIDE = frozenset(
    [rushlight.float32, rushlight.float64, rushlight.complex64, rushlight.complex128]
)


def in_single(function):
    """Lets a function compute half-precision arguments in float32, rounded once.

    That happens where all floating point arguments are half precision; the result then
    has their dtype (float32 where they differ).
    """

    @functools.wraps(function)
    def run(*args, **kwargs):
        first = args[0] if args else None
        if isinstance(first, Tensor) and first.dtype in _WIDE:
            return function(*args, **kwargs)
        dtypes = {
            x.dtype
            for x in (*args, *kwargs.values())
            if isinstance(x, Tensor) and (x.is_floating_point() or x.is_complex())
        }
        if not dtypes or any(dtype.itemsize != 2 for dtype in dtypes):
            return function(*args, **kwargs)
        args = [widen(x) for x in args]
        kwargs = {name: widen(x) for name, x in kwargs.items()}
        result = function(*args, **kwargs)
        return result.to(dtypes.pop()) if len(dtypes) == 1 else result

    return run


def written(op, function, input, *args, inplace=True):
    """``function(input, *args)``, or that written into ``input``."""
    if not inplace:
        return function(input, *args)
    from rushlight._pointwise import in_place

    return in_place(function, op)(input, *args)
