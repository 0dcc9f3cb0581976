"""The constructors that a checkpoint's pickle may name; their arguments are checked."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, defaultdict

import rushlight
from rushlight import _utils
from rushlight._serialization.errors import corrupt, refused
from rushlight._serialization.storages import (
    DTYPE_NAMES,
    STORAGE_NAMES,
    UNTYPED,
    dtype_of_storage,
    new_storage,
    storage_bytes,
    view_of,
)
from rushlight.nn.parameter import Parameter


class StorageType:
    """A storage class of PyTorch's: stands for its dtype."""

    def __init__(self, name) -> None:
        self.dtype = dtype_of_storage(name)
        self.name = name


class LoadedStorage:
    """A storage read from a record.

    Args:
        data: a 1-d tensor that owns the bytes.
        location: the device tag it was saved with.
    """

    def __init__(self, data, location) -> None:
        self.data = data
        self.location = location

    @property
    def device(self):
        """Where the bytes are."""
        return self.data.device

    def cpu(self):
        """Return the storage on the CPU."""
        return LoadedStorage(self.data.cpu(), "cpu")

    def cuda(self, device=None):
        """Return the storage on a GPU."""
        return LoadedStorage(self.data.cuda(device), "cuda")


class StorageLoader:
    """Reads storages by key, each once, and puts them where ``map_location`` says.

    Args:
        archive: the checkpoint's records.
        map_location: as in ``load``.
        memory: the file, mapped, for tensors that lie in it; ``None`` to read it.
    """

    def __init__(self, archive, map_location, memory=None) -> None:
        self._memory = memory
        self._archive = archive
        self._map_location = map_location
        self._loaded: dict[str, tuple[object, int, LoadedStorage]] = {}

    def __call__(self, persistent_id):
        """Return the storage of a persistent id."""
        where = f"{self._archive.name}, record 'data.pkl'"
        if not isinstance(persistent_id, tuple) or len(persistent_id) != 5:
            raise refused(where, "a persistent id is not that of a storage")
        word, kind, key, location, numel = persistent_id
        if (
            word != "storage"
            or not isinstance(kind, StorageType)
            or not isinstance(key, str)
            or not isinstance(location, str)
            or type(numel) is not int
            or numel < 0
        ):
            raise refused(where, "a persistent id is not that of a storage")
        if key not in self._loaded:
            storage = self._read(kind.dtype, key, location, numel)
            self._loaded[key] = kind.dtype, numel, storage
        dtype, known, storage = self._loaded[key]
        if (dtype, known) != (kind.dtype, numel):
            raise refused(where, f"storage '{key}' is described in two ways")
        return storage

    def _read(self, dtype, key, location, numel):
        record = f"data/{key}"
        # Before the allocation: no number in the file may ask for more than it holds.
        size = self._archive.size(record)
        if numel * dtype.itemsize != size:
            raise corrupt(
                f"{self._archive.name}, record '{record}'",
                f"holds {size} bytes, not {numel} elements of {dtype}",
            )
        data = self._content(dtype, record, numel)
        check_bools(data, f"{self._archive.name}, record '{record}'")
        return place(LoadedStorage(data, location), self._map_location)

    def _content(self, dtype, record, numel):
        if self._memory is not None and numel:
            start = self._archive.place_in(self._memory, record)
            # Not at an address that the dtype cannot have; such a record is read.
            if start % dtype.itemsize == 0:
                return rushlight.frombuffer(
                    self._memory, dtype=dtype, count=numel, offset=start
                )
        data = new_storage(dtype, numel)
        self._archive.read_into(record, storage_bytes(data))
        return data


def check_bools(data, where) -> None:
    """Check that bools are 0 and 1, which the kernels count on."""
    if data.dtype == rushlight.bool and data.numel():
        if data.view(rushlight.uint8).max().item() > 1:
            raise corrupt(where, "holds bytes other than 0 and 1 as bool")


def place(storage, target):
    """Return a storage, or its copy on the device that ``map_location`` says.

    Args:
        storage: a :class:`LoadedStorage`.
        target: ``map_location`` as in ``load``.
    """
    if callable(target):
        moved = target(storage, storage.location)
        if moved is not None:
            return moved
        target = None
    elif isinstance(target, dict):
        target = target.get(storage.location)
    device = rushlight.device(storage.location if target is None else target)
    if device.type == "cpu":
        return storage
    if device.type == "cuda" and not rushlight.cuda.is_available():
        raise RuntimeError(
            "Attempting to deserialize object on a CUDA device but "
            "torch.cuda.is_available() is False. If you are running on a CPU-only "
            "machine, please use torch.load with map_location=torch.device('cpu') "
            "to map your storages to the CPU."
        )
    return LoadedStorage(storage.data.to(device), str(device))


def _ints(values, what):
    if not isinstance(values, (tuple, list)) or any(
        type(value) is not int or not 0 <= value < 2**63 for value in values
    ):
        raise ValueError(f"a tensor's {what} is {values!r}")
    return list(values)


