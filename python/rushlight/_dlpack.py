"""DLPack: sharing memory with any library that speaks the protocol."""

from __future__ import annotations

import warnings

import rushlight
from rushlight import _ops
from rushlight._core import Tensor

_CPU, _CUDA, _CUDA_HOST = 1, 2, 3


def dlpack_device(self):
    """The pair (device type, device index) of DLPack; (1, 0) for the CPU."""
    return (_CUDA, self.device.index or 0) if self.is_cuda else (_CPU, 0)


def dlpack(self, *, stream=None, max_version=None, dl_device=None, copy=None):
    """A DLPack capsule of this tensor, which shares its memory.

    Args:
        stream (int, optional): None or -1 for a CPU tensor. On CUDA the consumer's
            stream; unless it is -1 the tensor is complete when the call returns.
        max_version (tuple of int, optional): the newest version the consumer knows;
            from (1, 0) on the capsule is a versioned one.
        dl_device (tuple of int, optional): the device wanted; that of the tensor.
        copy (bool, optional): True for memory of its own; False and None share.

    Raises:
        BufferError: for a tensor that requires grad, or another device.
    """
    if self.requires_grad:
        raise BufferError(
            "Can't export tensors that require gradient, use tensor.detach()"
        )
    if self.is_cuda:
        if stream != -1:
            rushlight.cuda.current_stream(self.device).synchronize()
    elif stream is not None and stream != -1:
        raise TypeError(f"__dlpack__(): stream must be None on the CPU, got {stream!r}")
    if dl_device is not None and tuple(dl_device) != dlpack_device(self):
        raise BufferError(
            f"__dlpack__(): cannot export from device {dlpack_device(self)} to "
            f"{tuple(dl_device)}"
        )
    versioned = max_version is not None and max_version[0] >= 1
    tensor = self.clone() if copy else self
    return _ops._to_dlpack(tensor, versioned, bool(copy))


def to_dlpack(tensor):
    """An unversioned DLPack capsule sharing the tensor's memory; the older interface.

    Example::

        >>> rushlight.from_dlpack(rushlight.to_dlpack(rushlight.ones(2)))
        tensor([1., 1.])
    """
    return dlpack(tensor)


def from_dlpack(ext_tensor, *, device=None, copy=None):
    """A tensor sharing the memory of another library's array.

    Args:
        ext_tensor: an object with ``__dlpack__``, or a DLPack capsule.
        device (device, optional): where the result shall be.
        copy (bool, optional): True for memory of its own; False never copies.

    Returns:
        Tensor: of the array's shape and dtype.

    Raises:
        BufferError: for a dtype, device or version that cannot be imported.
        ValueError: for negative strides.

    Example::

        >>> import numpy
        >>> rushlight.from_dlpack(numpy.arange(3))
        tensor([0, 1, 2])
    """
    if not hasattr(ext_tensor, "__dlpack__"):
        capsule = ext_tensor
        if type(capsule).__name__ != "PyCapsule":
            raise TypeError(
                "from_dlpack(): expected an object with __dlpack__ or a capsule, got "
                f"{type(ext_tensor).__name__}"
            )
        tensor, read_only = _ops._from_dlpack(capsule)
    else:
        kind = ext_tensor.__dlpack_device__()[0]
        if kind not in (_CPU, _CUDA_HOST, _CUDA):
            raise BufferError(
                "from_dlpack(): only memory of the CPU and of CUDA can be imported, "
                f"not of device type {kind}"
            )
        tensor, read_only = _ops._from_dlpack(_capsule_of(ext_tensor, copy))
    if read_only and not copy:
        warnings.warn(
            "The given array is read-only: writing to the tensor would change memory "
            "that its owner calls constant. Copy it (copy=True), or only read.",
            stacklevel=2,
        )
    if copy and not hasattr(ext_tensor, "__dlpack__"):
        tensor = tensor.clone()
    if device is not None and rushlight.device(device).type != tensor.device.type:
        if copy is False:
            raise ValueError(f"from_dlpack(): copy=False, but {device} needs a copy")
        tensor = tensor.to(device=device)
    return tensor


def _capsule_of(ext_tensor, copy):
    # Producers of before DLPack 1.0 do not know the keywords.
    keywords = {} if copy is None else {"copy": copy}
    try:
        return ext_tensor.__dlpack__(max_version=(1, 0), **keywords)
    except TypeError:
        if copy is not None:
            raise
        return ext_tensor.__dlpack__()


def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False):
    """``obj`` as a tensor, sharing memory where possible.

    Args:
        obj: a tensor, NumPy array, object with DLPack or the buffer protocol, number,
            or nested sequences of numbers.
        dtype (dtype, optional): of the result; default that of ``obj``.
        device (device, optional): of the result.
        copy (bool, optional): True always copies; False raises where it would.
        requires_grad (bool): record what is computed from it.

    Shape:
        Of nested lists, their lengths from the outer to the inner ones; an array's or
        tensor's own otherwise.

    Raises:
        ValueError: with ``copy=False`` when a copy is needed.

    Example::

        >>> rushlight.asarray([1, 2], dtype=rushlight.float32)
        tensor([1., 2.])
    """
    shares = True
    if isinstance(obj, Tensor):
        # The history of what was computed is kept only where it is wanted.
        result = obj if requires_grad or obj.is_leaf else obj.detach()
    elif _is_numpy(obj):
        result = rushlight.as_tensor(obj)
    elif hasattr(obj, "__dlpack__"):
        result = from_dlpack(obj)
    elif _has_buffer(obj):
        result = rushlight.frombuffer(obj, dtype=dtype or rushlight.get_default_dtype())
    else:
        result, shares = rushlight.tensor(obj, dtype=dtype), False
    source = result
    if dtype is not None:
        result = result.to(dtype)
    if device is not None:
        result = result.to(device=device)
    if copy is False and (not shares or result is not source):
        raise ValueError(
            "asarray(): can't alias a sequence, another dtype or another device with "
            "copy=False"
        )
    if copy and result is source and shares:
        result = result.clone()
    if requires_grad and not result.requires_grad:
        result = (result.detach() if result is obj else result).requires_grad_()
    return result


def _is_numpy(obj):
    return hasattr(obj, "__array_interface__") and hasattr(obj, "ndim")


def _has_buffer(obj):
    if isinstance(obj, (str, bytes)):
        return isinstance(obj, bytes)
    try:
        memoryview(obj)
    except TypeError:
        return False
    return True


METHODS = {"__dlpack__": dlpack, "__dlpack_device__": dlpack_device}
