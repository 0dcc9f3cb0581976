"""Derivatives of indexing, scattering and joining; see _derivatives.py."""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops


def _zeros(shape, g):
    return rushlight.zeros(shape, dtype=g.dtype, device=g.device)


def _fit(g, shape):
    """g in the corner of a tensor of the given shape: the rest was not used."""
    if tuple(g.shape) == tuple(shape):
        return g
    if not shape or not g.shape:
        return g.reshape(shape)
    out = _zeros(shape, g)
    out[tuple(slice(n) for n in g.shape)].copy_(g)
    return out


def _unpad(g, shape, widths, mode):
    from rushlight.nn._functional.padding import unpad

    return unpad(g, shape, widths, mode)


def _pick(g, dim, index, shape):
    """The gradient of a source that was scattered along ``dim`` to ``index``."""
    if index.numel() == 0:
        return _zeros(shape, g)
    return _fit(_ops.gather(g, dim, index), shape)


def _only_masks(indices):
    return all(i is None or i.dtype is rushlight.bool for i in indices)


def _index_backward(g, shape, indices):
    # What masks pick is distinct; an int may pick an element twice.
    return _ops.index_put(_zeros(shape, g), indices, g, not _only_masks(indices))


def _index_put_input(g, indices, accumulate):
    return g if accumulate else _ops.index_put(g, indices, _zeros((), g), False)


def _take_backward(g, shape, index):
    flat = _zeros((math.prod(shape),), g)
    return _ops.index_put(flat, (index,), g, True).reshape(shape)


def _take_along_dim_backward(g, shape, indices, dim):
    flat = dim is None
    if flat:
        sizes, dim, indices, g = (
            [math.prod(shape)],
            0,
            indices.reshape(-1),
            g.reshape(-1),
        )
    elif not shape:
        return g.reshape(shape)
    else:
        dim = dim % len(shape)
        sizes = list(g.shape)
        sizes[dim] = shape[dim]
        indices = indices.expand(g.shape)
    indices = rushlight.where(indices < 0, indices + sizes[dim], indices)
    out = _ops.scatter_add(_zeros(sizes, g), dim, indices, g)
    return out.reshape(shape) if flat else out


def _masked_select_backward(g, shape, mask):
    wide = rushlight.broadcast_shapes(shape, mask.shape)
    return _ops.masked_scatter(_zeros(wide, g), mask, g)


def _masked_scatter_source(g, shape, mask):
    picked = _ops.masked_select(g, mask)
    flat = _zeros((math.prod(shape),), g)
    flat[: picked.numel()].copy_(picked)
    return flat.reshape(shape)


def _scatter_input(g, dim, index, reduce):
    if reduce == "add":
        return g
    if reduce == "multiply":
        raise NotImplementedError(
            "derivative for 'scatter' with reduce='multiply' is not implemented: use "
            "scatter_reduce(..., 'prod')"
        )
    return _ops.scatter(g, dim, index, 0)


def _scatter_src(g, dim, index, src_shape, reduce):
    if reduce == "multiply":
        raise NotImplementedError(
            "derivative for 'scatter' with reduce='multiply' is not implemented: use "
            "scatter_reduce(..., 'prod')"
        )
    return _pick(g, dim, index, src_shape)


def _counts(g, dim, index, include_self):
    """How many values each element of a mean was made of."""
    start = rushlight.ones_like(g) if include_self else rushlight.zeros_like(g)
    ones = rushlight.ones(index.shape, dtype=g.dtype, device=g.device)
    count = _ops.scatter_add(start, dim, index, ones)
    return _ops.masked_fill(count, count == 0, 1)


def _shares(g, input, dim, index, src, result):
    """The gradient of an extremum, divided among the values that are equal to it."""
    own = (input == result).to(g.dtype)
    chosen = (_cut(src, index) == _ops.gather(result, dim, index)).to(g.dtype)
    return own, chosen, g / _ops.scatter_add(own, dim, index, chosen)


def _cut(src, index):
    """The part of src that an index of its own shape or a smaller one uses."""
    if tuple(src.shape) == tuple(index.shape):
        return src
    if not src.dim() or not index.dim():
        return src.reshape(index.shape)
    return src[tuple(slice(n) for n in index.shape)]