def rebuild_tensor(storage, offset, size, stride, dtype=None, requires_grad=False):
    """Return the tensor at these places of a storage, all inside it.

    Raises:
        ValueError: the arguments describe no tensor, or one outside the storage.
    """
    if not isinstance(storage, LoadedStorage):
        raise ValueError("a tensor's storage is none")
    (offset,) = _ints([offset], "offset")
    size, stride = _ints(size, "size"), _ints(stride, "stride")
    if len(size) != len(stride):
        raise ValueError(f"a tensor has size {size} but stride {stride}")
    if dtype is None:
        dtype = storage.data.dtype
    held = storage.data.numel() * storage.data.itemsize // dtype.itemsize
    count = math.prod(size)
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if count >= 2**63 or offset > held or (count > 0 and last >= held):
        raise ValueError(
            f"a tensor of size {tuple(size)}, stride {tuple(stride)} and offset "
            f"{offset} does not fit its storage of {held} elements"
        )
    tensor = view_of(storage.data, dtype, size, stride, offset)
    return tensor.requires_grad_() if requires_grad else tensor


def _rebuild_v1(storage, offset, size, stride):
    return rebuild_tensor(storage, offset, size, stride)


def _rebuild_v2(
    storage, offset, size, stride, requires_grad, backward_hooks, metadata=None
):
    return rebuild_tensor(storage, offset, size, stride, requires_grad=requires_grad)


def _rebuild_v3(
    storage, offset, size, stride, requires_grad, backward_hooks, dtype, metadata=None
):
    if not isinstance(dtype, rushlight.dtype):
        raise ValueError(f"a tensor's dtype is {dtype!r}")
    return rebuild_tensor(storage, offset, size, stride, dtype, requires_grad)


def _check_tensor(value):
    if not isinstance(value, rushlight.Tensor):
        raise ValueError(f"a parameter's data is a {type(value).__name__}")


def _rebuild_parameter(data, requires_grad, backward_hooks):
    _check_tensor(data)
    return _utils._rebuild_parameter(data, bool(requires_grad), backward_hooks)


def _rebuild_parameter_with_state(data, requires_grad, backward_hooks, state):
    _check_tensor(data)
    if not isinstance(state, dict):
        raise ValueError("a parameter's state is no dict")
    return _utils._rebuild_parameter_with_state(
        data, bool(requires_grad), backward_hooks, state
    )


def _rebuild_from_type(rebuild, kind, args, state):
    # A tensor subclass, or a tensor with attributes: only what is known here.
    if rebuild not in (_rebuild_v2, _rebuild_v3, _rebuild_parameter):
        raise ValueError("a tensor is rebuilt by something else than a tensor function")
    return rebuild(*args)


def _encode(text, encoding):
    if encoding not in ("latin1", "latin-1", "utf-8", "ascii"):
        raise ValueError(f"bytes are encoded as {encoding!r}")
    return text.encode(encoding)


def _bytearray(*args):
    if args and not isinstance(args[0], (bytes, str)):
        # bytearray(10**12) would allocate.
        raise ValueError("a bytearray is made of something else than bytes")
    return bytearray(*args)


def _size(values=()):
    return rushlight.Size(_ints(values, "size"))


def _defaultdict(*args):
    if args and args[0] not in (None, *_FACTORIES):
        raise ValueError("a defaultdict's factory is not a plain container")
    return defaultdict(*args[:1])


_FACTORIES = (dict, list, set, int, float)


def _builtins():
    table = {
        "set": set,
        "frozenset": frozenset,
        "bytearray": _bytearray,
        "complex": complex,
        "slice": slice,
        "dict": dict,
        "list": list,
        "tuple": tuple,
        "int": int,
        "float": float,
        "str": str,
        "bool": bool,
        "bytes": bytes,
    }
    return {
        f"{module}.{name}": value
        for module in ("builtins", "__builtin__")
        for name, value in table.items()
    }


# Types that may stand in a pickle but are not to be called with arguments: what they
# make of them may be large, or run someone's __iter__.
PASSIVE = frozenset(
    {dict, list, tuple, int, float, str, bool, bytes} | {rushlight.Tensor, Parameter}
)


def constructor_table():
    """Return the table from names to what they make."""
    table = {
        "collections.OrderedDict": OrderedDict,
        "collections.Counter": Counter,
        "collections.defaultdict": _defaultdict,
        "_codecs.encode": _encode,
        "torch.Size": _size,
        "torch.device": rushlight.device,
        "torch.Tensor": rushlight.Tensor,
        "torch.nn.parameter.Parameter": Parameter,
        "torch._utils._rebuild_tensor": _rebuild_v1,
        "torch._utils._rebuild_tensor_v2": _rebuild_v2,
        "torch._utils._rebuild_tensor_v3": _rebuild_v3,
        "torch._utils._rebuild_parameter": _rebuild_parameter,
        "torch._utils._rebuild_parameter_with_state": _rebuild_parameter_with_state,
        "torch._tensor._rebuild_from_type_v2": _rebuild_from_type,
        f"torch.storage.{UNTYPED}": StorageType(UNTYPED),
        **_builtins(),
    }
    for name in STORAGE_NAMES.values():
        table[f"torch.{name}"] = table[f"torch.storage.{name}"] = StorageType(name)
    for name in DTYPE_NAMES:
        table[f"torch.{name}"] = getattr(rushlight, name)
    return table
