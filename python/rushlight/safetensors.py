"""Safetensors files: tensors by name, mapped from the file, with no code inside.

The functions are those of the ``safetensors`` package's module for PyTorch; the format
is that of its version 0.4 and later. A file is checked in full when it is opened, by
its header alone; the data is read when a tensor's values are.
"""

from __future__ import annotations

import os

import rushlight
from rushlight._serialization.header import (
    DTYPES,
    METADATA,
    Entry,
    SafetensorError,
    build_header,
    byte_count,
    read_header,
)
from rushlight._serialization.storages import dtype_name, new_storage, storage_bytes

__all__ = [
    "SafetensorError",
    "load",
    "load_file",
    "load_model",
    "safe_open",
    "save",
    "save_file",
    "save_model",
]

_CODES = {name: code for code, name in DTYPES.items()}
_RANKS = {code: rank for rank, code in enumerate(DTYPES)}
_FRAMEWORKS = ("pt", "torch", "pytorch", "rushlight")


def save(tensors, metadata=None) -> bytes:
    """Return a dict of tensors as the bytes of a safetensors file.

    Args:
        tensors: a dict from names to contiguous tensors that share no memory.
        metadata: a dict of strings to put into the header.

    Raises:
        ValueError: something is no tensor or not contiguous, or has a dtype that the
            format lacks.
        RuntimeError: tensors share memory.
        TypeError: a name or a part of the metadata is no string.

    Example:
        >>> import rushlight
        >>> from rushlight import safetensors
        >>> data = safetensors.save({"weight": rushlight.ones(2)})
        >>> safetensors.load(data)
        {'weight': tensor([1., 1.])}
    """
    return b"".join(_parts(tensors, metadata))


def save_file(tensors, filename, metadata=None) -> None:
    """Write a dict of tensors to a safetensors file.

    The file appears complete or not at all: what was there before stays until all is
    on disk.

    Args:
        tensors: as in :func:`save`.
        filename: the file's path.
        metadata: a dict of strings to put into the header.

    Raises:
        ValueError, RuntimeError, TypeError: as :func:`save` does.
    """
    from rushlight._serialization.atomic import atomic_file

    parts = _parts(tensors, metadata)
    header = next(parts)
    with atomic_file(os.fsdecode(filename)) as stream:
        stream.write(header)
        for part in parts:
            stream.write(part)


def load(data) -> dict:
    """Return the tensors of a safetensors file's bytes; they own their memory.

    Args:
        data: bytes, or any other object with the buffer protocol.

    Raises:
        SafetensorError: the bytes break a rule of the format.
    """
    view, where = memoryview(data).cast("B"), "load()"
    entries, _, data_at = read_header(view, where)
    return {
        name: _copied(view, data_at, entries[name], f"{where}: tensor {name!r}")
        for name in sorted(entries)
    }


def load_file(filename, device="cpu") -> dict:
    """Return the tensors of a safetensors file.

    On the CPU they lie in the mapped file itself and nothing is copied: a tensor's
    pages are read when they are first used, and what is written to a tensor stays in
    this process. Do not shorten the file meanwhile; replacing it, as
    :func:`save_file` does, is safe.

    Args:
        filename: the file's path.
        device: where the tensors go.

    Raises:
        SafetensorError: the file breaks a rule of the format.
        FileNotFoundError: there is none.
    """
    with safe_open(filename, "pt", device) as file:
        return file.get_tensors()


def save_model(model, filename, metadata=None, force_contiguous=True) -> None:
    """Write a module's ``state_dict`` to a safetensors file, shared tensors once.

    The metadata says for each name left out which one has its values.

    Args:
        model: the module.
        filename: the file's path.
        metadata: a dict of strings to put into the header.
        force_contiguous: make tensors contiguous that are not.

    Raises:
        RuntimeError: tensors share memory and none of them covers all of it.
        ValueError: a tensor is not contiguous, without ``force_contiguous``.
    """
    state = model.state_dict()
    metadata = None if metadata is None else dict(metadata)
    for kept, others in _copies(state, ()).items():
        metadata = {} if metadata is None else metadata
        for name in others:
            metadata.setdefault(name, kept)
            del state[name]
    if force_contiguous:
        state = {name: tensor.contiguous() for name, tensor in state.items()}
    save_file(dict(state), filename, metadata)


