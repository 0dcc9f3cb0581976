"""Storages: the memory under tensors, as bytes or as elements of one dtype."""

from __future__ import annotations

import weakref

import rushlight
from rushlight import _ops
from rushlight._core import Tensor
from rushlight._serialization.storages import STORAGE_NAMES

_CONVERSIONS = {
    "bool": "bool",
    "byte": "uint8",
    "char": "int8",
    "short": "int16",
    "int": "int32",
    "long": "int64",
    "half": "float16",
    "bfloat16": "bfloat16",
    "float": "float32",
    "double": "float64",
    "complex_float": "complex64",
    "complex_double": "complex128",
}
# _storage_id -> its UntypedStorage, which keeps the memory and so the id alive
_untyped: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


class StorageBase:
    """What all storages derive from; for ``isinstance`` only."""


class UntypedStorage(StorageBase):
    """A block of bytes, shared by the tensors that look into it.

    Args:
        data (int or sequence of int, optional): the number of bytes, uninitialised, or
            their values.
        device (device, optional): the CPU.

    Raises:
        RuntimeError: for a negative size or values that are no ints.

    Example::

        >>> rushlight.zeros(2).untyped_storage().nbytes()
        8
    """

    def __new__(cls, data=0, *, device=None):
        if isinstance(data, int):
            if data < 0:
                raise RuntimeError(f"UntypedStorage(): a storage of {data} bytes")
            return _of(rushlight.empty(data, dtype=rushlight.uint8, device=device))
        for item in data:
            if not isinstance(item, int):
                raise RuntimeError(
                    "UntypedStorage(): tried to construct a storage from a sequence "
                    f"({type(data).__name__}), but one of the items was of type "
                    f"{type(item).__name__} instead of int"
                )
        values = [item & 255 for item in data]
        return _of(rushlight.tensor(values, dtype=rushlight.uint8, device=device))

    # All the bytes as a tensor; made anew, since a resize changes their number.
    def _bytes(self):
        return _ops._storage_bytes(self._tensor)

    @property
    def device(self):
        return self._tensor.device

    @property
    def _cdata(self):
        return _ops._storage_id(self._tensor)

    @property
    def is_cuda(self):
        return self._tensor.is_cuda

    is_sparse = False
    is_sparse_csr = False

    def untyped(self):
        """Itself."""
        return self

    def nbytes(self):
        """The number of bytes."""
        return _ops._storage_nbytes(self._tensor)

    def size(self):
        """The number of bytes."""
        return self.nbytes()

    def __len__(self):
        return self.nbytes()

    def element_size(self):
        """1: the elements are bytes."""
        return 1

    def data_ptr(self):
        """The address of the first byte; 0 for an empty storage."""
        return self._bytes().data_ptr()

    def get_device(self):
        """The index of the CUDA device; -1 on the CPU."""
        return self._tensor.get_device()

    def type(self, dtype=None):
        """The name of the class."""
        if dtype is not None:
            raise TypeError(f"UntypedStorage.type(): no conversion to {dtype}")
        return "rushlight.storage.UntypedStorage"

    def tolist(self):
        """The bytes as a list of ints."""
        return self._bytes().tolist()

    def __iter__(self):
        return iter(self.tolist())

    def __getitem__(self, index):
        if isinstance(index, slice):
            start, stop, step = index.indices(self.nbytes())
            if step != 1:
                raise RuntimeError(
                    f"Trying to slice with a step of {step}, but only a step of 1 is "
                    "supported"
                )
            # A storage of its own over the same memory, as PyTorch has it.
            part = memoryview(self._bytes())[start : max(start, stop)]
            if part.nbytes == 0:
                return UntypedStorage(0)
            return _of(_ops.frombuffer(part, dtype=rushlight.uint8))
        return self._bytes()[_position(index, self.nbytes(), type(self))].item()

    def __setitem__(self, index, value):
        data = self._bytes()
        if isinstance(index, slice):
            if index.step not in (None, 1):
                raise RuntimeError(
                    f"Trying to slice with a step of {index.step}, but only a step of "
                    "1 is supported"
                )
        else:
            index = _position(index, self.nbytes(), type(self))
        data[index] = value & 255

    def fill_(self, value):
        """Sets every byte."""
        self._bytes().fill_(value & 255)
        return self

    def copy_(self, source, non_blocking=None):
        """Takes over another storage's bytes.

        Raises:
            RuntimeError: when the sizes differ.
        """
        source = source.untyped()
        if source.nbytes() != self.nbytes():
            raise RuntimeError(
                f"size does not match, self was {self.nbytes()} bytes but src was "
                f"{source.nbytes()} bytes"
            )
        self._bytes().copy_(source._bytes())
        return self

    def clone(self):
        """A copy with memory of its own."""
        return _of(self._bytes().clone())

    def new(self):
        """An empty storage."""
        return UntypedStorage(0)

    def resizable(self):
        """Whether :meth:`resize_` may change the size."""
        return not _ops._storage_borrowed(self._tensor)

    def resize_(self, size):
        """Changes the number of bytes, keeping those that remain.

        A storage made shorter keeps its memory as long as it lives, so that tensors
        which look into the part cut off stay valid.

        Raises:
            RuntimeError: when another library owns the memory or looks into it.
        """
        _ops._storage_resize(self._tensor, size)
        return self

    def byteswap(self, dtype):
        """Reverses the bytes of each element of ``dtype`` (each part of a complex)."""
        width = dtype.to_real().itemsize
        data = self._bytes()
        whole = data.numel() // width * width
        rows = data[:whole].view(-1, width)
        rows.copy_(rows.flip(1))

    def cpu(self):
        """Itself, on the CPU."""
        return self if not self.is_cuda else _of(self._tensor.cpu())

    def cuda(self, device=None, non_blocking=False):
        """A copy on a CUDA device."""
        return _of(self._bytes().cuda(device, non_blocking))

    def to(self, *, device, non_blocking=False):
        """Itself, or a copy on another device."""
        device = rushlight.device(device)
        if device.type == "cpu":
            return self.cpu()
        return self.cuda(device, non_blocking)

    def is_pinned(self, device="cuda"):
        """Whether the memory is page-locked; never without CUDA."""
        return self._tensor.is_pinned()

    def pin_memory(self, device="cuda"):
        """A copy in page-locked memory.

        Raises:
            RuntimeError: without an accelerator.
        """
        return _of(self._bytes().pin_memory())

    def is_shared(self):
        """Whether processes forked from this one share the memory."""
        return self._tensor.is_shared()

    def share_memory_(self):
        """Not possible for a storage alone: share the tensor before making views."""
        if self.is_shared():
            return self
        raise NotImplementedError(
            "UntypedStorage.share_memory_(): call share_memory_() of the tensor instead"
        )

    @staticmethod
    def from_buffer(buffer, byte_order=None, *, dtype=None, count=-1, offset=0):
        """A storage with a copy of a buffer's bytes."""
        data = rushlight.frombuffer(
            buffer, dtype=rushlight.uint8, count=count, offset=offset
        )
        return _of(data.clone())

    def __eq__(self, other):
        return isinstance(other, UntypedStorage) and self._cdata == other._cdata

    def __hash__(self):
        return hash(self._cdata)

    def __copy__(self):
        return self.clone()

    def __deepcopy__(self, memo):
        return deepcopy_storage(self._tensor, memo)

    def __reduce_ex__(self, protocol):
        from rushlight._pickling import _bytes_of

        return _load_untyped, (_bytes_of(self._tensor),)

    def __sizeof__(self):
        return object.__sizeof__(self) + self.nbytes()

    def __str__(self):
        values = "\n ".join(str(v) for v in self.tolist())
        return (
            f" {values}\n[rushlight.storage.UntypedStorage(device={self.device}) of "
            f"size {self.nbytes()}]"
        )

    __repr__ = __str__


