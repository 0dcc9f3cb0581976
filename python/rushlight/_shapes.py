"""Functions that split, join and reorder tensors by shape alone."""

from __future__ import annotations

import warnings

import rushlight
from rushlight import _core, _functions, _ops
from rushlight._core import Tensor
from rushlight._functions import _tensor


def _tensors(op, tensors):
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tensors[0]
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"{op}(): expected Tensor as element {i} in argument 0, but got "
                f"{type(x).__name__}"
            )
    return tuple(tensors)


def _at_least(op, tensors, widen):
    if len(tensors) == 1 and isinstance(tensors[0], Tensor):
        return widen(tensors[0])
    return tuple(widen(x) for x in _tensors(op, tensors))


def atleast_1d(*tensors):
    """Views with at least one dim; of several tensors a tuple.

    Example::

        >>> rushlight.atleast_1d(rushlight.tensor(1.))
        tensor([1.])
    """
    return _at_least(
        "atleast_1d", tensors, lambda x: x.reshape(1) if x.dim() == 0 else x
    )


def atleast_2d(*tensors):
    """Views with at least two dims: (n,) becomes (1, n)."""

    def widen(x):
        if x.dim() == 0:
            return x.reshape(1, 1)
        return x.unsqueeze(0) if x.dim() == 1 else x

    return _at_least("atleast_2d", tensors, widen)


def atleast_3d(*tensors):
    """Views with at least three dims: of (n,) (1, n, 1), of (m, n) (m, n, 1)."""

    def widen(x):
        if x.dim() == 0:
            return x.reshape(1, 1, 1)
        if x.dim() == 1:
            return x.unsqueeze(0).unsqueeze(-1)
        return x.unsqueeze(-1) if x.dim() == 2 else x

    return _at_least("atleast_3d", tensors, widen)


def block_diag(*tensors):
    """A matrix with the given ones along its diagonal and zeros elsewhere.

    Args:
        tensors (Tensor): each of up to 2 dims; (n,) is a row.

    Returns:
        Tensor: (sum of rows, sum of columns), of the promoted dtype.

    Raises:
        RuntimeError: for a tensor of more dims.

    Example::

        >>> rushlight.block_diag(rushlight.tensor([1]), rushlight.tensor([[2], [3]]))
        tensor([[1, 0],
                [0, 2],
                [0, 3]])
    """
    if not tensors:
        return _core.zeros(1, 0)
    blocks = []
    for i, x in enumerate(_tensors("block_diag", (list(tensors),))):
        if x.dim() > 2:
            raise RuntimeError(
                "block_diag: Input tensors must have 2 or fewer dimensions. Input "
                f"{i} has {x.dim()} dimensions"
            )
        blocks.append(atleast_2d(x))
    dtype = blocks[0].dtype
    for x in blocks[1:]:
        dtype = rushlight.promote_types(dtype, x.dtype)
    rows = sum(x.shape[0] for x in blocks)
    columns = sum(x.shape[1] for x in blocks)
    result = _core.zeros(rows, columns, dtype=dtype, device=blocks[0].device)
    row = column = 0
    for x in blocks:
        m, n = x.shape
        result[row : row + m, column : column + n].copy_(x)
        row, column = row + m, column + n
    return result


def meshgrid(*tensors, indexing=None):
    """Coordinate grids of 1-d tensors, as expanded views.

    Args:
        tensors (Tensor): n tensors of 0 or 1 dims.
        indexing (str, optional): ``"ij"``, the default, or ``"xy"``, which exchanges
            the first two dims.

    Returns:
        tuple of Tensor: n tensors of n dims.

    Example::

        >>> x, y = rushlight.meshgrid(
        ...     rushlight.tensor([1, 2]), rushlight.tensor([3, 4, 5]), indexing="ij")
        >>> y
        tensor([[3, 4, 5],
                [3, 4, 5]])
    """
    tensors = _tensors("meshgrid", tensors)
    if indexing is None:
        warnings.warn(
            "meshgrid(): in an upcoming release, it will be required to pass the "
            'indexing argument; "ij" is used now.',
            stacklevel=2,
        )
        indexing = "ij"
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    for x in tensors:
        if x.dim() > 1:
            raise RuntimeError(
                "meshgrid: Expected 0D or 1D tensor in the tensor list but got shape "
                f"{tuple(x.shape)}"
            )
        if x.dtype != tensors[0].dtype:
            raise RuntimeError(
                "meshgrid expects all tensors to have the same dtype, got "
                f"{tensors[0].dtype} and {x.dtype}"
            )
    if indexing not in ("ij", "xy"):
        raise RuntimeError(
            f'meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
        )
    exchange = indexing == "xy" and len(tensors) >= 2
    if exchange:
        tensors = (tensors[1], tensors[0], *tensors[2:])
    shape = [x.numel() for x in tensors]
    grids = []
    for d, x in enumerate(tensors):
        view = [1] * len(tensors)
        view[d] = shape[d]
        grids.append(x.view(view).expand(shape))
    if exchange:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


