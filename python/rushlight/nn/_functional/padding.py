"""Padding with a constant or with elements of the input, and the latter's adjoint."""

from __future__ import annotations

import functools
import operator

import rushlight
from rushlight import _ops


def pad(input, pad, mode="constant", value=None):
    """Pad the last dims of a tensor.

    Args:
        input: a tensor.
        pad: an even number of ints, ``(left, right)`` of the last dim first, then of
            the one before, ...; negative numbers crop.
        mode: ``"constant"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
            Default: ``"constant"``.
        value: the constant. Default: 0.

    Returns:
        The padded tensor.

    Raises:
        RuntimeError: the widths do not fit the shape.
        NotImplementedError: the mode does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.pad(rushlight.tensor([1.0, 2.0]), (1, 0))
        tensor([0., 1., 2.])
    """
    widths = [operator.index(width) for width in pad]
    if len(widths) % 2:
        raise RuntimeError(f"pad(): Padding length must be divisible by 2, got {pad}")
    if len(widths) // 2 > input.ndim:
        raise RuntimeError(
            "pad(): Padding length should be less than or equal to two times the input "
            f"dimension but got padding length {len(widths)} and input of dimension "
            f"{input.ndim}"
        )
    if mode == "constant":
        return _ops.pad_constant(input, widths, 0 if value is None else value)
    if value is not None and value != 0:
        raise RuntimeError(
            f'pad(): Padding mode "{mode}" doesn\'t take in value argument'
        )
    if mode not in _SOURCES:
        raise NotImplementedError(
            f"pad(): Unrecognised padding mode {mode}; expected constant, reflect, "
            "replicate or circular"
        )
    spatial = len(widths) // 2
    if input.ndim not in (spatial + 1, spatial + 2) or spatial not in (1, 2, 3):
        raise NotImplementedError(
            "pad(): Only 2D, 3D, 4D, 5D padding with non-constant padding are "
            f"supported for now, got padding length {len(widths)} and input of "
            f"dimension {input.ndim}"
        )
    for at in range(0, len(widths), 2):
        # Where something is cut off, its border may come from there.
        if min(widths[at : at + 2]) < 0:
            dim = input.ndim - 1 - at // 2
            sources = _sources(mode, input.shape[dim], *widths[at : at + 2], dim)
            index = _index(tuple(sources), input.device)
            input = input.index_select(dim, index)
            widths[at : at + 2] = 0, 0
    return _ops.pad_mapped(input, widths, mode)


@functools.lru_cache(maxsize=256)
def _index(sources, device):
    return rushlight.tensor(sources, dtype=rushlight.int64, device=device)


@functools.lru_cache(maxsize=256)
def _borders(shape, widths, mode):
    """Where the input lies in its padded form, and the borders around it.

    Each border is (where it is, dim, where its sources are, which of them along the
    dim), in the order in which padding dim by dim fills them.
    """
    padded, place = list(shape), [slice(0, size) for size in shape]
    borders = []
    for at in range(0, len(widths), 2):
        left, right = widths[at : at + 2]
        dim = len(shape) - 1 - at // 2
        padded[dim] += left + right
        place[dim] = slice(left, left + shape[dim])
    filled = list(place)
    for dim in reversed(range(len(shape))):
        left, right = place[dim].start, padded[dim] - place[dim].stop
        if left or right:
            sources = _sources(mode, shape[dim], left, right, dim)
            inner = tuple(filled)
            for cut in (slice(0, left), slice(padded[dim] - right, padded[dim])):
                if cut.start < cut.stop:
                    filled[dim] = cut
                    borders.append((tuple(filled), dim, inner, tuple(sources[cut])))
        filled[dim] = slice(0, padded[dim])
    return tuple(place), borders


def unpad(g, shape, widths, mode):
    """The adjoint of padding a tensor of ``shape`` with elements of its own."""
    place, borders = _borders(tuple(shape), tuple(widths), mode)
    g = g.clone(memory_format=rushlight.contiguous_format)
    for where, dim, inner, sources in reversed(borders):
        g[inner].index_add_(dim, _index(sources, g.device), g[where])
    return g[place].clone(memory_format=rushlight.contiguous_format)


def _sources(mode, size, left, right, dim):
    if size + left + right < 0:
        raise RuntimeError(
            f"pad(): The input size {size}, plus padding {left} and {right} at "
            f"dimension {dim} resulted in a negative output size"
        )
    return _SOURCES[mode](size, left, right, dim)


def _reflect(size, left, right, dim):
    if left >= size or right >= size:
        raise RuntimeError(
            "pad(): Padding size should be less than the corresponding input "
            f"dimension, but got: padding ({left}, {right}) at dimension {dim} of "
            f"size {size}"
        )
    last = size - 1
    return [last - abs(last - abs(i)) for i in range(-left, size + right)]


def _replicate(size, left, right, dim):
    if size == 0:
        raise RuntimeError(
            f"pad(): cannot replicate the edge of dimension {dim}, which is empty"
        )
    if size + left + right == 0:
        raise RuntimeError(
            f"pad(): dimension {dim} of size {size} is too small for padding ({left}, "
            f"{right}): the output would be empty"
        )
    return [min(max(i, 0), size - 1) for i in range(-left, size + right)]


def _circular(size, left, right, dim):
    if left > size or right > size:
        raise RuntimeError(
            "pad(): Padding value causes wrapping around more than once: padding "
            f"({left}, {right}) at dimension {dim} of size {size}"
        )
    # What is cut off does not come back on the other side.
    kept = range(max(-left, 0), size - max(-right, 0))
    wrapped = range(-max(left, 0), len(kept) + max(right, 0))
    if wrapped and not kept:
        raise RuntimeError(
            f"pad(): padding ({left}, {right}) leaves nothing of dimension {dim} of "
            f"size {size} to wrap around"
        )
    return [kept[i % len(kept)] for i in wrapped]


_SOURCES = {"reflect": _reflect, "replicate": _replicate, "circular": _circular}
