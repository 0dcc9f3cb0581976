"""Writes at flat positions and into slices; flat positions as coordinates."""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops
from rushlight._core import Tensor
from rushlight._results import give


def _check_put(op, input, index, source):
    if index.dtype is not rushlight.int64:
        raise RuntimeError(
            f"{op}(): Expected a long tensor for index, but got {index.dtype}"
        )
    if input.dtype is not source.dtype:
        raise RuntimeError(
            f"{op}(): self and source expected to have the same dtype, but got "
            f"self.dtype = {input.dtype} and source.dtype = {source.dtype}"
        )
    if index.numel() != source.numel():
        raise IndexError(
            f"{op}(): Expected source and index to have the same number of elements, "
            f"but got source.numel() = {source.numel()}, index.numel() = "
            f"{index.numel()}"
        )
    if input.numel() == 0 and index.numel():
        raise IndexError(f"{op}(): Tried to put elements into an empty tensor")


def put(input, index, source, accumulate=False):
    """A copy with elements replaced at flat positions.

    Args:
        input (Tensor): of any shape, counted row by row.
        index (Tensor): int64 positions, from the end where negative.
        source (Tensor): as many elements as index, of input's dtype.
        accumulate (bool): add instead; repeated positions add up.

    Returns:
        Tensor: of input's shape.

    Raises:
        IndexError: when a position is out of range, or the numbers of elements differ.

    Example::

        >>> rushlight.put(rushlight.zeros(3), rushlight.tensor([1]), rushlight.ones(1))
        tensor([0., 1., 0.])
    """
    _check_put("put", input, index, source)
    flat = input.reshape(-1)
    if index.numel():
        where = (index.reshape(-1),)
        flat = _ops.index_put(flat, where, source.reshape(-1), accumulate)
    else:
        flat = flat.clone()
    return flat.reshape(input.shape)


def put_(self, index, source, accumulate=False):
    """In-place :func:`put`."""
    _check_put("put_", self, index, source)
    if not index.numel():
        return self
    where, values = index.reshape(-1), source.reshape(-1)
    if self.dim() <= 1 or self.is_contiguous():
        self.view(-1).index_put_((where,), values, accumulate)
        return self
    n = self.numel()
    bad = (where < -n) | (where >= n)
    if _ops.any(bad).item():
        raise IndexError(
            f"put_(): index {where[bad][0].item()} is out of bounds for a tensor of "
            f"{n} "
            "elements"
        )
    coordinates = _coordinates(_ops.remainder(where, n), self.shape)
    return self.index_put_(coordinates, values, accumulate)


def _along(op, input, dim, index, source):
    if index.dim() > 1:
        raise IndexError(
            f"{op}(): Index is supposed to be a vector, but got dim: {index.dim()} "
            f"with size: {list(index.shape)}"
        )
    if index.dtype not in (rushlight.int64, rushlight.int32):
        raise RuntimeError(
            f"{op}(): Expected dtype int32/int64 for index but got: {index.dtype}"
        )
    if input.dtype is not source.dtype:
        raise RuntimeError(
            f"{op}(): self ({input.dtype}) and source ({source.dtype}) must have the "
            "same scalar type"
        )
    n = input.dim()
    if not -max(n, 1) <= dim < max(n, 1):
        raise IndexError(
            f"{op}(): Dimension out of range (expected to be in range of "
            f"[{-max(n, 1)}, {max(n, 1) - 1}], but got {dim})"
        )
    dim = dim % n if n else 0
    sizes = source.shape if source.dim() else (1,)
    wanted = list(input.shape)
    if n:
        wanted[dim] = sizes[dim] if len(sizes) == n else -1
    if list(source.shape) != wanted:
        raise RuntimeError(
            f"{op}(): source tensor shape must match self tensor shape, excluding the "
            f"specified dimension. Got self.shape = {list(input.shape)} source.shape = "
            f"{list(source.shape)}"
        )
    if index.numel() != sizes[dim]:
        raise RuntimeError(
            f"{op}(): Number of indices ({index.numel()}) should be equal to "
            f"source.size(dim): ({sizes[dim]}), for dim: {dim}"
        )
    size = input.shape[dim] if n else 1
    bad = (index < 0) | (index >= size)
    if _ops.any(bad).item():
        entry = index.reshape(-1)[bad.reshape(-1)][0].item()
        raise IndexError(
            f"{op}(): index {entry} is out of bounds for dimension {dim} with size "
            f"{size}"
        )
    places = [1] * n
    if n:
        places[dim] = -1
    return index.long().reshape(places).expand(source.shape)


