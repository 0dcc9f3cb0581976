"""Sorting, selection, order statistics and binary search."""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight._core import Tensor
from rushlight._results import give


def sort(input, dim=-1, descending=False, *, stable=False, out=None):
    """The elements along a dim in order, and where they were.

    NaN is larger than every number. The order of equal elements is kept, whether
    ``stable`` is asked for or not.

    Args:
        input (Tensor): bool, integers or floats, of any shape.
        dim (int): the dim to sort along.
        descending (bool): the largest first.
        stable (bool): accepted; sorting is always stable.

    Returns:
        A named tuple ``(values, indices)`` of input's shape; indices are int64.

    Raises:
        RuntimeError: for complex input.
        IndexError: when ``dim`` is out of range.

    Example::

        >>> rushlight.sort(rushlight.tensor([3, 1, 2])).indices
        tensor([1, 2, 0])
    """
    result = _ops.sort(input, dim, descending)
    return result if out is None else give("sort", result, out)


def argsort(input, dim=-1, descending=False, *, stable=False, out=None):
    """The indices of :func:`sort`.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.argsort(rushlight.tensor([3, 1, 2]), descending=True)
        tensor([0, 2, 1])
    """
    return _ops.argsort(input, dim, descending, out=out)


def msort(input, *, out=None):
    """The values of :func:`sort` along the first dim."""
    return give("msort", _ops.sort(input, 0)[0], out)


def topk(input, k, dim=-1, largest=True, sorted=True, *, out=None):
    """The ``k`` largest (or smallest) elements along a dim.

    Args:
        input (Tensor): integers or floats, of any shape.
        k (int): how many, at most the size of ``dim``.
        dim (int): the dim to choose along.
        largest (bool): False for the smallest.
        sorted (bool): in order; otherwise in any.

    Returns:
        A named tuple ``(values, indices)``, of size ``k`` along ``dim``.

    Raises:
        RuntimeError: when ``k`` is out of range, for bool and complex input.

    Example::

        >>> rushlight.topk(rushlight.tensor([1., 4., 2.]), 2).values
        tensor([4., 2.])
    """
    result = _ops.topk(input, k, dim, largest, sorted)
    return result if out is None else give("topk", result, out)


def kthvalue(input, k, dim=-1, keepdim=False, *, out=None):
    """The ``k``-th smallest element along a dim, counted from 1, and its index.

    Example::

        >>> rushlight.kthvalue(rushlight.tensor([5, 3, 9]), 2).values
        tensor(5)
    """
    result = _ops.kthvalue(input, k, dim, keepdim)
    if out is None:
        return result
    if isinstance(out, (tuple, list)) and out:
        _ops.check_apart("kthvalue", input, out[0])
        if not keepdim and input.dim():
            kept = list(input.shape)
            kept[dim] = 1
            # An out that still has the dim is taken as it is, and loses it.
            out = [t.squeeze_(dim) if list(t.shape) == kept else t for t in out]
    return give("kthvalue", result, out)


def median(input, dim=None, keepdim=False, *, out=None):
    """The middle element: of all, or along a dim with its index.

    Of an even number of elements the lower middle one; NaN where any element is.

    Args:
        input (Tensor): integers or floats.
        dim (int, optional): along this dim alone.
        keepdim (bool): keep the reduced dim with size 1.

    Returns:
        Tensor, or with ``dim`` a named tuple ``(values, indices)``.

    Raises:
        IndexError: when ``dim`` is out of range or has size 0.

    Example::

        >>> rushlight.median(rushlight.tensor([4., 1., 3., 2.]))
        tensor(2.)
    """
    if dim is None:
        return give("median", _ops.median_all(input), out)
    return give("median", _ops.median(input, dim, keepdim), out)


def nanmedian(input, dim=None, keepdim=False, *, out=None):
    """:func:`median` of the elements that are not NaN.

    Example::

        >>> rushlight.nanmedian(rushlight.tensor([4., float("nan"), 3.]))
        tensor(3.)
    """
    if dim is None:
        return give("nanmedian", _ops.nanmedian_all(input), out)
    return give("nanmedian", _ops.nanmedian(input, dim, keepdim), out)


def mode(input, dim=-1, keepdim=False, *, out=None):
    """The commonest element along a dim, of several the smallest, and an index of it.

    Example::

        >>> rushlight.mode(rushlight.tensor([1, 2, 2, 3])).values
        tensor(2)
    """
    result = _ops.mode(input, dim, keepdim)
    if out is not None and input.dim() == 0:
        # PyTorch alone here says nothing of a resized out.
        for target in out:
            target.resize_(())
    return give("mode", result, out)


