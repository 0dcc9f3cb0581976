"""Saving and loading tensors and containers of them, in PyTorch's file format."""

from __future__ import annotations

import os

from rushlight._serialization.archive import ArchiveReader, ArchiveWriter
from rushlight._serialization.errors import corrupt

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "load",
    "save",
]

DEFAULT_PROTOCOL = 2
_safe_globals: dict[str, object] = {}


def add_safe_globals(safe_globals) -> None:
    """Allow classes and functions in files loaded with ``weights_only=True``.

    A file can call them with any arguments: allow only what does no harm then.

    Args:
        safe_globals: a list of classes and functions, or of ``(object, "full.name")``.
    """
    for entry in safe_globals:
        if isinstance(entry, tuple):
            found, name = entry
        else:
            found, name = entry, f"{entry.__module__}.{entry.__qualname__}"
        _safe_globals[name] = found


def get_safe_globals() -> list:
    """Return what :func:`add_safe_globals` has allowed."""
    return list(_safe_globals.values())


def clear_safe_globals() -> None:
    """Forget what :func:`add_safe_globals` has allowed."""
    _safe_globals.clear()


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
        pickle_module: accepted for PyTorch's sake; only the stdlib's pickle is used.
        pickle_protocol: the pickle protocol. Default: 2.

    Raises:
        RuntimeError: the folder does not exist, or tensors of different dtypes share a
            storage.
        NotImplementedError: PyTorch's old format, from before its version 1.6.

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
    _check_module(pickle_module, "save")
    # Pickled first: an object that cannot be pickled leaves no file behind.
    from rushlight._serialization.pickler import pickle_checkpoint

    data, storages = pickle_checkpoint(obj, pickle_protocol)
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
    weights_only=True,
    mmap=None,
    **pickle_load_args,
):
    """Read a file written by :func:`save` or by PyTorch.

    Every record's checksum and every tensor's place in its storage is checked. With
    ``weights_only`` no code runs, whatever the file says.

    Args:
        f: a path, or a seekable file open for reading bytes.
        map_location: where storages go: a device or its name, a dict from saved to new
            device names, or a function of a storage and its saved device's name that
            returns a storage or ``None``. Default: where they were.
        pickle_module: accepted for PyTorch's sake; only the stdlib's pickle is used.
        weights_only: load only tensors and plain containers. ``False`` unpickles any
            object, which can run code: only for files from a source you trust.
            Default: ``True``.
        mmap: accepted for PyTorch's sake; the file is read in any case.
        **pickle_load_args: options of the stdlib's unpickler, for
            ``weights_only=False``.

    Returns:
        The object.

    Raises:
        RuntimeError: the file is no checkpoint, is damaged, or needs a device that is
            not there.
        pickle.UnpicklingError: the file holds more than tensors and containers.
        OSError: the file cannot be read.
    """
    _check_module(pickle_module, "load")
    if weights_only is None:
        weights_only = True
    if hasattr(f, "read") and hasattr(f, "seek"):
        name = getattr(f, "name", None)
        label = name if isinstance(name, str) else f"<{type(f).__name__}>"
        return _load_stream(f, label, map_location, weights_only, pickle_load_args)
    if hasattr(f, "read"):
        raise AttributeError(
            "load(): the file cannot seek; read it into an io.BytesIO first"
        )
    path = os.fsdecode(f)
    with open(path, "rb") as stream:
        return _load_stream(stream, path, map_location, weights_only, pickle_load_args)


def _load_stream(stream, name, map_location, weights_only, options):
    from rushlight._serialization.rebuild import StorageLoader

    archive = _open_archive(stream, name)
    where = f"{name}, record 'data.pkl'"
    data = archive.read("data.pkl")
    load_storage = StorageLoader(archive, map_location)
    if weights_only:
        from rushlight._serialization.machine import PickleMachine

        return PickleMachine(data, where, load_storage, _safe_globals).run()
    import io

    from rushlight._serialization.unpickler import ObjectUnpickler

    return ObjectUnpickler(io.BytesIO(data), load_storage, **options).load()


def _open_archive(stream, name):
    start = stream.tell()
    head = stream.read(4)
    stream.seek(start)
    if not head:
        raise EOFError(f"load(): {name}: the file is empty")
    if head[:2] != b"PK":
        if head[:2] == b"\x80\x02":
            raise RuntimeError(
                f"load(): {name}: this is PyTorch's old format, from before its "
                "version 1.6; load and save it with a newer PyTorch first"
            )
        raise corrupt(name, f"it starts with {head!r}, not as a zip file")
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


def _check_module(pickle_module, op) -> None:
    if pickle_module is not None and getattr(pickle_module, "__name__", "") != "pickle":
        raise NotImplementedError(
            f"{op}(): pickle_module must be the standard library's pickle, got "
            f"{pickle_module!r}"
        )