def _scatter_reduce_input(g, input, dim, index, src, reduce, include_self, result):
    if index.numel() == 0:
        return g
    if reduce == "sum":
        out = g
    elif reduce == "mean":
        out = g / _counts(g, dim, index, include_self)
    elif reduce == "prod":
        # Of the others: the product with a 1 in place of a 0.
        ones = _ops.masked_fill(input, input == 0, 1)
        others = _ops.scatter_reduce(ones, dim, index, src, "prod", include_self=True)
        out = g * others / ones
    else:
        own, _, share = _shares(g, input, dim, index, src, result)
        out = own * share
    return out if include_self else _ops.scatter(out, dim, index, 0)


def _scatter_reduce_src(g, input, dim, index, src, reduce, include_self, result):
    if index.numel() == 0:
        return rushlight.zeros_like(src)
    shape = src.shape
    if reduce == "sum":
        return _pick(g, dim, index, shape)
    if reduce == "mean":
        return _pick(g / _counts(g, dim, index, include_self), dim, index, shape)
    src = _cut(src, index)
    if reduce != "prod":
        own = input
        if not include_self:
            # Where something lands, the element's own value took no part.
            own = _ops.scatter(input, dim, index, math.nan)
        _, chosen, share = _shares(g, own, dim, index, src, result)
        return _fit(chosen * _ops.gather(share, dim, index), shape)
    zero = src == 0
    zeros = _ops.scatter_add(rushlight.zeros_like(result), dim, index, zero.to(g.dtype))
    lone = zero & (_ops.gather(zeros, dim, index) == 1)
    # A single zero sees the product of all the others; other values divide the whole.
    without = _ops.scatter_reduce(
        input,
        dim,
        index,
        _ops.masked_fill(src, lone, 1),
        "prod",
        include_self=include_self,
    )
    whole = _ops.gather(g * result, dim, index) / _ops.masked_fill(src, zero, 1)
    return _fit(
        rushlight.where(lone, _ops.gather(g * without, dim, index), whole), shape
    )


def _index_add_source(g, dim, index, source_shape, alpha):
    out = _ops.index_select(g, dim, index).reshape(source_shape)
    return out if alpha == 1 else out * alpha


def _pieces(g, dim, shapes):
    present = [s for s in shapes if tuple(s) != (0,)]
    if not present:
        return [_zeros(s, g) for s in shapes]
    dim = dim % len(present[0])
    pieces, at = [], 0
    for shape in shapes:
        if tuple(shape) == (0,) and len(present[0]) != 1:
            pieces.append(_zeros(shape, g))
            continue
        pieces.append(g.narrow(dim, at, shape[dim]))
        at += shape[dim]
    return pieces


def _stacked(g, shapes, least, dim):
    """The gradients of hstack, vstack or dstack, whose parts got ``least`` dims."""
    if least == 1:
        dim = 0 if g.dim() == 1 else 1
    wide = []
    for shape in shapes:
        shape = tuple(shape)
        if len(shape) == 0:
            shape = (1,)
        if least >= 2 and len(shape) == 1:
            shape = (1, *shape)
        if least == 3 and len(shape) == 2:
            shape = (*shape, 1)
        wide.append(shape)
    return [x.reshape(s) for x, s in zip(_pieces(g, dim, wide), shapes, strict=False)]


def _repeat_backward(g, shape, repeats):
    repeats = [repeats] if isinstance(repeats, int) else list(repeats)
    repeats = [1] * (len(shape) - len(repeats)) + repeats
    sizes = [1] * (len(repeats) - len(shape)) + list(shape)
    if 0 in repeats:
        return _zeros(shape, g)
    paired = [n for pair in zip(repeats, sizes, strict=False) for n in pair]
    if not paired:
        return g
    return g.reshape(paired).sum(list(range(0, len(paired), 2))).reshape(shape)


def _repeat_interleave_backward(g, shape, repeats, dim):
    if not shape or dim is None:
        sizes, dim = [math.prod(shape)], 0
    else:
        sizes, dim = list(shape), dim % len(shape)
    return (
        g.reshape([*sizes[: dim + 1], repeats, *sizes[dim + 1 :]])
        .sum(dim + 1)
        .reshape(shape)
    )


def _repeat_each_backward(g, shape, repeats, dim):
    if not shape or dim is None:
        sizes, dim = [math.prod(shape)], 0
    else:
        sizes, dim = list(shape), dim % len(shape)
    positions = rushlight.arange(sizes[dim], device=g.device)
    index = _ops.repeat_interleave_tensor(positions, repeats, 0, None)
    return _ops.index_add(_zeros(sizes, g), dim, index, g).reshape(shape)


def _negative(shifts):
    return -shifts if isinstance(shifts, int) else [-s for s in shifts]