def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear", out=None):
    """The ``q``-th quantiles of all elements or along a dim; NaN where any element is.

    Args:
        input (Tensor): float32 or float64.
        q (float or Tensor): in [0, 1]; a 1-d tensor gives one result each.
        dim (int, optional): all elements by default.
        keepdim (bool): keep the reduced dim with size 1.
        interpolation (str): 'linear', 'lower', 'higher', 'midpoint' or 'nearest', for
            positions between two elements.

    Returns:
        Tensor: with 1-d ``q``, its size comes first.

    Raises:
        RuntimeError: on other dtypes, ``q`` out of range, empty input.

    Example::

        >>> rushlight.quantile(rushlight.tensor([0., 1., 4.]), 0.25)
        tensor(0.5000)
    """
    result = _quantile("quantile", input, q, dim, keepdim, interpolation, False)
    return give("quantile", result, out)


def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear", out=None):
    """:func:`quantile` of the elements that are not NaN.

    Example::

        >>> rushlight.nanquantile(rushlight.tensor([0., float("nan"), 2.]), 0.5)
        tensor(1.)
    """
    result = _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)
    return give("nanquantile", result, out)


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(op, input, q, dim, keepdim, interpolation, ignore_nan):
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{op}() interpolation must be one of linear, lower, higher, midpoint or "
            f"nearest, but got {interpolation}"
        )
    if input.dtype not in (rushlight.float32, rushlight.float64):
        raise RuntimeError(
            f"{op}() input tensor must be either float or double dtype, got "
            f"{input.dtype}"
        )
    if input.numel() == 0:
        raise RuntimeError(
            f"{op}() input tensor must be non-empty, got shape {tuple(input.shape)}"
        )
    if isinstance(q, Tensor):
        if q.dim() > 1:
            raise RuntimeError(
                f"{op}() q must be a scalar or 1D tensor, got shape {tuple(q.shape)}"
            )
        if q.dtype is not input.dtype:
            raise RuntimeError(
                f"{op}() q tensor must be same dtype as the input tensor, got "
                f"{q.dtype} and {input.dtype}"
            )
        if not _ops.all((q >= 0) & (q <= 1)).item():
            raise RuntimeError(f"{op}() q values must be in the range [0, 1]")
    else:
        if not 0 <= q <= 1:
            raise RuntimeError(f"{op}() q must be in the range [0, 1] but got {q}")
        q = rushlight.tensor(q, dtype=input.dtype, device=input.device)
    if dim is None:
        ordered = _ops.sort(input.reshape(-1), 0)[0]
        shape = (1,) * input.dim() if keepdim else ()
    else:
        if not -max(input.dim(), 1) <= dim < max(input.dim(), 1):
            raise IndexError(
                f"{op}(): Dimension out of range (expected to be in range of "
                f"[{-max(input.dim(), 1)}, {max(input.dim(), 1) - 1}], but got {dim})"
            )
        along = input if input.dim() else input.reshape(1)
        ordered = _ops.sort(along.movedim(dim, -1), -1)[0]
        shape = list(input.shape)
        if shape and keepdim:
            shape[dim] = 1
        elif shape:
            del shape[dim]
    last = ordered.shape[-1] - 1
    # (..., q): positions in each sorted row.
    if ignore_nan:
        numbers = _ops.sum(~ordered.isnan(), -1, True)
        rank = q.reshape(-1) * rushlight.clamp(numbers - 1, min=0)
        rank = _ops.masked_fill(rank, numbers == 0, last)
    else:
        rank = q.reshape(-1) * last
        rank = rank.expand(*ordered.shape[:-1], rank.shape[-1])
        rank = _ops.masked_fill(rank, ordered[..., -1:].isnan(), last)
    if interpolation == "lower":
        rank = rank.floor()
    elif interpolation == "higher":
        rank = rank.ceil()
    elif interpolation == "nearest":
        rank = rank.round()
    below = rank.long()
    result = _ops.gather(ordered, -1, below)
    if interpolation in ("linear", "midpoint"):
        weight = 0.5 if interpolation == "midpoint" else rank - below
        above = _ops.gather(ordered, -1, rank.ceil().long())
        result = _between(result, above, weight)
    # The dim of q goes first, and is dropped for a single number.
    result = result.movedim(-1, 0)
    return result.reshape([*(q.shape), *shape])