def _check_reduce(op, input, reduce):
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(
            f"{op}(): Expected reduce to be one of prod, mean, amax or amin but got "
            f"{reduce}."
        )
    if input.is_complex() or input.dtype is rushlight.bool:
        raise NotImplementedError(f"{op}(): not implemented for '{input.dtype}'")


def index_reduce(input, dim, index, source, reduce, *, include_self=True, out=None):
    """A copy into whose slices along ``dim`` those of ``source`` are reduced.

    Args:
        input (Tensor): integers or floats.
        dim (int): the dim that index counts along.
        index (Tensor): (n,), int64 or int32: the slice each slice of source goes to.
        source (Tensor): as input, but of size ``n`` along ``dim``.
        reduce (str): 'prod', 'mean', 'amax' or 'amin'.
        include_self (bool): input's own value takes part.

    Returns:
        Tensor: of input's shape.

    Example::

        >>> x, index = rushlight.ones(2), rushlight.tensor([1, 1])
        >>> rushlight.index_reduce(x, 0, index, rushlight.tensor([2., 5.]), "prod")
        tensor([ 1., 10.])
    """
    _check_reduce("index_reduce", input, reduce)
    where = _along("index_reduce", input, dim, index, source)
    if out is not None:
        _ops.check_apart("index_reduce", [input, index, source], out)
    result = _ops.scatter_reduce(
        input, dim, where, source, reduce, include_self=include_self
    )
    return give("index_reduce", result, out)


def index_reduce_(self, dim, index, source, reduce, *, include_self=True):
    """In-place :func:`index_reduce`."""
    _check_reduce("index_reduce_", self, reduce)
    index = _along("index_reduce_", self, dim, index, source)
    return _ops.scatter_reduce_(
        self, dim, index, source, reduce, include_self=include_self
    )


def _coordinates(flat, shape):
    places = []
    for size in reversed(shape):
        places.append(_ops.remainder(flat, size))
        flat = _ops.floor_divide(flat, size)
    return tuple(reversed(places))


def unravel_index(indices, shape):
    """Flat positions as coordinates in a tensor of the given shape.

    Args:
        indices (Tensor): integers, counted row by row; too large ones wrap around.
        shape (int or sequence of int): of the tensor.

    Returns:
        tuple of Tensor: of indices' shape, one for each dim.

    Example::

        >>> rushlight.unravel_index(rushlight.tensor([4, 5]), (2, 3))
        (tensor([1, 1]), tensor([1, 2]))
    """
    if not isinstance(indices, Tensor):
        raise TypeError(
            f"unravel_index(): expected 'indices' to be a Tensor, but got "
            f"{type(indices)}"
        )
    if (
        indices.is_complex()
        or indices.is_floating_point()
        or (indices.dtype is rushlight.bool)
    ):
        raise TypeError(
            f"unravel_index(): expected 'indices' to be integer dtype, but got "
            f"{indices.dtype}"
        )
    if isinstance(shape, int):
        shape = (shape,)
    if not isinstance(shape, (list, tuple)):
        raise TypeError(
            "unravel_index(): expected 'shape' to be int or sequence of ints, but got "
            f"{type(shape)}"
        )
    for size in shape:
        if not isinstance(size, int):
            raise TypeError(
                "unravel_index(): expected 'shape' sequence to only contain ints, but "
                "got "
                f"{type(size)}"
            )
        if size < 0:
            raise ValueError(
                f"unravel_index(): 'shape' cannot have negative values, but got {shape}"
            )
    if indices.numel() and math.prod(shape) == 0:
        raise RuntimeError(
            f"unravel_index(): no position lies in a tensor of shape {tuple(shape)}"
        )
    return _coordinates(indices.long(), shape)


METHODS = {
    "put": put,
    "put_": put_,
    "index_reduce": index_reduce,
    "index_reduce_": index_reduce_,
}
