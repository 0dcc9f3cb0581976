"""Searching, indexing, sorting and set functions of the array API."""

from __future__ import annotations

from collections import namedtuple

import rushlight
from rushlight._core import Tensor
from rushlight.array_api._manipulation import concat
from rushlight.array_api._operands import (
    axes_of,
    bits_of,
    check_array,
    from_bits,
    is_wide,
    ordered,
    pair,
    scalar_array,
)

UniqueAllResult = namedtuple(
    "UniqueAllResult", ["values", "indices", "inverse_indices", "counts"]
)
UniqueCountsResult = namedtuple("UniqueCountsResult", ["values", "counts"])
UniqueInverseResult = namedtuple("UniqueInverseResult", ["values", "inverse_indices"])


def _arg(name, run, what):
    def function(x, /, *, axis=None, keepdims=False):
        check_array(name, x)
        if axis is None:
            result = run(ordered(x).reshape(-1), 0)
            return result.reshape((1,) * x.ndim) if keepdims else result
        (axis,) = axes_of(name, axis, x.ndim)
        return run(ordered(x), axis, keepdims)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""The place of the {what} value, the first of several.

    Args:
        x (Tensor): of real dtype; NaN counts as the {what}.
        axis (int, optional): None searches the flattened array.
        keepdims (bool): keep the axis with size 1.

    Returns:
        Tensor: of int64.
    """
    return function


argmax = _arg("argmax", rushlight.argmax, "largest")
argmin = _arg("argmin", rushlight.argmin, "smallest")


def count_nonzero(x, /, *, axis=None, keepdims=False):
    """How many elements are not 0.

    Args:
        x (Tensor): of any dtype.
        axis (int or tuple of int, optional): None counts in the whole array.
        keepdims (bool): keep the axes with size 1.

    Returns:
        Tensor: of int64.
    """
    from rushlight.array_api._statistics import sum

    check_array("count_nonzero", x)
    found = bits_of(x) != 0 if is_wide(x.dtype) else x != 0
    return sum(found, axis=axis, dtype=rushlight.int64, keepdims=keepdims)


def nonzero(x, /):
    """The places of the elements that are not 0, a 1-d array of int64 for each axis.

    Raises:
        ValueError: for a 0-d array.
    """
    if check_array("nonzero", x).ndim == 0:
        raise ValueError("nonzero(): a 0-d array has no places")
    return tuple(rushlight.nonzero(x, as_tuple=True))


def searchsorted(x1, x2, /, *, side="left", sorter=None):
    """Where elements would be put into a sorted array.

    Args:
        x1 (Tensor): 1-d and in ascending order, which ``sorter`` may make.
        x2 (Tensor or Number): what to find.
        side (str): before (``"left"``) or after (``"right"``) equal elements.
        sorter (Tensor, optional): integers that sort ``x1``.

    Returns:
        Tensor: of int64 and the shape of ``x2``.
    """
    if side not in ("left", "right"):
        raise ValueError(
            f"searchsorted(): side must be 'left' or 'right', got {side!r}"
        )
    x1, x2 = pair("searchsorted", check_array("searchsorted", x1), x2)
    x1, x2 = ordered(x1), ordered(x2)
    if x1.dtype is rushlight.bool:
        x1, x2 = x1.to(rushlight.uint8), x2.to(rushlight.uint8)
    sorter = None if sorter is None else _positions(sorter)
    return rushlight.searchsorted(x1, x2.contiguous(), side=side, sorter=sorter)


def where(condition, x1, x2, /):
    """Elements of ``x1`` where ``condition`` holds, of ``x2`` elsewhere.

    Args:
        condition (Tensor): of bool.
        x1 (Tensor or Number): broadcast with the others.
        x2 (Tensor or Number): broadcast with the others.

    Returns:
        Tensor: of the broadcast shape and the promoted dtype.
    """
    check_array("where", condition)
    if not isinstance(x1, Tensor) and not isinstance(x2, Tensor):
        x1 = scalar_array(x1, None, condition.device)
    x1, x2 = pair("where", x1, x2)
    if not is_wide(x1.dtype):
        return rushlight.where(condition, x1, x2)
    return from_bits(rushlight.where(condition, bits_of(x1), bits_of(x2)), x1.dtype)


def _positions(indices):
    return bits_of(indices) if is_wide(indices.dtype) else indices.long()


def take(x, indices, /, *, axis=None):
    """The slices of ``x`` at ``indices``.

    Args:
        x (Tensor): of any shape.
        indices (Tensor): integers; from the end where negative.
        axis (int, optional): needed unless ``x`` is 1-d.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.take(xp.asarray([5, 6, 7]), xp.asarray([2, 0]))
        tensor([7, 5])
    """
    if axis is None and check_array("take", x).ndim != 1:
        raise ValueError(f"take(): axis is needed for an array of {x.ndim} dimensions")
    (axis,) = axes_of("take", 0 if axis is None else axis, x.ndim)
    return x[(slice(None),) * axis + (_positions(check_array("take", indices, 2)),)]


def take_along_axis(x, indices, /, *, axis=-1):
    """Elements of ``x`` at the places along ``axis`` that ``indices`` gives for each.

    Args:
        x (Tensor): of any shape.
        indices (Tensor): integers, as many dimensions as ``x``, broadcast with it but
            for ``axis``; from the end where negative.
        axis (int): along which.
    """
    (axis,) = axes_of("take_along_axis", axis, check_array("take_along_axis", x).ndim)
    indices = _positions(check_array("take_along_axis", indices, 2))
    indices = rushlight.where(indices < 0, indices + x.shape[axis], indices)
    return rushlight.take_along_dim(x, indices, axis)


def argsort(x, /, *, axis=-1, descending=False, stable=True):
    """The places that sort ``x`` along ``axis``; arguments as :func:`sort`.

    Returns:
        Tensor: of int64 and the shape of ``x``.
    """
    x = ordered(check_array("argsort", x))
    if x.ndim == 0:
        raise ValueError("argsort(): a 0-d array has no axis to sort along")
    return rushlight.argsort(x, dim=axis, descending=descending, stable=stable)


def sort(x, /, *, axis=-1, descending=False, stable=True):
    """``x`` sorted along ``axis``, NaN as the largest.

    Args:
        x (Tensor): of real dtype.
        axis (int): along which.
        descending (bool): the largest first.
        stable (bool): equal elements keep their order.
    """
    if check_array("sort", x).ndim == 0:
        raise ValueError("sort(): a 0-d array has no axis to sort along")
    return rushlight.sort(x, dim=axis, descending=descending, stable=stable).values


def unique_all(x, /):
    """The distinct elements of ``x``, and where they are.

    Every NaN is distinct from all others.

    Args:
        x (Tensor): of any shape and dtype.

    Returns:
        a named tuple of ``values`` (1-d, in ascending order), ``indices`` (of their
        first occurrences in the flattened array), ``inverse_indices`` (of the shape of
        ``x``, into the values) and ``counts``.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.unique_all(xp.asarray([3, 1, 3])).counts
        tensor([1, 2])
    """
    flat = check_array("unique_all", x).reshape(-1)
    keys = ordered(flat)
    if keys.is_complex():
        real, imag = keys.real, keys.imag
        order = rushlight.argsort(imag, stable=True)
        order = order[rushlight.argsort(real[order], stable=True)]
    else:
        order = rushlight.argsort(keys, stable=True)
    keys = keys[order]
    new = rushlight.ones(keys.shape, dtype=rushlight.bool, device=x.device)
    new[1:] = keys[1:] != keys[:-1]
    (starts,) = rushlight.nonzero(new, as_tuple=True)
    inverse = rushlight.empty_like(order)
    inverse[order] = rushlight.cumsum(new, 0) - 1
    ends = rushlight.cat([starts[1:], starts.new_full((1,), len(flat))])
    counts = (ends - starts)[: len(starts)]
    first = order[starts]
    return UniqueAllResult(flat[first], first, inverse.reshape(x.shape), counts)


def unique_counts(x, /):
    """``values`` and ``counts`` of :func:`unique_all`."""
    result = unique_all(x)
    return UniqueCountsResult(result.values, result.counts)


def unique_inverse(x, /):
    """``values`` and ``inverse_indices`` of :func:`unique_all`."""
    result = unique_all(x)
    return UniqueInverseResult(result.values, result.inverse_indices)


def unique_values(x, /):
    """``values`` of :func:`unique_all`."""
    return unique_all(x).values


def isin(x1, x2, /, *, invert=False):
    """Whether each element of ``x1`` is one of ``x2``'s; NaN never is.

    Args:
        x1 (Tensor or Number): what to look for.
        x2 (Tensor or Number): where to look; of any shape.
        invert (bool): whether it is not.

    Returns:
        Tensor: of bool and the shape of ``x1``.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.isin(xp.asarray([1, 2, 3]), xp.asarray([3, 1]))
        tensor([ True, False,  True])
    """
    x1, x2 = pair("isin", x1, x2)
    both = unique_inverse(concat([x1, x2], axis=None))
    places = both.inverse_indices
    present = rushlight.zeros(both.values.shape, dtype=rushlight.bool, device=x1.device)
    present[places[x1.numel() :]] = True
    found = present[places[: x1.numel()]].reshape(x1.shape)
    return ~found if invert else found
