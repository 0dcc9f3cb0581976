"""Published weights: the cache folder and its checksums."""

from __future__ import annotations

import functools
import hashlib
import os
import re
from pathlib import Path

from rushlight.vision._download import fetch

_CHUNK = 1 << 20
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.[^.]+$")


def cache_folder() -> Path:
    """The folder of published weights: ``$RUSHLIGHT_HOME/checkpoints``.

    Where ``RUSHLIGHT_HOME`` is not set, it is ``$XDG_CACHE_HOME/rushlight`` or
    ``~/.cache/rushlight``.
    """
    home: str | Path | None = os.environ.get("RUSHLIGHT_HOME")
    if home is None:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        home = Path(cache) / "rushlight"
    return Path(home) / "checkpoints"


def hash_in_name(name: str) -> str | None:
    """The start of the SHA-256 digest that a published file's name ends with."""
    found = _HASH_IN_NAME.search(name)
    return found.group(1) if found else None


def check_hash(path, expected: str) -> None:
    """Raise ``RuntimeError`` unless the file's SHA-256 digest starts as expected."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    got = digest.hexdigest()
    if not got.startswith(expected):
        raise RuntimeError(
            f"checksum of {os.fspath(path)!r}: its SHA-256 starts with "
            f"{got[: len(expected)]!r}, expected {expected!r}; the file is damaged or "
            "another one: delete it and fetch it again"
        )


def cached_file(url: str, *, progress=True, check=True) -> Path:
    """The local copy of a published file, downloaded to the cache folder if missing.

    The file appears under its name only when whole and, where the name holds a digest,
    verified.

    Raises:
        RuntimeError: the digest in the file's name is not the file's.
        OSError: the file is not there and cannot be downloaded.
    """
    name = url.rpartition("/")[2]
    folder = cache_folder()
    path = folder / name
    expected = hash_in_name(name) if check else None
    if path.exists():
        if expected is not None:
            check_hash(path, expected)
        return path
    verify = None
    if expected is not None:
        verify = functools.partial(check_hash, expected=expected)
    fetch(url, path, verify, progress=progress)
    return path
