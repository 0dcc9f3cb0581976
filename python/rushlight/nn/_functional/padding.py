"""Padding, composed of ``cat`` and ``index_select`` so that gradients follow."""

from __future__ import annotations

import rushlight


def pad(input, pad, mode="constant", value=None):
    """Pad the last dims of a tensor.

    Args:
        input: a tensor.
        pad: an even number of ints, ``(left, right)`` of the last dim first, then of
            the one before, ...; negative numbers crop (only for ``"constant"``).
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
    widths = [int(width) for width in pad]
    if len(widths) % 2:
        raise RuntimeError(f"pad(): Padding length must be divisible by 2, got {pad}")
    if len(widths) // 2 > input.ndim:
        raise RuntimeError(
            "pad(): Padding length should be less than or equal to two times the input "
            f"dimension but got padding length {len(widths)} and input of dimension "
            f"{input.ndim}"
        )
    if mode == "constant":
        fill = 0 if value is None else value
        padded = input
        for at in range(0, len(widths), 2):
            dim = input.ndim - 1 - at // 2
            padded = _pad_constant(padded, dim, widths[at], widths[at + 1], fill)
        # Where nothing is put on, it is a view up to here.
        return padded if any(width > 0 for width in widths) else padded.clone()
    if value is not None and value != 0:
        raise ValueError(
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
        dim = input.ndim - 1 - at // 2
        input = _pad_by_index(input, dim, widths[at], widths[at + 1], mode)
    return input


def _pad_constant(input, dim, left, right, fill):
    size = input.shape[dim]
    if size + left + right < 0:
        raise RuntimeError(
            f"pad(): The input size {size}, plus negative padding {left} and {right} "
            f"resulted in a negative output size at dimension {dim}; check the widths"
        )
    if left < 0 or right < 0:
        crop_left, crop_right = max(-left, 0), max(-right, 0)
        if crop_left + crop_right > size:
            raise RuntimeError(
                f"pad(): cannot crop {crop_left} and {crop_right} elements from "
                f"dimension {dim} of size {size}"
            )
        input = input.narrow(dim, crop_left, size - crop_left - crop_right)
    parts = [input]
    if left > 0:
        parts.insert(0, _filled(input, dim, left, fill))
    if right > 0:
        parts.append(_filled(input, dim, right, fill))
    return rushlight.cat(parts, dim) if len(parts) > 1 else input


def _filled(input, dim, width, fill):
    shape = list(input.shape)
    shape[dim] = width
    return rushlight.full(shape, fill, dtype=input.dtype, device=input.device)


def _pad_by_index(input, dim, left, right, mode):
    if left == 0 and right == 0:
        return input
    size = input.shape[dim]
    sources = _SOURCES[mode](size, left, right, dim)
    index = rushlight.tensor(sources, dtype=rushlight.int64, device=input.device)
    return input.index_select(dim, index)


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
    return [kept[i % len(kept)] for i in wrapped] if kept else []


_SOURCES = {"reflect": _reflect, "replicate": _replicate, "circular": _circular}
