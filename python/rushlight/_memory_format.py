"""Memory formats: channels_last, the others, and any order of dims in memory."""

from __future__ import annotations

import rushlight
from rushlight import _core, _functions, _ops

# For each format the dims from the outermost to the innermost.
_ORDERS = {
    _core.channels_last: (0, 2, 3, 1),
    _core.channels_last_3d: (0, 2, 3, 4, 1),
}


def _order(op, memory_format, dims):
    if not isinstance(memory_format, _core.memory_format):
        raise TypeError(
            f"{op}(): argument 'memory_format' must be rushlight.memory_format, not "
            f"{type(memory_format).__name__}"
        )
    if memory_format is _core.contiguous_format:
        return tuple(range(dims))
    order = _ORDERS.get(memory_format)
    if order is None:
        raise RuntimeError(
            f"{op}(): preserve memory format is unsupported by the {op} operator"
        )
    if len(order) != dims:
        raise RuntimeError(
            f"{op}(): required rank {len(order)} tensor to use "
            f"{memory_format.name} format, got {dims} dims"
        )
    return order


def _strides(shape, order):
    strides, step = [0] * len(shape), 1
    for d in reversed(order):
        strides[d] = step
        step *= max(shape[d], 1)
    return strides


def is_in_format(self, memory_format):
    """``Tensor.is_contiguous(memory_format=)`` of a format that is not row-major."""
    if memory_format is _core.preserve_format:
        raise RuntimeError(
            "is_contiguous(): preserve memory format is unsupported by the "
            "is_contiguous operator"
        )
    if len(_ORDERS.get(memory_format, ())) != self.dim():
        if memory_format not in _ORDERS:
            _order("is_contiguous", memory_format, self.dim())
        return False
    return self.permute(_ORDERS[memory_format]).is_contiguous()


def _copy_in(self, order):
    if not (self.requires_grad and rushlight.is_grad_enabled()):
        result = empty_strided_like(self, order, self.dtype)
        return result.copy_(self.detach())
    inverse = [order.index(d) for d in range(len(order))]
    ordered = self.permute(order)
    ordered = ordered.clone() if ordered.is_contiguous() else ordered.contiguous()
    return ordered.permute(inverse)


def contiguous_in(self, memory_format):
    """``Tensor.contiguous(memory_format=)``."""
    order = _order("contiguous", memory_format, self.dim())
    return self if self.permute(order).is_contiguous() else _copy_in(self, order)


def clone_in(self, memory_format):
    """``Tensor.clone(memory_format=)``."""
    return _copy_in(self, _order("clone", memory_format, self.dim()))


def _looks_like(self):
    """The format that the strides say a tensor has; row-major where they leave a choice."""
    shape, strides = self.shape, self.stride()
    for memory_format, order in _ORDERS.items():
        if len(order) != self.dim() or strides[1] == 0 or 0 in shape:
            continue
        least, fits = 0, True
        for d in reversed(order):
            # A channel stride that an image's own would do for is no sign.
            if strides[d] < least or (d == 0 and least == strides[1]):
                fits = False
                break
            least = strides[d] * max(shape[d], 1)
        if fits:
            return memory_format
    return _core.contiguous_format


def to_in(self, dtype, memory_format, copy=False):
    """``Tensor.to(dtype, memory_format=, copy=)``."""
    if not isinstance(memory_format, _core.memory_format):
        _order("to", memory_format, self.dim())
    if memory_format is _core.preserve_format:
        return self._to_dtype(dtype, copy)
    same = dtype is self.dtype and _looks_like(self) is memory_format
    if same and not copy:
        return self
    order = _order("to", memory_format, self.dim())
    result = self._to_dtype(dtype)
    if result is not self and result.permute(order).is_contiguous():
        return result
    return _copy_in(result, order)