def _of(tensor):
    """The storage under a tensor, one object as long as it is alive."""
    key = _ops._storage_id(tensor)
    found = _untyped.get(key)
    if found is None:
        found = object.__new__(UntypedStorage)
        found._tensor = tensor.detach()
        _untyped[key] = found
    return found


def deepcopy_storage(tensor, memo):
    """The copy of the storage under ``tensor``, one per ``copy.deepcopy``."""
    copies = memo.setdefault("rushlight.storage", {})
    key = _ops._storage_id(tensor)
    if key not in copies:
        original = _of(tensor)
        # The original is kept, so that its id stays its own.
        copies[key] = original, original.clone()
    return copies[key][1]


def _load_untyped(data):
    return _of(getattr(data, "data", data))


def _position(index, size, cls):
    try:
        position = index.__index__()
    except AttributeError:
        raise RuntimeError(f"can't index a {cls} with {type(index)}") from None
    if not -size <= position < size:
        raise IndexError(f"index {index} out of range for storage of size {size}")
    return position % size


class _LegacyMeta(type):
    def __instancecheck__(cls, instance):
        if cls.__dict__.get("_dtype_name") is None:
            return type.__instancecheck__(cls, instance)
        return (
            isinstance(instance, TypedStorage)
            and instance.dtype.name == cls._dtype_name
        )


