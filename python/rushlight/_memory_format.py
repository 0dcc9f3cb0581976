"""Memory formats: channels_last and the others."""

from __future__ import annotations

import rushlight
from rushlight import _core, _ops

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
