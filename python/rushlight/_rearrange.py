"""Indexing and rearranging functions whose Python form differs from the compiled op."""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight._core import Tensor
from rushlight._results import give


def nonzero(input, *, out=None, as_tuple=False):
    """The positions of the elements that are not zero.

    Args:
        input (Tensor): of any shape and dtype.
        as_tuple (bool): one 1-d tensor per dim, which can be used as an index.

    Returns:
        Tensor: (n, input.dim()), int64; or a tuple of ``input.dim()`` tensors (n,).

    Example::

        >>> rushlight.nonzero(rushlight.tensor([0, 3, 5]))
        tensor([[1],
                [2]])
    """
    if as_tuple:
        return tuple(_ops.nonzero_tuple(input))
    result = _ops.nonzero(input)
    if isinstance(out, Tensor) and out.dtype != result.dtype:
        raise RuntimeError(
            f"nonzero(): expected an out of dtype {result.dtype}, got {out.dtype}"
        )
    return give("nonzero", result, out)


def argwhere(input):
    """The positions of the elements that are not zero; see :func:`nonzero`."""
    return _ops.nonzero(input)


def where(condition, input=None, other=None, *, out=None):
    """``input`` where ``condition`` holds, else ``other``; alone, where it holds.

    Args:
        condition (Tensor): bool.
        input (Tensor or Number): broadcast with the others.
        other (Tensor or Number): broadcast with the others.

    Returns:
        Tensor: of the promoted dtype; or ``nonzero(condition, as_tuple=True)``.

    Shape:
        Condition, input and other of shapes that broadcast, output of the broadcast
        shape; of a condition alone, one vector for each of its dims.

    Example::

        >>> x = rushlight.tensor([-1., 2.])
        >>> rushlight.where(x > 0, x, 0)
        tensor([0., 2.])
    """
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    if input is None or other is None:
        raise TypeError("where() takes a condition alone or both values")
    if not isinstance(input, Tensor):
        input = _number(input, other, condition)
    if not isinstance(other, Tensor):
        other = _number(other, input, condition)
    return _ops.where(condition, input, other, out=out)


def _number(value, partner, condition):
    # A number takes the partner's dtype where that has its category.
    dtype = None
    if isinstance(partner, Tensor) and (
        partner.is_complex()
        or (partner.is_floating_point() and not isinstance(value, complex))
    ):
        dtype = partner.dtype
    return rushlight.tensor(value, dtype=dtype, device=condition.device)


def _sizes(args):
    if len(args) == 1 and not isinstance(args[0], int):
        return tuple(args[0])
    return args


def tile(input, dims):
    """The tensor repeated ``dims[d]`` times along each dim; missing dims count as 1.

    Example::

        >>> rushlight.tile(rushlight.tensor([1, 2]), (2,))
        tensor([1, 2, 1, 2])
    """
    return _ops.tile(input, dims)


def flip(input, dims):
    """A copy that runs backwards along ``dims``.

    Example::

        >>> rushlight.flip(rushlight.tensor([1, 2, 3]), (0,))
        tensor([3, 2, 1])
    """
    return _ops.flip(input, dims)


def fliplr(input):
    """A copy that runs backwards along dim 1."""
    if input.dim() < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return _ops.flip(input, 1)


def flipud(input):
    """A copy that runs backwards along dim 0."""
    if input.dim() < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return _ops.flip(input, 0)


def roll(input, shifts, dims=None):
    """Elements moved by ``shifts`` along ``dims``, around the end to the start.

    Args:
        input (Tensor): of any shape.
        shifts (int or tuple of int): one per dim.
        dims (int or tuple of int, optional): without it the flattened tensor is rolled.

    Returns:
        Tensor: of input's shape.

    Raises:
        RuntimeError: when there are not as many shifts as dims.

    Example::

        >>> rushlight.roll(rushlight.arange(4), 1)
        tensor([3, 0, 1, 2])
    """
    return _ops.roll(input, shifts, () if dims is None else dims)


def repeat_interleave(input, repeats=None, dim=None, *, output_size=None):
    """Each element ``repeats`` times, one after the other.

    Args:
        input (Tensor): of any shape; alone, the repeats of ``arange(len(input))``.
        repeats (int or Tensor): one number for all, or one per position along ``dim``.
        dim (int, optional): without it the flattened tensor is repeated.
        output_size (int, optional): the sum of the repeats, checked.

    Returns:
        Tensor: as input, but longer along ``dim``.

    Example::

        >>> rushlight.repeat_interleave(rushlight.tensor([1, 2]), 2)
        tensor([1, 1, 2, 2])
        >>> rushlight.arange(2).repeat_interleave(rushlight.tensor([2, 1]))
        tensor([0, 0, 1])
    """
    if repeats is None:
        repeats, input, dim = input, rushlight.arange(input.numel()), 0
    if isinstance(repeats, Tensor):
        return _ops.repeat_interleave_tensor(input, repeats, dim, output_size)
    if isinstance(repeats, (list, tuple)):
        return _ops.repeat_interleave_tensor(
            input, rushlight.tensor(repeats), dim, output_size
        )
    return _ops.repeat_interleave_int(input, repeats, dim)


def _repeat(self, *repeats):
    """Copies of the whole tensor: ``repeats[d]`` times along each dim.

    Example::

        >>> rushlight.tensor([1, 2]).repeat(2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
    """
    return _ops.repeat(self, _sizes(repeats))


def _tile(self, *dims):
    """See :func:`rushlight.tile`."""
    return _ops.tile(self, _sizes(dims))


def _flip(self, *args, dims=None):
    """See :func:`rushlight.flip`."""
    return _ops.flip(self, _sizes(args) if dims is None else _sizes((dims,)))


def _where(self, condition, other):
    """``self`` where ``condition`` holds, else ``other``.

    Shape:
        Condition, input and other of shapes that broadcast, output of the broadcast
        shape.
    """
    return where(condition, self, other)


METHODS = {
    "nonzero": nonzero,
    "argwhere": argwhere,
    "where": _where,
    "repeat": _repeat,
    "tile": _tile,
    "flip": _flip,
    "fliplr": fliplr,
    "flipud": flipud,
    "roll": roll,
    "repeat_interleave": repeat_interleave,
}