def _between(a, b, weight):
    """``a + weight * (b - a)``, from the nearer end, so that weight 1 gives b."""
    if not isinstance(weight, Tensor):
        return b - (b - a) * (1 - weight)
    gap = b - a
    return rushlight.where(weight < 0.5, a + weight * gap, b - gap * (1 - weight))


def _no_unique(op, input):
    if input.is_complex():
        raise NotImplementedError(f"\"{op}\" not implemented for '{input.dtype}'")


def _changes(ordered):
    """Where a 1-d tensor's element differs from the one before; the first one does."""
    start = rushlight.ones(min(1, ordered.shape[0]), dtype=rushlight.bool)
    return rushlight.cat((start, _unequal(ordered[1:], ordered[:-1])))


# Unsigned integers are compared as the signed ones of their bits.
_SIGNED = {"uint16": "int16", "uint32": "int32", "uint64": "int64"}


def _unequal(a, b):
    signed = _SIGNED.get(a.dtype.name)
    if signed is None:
        return a != b
    signed = getattr(rushlight, signed)
    return a.view(signed) != b.view(signed)


def _runs(change):
    """Starts and lengths of the runs that begin where ``change`` holds."""
    starts = _ops.nonzero_tuple(change)[0]
    ends = rushlight.cat((starts[1:], rushlight.tensor([change.shape[0]])))
    return starts, ends[: starts.shape[0]] - starts


def _pick_outputs(values, inverse, counts, return_inverse, return_counts):
    if return_inverse and return_counts:
        return values, inverse(), counts()
    if return_inverse:
        return values, inverse()
    return (values, counts()) if return_counts else values


def _rows_of(op, input, dim):
    """``input`` as a matrix with a row for every slice along ``dim``."""
    if input.dim() == 0:
        raise IndexError(
            f"{op}(): Dimension specified as {dim} but tensor has no dimensions"
        )
    if not -input.dim() <= dim < input.dim():
        raise IndexError(
            f"{op}(): Dimension out of range (expected to be in range of "
            f"[{-input.dim()}, {input.dim() - 1}], but got {dim})"
        )
    if 0 in input.shape and input.shape[dim] != 0:
        raise RuntimeError(
            f"{op}(): There are 0 sized dimensions, and they aren't selected, so "
            "unique cannot be applied"
        )
    front = input.movedim(dim, 0)
    return front.reshape(front.shape[0], -1) if front.numel() else front.reshape(0, 1)


def _row_changes(rows):
    if rows.shape[0] == 0:
        return rushlight.zeros(0, dtype=rushlight.bool)
    start = rushlight.ones(1, dtype=rushlight.bool)
    return rushlight.cat((start, _ops.any(_unequal(rows[1:], rows[:-1]), 1)))


