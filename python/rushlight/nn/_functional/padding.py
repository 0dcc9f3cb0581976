"""Padding: the input is copied once into its place, then the borders are filled."""

from __future__ import annotations

import dataclasses
import functools
import math
import operator

import rushlight
from rushlight import _core, _ops
from rushlight.autograd.function import Function


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
    return _Pad.apply(input, _plan(tuple(input.shape), tuple(widths), mode), 0)


@dataclasses.dataclass(frozen=True)
class _Plan:
    """``kept`` of a tensor of ``shape`` goes to ``place`` of one of ``padded`` sizes.

    Each of ``borders`` is (where it is, dim, where its sources are, which of them along
    the dim), in the order in which they are filled; without sources it is constant.
    ``indices`` has (dim, the source of each place along it) instead.
    """

    shape: tuple
    padded: tuple
    kept: tuple
    place: tuple
    borders: list
    indices: list

    def crops(self):
        return any(k.start > 0 or k.stop < n for k, n in zip(self.kept, self.shape))


# A layer pads inputs of one shape again and again, and to plan takes longer than to pad
# a small one.
@functools.lru_cache(maxsize=256)
def _plan(shape, widths, mode):
    padded, kept, place = list(shape), [], []
    for dim, size in enumerate(shape):
        at = 2 * (len(shape) - 1 - dim)
        left, right = widths[at : at + 2] if at < len(widths) else (0, 0)
        if size + left + right < 0 or max(-left, 0) + max(-right, 0) > size:
            raise RuntimeError(
                f"pad(): The input size {size}, plus padding {left} and {right} "
                f"resulted in a negative output size at dimension {dim}"
            )
        padded[dim] = size + left + right
        kept.append(slice(max(-left, 0), size - max(-right, 0)))
        place.append(slice(max(left, 0), padded[dim] - max(right, 0)))
    borders, indices = [], []
    filled = list(place)
    for dim in reversed(range(len(shape))):
        left, right = place[dim].start, padded[dim] - place[dim].stop
        if left or right:
            sources = None
            if mode is not None:
                sources = _sources(mode, shape[dim], left, right, dim)
                indices.append((dim, tuple(sources)))
            inner = tuple(filled)
            for cut in (slice(0, left), slice(padded[dim] - right, padded[dim])):
                if cut.start < cut.stop:
                    filled[dim] = cut
                    which = None if sources is None else tuple(sources[cut])
                    borders.append((tuple(filled), dim, inner, which))
        filled[dim] = slice(0, padded[dim])
    return _Plan(shape, tuple(padded), tuple(kept), tuple(place), borders, indices)


@functools.lru_cache(maxsize=256)
def _index(sources, device):
    return rushlight.tensor(sources, dtype=rushlight.int64, device=device)


# Up to so many elements a copy for each dim is faster than a call for each border.
_SMALL = 16384


class _Pad(Function):
    @staticmethod
    def forward(ctx, x, plan, fill):
        ctx.plan = plan
        if not plan.borders:
            return x[plan.kept].clone()
        if plan.indices and math.prod(plan.padded) <= _SMALL:
            for dim, sources in plan.indices:
                x = x.index_select(dim, _index(sources, x.device))
            return x
        result = _core.empty(plan.padded, dtype=x.dtype, device=x.device)
        result[plan.place].copy_(x[plan.kept])
        for where, dim, inner, sources in plan.borders:
            if sources is None:
                result[where].fill_(fill)
            else:
                index = _index(sources, x.device)
                result[where].copy_(result[inner].index_select(dim, index))
        return result

    @staticmethod
    def backward(ctx, g):
        return _Unpad.apply(g, ctx.plan), None, None


class _Unpad(Function):
    """The adjoint of a padding with zeros or with elements of the input."""

    @staticmethod
    def forward(ctx, g, plan):
        ctx.plan = plan
        if any(sources is not None for *_, sources in plan.borders):
            g = g.clone(memory_format=rushlight.contiguous_format)
            for where, dim, inner, sources in reversed(plan.borders):
                index = _index(sources, g.device)
                g[inner].index_add_(dim, index, g[where])
        if not plan.crops():
            return g[plan.place].clone(memory_format=rushlight.contiguous_format)
        result = _core.zeros(plan.shape, dtype=g.dtype, device=g.device)
        result[plan.kept].copy_(g[plan.place])
        return result

    @staticmethod
    def backward(ctx, g):
        return _Pad.apply(g, ctx.plan, 0), None


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