def load_model(model, filename, strict=True, device="cpu"):
    """Load a safetensors file into a module; shared tensors may be there once.

    Args:
        model: the module.
        filename: the file's path.
        strict: raise for names that are in one of the two only.
        device: where the file's tensors go before they are copied.

    Returns:
        The names that the file lacks and those that the module lacks, as two lists.

    Raises:
        RuntimeError: names differ, with ``strict``, or shapes do.
    """
    found = load_file(filename, device)
    copies = _copies(model.state_dict(), found)
    missing, unexpected = model.load_state_dict(found, strict=False)
    covered = {name for others in copies.values() for name in others}
    surplus = covered - set(missing)
    missing = [name for name in missing if name not in covered]
    # There, but of the same memory as another one: which of them counts is unclear.
    unexpected = [*unexpected, *sorted(surplus)]
    if strict and (missing or unexpected):
        text = f"Error(s) in loading state_dict for {type(model).__name__}:"
        for names, what in ((missing, "Missing"), (unexpected, "Unexpected")):
            if names:
                listed = ", ".join(f'"{name}"' for name in sorted(names))
                text += f"\n    {what} key(s) in state_dict: {listed}"
        raise RuntimeError(text)
    return missing, unexpected


def _copies(state, preferred):
    """Return a dict from a name to keep to the others of the same memory.

    Args:
        state: a dict of tensors.
        preferred: names to keep rather than others.

    Raises:
        RuntimeError: none of the tensors of a group covers all its memory.
    """
    result = {}
    for names in _shared(state):
        whole = [
            name
            for name in names
            if state[name].is_contiguous()
            and state[name].numel() * state[name].itemsize
            == state[name].untyped_storage().nbytes()
        ]
        if not whole:
            raise RuntimeError(
                f"save_model(): the tensors {names} share memory, and none of them "
                "covers all of it: clone() them first"
            )
        kept = next((name for name in whole if name in preferred), whole[0])
        result[kept] = [name for name in names if name != kept]
    return result


class safe_open:
    """A safetensors file, opened to read some of its tensors.

    Args:
        filename: the file's path.
        framework: ``"pt"``; the tensors are Rushlight's.
        device: where the tensors go. Default: the CPU, in the mapped file itself.

    Raises:
        SafetensorError: the file breaks a rule of the format.
        FileNotFoundError: there is none.

    Example:
        >>> import os, tempfile
        >>> import rushlight
        >>> from rushlight import safetensors
        >>> path = os.path.join(tempfile.mkdtemp(), "a.safetensors")
        >>> safetensors.save_file({"x": rushlight.arange(6).view(2, 3)}, path)
        >>> with safetensors.safe_open(path, "pt") as file:
        ...     print(file.keys(), file.get_slice("x")[:, 1])
        ['x'] tensor([1, 4])
    """

    def __init__(self, filename, framework="pt", device="cpu") -> None:
        if framework not in _FRAMEWORKS:
            raise SafetensorError(
                f"safe_open(): framework {framework!r} is invalid; it must be 'pt'"
            )
        self._device = rushlight.device(device)
        self._where = f"safe_open(): {os.fsdecode(filename)}"
        self._map = _mapped(filename, self._where)
        with memoryview(self._map) as view:
            self._entries, self._metadata, self._data_at = read_header(
                view, self._where
            )

    def __enter__(self):
        self._opened()
        return self

    def __exit__(self, *exc: object) -> None:
        # Tensors may still lie in it; it is unmapped when the last one is gone.
        self._map = None

    def keys(self) -> list:
        """Return the tensors' names in alphabetical order."""
        self._opened()
        return sorted(self._entries)

    def offset_keys(self) -> list:
        """Return the tensors' names in the order of their data."""
        self._opened()
        return sorted(self._entries, key=lambda name: self._entries[name].start)

    def metadata(self):
        """Return the strings of the header, or ``None``."""
        self._opened()
        return None if self._metadata is None else dict(self._metadata)

    def get_tensor(self, name):
        """Return a tensor.

        Raises:
            SafetensorError: there is none of that name.
        """
        return self._mapped_tensor(name).to(self._device)

    def get_tensors(self) -> dict:
        """Return all tensors by name."""
        return {name: self.get_tensor(name) for name in self.keys()}

    def get_slice(self, name):
        """Return an object that reads the part of a tensor that it is indexed by.

        Raises:
            SafetensorError: there is none of that name.
        """
        return _Slice(self, self._entry(name), name)

    def _opened(self):
        if self._map is None:
            raise SafetensorError(f"{self._where}: the file is closed")
        return self._map

    def _entry(self, name):
        self._opened()
        try:
            return self._entries[name]
        except KeyError:
            raise SafetensorError(
                f"{self._where}: File does not contain tensor {name}"
            ) from None

    def _mapped_tensor(self, name):
        entry, memory = self._entry(name), self._opened()
        where = f"{self._where}: tensor {name!r}"
        dtype = getattr(rushlight, DTYPES[entry.dtype])
        start = self._data_at + entry.start
        if entry.start == entry.stop or start % dtype.itemsize:
            # Nothing to lie in, or at an address that the dtype cannot have.
            with memoryview(memory) as view:
                return _copied(view, self._data_at, entry, where)
        flat = rushlight.frombuffer(
            memory,
            dtype=dtype,
            count=(entry.stop - entry.start) // dtype.itemsize,
            offset=start,
        )
        return _checked(flat, where).view(entry.shape)


