"""Tensors in the stdlib's pickle: one copy of the bytes, or none with protocol 5."""

from __future__ import annotations

import rushlight


def reduce_tensor(tensor, protocol):
    """Return what pickle stores for a tensor.

    With protocol 5 and a ``buffer_callback`` the bytes stay out of the pickle.
    """
    dense = tensor.detach().contiguous()
    start = dense.storage_offset() * dense.itemsize
    stop = start + dense.numel() * dense.itemsize
    data = memoryview(rushlight._ops._storage_bytes(dense))[start:stop]
    if protocol >= 5:
        import pickle

        data = pickle.PickleBuffer(data)
    else:
        data = bytes(data)
    kind = type(tensor)
    args = (kind, data, dense.dtype, tuple(dense.shape), tensor.requires_grad)
    state = dict(tensor.__dict__) if kind is not rushlight.Tensor else None
    return rebuild_tensor, args, state or None


def rebuild_tensor(kind, data, dtype, shape, requires_grad):
    """Return the tensor that :func:`reduce_tensor` described."""
    view = memoryview(data)
    if view.nbytes == 0:
        tensor = rushlight.empty(shape, dtype=dtype)
    else:
        # A buffer that cannot be written to is not the tensor's to keep.
        owner = bytearray(view) if view.readonly else data
        tensor = rushlight.frombuffer(owner, dtype=dtype).reshape(shape)
    if kind is not rushlight.Tensor:
        return rushlight.Tensor._make_subclass(kind, tensor, requires_grad)
    return tensor.requires_grad_() if requires_grad else tensor
