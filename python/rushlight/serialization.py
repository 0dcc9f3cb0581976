"""Saving and loading tensors and containers of them, in PyTorch's file format."""

from __future__ import annotations

import os

from rushlight._serialization.archive import ArchiveReader, ArchiveWriter
from rushlight._serialization.errors import corrupt

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "safe_globals",
    "save",
]

DEFAULT_PROTOCOL = 2
# In the order they came; keys only.
_safe_globals: dict[object, None] = {}


def add_safe_globals(safe_globals) -> None:
    """Allow classes and functions in files loaded with ``weights_only=True``.

    A file can call them with any arguments: allow only what does no harm then.

    Args:
        safe_globals: a list of classes and functions, or of ``(object, "full.name")``.
    """
    for entry in safe_globals:
        _named(entry)
        _safe_globals[entry] = None


def get_safe_globals() -> list:
    """Return what :func:`add_safe_globals` has allowed."""
    return list(_safe_globals)


def clear_safe_globals() -> None:
    """Forget what :func:`add_safe_globals` has allowed."""
    _safe_globals.clear()


class safe_globals:
    """Allow classes and functions inside a ``with`` block.

    At its end all of them are forgotten, those that were allowed before too.

    Args:
        safe_globals: as in :func:`add_safe_globals`.

    Example:
        >>> import fractions, io
        >>> import rushlight
        >>> file = io.BytesIO()
        >>> rushlight.save(fractions.Fraction(1, 3), file)
        >>> with rushlight.serialization.safe_globals([fractions.Fraction]):
        ...     rushlight.load(io.BytesIO(file.getvalue()))
        Fraction(1, 3)
    """

    def __init__(self, safe_globals) -> None:
        self.safe_globals = safe_globals

    def __enter__(self) -> None:
        add_safe_globals(self.safe_globals)

    def __exit__(self, kind, error, trace) -> None:
        for entry in self.safe_globals:
            _safe_globals.pop(entry, None)


def get_unsafe_globals_in_checkpoint(f) -> list:
    """Return the names in a checkpoint that ``weights_only=True`` does not allow.

    The file is only looked at; nothing in it runs.

    Args:
        f: a path, or a seekable file open for reading bytes.

    Returns:
        Names such as ``"fractions.Fraction"``, in alphabetical order.

    Raises:
        ValueError: the file is none in PyTorch's zip format.
    """
    if not hasattr(f, "read"):
        with open(f, "rb") as stream:
            return get_unsafe_globals_in_checkpoint(stream)
    start = f.tell()
    head = f.read(2)
    f.seek(start)
    if head != b"PK":
        raise ValueError("Expected input to be a checkpoint returned by torch.save")
    from rushlight._serialization.machine import names_in
    from rushlight._serialization.rebuild import constructor_table

    name = getattr(f, "name", None)
    label = name if isinstance(name, str) else f"<{type(f).__name__}>"
    data = _open_archive(f, label).read("data.pkl")
    found = names_in(data, f"{label}, record 'data.pkl'")
    return sorted(found - set(constructor_table()) - set(map(_name, _safe_globals)))


def _name(entry):
    return _named(entry)[0]


def _named(entry):
    """Return the name and the object of an entry."""
    if not isinstance(entry, tuple):
        return f"{entry.__module__}.{entry.__qualname__}", entry
    if len(entry) != 2 or not isinstance(entry[1], str):
        raise ValueError(
            f"add_safe_globals(): expected an object or (object, 'full.name'), got "
            f"{entry!r}"
        )
    return entry[1], entry[0]


