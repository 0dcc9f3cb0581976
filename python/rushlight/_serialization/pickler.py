"""Pickles that PyTorch reads: our classes under PyTorch's names, tensors apart.

Imported when something is saved, because the stdlib's pickle is slow to import.
"""

from __future__ import annotations

import io
import pickle
import sys
import types
from collections import OrderedDict

import rushlight
from rushlight import _utils
from rushlight._serialization.storages import (
    STORAGE_NAMES,
    UNTYPED,
    dtype_name,
    storage_bytes,
    storage_id,
)


class _Name:
    """Stands for a class or function of PyTorch's that a pickle names."""

    def __init__(self, module, name) -> None:
        self.module = module
        self.name = name

    def __call__(self, *args):
        raise TypeError(f"{self.module}.{self.name} is only a name to pickle")


class _StorageRef:
    """A storage; written as a persistent id, its bytes as a record of their own."""

    def __init__(self, kind, key, location, numel) -> None:
        self.persistent_id = ("storage", kind, key, location, numel)


_SIZE, _DEVICE = _Name("torch", "Size"), _Name("torch", "device")
_REBUILD_V2 = _Name("torch._utils", "_rebuild_tensor_v2")
_REBUILD_V3 = _Name("torch._utils", "_rebuild_tensor_v3")
_STORAGES = {name: _Name("torch", name) for name in STORAGE_NAMES.values()}
_STORAGES[UNTYPED] = _Name("torch.storage", UNTYPED)
# Most objects of a checkpoint; they need no look at what else they could be.
_PLAIN = frozenset({str, int, float, bool, type(None), dict, list, tuple, OrderedDict})


def _public_name(module, name):
    """Return a name of ours as PyTorch calls it, or ``None`` for other modules."""
    if module == "rushlight" or module.startswith("rushlight."):
        # Compiled classes name the extension they are defined in.
        if module in ("rushlight._core", "rushlight._ops"):
            module = "rushlight"
        return "torch" + module[len("rushlight") :], name
    return None


class _NamingAnew:
    """Writes our names as PyTorch's and keeps the storages of tensors apart.

    Goes before a class of picklers written in Python.

    Args:
        stream: what the pickle is written to.
        protocol: the pickle protocol.
    """

    def __init__(self, stream, protocol) -> None:
        super().__init__(stream, protocol)  # type: ignore[call-arg]
        # Key -> a tensor that keeps the storage alive until it is written.
        self.storages: dict[str, rushlight.Tensor] = {}
        self._keys: dict[object, tuple[str, str]] = {}

    def persistent_id(self, obj):
        return obj.persistent_id if isinstance(obj, _StorageRef) else None

    def reducer_override(self, obj):
        if type(obj) in _PLAIN:
            return NotImplemented
        if isinstance(obj, rushlight.Tensor):
            return self._reduce_tensor(obj)
        if isinstance(obj, rushlight.Size):
            return _SIZE, (tuple(obj),)
        if isinstance(obj, rushlight.device):
            index = () if obj.index is None else (obj.index,)
            return _DEVICE, (obj.type, *index)
        if isinstance(obj, rushlight.dtype):
            return dtype_name(obj)
        if isinstance(obj, _Name):
            return obj.name
        if isinstance(obj, (type, types.FunctionType)) and _public_name(
            obj.__module__ or "", obj.__qualname__
        ):
            return obj.__qualname__
        other = getattr(super(), "reducer_override", None)
        return NotImplemented if other is None else other(obj)

    def save_global(self, obj, name=None):
        """Write the name of a class, function or dtype."""
        if isinstance(obj, _Name):
            return self._write_global(obj, obj.module, obj.name)
        if isinstance(obj, rushlight.dtype):
            return self._write_global(obj, "torch", dtype_name(obj))
        module = getattr(obj, "__module__", None) or ""
        public = _public_name(module, name or getattr(obj, "__qualname__", ""))
        if public is None:
            return super().save_global(obj, name)
        return self._write_global(obj, *public)

    def _write_global(self, obj, module, name):
        if self.proto >= 4:
            # Interned: the memo then finds a name that was written before.
            self.save(sys.intern(module))
            self.save(sys.intern(name))
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(pickle.GLOBAL + module.encode() + b"\n" + name.encode() + b"\n")
        self.memoize(obj)

    def _reduce_tensor(self, tensor):
        if rushlight.nn.parameter.is_lazy(tensor):
            return NotImplemented
        if isinstance(tensor, rushlight.nn.Parameter):
            args = (tensor.data, tensor.requires_grad, OrderedDict())
            if tensor.__dict__:
                state = dict(tensor.__dict__)
                return _utils._rebuild_parameter_with_state, (*args, state)
            return _utils._rebuild_parameter, args
        name = dtype_name(tensor.dtype)
        kind = STORAGE_NAMES.get(name, UNTYPED)
        args = (
            self._storage_ref(tensor, kind),
            tensor.storage_offset(),
            tuple(tensor.shape),
            tuple(tensor.stride()),
            tensor.requires_grad,
            OrderedDict(),
        )
        if kind == UNTYPED:
            return _REBUILD_V3, (*args, tensor.dtype)
        return _REBUILD_V2, args

    def _storage_ref(self, tensor, kind):
        identity = storage_id(tensor)
        if identity not in self._keys:
            key = str(len(self._keys))
            self._keys[identity] = key, kind
            self.storages[key] = tensor.detach()
        key, first_kind = self._keys[identity]
        if first_kind != kind:
            raise RuntimeError(
                "save(): Cannot save multiple tensors or storages that view the same "
                f"data as different types: {first_kind} and {kind}"
            )
        count = len(storage_bytes(tensor))
        if kind != UNTYPED:
            count //= tensor.itemsize
        return _StorageRef(_STORAGES[kind], key, _location(tensor), count)


def _location(tensor) -> str:
    device = tensor.device
    if device.type == "cpu":
        return "cpu"
    return f"{device.type}:{device.index or 0}"


def pickle_checkpoint(obj, protocol, module=None):
    """Return an object's pickle and a dict of the tensors whose storages it names.

    Args:
        obj: the object.
        protocol: the pickle protocol.
        module: the pickle module whose ``Pickler`` does the work; ``None`` for the
            stdlib's.

    Raises:
        NotImplementedError: the module's pickler is compiled.
    """
    base = pickle._Pickler
    if module is not None and module is not pickle:
        base = module.Pickler
        if not (isinstance(base, type) and issubclass(base, pickle._Pickler)):
            raise NotImplementedError(
                f"save(): pickle_module {module!r}: its Pickler is not derived from "
                "pickle._Pickler, the standard library's one in Python; only that can "
                "write PyTorch's names"
            )
    stream = io.BytesIO()
    pickler = type("CheckpointPickler", (_NamingAnew, base), {})(stream, protocol)
    pickler.dump(obj)
    return stream.getvalue(), pickler.storages