class TypedStorage(metaclass=_LegacyMeta):
    """A storage seen as elements of one dtype.

    Args:
        data (int or sequence, optional): the number of elements, or their values.
        dtype (dtype, optional): default ``get_default_dtype()``.
        device (device, optional): the CPU.
        wrap_storage (UntypedStorage, optional): the memory to look into.

    Raises:
        RuntimeError: for arguments that do not go together.

    Example::

        >>> rushlight.FloatStorage([1, 2]).tolist()
        [1.0, 2.0]
    """

    _dtype_name: str | None = None
    is_sparse = False

    def __new__(cls, *args, wrap_storage=None, dtype=None, device=None, _internal=None):
        if cls._dtype_name is not None:
            if dtype is not None:
                raise RuntimeError(
                    f"{cls.__name__}(): Keyword argument 'dtype' is not accepted"
                )
            dtype = getattr(rushlight, cls._dtype_name)
        elif dtype is None:
            if wrap_storage is not None:
                raise RuntimeError(
                    "TypedStorage(): Argument 'dtype' must be specified with "
                    "'wrap_storage'"
                )
            dtype = rushlight.get_default_dtype()
        if len(args) > 1:
            raise RuntimeError(
                f"{cls.__name__}() received an invalid combination of arguments: too "
                f"many positional arguments ({len(args)})"
            )
        if wrap_storage is not None:
            if args or device is not None:
                raise RuntimeError(
                    f"{cls.__name__}(): 'wrap_storage' takes neither data nor device"
                )
            if not isinstance(wrap_storage, UntypedStorage):
                raise TypeError(
                    f"{cls.__name__}(): Argument 'wrap_storage' must be "
                    f"UntypedStorage, got {type(wrap_storage).__name__}"
                )
            return _typed(wrap_storage, dtype)
        data = args[0] if args else 0
        if isinstance(data, int):
            tensor = rushlight.empty(data, dtype=dtype, device=device)
        elif isinstance(data, (str, bytes)) or not hasattr(data, "__len__"):
            raise TypeError(
                f"{cls.__name__}(): invalid data type '{type(data).__name__}'"
            )
        else:
            tensor = rushlight.tensor(data, dtype=dtype, device=device).reshape(-1)
        return _typed(_of(tensor), dtype)

    def _elements(self):
        count = self.size()
        return _ops._storage_view(self._untyped._tensor, self.dtype, (count,), (1,), 0)

    def untyped(self):
        """The memory as an :class:`UntypedStorage`."""
        return self._untyped

    @property
    def device(self):
        return self._untyped.device

    @property
    def is_cuda(self):
        return self._untyped.is_cuda

    @property
    def _cdata(self):
        return self._untyped._cdata

    def size(self):
        """The number of elements."""
        return self._untyped.nbytes() // self.dtype.itemsize

    def __len__(self):
        return self.size()

    def nbytes(self):
        """The number of bytes."""
        return self._untyped.nbytes()

    def element_size(self):
        """Bytes per element."""
        return self.dtype.itemsize

    def data_ptr(self):
        """The address of the first element; 0 for an empty storage."""
        return self._untyped.data_ptr()

    def get_device(self):
        """The index of the CUDA device; -1 on the CPU."""
        return self._untyped.get_device()

    def tolist(self):
        """The elements as a list of Python numbers."""
        return self._elements().tolist()

    def __iter__(self):
        return iter(self.tolist())

    def __getitem__(self, index):
        if isinstance(index, slice):
            raise RuntimeError(
                "slices are only supported in UntypedStorage.__getitem__"
            )
        return self._elements()[_position(index, self.size(), type(self))].item()

    def __setitem__(self, index, value):
        if not isinstance(index, slice):
            index = _position(index, self.size(), type(self))
        self._elements()[index] = value

    def fill_(self, value):
        """Sets every element."""
        self._elements().fill_(value)
        return self

    def copy_(self, source, non_blocking=None):
        """Takes over another storage's bytes; the sizes must agree."""
        self._untyped.copy_(source.untyped())
        return self

    def clone(self):
        """A copy with memory of its own."""
        return _typed(self._untyped.clone(), self.dtype)

    def resizable(self):
        """Whether :meth:`resize_` may change the size."""
        return self._untyped.resizable()

    def resize_(self, size):
        """Changes the number of elements; see :meth:`UntypedStorage.resize_`."""
        self._untyped.resize_(size * self.dtype.itemsize)

    def type(self, dtype=None, non_blocking=False):
        """The name of the legacy class, or this storage converted to another."""
        if dtype is None:
            return f"rushlight.{STORAGE_NAMES[self.dtype.name]}"
        name = dtype if isinstance(dtype, str) else dtype.__name__
        legacy = globals().get(name.rpartition(".")[2])
        if not (isinstance(legacy, type) and issubclass(legacy, TypedStorage)):
            raise ValueError(f"invalid type: {dtype!r}")
        return self._to(getattr(rushlight, legacy._dtype_name))

    def pickle_storage_type(self):
        """The name of the legacy class."""
        return STORAGE_NAMES[self.dtype.name]

    def _to(self, dtype):
        return self._elements().to(dtype, copy=True).storage()

    def cpu(self):
        """Itself, on the CPU."""
        return _typed(self._untyped.cpu(), self.dtype)

    def cuda(self, device=None, non_blocking=False):
        """A copy on a CUDA device."""
        return _typed(self._untyped.cuda(device, non_blocking), self.dtype)

    def to(self, *, device, non_blocking=False):
        """Itself, or a copy on another device."""
        untyped = self._untyped.to(device=device, non_blocking=non_blocking)
        return _typed(untyped, self.dtype)

    def is_pinned(self, device="cuda"):
        """Whether the memory is page-locked; never without CUDA."""
        return self._untyped.is_pinned(device)

    def pin_memory(self, device="cuda"):
        """A copy in page-locked memory; needs CUDA."""
        return _typed(self._untyped.pin_memory(device), self.dtype)

    def is_shared(self):
        """Whether processes forked from this one share the memory."""
        return self._untyped.is_shared()

    def share_memory_(self):
        """See :meth:`UntypedStorage.share_memory_`."""
        self._untyped.share_memory_()
        return self

    @classmethod
    def from_buffer(cls, buffer, byte_order=None, *, dtype=None, count=-1, offset=0):
        """A storage with a copy of a buffer's elements."""
        if cls._dtype_name is not None:
            dtype = getattr(rushlight, cls._dtype_name)
        data = rushlight.frombuffer(
            buffer,
            dtype=dtype or rushlight.get_default_dtype(),
            count=count,
            offset=offset,
        ).clone()
        if byte_order not in (None, "native", "little"):
            if byte_order != "big":
                raise ValueError(
                    f"byte_order must be 'little' or 'big', got {byte_order!r}"
                )
            data.untyped_storage().byteswap(data.dtype)
        return data.storage()

    def __copy__(self):
        return self.clone()

    def __deepcopy__(self, memo):
        return _typed(deepcopy_storage(self._untyped._tensor, memo), self.dtype)

    def __reduce_ex__(self, protocol):
        return _typed, (self._untyped, self.dtype)

    def __sizeof__(self):
        return object.__sizeof__(self) + self.nbytes()

    def __str__(self):
        values = "\n ".join(str(v) for v in self.tolist())
        return (
            f" {values}\n[rushlight.storage.TypedStorage(dtype={self.dtype}, "
            f"device={self.device}) of size {self.size()}]"
        )

    __repr__ = __str__


