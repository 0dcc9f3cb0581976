"""Tensor methods about memory that are rarely called; attached when first asked for."""

from __future__ import annotations

import itertools
import math
import weakref

import rushlight
from rushlight import _core, _ops

# _storage_id -> the mmap under a storage that forked processes share
_shared: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


def const_data_ptr(self):
    """The address of the first element, for reading only."""
    return self.data_ptr()


def is_shared(self):
    """Whether processes forked from this one share the memory."""
    return _ops._storage_id(self) in _shared


def share_memory_(self):
    """Moves the memory to where processes forked from this one share it.

    Raises:
        RuntimeError: when other tensors look into the memory, which would stay behind.
    """
    import mmap

    class Shared(mmap.mmap):
        """An mmap that can be referred to weakly."""

    if is_shared(self) or self.is_cuda:
        return self
    own = self.detach()
    # self and own are two of its users.
    if _ops._storage_users(own) > 2:
        raise RuntimeError(
            "share_memory_(): other tensors look into this tensor's memory; share it "
            "before making views, or clone() it"
        )
    size = _ops._storage_nbytes(own)
    memory = Shared(-1, max(size, 1))
    data = _ops.frombuffer(memory, dtype=rushlight.uint8)
    data[:size] = _ops._storage_bytes(own)
    place = self.storage_offset(), tuple(self.shape), self.stride()
    _ops._set(own, data, *place)
    requires_grad = self.requires_grad
    with rushlight.no_grad():
        self.data = own
    _shared[_ops._storage_id(self)] = memory
    return self.requires_grad_(requires_grad)


def is_pinned(self, device=None):
    """Whether the memory is page-locked; never without CUDA."""
    return _ops.is_pinned(self)


def pin_memory(self, device=None):
    """A copy in page-locked memory, or this tensor when it is there already.

    A CUDA device copies from there while the host goes on:
    ``x.pin_memory().to("cuda", non_blocking=True)``.

    Returns:
        Tensor: on the CPU, of the same shape; recorded as a copy.

    Raises:
        RuntimeError: without an accelerator, or for a tensor on one.
    """
    if not rushlight.cuda.is_available():
        raise RuntimeError(
            "pin_memory(): Cannot access accelerator device when none is available."
        )
    pinned = _ops.pin_memory(self.detach())
    if pinned.data_ptr() == self.data_ptr():
        return self
    # Only a copy into it is recorded.
    recorded = self.requires_grad and _core.is_grad_enabled()
    return pinned.copy_(self) if recorded else pinned


def record_stream(self, stream):
    """Tells the allocator that a CUDA stream uses the memory.

    Raises:
        RuntimeError: for a tensor that is not on a CUDA device.
    """
    if not self.is_cuda:
        raise RuntimeError(
            "record_stream(): expected a CUDA tensor, got one on the CPU"
        )
    raise NotImplementedError("record_stream(): side streams are not supported")


def to_dense(self, dtype=None, *, masked_grad=True):
    """Itself, which is dense already, or converted to ``dtype``."""
    return self if dtype is None else self.to(dtype)


def _no_sparse(name):
    def refuse(self, *args, **kwargs):
        raise NotImplementedError(f"{name}(): sparse tensors are not supported")

    refuse.__name__ = name
    refuse.__doc__ = "Raises NotImplementedError: there are no sparse tensors."
    return refuse


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
        same = any(a == b for a, b in itertools.pairwise(strides))
        fitting = formats if isinstance(formats, list) else []
        fits = sum(self.is_contiguous(memory_format=f) for f in fitting)
        if (same or 1 in shape) and fits != 1:
            raise RuntimeError(
                "The tensor does not have unique dim order, or cannot map to exact one "
                "of the given memory formats."
            )
    dense = self.is_contiguous()
    last = self.dim() == 4 and self.is_contiguous(memory_format=_core.channels_last)
    if dense != last:
        return tuple(range(self.dim())) if dense else (0, 2, 3, 1)
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


def resize(self, *sizes):
    """The same elements in another shape; deprecated, use :meth:`reshape`."""
    import warnings

    warnings.warn("non-inplace resize is deprecated", stacklevel=2)
    size = sizes[0] if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
    if math.prod(size) != self.numel():
        raise RuntimeError(
            f"resize(): requested resize to {tuple(size)} ({math.prod(size)} elements "
            f"in total), but the given tensor has a size of {tuple(self.shape)} "
            f"({self.numel()} elements): only the shape can change"
        )
    return self.contiguous().view(*size)


def resize_as(self, tensor):
    """The same elements in the shape of ``tensor``; deprecated."""
    return resize(self, *tensor.shape)


def module_load(self, other, assign=False):
    """What ``load_state_dict`` puts in the place of a parameter or buffer."""
    if assign:
        return other.detach()
    return self.copy_(other).detach()


def _map(op, tensors, function):
    self = tensors[0]
    if any(t.is_cuda for t in tensors):
        raise TypeError(f"{op} is only implemented on CPU tensors")
    if any(t.requires_grad for t in tensors):
        raise RuntimeError(
            f"Can't call {op}() on Variable that requires grad. Use "
            f"var.detach().{op}() instead."
        )
    for other in tensors[1:]:
        if other.dtype != self.dtype:
            raise TypeError(
                f"{op}(): expected a tensor of {self.dtype}, got {other.dtype}"
            )
    tensors = [self, *(t.expand(self.shape) for t in tensors[1:])]
    flat = [t.reshape(-1).tolist() for t in tensors]
    values = [function(*row) for row in zip(*flat, strict=True)]
    new = _core.tensor(values, dtype=self.dtype).reshape(self.shape)
    return self.copy_(new)


def apply_(self, callable):
    """Replaces each element by what ``callable`` makes of it; slow.

    Example::

        >>> rushlight.tensor([1.0, 2.0]).apply_(lambda x: x * 10)
        tensor([10., 20.])
    """
    return _map("apply_", (self,), callable)


def map_(self, tensor, callable):
    """Replaces each element a by ``callable(a, b)``, b from ``tensor``; slow."""
    return _map("map_", (self, tensor), callable)


def map2_(self, x, y, callable):
    """Replaces each element a by ``callable(a, b, c)``; slow."""
    return _map("map2_", (self, x, y), callable)


METHODS = {
    "const_data_ptr": const_data_ptr,
    "is_shared": is_shared,
    "share_memory_": share_memory_,
    "is_pinned": is_pinned,
    "pin_memory": pin_memory,
    "record_stream": record_stream,
    "to_dense": to_dense,
    "to_sparse": _no_sparse("to_sparse"),
    "to_sparse_csr": _no_sparse("to_sparse_csr"),
    "dim_order": dim_order,
    "resize": resize,
    "resize_as": resize_as,
    "module_load": module_load,
    "apply_": apply_,
    "map_": map_,
    "map2_": map2_,
}
