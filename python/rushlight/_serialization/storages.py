"""Access to the bytes under a tensor, and the names PyTorch gives its storages.

Everything that saving and loading need from the core goes through this file.
"""

from __future__ import annotations

import rushlight

# PyTorch's storage class for each dtype that has one; the others are stored as
# UntypedStorage, whose length counts bytes.
STORAGE_NAMES = {
    "float64": "DoubleStorage",
    "float32": "FloatStorage",
    "float16": "HalfStorage",
    "bfloat16": "BFloat16Storage",
    "int64": "LongStorage",
    "int32": "IntStorage",
    "int16": "ShortStorage",
    "int8": "CharStorage",
    "uint8": "ByteStorage",
    "bool": "BoolStorage",
    "complex64": "ComplexFloatStorage",
    "complex128": "ComplexDoubleStorage",
}
UNTYPED = "UntypedStorage"
DTYPE_NAMES = (*STORAGE_NAMES, "uint16", "uint32", "uint64")
_DTYPE_OF_STORAGE = {storage: dtype for dtype, storage in STORAGE_NAMES.items()}


def dtype_name(dtype) -> str:
    """Return a dtype's bare name, such as ``"float32"``."""
    return str(dtype).rpartition(".")[2]


def dtype_of_storage(name):
    """Return the dtype of a storage class; uint8 for untyped ones."""
    return getattr(rushlight, _DTYPE_OF_STORAGE.get(name, "uint8"))


def storage_id(tensor):
    """Return a key that tensors have in common if they share their storage."""
    return rushlight._ops._storage_id(tensor)


def storage_bytes(tensor):
    """Return a writable view of the bytes of a tensor's whole storage.

    A view of a copy where the storage lies on a device.
    """
    if tensor.is_cuda:
        count = tensor.untyped_storage().nbytes()
        tensor = view_of(tensor.detach(), rushlight.uint8, (count,), (1,), 0).cpu()
    return memoryview(rushlight._ops._storage_bytes(tensor))


def new_storage(dtype, numel):
    """Return a 1-d tensor that owns a storage of ``numel`` uninitialised elements."""
    return rushlight.empty(numel, dtype=dtype)


def view_of(storage, dtype, size, stride, offset):
    """Return the tensor that lies in the storage of another one at these places."""
    return rushlight._ops._storage_view(storage, dtype, size, stride, offset)