def cartesian_prod(*tensors):
    """All combinations of one element of each 1-d tensor.

    Returns:
        Tensor: (product of lengths, number of tensors); a single tensor as it is.

    Example::

        >>> rushlight.cartesian_prod(rushlight.tensor([1, 2]), rushlight.tensor([3]))
        tensor([[1, 3],
                [2, 3]])
    """
    tensors = _tensors("cartesian_prod", (list(tensors),))
    for x in tensors:
        if x.dim() != 1:
            raise RuntimeError(
                f"cartesian_prod: Expect a 1D vector, but got shape {tuple(x.shape)}"
            )
    if len(tensors) == 1:
        return tensors[0]
    grids = meshgrid(*tensors, indexing="ij")
    return rushlight.stack([g.flatten() for g in grids], 1)


def combinations(input, r=2, with_replacement=False):
    """Combinations of ``r`` elements, in the order of itertools.

    Args:
        input (Tensor): (n,).
        r (int): the length of each, not negative.
        with_replacement (bool): an element may occur more than once.

    Returns:
        Tensor: (number of combinations, r); empty, 1-d, for ``r=0``.

    Example::

        >>> rushlight.combinations(rushlight.tensor([1, 2, 3]))
        tensor([[1, 2],
                [1, 3],
                [2, 3]])
    """
    _tensor("combinations", input)
    if input.dim() != 1:
        raise RuntimeError(
            f"combinations: Expect a 1D vector, but got shape {tuple(input.shape)}"
        )
    if r < 0:
        raise RuntimeError(f"combinations: Expect a non-negative number, but got {r}")
    if r == 0:
        return _core.empty(0, dtype=input.dtype)
    import itertools

    choose = (
        itertools.combinations_with_replacement
        if with_replacement
        else itertools.combinations
    )
    rows = list(choose(range(input.numel()), r))
    index = _core.tensor(rows, dtype=rushlight.int64).reshape(len(rows), r)
    return input.take(index)


def column_stack(tensors, *, out=None):
    """Joins along dim 1; tensors of 0 or 1 dims become columns first.

    Example::

        >>> rushlight.column_stack((rushlight.tensor([1, 2]), rushlight.tensor([3, 4])))
        tensor([[1, 3],
                [2, 4]])
    """
    tensors = _tensors("column_stack", (tensors,))
    if not tensors:
        raise RuntimeError("column_stack expects a non-empty TensorList")
    columns = [x.reshape(x.numel(), 1) if x.dim() <= 1 else x for x in tensors]
    return _ops.hstack(columns, out=out) if out is not None else _ops.hstack(columns)


# Of a split; as many views would take hundreds of gigabytes.
_MAX_PARTS = 2**31


def _pieces(op, input, indices_or_sections, dim):
    _tensor(op, input)
    if not input.dim():
        raise RuntimeError(
            f"{op} expected at least a 1-dimensional tensor, but got a tensor with "
            "0 dims"
        )
    dim = _wrap(op, dim, input.dim())
    n = input.shape[dim]
    if isinstance(indices_or_sections, Tensor):
        cuts = indices_or_sections
        if cuts.dim() > 1 or cuts.dtype != rushlight.int64:
            raise RuntimeError(
                f"{op} expected tensor_indices_or_sections to be a zero-dimensional or "
                f"one-dimensional int64 tensor, but got shape {tuple(cuts.shape)} and "
                f"{cuts.dtype}"
            )
        indices_or_sections = cuts.tolist()
    if isinstance(indices_or_sections, int):
        parts = indices_or_sections
        if parts <= 0:
            raise RuntimeError(
                f"{op}: number of sections must be larger than 0, got {parts}"
            )
        if parts > _MAX_PARTS:
            raise RuntimeError(
                f"{op}(): {parts} sections are more than memory holds; a dim of size "
                f"{n} "
                "has no use for them"
            )
        small, longer = divmod(n, parts)
        ends = [(i + 1) * small + min(i + 1, longer) for i in range(parts)]
        starts = [0, *ends[:-1]]
        return tuple(
            input.narrow(dim, a, b - a) for a, b in zip(starts, ends, strict=True)
        )
    cuts = [*indices_or_sections, n]
    head = (slice(None),) * dim
    result, start = [], 0
    for end in cuts:
        result.append(input[(*head, slice(start, end))])
        start = end
    return tuple(result)


