"""Statistical and utility functions of the array API."""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight.array_api._dtypes import is_kind
from rushlight.array_api._manipulation import concat
from rushlight.array_api._operands import (
    axes_of,
    bits_of,
    check_array,
    from_bits,
    from_ordered,
    is_wide,
    ordered,
)

_DOC = """{summary}

    Args:
        x (Tensor): of {kind} dtype.
        axis (int or tuple of int, optional): None takes the whole array.
        keepdims (bool): keep the axes with size 1.

    Returns:
        Tensor: of {result}.
    """


def _reduction(name, run, summary, kind, result):
    """``run(x, axes, keepdims)`` as a function; ``axes`` has at least one axis."""

    def function(x, /, *, axis=None, keepdims=False):
        return _reduce(name, run, x, axis, keepdims)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _DOC.format(summary=summary, kind=kind, result=result)
    return function


def _reduce(name, run, x, axis, keepdims):
    axes = axes_of(name, axis, check_array(name, x).ndim)
    if not axes:
        # To rushlight no axis at all means every one.
        return run(x.unsqueeze(-1), (-1,), False)
    return run(x, axes, keepdims)


def _truth(run):
    def reduce(x, axes, keepdims):
        x = bits_of(x) != 0 if is_wide(x.dtype) else x.bool()
        return run(x, axes, keepdims)

    return reduce


def _extreme(run):
    def reduce(x, axes, keepdims):
        return from_ordered(run(ordered(x), axes, keepdims), x.dtype)

    return reduce


def _mean(x, axes, keepdims):
    if not (x.is_floating_point() or x.is_complex()):
        x = x.to(rushlight.get_default_dtype())
    return rushlight.mean(x, axes, keepdims)


all = _reduction(
    "all", _truth(rushlight.all), "Whether all elements hold.", "any", "bool"
)
any = _reduction(
    "any", _truth(rushlight.any), "Whether any element holds.", "any", "bool"
)
max = _reduction(
    "max", _extreme(rushlight.amax), "The largest element.", "real", "the same dtype"
)
min = _reduction(
    "min", _extreme(rushlight.amin), "The smallest element.", "real", "the same dtype"
)
mean = _reduction(
    "mean",
    _mean,
    "The mean; NaN of no elements.",
    "numeric",
    "the same dtype; of the default dtype for integers",
)


def _sum_dtype(x, dtype):
    """The standard's dtype of a sum: integers are counted in 64 bits."""
    if dtype is not None:
        return dtype
    if is_kind(x.dtype, "unsigned integer"):
        return rushlight.uint64
    return rushlight.int64 if is_kind(x.dtype, "signed integer", "bool") else x.dtype


def _accumulated(x, dtype, run):
    """``run`` of ``x`` in ``dtype``, where that is wide in int64 modulo its range."""
    if is_kind(x.dtype, "complex floating") and is_kind(
        dtype, "integral", "real floating"
    ):
        raise TypeError(f"cannot accumulate an array of {x.dtype} in {dtype}")
    if is_wide(dtype):
        x = bits_of(x) if is_wide(x.dtype) else x.long()
        return from_bits(run(x), dtype)
    return run(x.to(dtype))


def _prod(x, axes, keepdims):
    for axis in sorted((a % x.ndim for a in axes), reverse=True):
        x = rushlight.prod(x, axis, keepdims, dtype=x.dtype)
    return x


def _sum(x, axes, keepdims):
    return rushlight.sum(x, axes, keepdims, dtype=x.dtype)


def sum(x, /, *, axis=None, dtype=None, keepdims=False):
    """The sum.

    Args:
        x (Tensor): of numeric dtype.
        axis (int or tuple of int, optional): None takes the whole array.
        dtype (dtype, optional): in which to add; default that of ``x``, int64 or uint64
            for integers.
        keepdims (bool): keep the axes with size 1.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.sum(xp.ones((2, 3)), axis=1)
        tensor([3., 3.])
    """
    kind = _sum_dtype(check_array("sum", x), dtype)
    return _accumulated(x, kind, lambda y: _reduce("sum", _sum, y, axis, keepdims))


