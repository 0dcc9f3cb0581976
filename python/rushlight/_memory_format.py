"""Memory formats: channels_last and the others."""

from __future__ import annotations

import rushlight
from rushlight import _core

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
        return self.is_contiguous()
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
    if memory_format is _core.preserve_format and self.is_contiguous():
        return self
    order = _order("contiguous", memory_format, self.dim())
    return self if self.permute(order).is_contiguous() else _copy_in(self, order)


def clone_in(self, memory_format):
    """``Tensor.clone(memory_format=)``."""
    return _copy_in(self, _order("clone", memory_format, self.dim()))


def _looks_like(self):
    """The format that the strides say a tensor has; row-major where in doubt."""
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
    if result is not self and tuple(result.stride()) == tuple(
        _strides(tuple(self.shape), order)
    ):
        return result
    return _copy_in(result, order)


def empty_strided_like(like, order, dtype):
    """Uninitialised, of ``like``'s shape, the dims of memory in ``order``."""
    shape = tuple(like.shape)
    return rushlight.empty_strided(
        shape, tuple(_strides(shape, order)), dtype=dtype, device=like.device
    )


def empty_in(self, memory_format, op="empty"):
    """An uninitialised tensor in place of ``self``, laid out in a format."""
    if memory_format is _core.preserve_format:
        raise RuntimeError(f"{op}(): unsupported memory format option preserve_format")
    order = _order(op, memory_format, self.dim())
    result = empty_strided_like(self, order, self.dtype)
    return result.requires_grad_() if self.requires_grad else result