def _typed(untyped, dtype):
    self = object.__new__(TypedStorage)
    self._untyped = untyped
    self.dtype = dtype
    return self


def _converter(name, dtype):
    def convert(self):
        target = getattr(rushlight, dtype)
        if isinstance(self, UntypedStorage):
            return _typed(self, rushlight.uint8)._to(target)
        return self._to(target)

    convert.__name__ = name
    convert.__doc__ = f"A copy converted to {dtype}."
    return convert


for _name, _dtype in _CONVERSIONS.items():
    for _cls in (UntypedStorage, TypedStorage):
        setattr(_cls, _name, _converter(_name, _dtype))


def _legacy(name, dtype):
    doc = (
        f"``{name}(size)`` or ``{name}(sequence)``: a :class:`TypedStorage` of {dtype}."
    )
    body = {"__doc__": doc, "__module__": "rushlight", "_dtype_name": dtype}
    return _LegacyMeta(name, (TypedStorage,), body)


for _dtype, _name in STORAGE_NAMES.items():
    globals()[_name] = _legacy(_name, _dtype)
Storage = globals()["FloatStorage"]


def is_storage(obj):
    """Whether ``obj`` is a storage.

    Example::

        >>> rushlight.is_storage(rushlight.FloatStorage(1))
        True
    """
    return isinstance(obj, (UntypedStorage, TypedStorage))


