"""Diagonals, and functions that put values into a copy."""

from __future__ import annotations

from rushlight import _core, _functions, _ops
from rushlight._functions import _tensor
from rushlight._results import give
from rushlight._shapes import _wrap


def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """A tensor whose diagonals over two dims are the last dim of ``input``.

    Args:
        input (Tensor): (*, n).
        offset (int): of the diagonal, above the main one where positive.
        dim1 (int): the first of the two new dims.
        dim2 (int): the second.

    Returns:
        Tensor: (*, m, m) with ``m = n + abs(offset)``, zeros off the diagonal.

    Example::

        >>> rushlight.diag_embed(rushlight.tensor([1, 2]))
        tensor([[1, 0],
                [0, 2]])
    """
    n = _tensor("diag_embed", input).dim() + 1
    first, second = _wrap("diag_embed", dim1, n), _wrap("diag_embed", dim2, n)
    if first == second:
        raise RuntimeError(
            f"diag_embed(): diagonal dimensions cannot be identical {dim1}, {dim2}"
        )
    if not input.dim():
        raise IndexError(
            "diag_embed(): Dimension specified as -1 but tensor has no dimensions"
        )
    *shape, size = input.shape
    size += abs(offset)
    for d in sorted((first, second)):
        shape.insert(d, size)
    result = _core.zeros(shape, dtype=input.dtype, device=input.device)
    result.diagonal(offset, first, second).copy_(input)
    return result


def diag(input, diagonal=0, *, out=None):
    """The diagonal of a matrix, or the matrix with a vector as its diagonal.

    Args:
        input (Tensor): (n,) or (m, n).
        diagonal (int): which; above the main one where positive.

    Returns:
        Tensor: a copy.

    Example::

        >>> rushlight.diag(rushlight.tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
    """
    n = _tensor("diag", input).dim()
    if n not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {n}D")
    if n == 1:
        result = diag_embed(input, diagonal)
    else:
        result = input.diagonal(diagonal).clone()
    return _exact("diag", result, out)


def _exact(op, result, out):
    """:func:`give`, where ``out`` has to have the result's dtype."""
    if isinstance(out, _core.Tensor) and out.dtype is not result.dtype:
        raise RuntimeError(
            f"{op}(): Expected out tensor to have dtype {result.dtype}, but got "
            f"{out.dtype} instead"
        )
    return give(op, result, out)


def diagflat(input, offset=0):
    """The matrix whose diagonal is the flattened ``input``.

    Example::

        >>> rushlight.diagflat(rushlight.tensor([1, 2]), 1)
        tensor([[0, 1, 0],
                [0, 0, 2],
                [0, 0, 0]])
    """
    return diag_embed(_tensor("diagflat", input).contiguous().view(-1), offset)


def _copy(input):
    # A copy with the same strides, where no two elements share memory.
    if input.is_contiguous():
        return input.clone()
    reach, dense = 1, True
    for stride, n in sorted(zip(input.stride(), input.shape, strict=True)):
        if n > 1:
            dense = dense and stride >= reach
            reach = stride * n
    if not dense:
        return input.clone()
    result = _ops.empty_strided(tuple(input.shape), input.stride(), input.dtype)
    return result.copy_(input)


def _scattered(op, input, view, src):
    if view.shape != src.shape:
        raise RuntimeError(
            f"{op}(): expected src to have a size equal to the slice of self. src size "
            f"= {list(src.shape)}, slice size = {list(view.shape)}"
        )
    view.copy_(src)
    return input


def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    """A copy of ``input`` with ``src`` in place of a diagonal.

    Example::

        >>> rushlight.diagonal_scatter(rushlight.zeros(2, 2), rushlight.ones(2))
        tensor([[1., 0.],
                [0., 1.]])
    """
    result = _copy(_tensor("diagonal_scatter", input))
    view = result.diagonal(offset, dim1, dim2)
    return _scattered("diagonal_scatter", result, view, src)


def select_scatter(input, src, dim, index):
    """A copy of ``input`` with ``src`` in place of ``input.select(dim, index)``."""
    result = _copy(_tensor("select_scatter", input))
    view = _functions.select(result, dim, index)
    return _scattered("select_scatter", result, view, src)


def slice_scatter(input, src, dim=0, start=None, end=None, step=1, *, out=None):
    """A copy of ``input`` with ``src`` in place of a slice along ``dim``.

    Raises:
        RuntimeError: when ``src`` has not the slice's shape, for a step below 1, and
            when ``out`` has another dtype than ``input``.

    Example::

        >>> rushlight.slice_scatter(rushlight.zeros(3), rushlight.ones(2), start=1)
        tensor([0., 1., 1.])
    """
    if _tensor("slice_scatter", input).dim() == 0:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    result = _copy(input)
    dim = _wrap("slice_scatter", dim, input.dim())
    if step <= 0:
        raise RuntimeError(f"slice_scatter(): slice step must be positive, got {step}")
    view = result[(slice(None),) * dim + (slice(start, end, step),)]
    return _exact("slice_scatter", _scattered("slice_scatter", result, view, src), out)


def as_strided_scatter(input, src, size, stride, storage_offset=None):
    """A copy of ``input`` with ``src`` in place of ``input.as_strided(...)``."""
    _tensor("as_strided_scatter", input)
    if any(st == 0 and n > 1 for st, n in zip(input.stride(), input.shape)):
        result = input.contiguous().clone()
    else:
        # The view may reach anywhere in the storage, so all of it is copied.
        count = input.untyped_storage().nbytes() // input.element_size()
        whole = input.as_strided((count,), (1,), 0).clone()
        result = whole.as_strided(input.shape, input.stride(), input.storage_offset())
    view = _functions.as_strided(result, size, stride, storage_offset)
    return _scattered("as_strided_scatter", result, view, src)


def fill_diagonal_(self, fill_value, wrap=False):
    """Sets the main diagonal, in place.

    Args:
        fill_value (Number): the value.
        wrap (bool): start again below, in a matrix with more rows than columns.

    Raises:
        RuntimeError: for fewer than 2 dims, or more of unequal sizes.

    Example::

        >>> rushlight.zeros(2, 2).fill_diagonal_(5)
        tensor([[5., 0.],
                [0., 5.]])
    """
    shape, n = self.shape, self.dim()
    if n < 2:
        raise RuntimeError(f"fill_diagonal_(): dimensions must larger than 1, got {n}")
    if n > 2 and any(s != shape[0] for s in shape):
        raise RuntimeError(
            "fill_diagonal_(): all dimensions of input must be of equal length, got "
            f"{tuple(shape)}"
        )
    step, length, offset = sum(self.stride()), min(shape), self.storage_offset()
    self.as_strided((length,), (step,), offset).fill_(fill_value)
    if wrap and n == 2 and shape[0] > shape[1] + 1:
        width = shape[1]
        more = -(-self.numel() // (width + 1)) - length
        start = offset + self.stride(0) * (width + 1)
        self.as_strided((more,), (step,), start).fill_(fill_value)
    return self


METHODS = {
    "as_strided_scatter": as_strided_scatter,
    "diag": diag,
    "diag_embed": diag_embed,
    "diagflat": diagflat,
    "diagonal_scatter": diagonal_scatter,
    "fill_diagonal_": fill_diagonal_,
    "select_scatter": select_scatter,
    "slice_scatter": slice_scatter,
}