RULES = {
    # -- reads -------------------------------------------------------------------------
    "gather": {
        "input": lambda g, input_shape, dim, index: (
            _ops.scatter_add(_zeros(input_shape, g), dim, index, g)
            if index.numel()
            else _zeros(input_shape, g)
        )
    },
    "index_select": {
        # In place: tables of embeddings are large.
        "input": lambda g, input_shape, dim, index: _zeros(input_shape, g).index_add_(
            dim, index, g
        )
    },
    "take": {
        "input": lambda g, input_shape, index: _take_backward(g, input_shape, index)
    },
    "take_along_dim": {
        "input": lambda g, input_shape, indices, dim: _take_along_dim_backward(
            g, input_shape, indices, dim
        )
    },
    "index": {
        "input": lambda g, input_shape, indices: _index_backward(
            g, input_shape, indices
        )
    },
    "masked_select": {
        "input": lambda g, input_shape, mask: _masked_select_backward(
            g, input_shape, mask
        )
    },
    "nonzero": {"input": None},
    "nonzero_tuple": {"input": None},
    "pad_constant": {
        "input": lambda g, pad: _ops.pad_constant(g, [-width for width in pad])
    },
    "pad_mapped": {
        "input": lambda g, input_shape, pad, mode: _unpad(g, input_shape, pad, mode)
    },
    # -- writes ------------------------------------------------------------------------
    "index_put": {
        "input": lambda g, indices, accumulate: _index_put_input(
            g, indices, accumulate
        ),
        "values": lambda g, indices: _ops.index(g, indices),
    },
    "masked_fill": {
        "input": lambda g, mask: _ops.masked_fill(g, mask, 0),
        "value": lambda g, mask: rushlight.where(
            mask, g, rushlight.zeros_like(g)
        ).sum(),
    },
    "masked_scatter": {
        "input": lambda g, mask: _ops.masked_fill(g, mask, 0),
        "source": lambda g, source_shape, mask: _masked_scatter_source(
            g, source_shape, mask
        ),
    },
    "scatter": {"input": _scatter_input, "src": _scatter_src},
    "scatter_add": {
        "input": lambda g: g,
        "src": lambda g, dim, index, src_shape: _pick(g, dim, index, src_shape),
    },
    "scatter_reduce": {"input": _scatter_reduce_input, "src": _scatter_reduce_src},
    "index_add": {"input": lambda g: g, "source": _index_add_source},
    "index_copy": {
        "input": lambda g, dim, index: _ops.index_fill(g, dim, index, 0),
        "source": lambda g, dim, index, source_shape: _ops.index_select(
            g, dim, index
        ).reshape(source_shape),
    },
    "index_fill": {
        "input": lambda g, dim, index: _ops.index_fill(g, dim, index, 0),
        # Right for negative and repeated indices too.
        "value": lambda g, dim, index: (g - _ops.index_fill(g, dim, index, 0)).sum(),
    },
    # -- joining and rearranging -------------------------------------------------------
    "cat": {"tensors": lambda g, tensors_shape, dim: _pieces(g, dim, tensors_shape)},
    "stack": {"tensors": lambda g, dim: list(g.unbind(dim))},
    "hstack": {"tensors": lambda g, tensors_shape: _stacked(g, tensors_shape, 1, None)},
    "vstack": {"tensors": lambda g, tensors_shape: _stacked(g, tensors_shape, 2, 0)},
    "dstack": {"tensors": lambda g, tensors_shape: _stacked(g, tensors_shape, 3, 2)},
    "repeat": {
        "input": lambda g, input_shape, repeats: _repeat_backward(
            g, input_shape, repeats
        )
    },
    "tile": {
        "input": lambda g, input_shape, dims: _repeat_backward(g, input_shape, dims)
    },
    "repeat_interleave_int": {
        "input": lambda g, input_shape, repeats, dim: _repeat_interleave_backward(
            g, input_shape, repeats, dim
        )
    },
    "repeat_interleave_tensor": {
        "input": lambda g, input_shape, repeats, dim: _repeat_each_backward(
            g, input_shape, repeats, dim
        )
    },
    "flip": {"input": lambda g, dims: _ops.flip(g, dims)},
    "roll": {"input": lambda g, shifts, dims: _ops.roll(g, _negative(shifts), dims)},
    "tril": {"input": lambda g, diagonal: _ops.tril(g, diagonal)},
    "triu": {"input": lambda g, diagonal: _ops.triu(g, diagonal)},
}