def tensor_over(storage, dtype, op):
    """A 1-d tensor of ``dtype`` over all of a storage.

    Raises:
        RuntimeError: for a typed storage of another dtype.
    """
    check_dtype(storage, dtype)
    untyped = storage.untyped()
    count = untyped.nbytes() // dtype.itemsize
    return _ops._storage_view(untyped._tensor, dtype, (count,), (1,), 0)


def check_dtype(storage, dtype):
    """Raises RuntimeError where a typed storage is not of ``dtype``."""
    if isinstance(storage, TypedStorage) and storage.dtype != dtype:
        raise RuntimeError(
            f"Expected a Storage of type {dtype} or an UntypedStorage, but got type "
            f"{storage.dtype} for argument 1 'storage'"
        )


def untyped_storage(self: Tensor):
    """The memory under this tensor, shared by all its views."""
    return _of(self)


def typed_storage(self: Tensor):
    """The memory under this tensor as elements of its dtype."""
    return _typed(_of(self), self.dtype)


def storage_type(self: Tensor):
    """The legacy class of this tensor's storage."""
    return globals()[STORAGE_NAMES[self.dtype.name]]


METHODS = {
    "untyped_storage": untyped_storage,
    "storage": typed_storage,
    "_typed_storage": typed_storage,
    "storage_type": storage_type,
}