def _wrap(op, dim, n):
    limit = max(n, 1)
    if not -limit <= dim < limit:
        raise IndexError(
            f"{op}(): Dimension out of range (expected to be in range of "
            f"[{-limit}, {limit - 1}], but got {dim})"
        )
    return dim % limit


def tensor_split(
    input,
    indices_or_sections=None,
    dim=0,
    *,
    indices=None,
    sections=None,
    tensor_indices_or_sections=None,
):
    """Views of consecutive parts, which need not be of equal size.

    Args:
        input (Tensor): of at least one dim.
        indices_or_sections (int, tuple of int or Tensor): the number of parts, or the
            positions to cut at; by keyword ``sections``, ``indices`` or
            ``tensor_indices_or_sections``.
        dim (int): the dim to split.

    Returns:
        tuple of Tensor.

    Example::

        >>> rushlight.tensor_split(rushlight.arange(4), 3)
        (tensor([0, 1]), tensor([2]), tensor([3]))
    """
    given = [
        x
        for x in (indices_or_sections, indices, sections, tensor_indices_or_sections)
        if x is not None
    ]
    if len(given) != 1:
        raise TypeError("tensor_split(): takes one of sections and indices")
    return _pieces("tensor_split", input, given[0], dim)


def _split_along(op, input, indices_or_sections, dim, least):
    _tensor(op, input)
    if input.dim() < least:
        raise RuntimeError(
            f"{op}(): requires a tensor with at least {least} "
            f"dimension{'s' if least > 1 else ''}, but got a tensor with "
            f"{input.dim()} dimensions!"
        )
    if isinstance(indices_or_sections, int):
        n = input.shape[dim]
        if indices_or_sections <= 0 or n % indices_or_sections:
            raise RuntimeError(
                f"{op}(): attempted to split along dimension {dim}, but the size of "
                f"the dimension {n} is not divisible by the split_size "
                f"{indices_or_sections}!"
            )
    return _pieces(op, input, indices_or_sections, dim)


def _cuts(op, indices, given):
    # Methods take hsplit(2), hsplit(1, 3) and hsplit((1, 3)).
    if given:
        return (indices, *given)
    if not isinstance(indices, (int, tuple, list)):
        raise TypeError(f"{op}(): invalid sections of type {type(indices).__name__}")
    return indices


def hsplit(input, indices_or_sections, *more):
    """:func:`tensor_split` into equal parts or at indices, along dim 1 (0 when 1-d)."""
    dim = 0 if _tensor("hsplit", input).dim() == 1 else 1
    cuts = _cuts("hsplit", indices_or_sections, more)
    return _split_along("hsplit", input, cuts, dim, 1)


def vsplit(input, indices_or_sections, *more):
    """:func:`tensor_split` into equal parts or at indices, along dim 0 of a matrix."""
    cuts = _cuts("vsplit", indices_or_sections, more)
    return _split_along("vsplit", input, cuts, 0, 2)


def dsplit(input, indices_or_sections, *more):
    """:func:`tensor_split` into equal parts or at indices, along dim 2."""
    cuts = _cuts("dsplit", indices_or_sections, more)
    return _split_along("dsplit", input, cuts, 2, 3)


def split_with_sizes(input, split_sizes, dim=0):
    """Views of consecutive parts of the given sizes; see :func:`split`."""
    return _functions.split(_tensor("split_with_sizes", input), tuple(split_sizes), dim)


def ravel(input):
    """One dim; a view where the elements lie in order, else a copy."""
    return _tensor("ravel", input).contiguous().view(-1)


def rot90(input, k=1, dims=(0, 1)):
    """Turned by ``k`` times 90 degrees in the plane of two dims.

    Returns:
        Tensor: a copy.

    Example::

        >>> rushlight.rot90(rushlight.tensor([[1, 2], [3, 4]]))
        tensor([[2, 4],
                [1, 3]])
    """
    _tensor("rot90", input)
    n = input.dim()
    if len(dims) != 2:
        raise RuntimeError(
            f"expected total rotation dims == 2, but got dims = {len(dims)}"
        )
    if n < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {n}")
    a, b = dims
    if a == b or abs(a - b) == n:
        raise RuntimeError(
            f"expected rotation dims to be different, but got dim0 = {a} and dim1 = {b}"
        )
    for d in dims:
        if not -n <= d < n:
            raise IndexError(
                f"rot90(): Dimension out of range (expected to be in range of [{-n}, "
                f"{n - 1}], but got {d})"
            )
    k %= 4
    if k == 1:
        return _ops.flip(input, (b,)).transpose(a, b)
    if k == 2:
        return _ops.flip(input, (a, b))
    if k == 3:
        return _ops.flip(input, (a,)).transpose(a, b)
    return input.contiguous().clone()


