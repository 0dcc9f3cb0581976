"""How other libraries see a Tensor: the array API's and NumPy's protocols."""

from __future__ import annotations

import importlib


def array_namespace(self, *, api_version=None):
    """The module with the array API's functions: :mod:`rushlight.array_api`.

    Args:
        api_version (str, optional): the version of the standard wanted.

    Raises:
        ValueError: for a version that is not there.

    Example::

        >>> rushlight.ones(2).__array_namespace__().__name__
        'rushlight.array_api'
    """
    module = importlib.import_module("rushlight.array_api")
    versions = importlib.import_module("rushlight.array_api._info").VERSIONS
    if api_version is not None and api_version not in versions:
        raise ValueError(
            f"__array_namespace__(): version {api_version!r} of the array API is not "
            f"there, only {list(versions)}"
        )
    return module


def to_device(self, device, /, *, stream=None):
    """This tensor on a device, itself where it is there already.

    Args:
        device (device): where to.
        stream (optional): None; a stream of another library cannot be waited for.

    Raises:
        ValueError: for a stream.
    """
    if stream is not None:
        raise ValueError(f"to_device(): stream must be None, got {stream!r}")
    return self.to(device=device)


def array_interface(self):
    """NumPy's description of the memory, version 3, for a CPU tensor of a NumPy dtype.

    Raises:
        AttributeError: where there is none: on another device, for bfloat16, and for a
            tensor that requires grad, which ``detach()`` first.
    """
    dtype = self.dtype
    kind = "c" if dtype.is_complex else "f" if dtype.is_floating_point else "i"
    if kind == "i" and not dtype.is_signed:
        kind = "b" if dtype.itemsize == 1 and dtype.name == "bool" else "u"
    if self.is_cuda or self.requires_grad or dtype.name == "bfloat16":
        raise AttributeError(
            f"__array_interface__: a tensor of dtype {dtype} on {self.device} with "
            f"requires_grad={self.requires_grad} has no NumPy memory"
        )
    order = "|" if dtype.itemsize == 1 else "<" if _little() else ">"
    return {
        "version": 3,
        "shape": tuple(self.shape),
        "typestr": f"{order}{kind}{dtype.itemsize}",
        "data": (self.data_ptr(), False),
        "strides": tuple(s * dtype.itemsize for s in self.stride()),
    }


def _little():
    import sys

    return sys.byteorder == "little"


METHODS = {
    "__array_namespace__": array_namespace,
    "__array_interface__": property(array_interface),
    "to_device": to_device,
}