def save(
    obj,
    f,
    pickle_module=None,
    pickle_protocol=DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization=True,
) -> None:
    """Write an object to a file that PyTorch reads too.

    Tensors that share their storage share it in the file. A file given by its path
    appears complete or not at all: what was there before stays until all is on disk.

    Args:
        obj: tensors, or containers of them such as a ``state_dict``; other objects are
            pickled by the stdlib.
        f: a path, or a file open for writing bytes.
        pickle_module: a module whose ``Pickler`` derives from ``pickle._Pickler``, for
            other objects. Default: the stdlib's pickle.
        pickle_protocol: the pickle protocol. Default: 2.

    Raises:
        RuntimeError: the folder does not exist, or tensors of different dtypes share a
            storage.
        NotImplementedError: PyTorch's old format, from before its version 1.6, or a
            pickle module whose pickler is compiled.

    Example:
        >>> import io
        >>> import rushlight
        >>> file = io.BytesIO()
        >>> rushlight.save({"weight": rushlight.ones(2)}, file)
        >>> rushlight.load(io.BytesIO(file.getvalue()))
        {'weight': tensor([1., 1.])}
    """
    if not _use_new_zipfile_serialization:
        raise NotImplementedError(
            "save(): only PyTorch's zip format is written, which it reads since 1.6"
        )
    # Pickled first: an object that cannot be pickled leaves no file behind.
    from rushlight._serialization.pickler import pickle_checkpoint

    data, storages = pickle_checkpoint(obj, pickle_protocol, pickle_module)
    if hasattr(f, "write"):
        _write_archive(f, "archive", data, storages)
        if hasattr(f, "flush"):
            f.flush()
        return
    from rushlight._serialization.atomic import atomic_file

    path = os.fspath(f)
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    folder = os.path.splitext(os.path.basename(path))[0] or "archive"
    with atomic_file(path) as stream:
        _write_archive(stream, folder, data, storages)


def _write_archive(stream, folder, data, storages) -> None:
    import sys

    from rushlight._serialization.storages import storage_bytes

    writer = ArchiveWriter(stream, folder)
    writer.add("data.pkl", data)
    writer.add(".format_version", b"1")
    writer.add(".storage_alignment", b"64")
    writer.add("byteorder", sys.byteorder.encode())
    for key, tensor in storages.items():
        writer.add(f"data/{key}", storage_bytes(tensor))
    writer.add("version", b"3\n")
    writer.finish()


def load(
    f,
    map_location=None,
    pickle_module=None,
    *,
    weights_only=None,
    mmap=None,
    **pickle_load_args,
):
    """Read a file written by :func:`save` or by PyTorch.

    Every record's checksum and every tensor's place in its storage is checked. With
    ``weights_only`` no code runs, whatever the file says. Files from before PyTorch 1.6
    are read too; they have no checksums. So are files named ``*.safetensors``.

    Args:
        f: a path, or a seekable file open for reading bytes.
        map_location: where storages go: a device or its name, a dict from saved to new
            device names, or a function of a storage and its saved device's name that
            returns a storage or ``None``. Default: where they were.
        pickle_module: a module with an ``Unpickler`` to use with
            ``weights_only=False``. Default: the stdlib's pickle.
        weights_only: load only tensors and plain containers. ``False`` unpickles any
            object, which can run code: only for files from a source you trust.
            Default: ``True``, but ``False`` with a ``pickle_module``.
        mmap: leave tensors on the CPU in the mapped file, which must be given by its
            path and must not be shortened meanwhile. It is read once for the checksums
            and shared with other processes that do the same; what is written to a
            tensor stays in this one.
        **pickle_load_args: options of the stdlib's unpickler, for
            ``weights_only=False``.

    Returns:
        The object.

    Raises:
        RuntimeError: the file is no checkpoint, is damaged, or needs a device that is
            not there.
        pickle.UnpicklingError: the file holds more than tensors and containers.
        ValueError: ``mmap`` without a path.
        OSError: the file cannot be read.
    """
    if weights_only is None:
        weights_only = pickle_module is None
    if weights_only and pickle_module is not None:
        raise RuntimeError(
            "load(): Can not safely load weights when explicit pickle_module is "
            "specified; use weights_only=False for a file from a source you trust"
        )
    if weights_only and pickle_load_args:
        import warnings

        warnings.warn(
            "load(): pickle_load_args only works if `weights_only=False`.", stacklevel=2
        )
    unpickler = None if weights_only else _unpickler(pickle_module, pickle_load_args)
    if mmap and hasattr(f, "read"):
        raise ValueError(
            "load(): f must be a file path in order to use the mmap argument, got "
            f"{f!r}"
        )
    if hasattr(f, "read") and hasattr(f, "seek"):
        name = getattr(f, "name", None)
        label = name if isinstance(name, str) else f"<{type(f).__name__}>"
        return _load_stream(f, label, map_location, unpickler)
    if hasattr(f, "read"):
        raise AttributeError(
            "load(): the file cannot seek; read it into an io.BytesIO first"
        )
    path = os.fsdecode(f)
    if path.endswith(".safetensors"):
        return _load_safetensors(path, map_location)
    with open(path, "rb") as stream:
        return _load_stream(stream, path, map_location, unpickler, mmap)