def sum_to_size(self, *size):
    """Summed over the dims along which ``size`` would broadcast to this shape.

    Raises:
        RuntimeError: when ``size`` does not broadcast to it.

    Example::

        >>> rushlight.ones(2, 3).sum_to_size(1, 3)
        tensor([[2., 2., 2.]])
    """
    if len(size) == 1 and not isinstance(size[0], int):
        size = tuple(size[0])
    if not size:
        return self.sum()
    shape = self.shape
    extra = len(shape) - len(size)
    if extra < 0 or any(
        s not in (1, n) for s, n in zip(size, shape[extra:], strict=True)
    ):
        raise RuntimeError(
            f"size {{{list(size)}}} is not expandable to size {{{list(shape)}}}."
        )
    dims = list(range(extra)) + [
        extra + i
        for i, (s, n) in enumerate(zip(size, shape[extra:], strict=True))
        if s == 1 and n != 1
    ]
    result = self.sum(dims, keepdim=True) if dims else self
    return result.view(size) if extra else result


def vander(x, N=None, increasing=False):
    """Powers of a vector's elements as columns, the highest first.

    Args:
        x (Tensor): (n,).
        N (int, optional): the number of columns; default n.
        increasing (bool): the powers grow from left to right.

    Returns:
        Tensor: (n, N).

    Example::

        >>> rushlight.vander(rushlight.tensor([1, 2, 3]))
        tensor([[1, 1, 1],
                [4, 2, 1],
                [9, 3, 1]])
    """
    _tensor("vander", x)
    if x.dim() != 1:
        raise RuntimeError("vander(): x must be a one-dimensional tensor.")
    n = x.numel() if N is None else N
    if n < 0:
        raise RuntimeError(f"vander(): N must be non-negative, got {n}")
    dtype = x.dtype
    if not dtype.is_floating_point and not dtype.is_complex:
        dtype = rushlight.promote_types(dtype, rushlight.int64)
    if n == 0:
        return _core.empty(x.numel(), 0, dtype=dtype)
    x = x.to(dtype).unsqueeze(1)
    ones = _core.ones(x.shape[0], 1, dtype=dtype)
    result = ones
    if n > 1:
        powers = x.expand(x.shape[0], n - 1).cumprod(1)
        result = rushlight.cat([ones, powers], 1)
    return result if increasing else _ops.flip(result, (1,))


def channel_shuffle(input, groups):
    """Channels of (N, C, *) dealt out in turn to ``groups`` groups.

    Shape:
        Input (N, C, *) with C a multiple of ``groups``, output the same.

    Example::

        >>> x = rushlight.arange(4).view(1, 4, 1)
        >>> rushlight.channel_shuffle(x, 2).flatten()
        tensor([0, 2, 1, 3])
    """
    _tensor("channel_shuffle", input)
    if input.dim() <= 2:
        raise RuntimeError(
            "channel_shuffle expects input with > 2 dims, but got input with sizes "
            f"{list(input.shape)}"
        )
    c = input.shape[1]
    if groups <= 0:
        raise RuntimeError(
            "Number of groups to divide channels in must be positive. Value of "
            f"groups:{groups}"
        )
    if c % groups:
        raise RuntimeError(
            "Number of channels must be divisible by groups. Got "
            f"{c} channels and {groups} groups."
        )
    if input.numel() == 0:
        return input.view(input.shape)
    parts = input.view(input.shape[0], groups, c // groups, -1)
    return parts.permute(0, 2, 1, 3).contiguous().reshape(input.shape)


def native_channel_shuffle(input, groups):
    """:func:`channel_shuffle` under the name of its kernel.

    Shape:
        Input (N, C, *) with C a multiple of ``groups``, output the same.
    """
    return channel_shuffle(input, groups)


def pixel_shuffle(input, upscale_factor):
    """Channels spread over space: (*, C * r * r, H, W) to (*, C, H * r, W * r).

    Example::

        >>> rushlight.pixel_shuffle(rushlight.zeros(1, 8, 2, 3), 2).shape
        rushlight.Size([1, 2, 4, 6])
    """
    _tensor("pixel_shuffle", input)
    r = upscale_factor
    if input.dim() < 3:
        raise RuntimeError(
            "pixel_shuffle expects input to have at least 3 dimensions, but got input "
            f"with {input.dim()} dimension(s)"
        )
    if r <= 0:
        raise RuntimeError(
            f"pixel_shuffle expects a positive upscale_factor, but got {r}"
        )
    if r == 1:
        return input.clone(memory_format=rushlight.contiguous_format)
    *lead, c, h, w = input.shape
    if c % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by "
            f"the square of upscale_factor, but input.size(-3)={c} is not divisible by "
            f"{r * r}"
        )
    oc, n = c // (r * r), len(lead)
    x = input.reshape(*lead, oc, r, r, h, w)
    x = x.permute(*range(n), n, n + 3, n + 1, n + 4, n + 2)
    x = x.clone(memory_format=rushlight.contiguous_format)
    return x.reshape(*lead, oc, h * r, w * r)