class _Slice:
    """A tensor of an open file, to be indexed."""

    def __init__(self, file, entry, name) -> None:
        self._file = file
        self._entry = entry
        self._name = name

    def get_shape(self) -> list:
        """Return the whole tensor's shape."""
        return list(self._entry.shape)

    def get_dtype(self) -> str:
        """Return the dtype's name in the file."""
        return self._entry.dtype

    def __getitem__(self, index):
        part = self._file._mapped_tensor(self._name)[index]
        return part.to(self._file._device)


def _mapped(filename, where):
    import mmap

    with open(filename, "rb") as stream:
        if os.fstat(stream.fileno()).st_size == 0:
            raise SafetensorError(f"{where}: a file of 0 bytes holds no header")
        # Private: what is written to a tensor never reaches the file.
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)


def _copied(view, data_at, entry, where):
    dtype = getattr(rushlight, DTYPES[entry.dtype])
    flat = new_storage(dtype, (entry.stop - entry.start) // dtype.itemsize)
    if flat.numel():
        storage_bytes(flat)[:] = view[data_at + entry.start : data_at + entry.stop]
    return _checked(flat, where).view(entry.shape)


def _checked(flat, where):
    """Return a tensor after making sure of what kernels count on: bools are 0 and 1."""
    if flat.dtype == rushlight.bool and flat.numel():
        if flat.view(rushlight.uint8).max().item() > 1:
            raise SafetensorError(f"{where}: holds bytes other than 0 and 1 as bool")
    return flat


def _parts(tensors, metadata):
    """Yield the header, then each tensor's bytes."""
    _check_tensors(tensors)
    _check_metadata(metadata)
    entries: dict[str, Entry] = {}
    at = 0
    for name in sorted(tensors, key=lambda n: (_RANKS[_code(n, tensors[n])], n)):
        tensor = tensors[name]
        code, shape = _code(name, tensor), list(tensor.shape)
        size = byte_count(code, shape)
        entries[name] = Entry(code, shape, at, at + size)
        at += size
    yield build_header(entries, metadata)
    for name in entries:
        yield _content(tensors[name])


def _content(tensor):
    tensor = tensor.detach().cpu()
    start = tensor.storage_offset() * tensor.itemsize
    size = tensor.numel() * tensor.itemsize
    return storage_bytes(tensor)[start : start + size] if size else b""


def _code(name, tensor):
    found = _CODES.get(dtype_name(tensor.dtype))
    if found is None:
        raise ValueError(
            f"save(): tensor {name!r} is {tensor.dtype}, which safetensors files "
            "cannot hold; convert it first"
        )
    return found


def _check_tensors(tensors) -> None:
    if not isinstance(tensors, dict):
        raise ValueError(
            f"save(): expected a dict of names and tensors, got {type(tensors)}"
        )
    for name, tensor in tensors.items():
        if not isinstance(name, str):
            raise TypeError(f"save(): the name {name!r} is no str")
        if name == METADATA:
            raise ValueError(f"save(): the name {METADATA!r} is that of the metadata")
        if not isinstance(tensor, rushlight.Tensor):
            raise ValueError(
                f"save(): key {name!r} is invalid, expected a Tensor, got "
                f"{type(tensor)}"
            )
    shared = _shared(tensors)
    if shared:
        raise RuntimeError(
            f"save(): Some tensors share memory: {shared}. The file would hold it "
            "several times, and they would be apart when loaded again: save one "
            "tensor of each group, or clone() the others."
        )
    for name, tensor in tensors.items():
        if not tensor.is_contiguous():
            raise ValueError(
                f"save(): tensor {name!r} of shape {tuple(tensor.shape)} and stride "
                f"{tuple(tensor.stride())} is non contiguous, which is not allowed: "
                "call contiguous() on it before saving"
            )


def _shared(tensors):
    """Return lists of the names of tensors that overlap in memory."""
    spans: dict[tuple, list] = {}
    for name, tensor in tensors.items():
        if not tensor.numel():
            continue
        first = tensor.data_ptr()
        reach = sum(
            (size - 1) * step
            for size, step in zip(tensor.shape, tensor.stride(), strict=True)
        )
        last = first + (reach + 1) * tensor.itemsize
        device = (tensor.device.type, tensor.device.index)
        spans.setdefault(device, []).append((first, last, name))
    groups = []
    for areas in spans.values():
        group: list = []
        end = 0
        for first, last, name in sorted(areas):
            if first >= end:
                group = []
                groups.append(group)
            group.append(name)
            end = max(end, last)
    return [sorted(group) for group in groups if len(group) > 1]


def _check_metadata(metadata) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, dict):
        raise TypeError(f"save(): metadata must be a dict, got {type(metadata)}")
    for key, value in metadata.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError(f"save(): metadata must be strings, got {key!r}: {value!r}")