def _unpickler(module, options):
    from rushlight._serialization.unpickler import object_unpickler

    return lambda stream, load_storage: object_unpickler(
        stream, load_storage, module, options
    )


def _load_safetensors(path, map_location):
    if isinstance(map_location, dict) or callable(map_location):
        raise RuntimeError(
            f"load(): {path}: map_location must be a device or its name for a "
            f"safetensors file, got {map_location!r}"
        )
    from rushlight import safetensors

    return safetensors.load_file(path, "cpu" if map_location is None else map_location)


def _load_stream(stream, name, map_location, unpickler, mmap=None):
    from rushlight._serialization.rebuild import StorageLoader

    allowed = dict(map(_named, _safe_globals))
    if _is_legacy(stream, name):
        from rushlight._serialization.legacy import load_legacy

        if mmap:
            raise RuntimeError(
                f"load(): {name}: mmap can only be used with files in PyTorch's zip "
                "format; this one is in the format from before its version 1.6"
            )
        return load_legacy(stream, name, map_location, allowed, unpickler)
    archive = _open_archive(stream, name)
    where = f"{name}, record 'data.pkl'"
    data = archive.read("data.pkl")
    memory = None
    if mmap:
        from mmap import ACCESS_COPY
        from mmap import mmap as mapped

        memory = mapped(stream.fileno(), 0, access=ACCESS_COPY)
    load_storage = StorageLoader(archive, map_location, memory)
    if unpickler is None:
        from rushlight._serialization.machine import PickleMachine

        return PickleMachine(data, where, load_storage, allowed).run()
    import io

    return unpickler(io.BytesIO(data), load_storage).load()


def _is_legacy(stream, name) -> bool:
    """Tell PyTorch's old format from a zip file.

    Raises:
        EOFError: the file is empty.
        RuntimeError: it is neither.
    """
    start = stream.tell()
    head = stream.read(_TAR_MARK_AT + len(_TAR_MARK))
    stream.seek(start)
    if not head:
        raise EOFError(f"load(): {name}: the file is empty")
    if head[:2] == b"PK":
        return False
    if head[:1] == b"\x80":
        return True
    if head[_TAR_MARK_AT:] == _TAR_MARK:
        raise RuntimeError(
            f"load(): {name}: this is a tar file, the format of PyTorch before its "
            "version 0.2; load and save it with a newer PyTorch first"
        )
    raise corrupt(name, f"it starts with {head[:4]!r}, not as a zip file")


# POSIX.1-1988, ustar header block: field "magic".
_TAR_MARK_AT, _TAR_MARK = 257, b"ustar"


def _open_archive(stream, name):
    archive = ArchiveReader(stream, name)
    if "constants.pkl" in archive:
        raise RuntimeError(
            f"load(): {name}: this is a TorchScript program, not a checkpoint; save "
            "its state_dict() instead"
        )
    if "data.pkl" not in archive:
        raise corrupt(name, "there is no record 'data.pkl'")
    if "byteorder" in archive and archive.read("byteorder") != b"little":
        raise RuntimeError(
            f"load(): {name}: it was written on a big-endian machine, which is not "
            "supported"
        )
    return archive