def prod(x, /, *, axis=None, dtype=None, keepdims=False):
    """The product; arguments as :func:`sum`."""
    kind = _sum_dtype(check_array("prod", x), dtype)
    return _accumulated(x, kind, lambda y: _reduce("prod", _prod, y, axis, keepdims))


def var(x, /, *, axis=None, correction=0.0, keepdims=False):
    """The variance.

    Args:
        x (Tensor): of real floating-point dtype.
        axis (int or tuple of int, optional): None takes the whole array.
        correction (float): subtracted from the number of elements before dividing.
        keepdims (bool): keep the axes with size 1.

    Returns:
        Tensor: NaN where nothing is left to divide by.
    """
    axes = axes_of("var", axis, check_array("var", x).ndim)
    count = 1
    for a in axes:
        count *= x.shape[a]
    if not axes:
        x, axes, keepdims = x.unsqueeze(-1), (-1,), False
    if count - correction <= 0:
        return rushlight.mean(x, axes, keepdims) * float("nan")
    return _ops.var(x, axes, correction=float(correction), keepdim=keepdims)


def std(x, /, *, axis=None, correction=0.0, keepdims=False):
    """The standard deviation; arguments as :func:`var`."""
    return rushlight.sqrt(var(x, axis=axis, correction=correction, keepdims=keepdims))


def _cumulative(name, run, start, what):
    def function(x, /, *, axis=None, dtype=None, include_initial=False):
        if check_array(name, x).ndim == 0 or (axis is None and x.ndim != 1):
            raise ValueError(
                f"{name}(): axis is needed for an array of {x.ndim} dimensions"
            )
        (axis,) = axes_of(name, 0 if axis is None else axis, x.ndim)
        dtype = _sum_dtype(x, dtype)
        result = _accumulated(x, dtype, lambda y: run(y, axis, dtype=y.dtype))
        if not include_initial:
            return result
        shape = list(x.shape)
        shape[axis] = 1
        first = rushlight.full(shape, start, dtype=dtype, device=x.device)
        return rushlight.cat([first, result], axis)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""The {what} of the elements up to each.

    Args:
        x (Tensor): of at least one dimension and numeric dtype.
        axis (int, optional): along which; needed unless ``x`` is 1-d.
        dtype (dtype, optional): in which to compute; default as in :func:`sum`.
        include_initial (bool): begin with {start}, which makes the axis longer by one.
    """
    return function


cumulative_sum = _cumulative("cumulative_sum", rushlight.cumsum, 0, "sum")
cumulative_prod = _cumulative("cumulative_prod", rushlight.cumprod, 1, "product")


def diff(x, /, *, axis=-1, n=1, prepend=None, append=None):
    """The differences of neighbours, taken ``n`` times.

    Args:
        x (Tensor): of numeric dtype.
        axis (int): along which.
        n (int): how often.
        prepend (Tensor, optional): put before ``x``; as many dimensions.
        append (Tensor, optional): put behind ``x``.
    """
    (axis,) = axes_of("diff", axis, check_array("diff", x).ndim)
    if n < 0:
        raise ValueError(f"diff(): n must not be negative, got {n}")
    parts = [part for part in (prepend, x, append) if part is not None]
    whole = concat(parts, axis=axis) if n else x
    dtype = whole.dtype
    if is_wide(dtype):
        whole = bits_of(whole)
    for _ in range(n):
        size = whole.shape[axis]
        if not size:
            break
        after, before = whole.narrow(axis, 1, size - 1), whole.narrow(axis, 0, size - 1)
        whole = after != before if dtype is rushlight.bool else after - before
    return from_bits(whole, dtype) if is_wide(dtype) else whole
