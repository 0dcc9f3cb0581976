"""pickle and copy of tensors.

A pickle holds whole storages as bytes, each once, and per tensor its dtype and place in
the storage: views of one storage share memory again after loading. With protocol 5 and
a ``buffer_callback`` the bytes travel out of band, without a copy.
"""

from __future__ import annotations

import pickle
import weakref

import rushlight
from rushlight import _ops


class _StoredBytes:
    # One per storage while a pickle is being written: pickle's memo sees one object.
    def __init__(self, tensor):
        self.data = _ops._storage_bytes(tensor)

    def __reduce_ex__(self, protocol):
        if protocol >= 5:
            return _load_bytes, (pickle.PickleBuffer(self.data),)
        return _load_bytes, (bytes(memoryview(self.data)),)


# _storage_id -> _StoredBytes, which keeps it alive
_stored: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


def _bytes_of(tensor):
    key = _ops._storage_id(tensor)
    found = _stored.get(key)
    if found is None:
        found = _stored[key] = _StoredBytes(tensor)
    return found


def _load_bytes(buffer):
    view = memoryview(buffer).cast("B")
    if view.nbytes == 0:
        return rushlight.empty(0, dtype=rushlight.uint8)
    data = _ops.frombuffer(view, dtype=rushlight.uint8, count=-1, offset=0)
    # Memory that may not be written, or has an odd address, is copied.
    return data.clone() if view.readonly or data.data_ptr() % 16 else data


def _load_tensor(
    data, dtype, size, stride, offset, requires_grad, device, cls, attributes=None
):
    if isinstance(data, _StoredBytes):  # copy.copy() hands over what was never pickled
        data = data.data
    if not isinstance(data, rushlight.Tensor) or not isinstance(dtype, rushlight.dtype):
        raise TypeError("unpickling a tensor: expected a storage and a dtype")
    if not (isinstance(cls, type) and issubclass(cls, rushlight.Tensor)):
        raise TypeError(f"unpickling a tensor: {cls!r} is not a Tensor class")
    whole = data.numel() // dtype.itemsize * dtype.itemsize
    typed = _ops._view_dtype(data[:whole], dtype).detach()
    result = typed.as_strided(size, stride, offset).detach()
    if device != "cpu":
        result = result.to(device=device)
    if cls is not rushlight.Tensor:
        result = rushlight.Tensor._make_subclass(cls, result, requires_grad)
    elif requires_grad:
        result = result.requires_grad_()
    for name, value in (attributes or {}).items():
        setattr(result, name, value)
    return result


def reduce_tensor(tensor, protocol):
    """What ``Tensor.__reduce_ex__`` returns.

    Args:
        tensor (Tensor): of any class; its values, class, ``requires_grad`` and
            attributes are kept, its history and ``.grad`` are not.
        protocol (int): of pickle.
    """
    host = tensor.detach().cpu()
    arguments = (
        _bytes_of(host),
        host.dtype,
        tuple(host.shape),
        host.stride(),
        host.storage_offset(),
        tensor.requires_grad,
        str(tensor.device),
        type(tensor),
    )
    # Not as pickle's state, which a compiled class refuses.
    if state := getattr(tensor, "__dict__", None):
        return _load_tensor, (*arguments, dict(state))
    return _load_tensor, arguments
