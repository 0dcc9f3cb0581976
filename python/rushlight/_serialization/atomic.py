"""Writing a file so that a crash leaves the old one or the new one, never a part."""

from __future__ import annotations

import contextlib
import os
import stat


@contextlib.contextmanager
def atomic_file(path):
    """Open a new file that takes the place of ``path`` when the block ends well.

    The data and then the rename are forced to the disk.

    Args:
        path: where the file goes.

    Raises:
        RuntimeError: the folder does not exist.
        OSError: the file cannot be written.
    """
    # A link keeps pointing at the file it points at.
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist.")
    mode = _existing_mode(path)
    if mode is not None and not stat.S_ISREG(mode):
        # A pipe or a device: nothing to replace.
        with open(path, "wb") as stream:
            yield stream
        return
    temporary, handle = _create(folder, name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            if mode is not None:
                os.fchmod(stream.fileno(), stat.S_IMODE(mode))
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _existing_mode(path):
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _create(folder, name):
    while True:
        # Short enough that a name of the greatest length still has room.
        temporary = os.path.join(folder, f".{name[:200]}.{os.urandom(6).hex()}.tmp")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        try:
            return temporary, os.open(temporary, flags, 0o666)
        except FileExistsError:
            continue


def _sync_folder(folder) -> None:
    # Some file systems refuse to sync a folder; the file itself is safe by then.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