def empty_permuted(
    size,
    physical_layout,
    *,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
):
    """An uninitialised tensor without gaps, its dims in another order in memory.

    Args:
        size (tuple of int): the shape.
        physical_layout (tuple of int): the dims from the outermost in memory to the
            innermost.
        dtype (dtype, optional): default ``get_default_dtype()``.

    Returns:
        Tensor: of shape ``size``.

    Raises:
        RuntimeError: unless ``physical_layout`` names every dim once.

    Example::

        >>> rushlight.empty_permuted((2, 3, 5), (0, 2, 1)).stride()
        (15, 1, 3)
    """
    _core.check_layout("empty_permuted", layout, pin_memory)
    size, order = tuple(size), tuple(physical_layout)
    if len(size) != len(order):
        raise RuntimeError(
            "empty_permuted(): Number of dimensions in size does not match the length "
            f"of the physical_layout; i.e. len(size) = {len(size)} is not equal to "
            f"len(physical_layout) = {len(order)}"
        )
    for i, d in enumerate(order):
        if not 0 <= d < len(size):
            raise RuntimeError(
                "empty_permuted(): Dimension out of range (expected to be between 0 "
                f"and {len(size) - 1}, but got {d} at index {i})"
            )
    if len(set(order)) != len(order):
        raise RuntimeError("empty_permuted(): Duplicate dim not allowed")
    result = _ops.empty_strided(size, tuple(_strides(size, order)), dtype)
    return _functions._place(result, None, device, requires_grad)


def empty_strided_like(like, order, dtype):
    """Uninitialised, of ``like``'s shape, the dims of memory in ``order``."""
    shape = tuple(like.shape)
    return _ops.empty_strided(shape, tuple(_strides(shape, order)), dtype)


def empty_in(self, memory_format, op="empty"):
    """An uninitialised tensor in place of ``self``, laid out in a format."""
    if memory_format is _core.preserve_format:
        raise RuntimeError(
            f"{op}(): unsupported memory format option preserve_format"
        )
    order = _order(op, memory_format, self.dim())
    result = empty_strided_like(self, order, self.dtype)
    return result.requires_grad_() if self.requires_grad else result


def dim_order(self, *, ambiguity_check=False):
    """The dims from the outermost in memory to the innermost.

    Args:
        ambiguity_check (bool or list of memory_format): raise where the strides allow
            more than one answer, unless exactly one of the given formats fits.

    Returns:
        tuple of int.

    Raises:
        RuntimeError: when the order is ambiguous and that was to be checked.

    Example::

        >>> rushlight.zeros(2, 3).t().dim_order()
        (1, 0)
    """
    formats = ambiguity_check
    if not isinstance(formats, bool) and not (
        isinstance(formats, list)
        and all(isinstance(f, _core.memory_format) for f in formats)
    ):
        raise TypeError(
            "The ambiguity_check argument must be a bool or a list of memory formats."
        )
    shape, strides = self.shape, self.stride()
    if formats is not False:
        same = any(a == b for a, b in zip(strides, strides[1:]))
        fitting = formats if isinstance(formats, list) else []
        fits = sum(self.is_contiguous(memory_format=f) for f in fitting)
        if (same or 1 in shape) and fits != 1:
            raise RuntimeError(
                "The tensor does not have unique dim order, or cannot map to exact one "
                "of the given memory formats."
            )
    dense = self.is_contiguous()
    last = self.dim() == 4 and is_in_format(self, _core.channels_last)
    if dense != last:
        return tuple(range(self.dim())) if dense else _ORDERS[_core.channels_last]
    # Insertion from the innermost; where strides leave it open, the order stays.
    order = list(range(len(shape) - 1, -1, -1))
    for i in range(1, len(order)):
        at = i
        for before in range(i - 1, -1, -1):
            compared = _compare(shape, strides, order[before], order[at])
            if compared > 0:
                order[at], order[before] = order[before], order[at]
                at = before
            elif compared < 0:
                break
    return tuple(reversed(order))


def _compare(shape, strides, a, b):
    # Above 0: dim a belongs outside of dim b. 0: nothing says so.
    if 0 in (strides[a], strides[b]):
        return 0
    if strides[a] != strides[b]:
        return 1 if strides[a] > strides[b] else -1
    return 1 if shape[a] > shape[b] else 0


METHODS = {"dim_order": dim_order}
