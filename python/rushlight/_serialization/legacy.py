"""Reading PyTorch's format from before its version 1.6.

Four pickles one after the other (a magic number, the format's version, facts about the
machine, the object), a pickle of the storages' keys, then each storage: the number of
its elements in eight bytes and the elements. Nothing in it has a checksum, so damage to
the elements cannot be seen; every size is checked against the file's.
"""

from __future__ import annotations

import pickle

import rushlight
from rushlight._serialization.errors import corrupt, refused
from rushlight._serialization.machine import PickleMachine
from rushlight._serialization.rebuild import (
    LoadedStorage,
    StorageType,
    check_bools,
    place,
)
from rushlight._serialization.storages import new_storage, storage_bytes

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
_COUNT_BYTES = 8


class _Storages:
    """The storages that the object's pickle names; their elements come after it.

    Args:
        where: the file for error texts.
        map_location: as in ``load``.
        length: the file's number of bytes.
        trusted: whether the file may name classes of modules.
    """

    def __init__(self, where, map_location, length, trusted) -> None:
        self._where = where
        self._map_location = map_location
        self._left = length
        self._trusted = trusted
        self._known: dict[str, tuple[object, int, object, LoadedStorage]] = {}

    def __call__(self, persistent_id):
        """Return the storage of a persistent id, its elements not yet read."""
        if not isinstance(persistent_id, tuple) or not persistent_id:
            raise refused(self._where, "a persistent id is not that of a storage")
        if persistent_id[0] == "module" and self._trusted:
            # A module's class, with its source code, which is not compared.
            return persistent_id[1]
        if len(persistent_id) != 6:
            raise refused(self._where, "a persistent id is not that of a storage")
        word, kind, key, location, numel, view = persistent_id
        if (
            word != "storage"
            or not isinstance(kind, StorageType)
            or not isinstance(key, str)
            or not isinstance(location, str)
            or type(numel) is not int
            or numel < 0
        ):
            raise refused(self._where, "a persistent id is not that of a storage")
        if view is not None:
            raise refused(
                self._where,
                "it has views of storages, as PyTorch before 0.4 wrote them; load and "
                "save it with a newer PyTorch first",
            )
        if key not in self._known:
            self._known[key] = self._make(kind.dtype, location, numel)
        dtype, known, _, storage = self._known[key]
        if (dtype, known) != (kind.dtype, numel):
            raise refused(self._where, f"storage '{key}' is described in two ways")
        return storage

    def _make(self, dtype, location, numel):
        # Before the allocation: all storages together are no larger than the file.
        self._left -= numel * dtype.itemsize
        if self._left < 0:
            raise corrupt(
                self._where, f"{numel} elements of {dtype} are more than the file holds"
            )
        data = new_storage(dtype, numel)
        placed = place(LoadedStorage(data, location), self._map_location)
        return dtype, numel, data, placed

    def fill(self, keys, data, at):
        """Read the elements; return where the file's last one ends."""
        if (
            not isinstance(keys, list)
            or any(type(key) is not str for key in keys)
            or sorted(keys) != sorted(self._known)
        ):
            raise corrupt(self._where, "its storages are not those its object names")
        for key in keys:
            dtype, numel, target, placed = self._known[key]
            start = at + _COUNT_BYTES
            stop = start + numel * dtype.itemsize
            if stop > len(data):
                raise corrupt(self._where, f"it ends within storage '{key}'")
            count = int.from_bytes(data[at:start], "little")
            if count != numel:
                raise corrupt(
                    self._where, f"storage '{key}' has {count} elements, not {numel}"
                )
            if numel:
                storage_bytes(target)[:] = memoryview(data)[start:stop]
            check_bools(target, f"{self._where}, storage '{key}'")
            moved = getattr(placed, "data", None)
            if moved is not target and isinstance(moved, rushlight.Tensor):
                moved.copy_(target)
            at = stop
        return at


def load_legacy(stream, name, map_location, safe_globals, unpickler=None):
    """Return the object of a stream, which is left after the object's last byte.

    Args:
        stream: a seekable binary file.
        name: the file's name for error texts.
        map_location: as in ``load``.
        safe_globals: more names that may be called, with what they name.
        unpickler: makes an unpickler that can run code from a stream and a function of
            persistent ids; ``None`` for the closed machine.

    Raises:
        RuntimeError: the file is no checkpoint or is damaged.
        pickle.UnpicklingError: it holds what is not allowed.
    """
    start = stream.tell()
    data = stream.read()
    storages = _Storages(name, map_location, len(data), unpickler is not None)
    at, head = 0, []
    for _ in range(3):
        value, at = _closed(data, at, name, {})
        head.append(value)
        if len(head) == 1 and value != MAGIC:
            raise corrupt(name, "it does not start with a checkpoint's magic number")
    if head[1] != VERSION:
        raise RuntimeError(f"load(): {name}: Invalid protocol version: {head[1]!r}")
    if not isinstance(head[2], dict) or head[2].get("little_endian") is not True:
        raise RuntimeError(
            f"load(): {name}: it was written on a big-endian machine, which is not "
            "supported"
        )
    if unpickler is None:
        result, at = _closed(data, at, name, safe_globals, storages)
    else:
        import io

        part = io.BytesIO(data)
        part.seek(at)
        result = unpickler(part, storages).load()
        at = part.tell()
    keys, at = _closed(data, at, name, {})
    stream.seek(start + storages.fill(keys, data, at))
    return result


def _no_storages(persistent_id):
    raise pickle.UnpicklingError("load(): a storage stands outside the object")


def _closed(data, at, where, safe_globals, storages=_no_storages):
    machine = PickleMachine(data, where, storages, safe_globals, at)
    return machine.run(), machine.at