def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The different elements, or the different slices along ``dim``, in order.

    Args:
        input (Tensor): bool, integers or floats.
        sorted (bool): accepted; the result is always in order.
        return_inverse (bool): also where each element is in the result.
        return_counts (bool): also how often each comes.
        dim (int, optional): compare slices along it; without it the elements.

    Returns:
        Tensor, or a tuple (values, inverse, counts) of those asked for. A NaN equals
        nothing, so each is listed.

    Example::

        >>> rushlight.unique(rushlight.tensor([3, 1, 3]), return_counts=True)
        (tensor([1, 3]), tensor([1, 2]))
    """
    _no_unique("unique" if dim is None else "unique_dim", input)
    with rushlight.no_grad():
        if dim is None:
            flat = input.reshape(-1)
            if return_inverse:
                ordered, order = _ops.sort(flat, 0)
            else:
                ordered, order = _ops.sort(flat, 0)[0], None
            change = _changes(ordered)
            values, shape = _ops.masked_select(ordered, change), input.shape
        else:
            rows = _rows_of("unique", input, dim)
            order = _ops.row_order(rows)
            change = _row_changes(_ops.index_select(rows, 0, order))
            starts = _ops.masked_select(order, change)
            values, shape = _ops.index_select(input, dim, starts), (rows.shape[0],)

        def inverse():
            places = _ops.cumsum(change, 0) - 1
            return _ops.scatter(places, 0, order, places).reshape(shape)

        return _pick_outputs(
            values, inverse, lambda: _runs(change)[1], return_inverse, return_counts
        )


def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """One element, or slice along ``dim``, for every run of equal ones.

    Args:
        input (Tensor): bool, integers or floats.
        return_inverse (bool): also the run of each element.
        return_counts (bool): also the lengths of the runs.
        dim (int, optional): compare slices along it; without it the elements.

    Returns:
        Tensor, or a tuple (values, inverse, counts) of those asked for.

    Example::

        >>> rushlight.unique_consecutive(rushlight.tensor([1, 1, 2, 1]))
        tensor([1, 2, 1])
    """
    _no_unique("unique", input)
    with rushlight.no_grad():
        if dim is None:
            flat = input.reshape(-1)
            change = _changes(flat)
            values, shape = _ops.masked_select(flat, change), input.shape
        else:
            rows = _rows_of("unique_consecutive", input, dim)
            change = _row_changes(rows)
            starts = _ops.nonzero_tuple(change)[0]
            values, shape = _ops.index_select(input, dim, starts), (rows.shape[0],)
        return _pick_outputs(
            values,
            lambda: (_ops.cumsum(change, 0) - 1).reshape(shape),
            lambda: _runs(change)[1],
            return_inverse,
            return_counts,
        )


def _promoted(op, boundaries, value):
    """Both as tensors of the dtype they are compared in."""
    if not isinstance(value, Tensor):
        if boundaries.dim() != 1:
            raise RuntimeError(
                f"{op}(): input value can be a scalar only when boundaries tensor "
                "dimension is 1, but we got boundaries tensor dim("
                f"{boundaries.dim()})"
            )
        dtype = rushlight.result_type(boundaries, value)
        return boundaries.to(dtype), rushlight.tensor(value, dtype=dtype)
    if boundaries.dtype is value.dtype:
        return boundaries, value
    dtype = rushlight.result_type(boundaries, value)
    return boundaries.to(dtype), value.to(dtype)


def searchsorted(
    sorted_sequence,
    input,
    *,
    out_int32=False,
    right=False,
    side=None,
    sorter=None,
    out=None,
):
    """Where values would be inserted in ascending rows.

    Args:
        sorted_sequence (Tensor): (..., n), ascending along the last dim, or (n,).
        input (Tensor or Number): (..., m), with the same leading dims; any
            shape when the sequence is 1-d.
        out_int32 (bool): int32 results instead of int64.
        right (bool): behind equal elements instead of before them.
        side (str, optional): 'left' or 'right', another spelling of ``right``.
        sorter (Tensor, optional): int64 like the sequence, the order that sorts it.

    Returns:
        Tensor: of input's shape, entries from 0 to n.

    Raises:
        RuntimeError: when shapes do not fit.

    Example::

        >>> edges = rushlight.tensor([1, 3, 5])
        >>> rushlight.searchsorted(edges, rushlight.tensor([3, 6]))
        tensor([1, 3])
    """
    if side is not None:
        if side not in ("left", "right"):
            raise RuntimeError(
                f"searchsorted(): side can only be 'left' or 'right' but got {side}"
            )
        if right and side == "left":
            raise RuntimeError(
                "searchsorted(): side and right can't be set to opposites, got side of "
                "left while right was True"
            )
        right = side == "right"
    sorted_sequence, values = _promoted("searchsorted", sorted_sequence, input)
    return _ops.searchsorted(sorted_sequence, values, out_int32, right, sorter, out=out)


def bucketize(input, boundaries, *, out_int32=False, right=False, out=None):
    """The index of the bucket between ascending boundaries that each value falls in.

    As :func:`searchsorted` with the 1-d ``boundaries``.

    Example::

        >>> rushlight.bucketize(rushlight.tensor([0, 4]), rushlight.tensor([1, 3]))
        tensor([0, 2])
    """
    if boundaries.dim() != 1:
        raise RuntimeError(
            f"bucketize(): boundaries tensor must be 1 dimension, but got dim("
            f"{boundaries.dim()})"
        )
    boundaries, values = _promoted("bucketize", boundaries, input)
    return _ops.searchsorted(boundaries, values, out_int32, right, None, out=out)


METHODS = {
    f.__name__: f
    for f in (
        sort,
        argsort,
        msort,
        topk,
        kthvalue,
        median,
        nanmedian,
        mode,
        quantile,
        nanquantile,
        unique,
        unique_consecutive,
    )
}