def pixel_unshuffle(input, downscale_factor):
    """Undoes :func:`pixel_shuffle`: (*, C, H * r, W * r) to (*, C * r * r, H, W)."""
    _tensor("pixel_unshuffle", input)
    r = downscale_factor
    if input.dim() < 3:
        raise RuntimeError(
            "pixel_unshuffle expects input to have at least 3 dimensions, but got "
            "input "
            f"with {input.dim()} dimension(s)"
        )
    if r <= 0:
        raise RuntimeError(
            f"pixel_unshuffle expects a positive downscale_factor, but got {r}"
        )
    *lead, c, h, w = input.shape
    for name, size in (("height", h), ("width", w)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, "
                f"but {name} {size} is not divisible by {r}"
            )
    if input.numel() == 0 or r == 1:
        # Without elements of the same shape, as in PyTorch.
        return input.clone(memory_format=rushlight.contiguous_format)
    n = len(lead)
    x = input.reshape(*lead, c, h // r, r, w // r, r)
    x = x.permute(*range(n), n, n + 2, n + 4, n + 1, n + 3)
    x = x.clone(memory_format=rushlight.contiguous_format)
    return x.reshape(*lead, c * r * r, h // r, w // r)


def constant_pad_nd(input, pad, value=0):
    """The last dims padded with one value: ``(left, right)`` of the last dim first.

    Args:
        input (Tensor): of any shape.
        pad (sequence of int): an even number of widths; negative ones crop.
        value (Number): what is filled in.

    Example::

        >>> rushlight.constant_pad_nd(rushlight.tensor([1, 2]), (1, 0))
        tensor([0, 1, 2])
    """
    from rushlight.nn.functional import pad as pad_

    input = _tensor("constant_pad_nd", input)
    return pad_(input, pad, "constant", value) if pad else input.clone()


def _indices(op, row, col, offset, dtype, device, mask):
    for name, n in (("row", row), ("col", col)):
        if not isinstance(n, int):
            raise TypeError(
                f"{op}(): argument '{name}' must be int, not {type(n).__name__}"
            )
        if n < 0:
            raise RuntimeError(f"{op}(): {name} must be non-negative, got {n}")
    if dtype is None:
        dtype = rushlight.int64
    if dtype not in (rushlight.int32, rushlight.int64):
        raise RuntimeError(f'"{op}" not implemented for {dtype}')
    whole = _core.ones(row, col, dtype=rushlight.bool)
    places = _ops.nonzero(mask(whole, offset))
    where = rushlight.stack((places[:, 0], places[:, 1])).to(dtype)
    return where if device is None else where.to(device=device)


def tril_indices(row, col, offset=0, *, dtype=None, device=None, layout=None):
    """Rows and columns of the lower triangle of a matrix.

    Args:
        row (int): of the matrix.
        col (int): of the matrix.
        offset (int): of the diagonal, which belongs to the triangle.
        dtype (dtype, optional): int64 or int32.

    Returns:
        Tensor: (2, n), row by row.

    Example::

        >>> rushlight.tril_indices(2, 2)
        tensor([[0, 1, 1],
                [0, 0, 1]])
    """
    return _indices("tril_indices", row, col, offset, dtype, device, _ops.tril)


def triu_indices(row, col, offset=0, *, dtype=None, device=None, layout=None):
    """Rows and columns of the upper triangle; see :func:`tril_indices`.

    Shape:
        (2, number of places).
    """
    return _indices("triu_indices", row, col, offset, dtype, device, _ops.triu)


METHODS = {
    "dsplit": dsplit,
    "hsplit": hsplit,
    "vsplit": vsplit,
    "ravel": ravel,
    "rot90": rot90,
    "split_with_sizes": split_with_sizes,
    "sum_to_size": sum_to_size,
    "tensor_split": tensor_split,
}
