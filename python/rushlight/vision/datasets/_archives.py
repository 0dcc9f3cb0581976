"""Reading archives that may be hostile.

Note [Archives]
A member is a file or a folder with a place below the target: links, devices and names
that lead out are refused, before anything is written for a zip file, at the member for
a tar file. What comes out is bounded by ``_RATIO`` times the archive plus ``_FREE``
bytes, headers included; no header is read that has more than ``_MOST_AT_ONCE`` bytes. A
file appears under its name when whole, so a killed extraction leaves no half image.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO, Any

_RATIO = 200
_FREE = 64 << 20
_MOST_AT_ONCE = 16 << 20
_CHUNK = 1 << 20

OPENERS: dict[str, Any] = {".bz2": bz2.open, ".gz": gzip.open, ".xz": lzma.open}
# What decompressing says of a file that is damaged.
_DAMAGED = (EOFError, gzip.BadGzipFile, lzma.LZMAError, tarfile.TarError, zipfile.error)


class _Budget:
    """How much an archive may still write."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.limit = _RATIO * os.stat(source).st_size + _FREE

    def check(self, total: int) -> None:
        if total > self.limit:
            raise RuntimeError(
                f"{self.source}: it expands to more than {_RATIO} times its size: not "
                "extracted, as a compression bomb"
            )


class _Bounded(io.RawIOBase):
    """A decompressed file that is not read beyond a budget, nor in huge pieces."""

    def __init__(self, stream: IO[bytes], budget: _Budget) -> None:
        self.stream = stream
        self.budget = budget

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.stream.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_SET:
            self.budget.check(offset)
        return self.stream.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MOST_AT_ONCE:
            raise RuntimeError(
                f"{self.budget.source}: a header of {size} bytes: not extracted"
            )
        data = self.stream.read(size)
        self.budget.check(self.stream.tell())
        return data


def _target(source: str, folder: Path, name: str) -> Path:
    """The place of a member below the folder."""
    place = PurePosixPath(name.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or "\0" in name:
        raise RuntimeError(
            f"{source}: the member {name!r} leads out of the folder it is "
            "extracted to: not extracted"
        )
    return folder.joinpath(*place.parts)


def _write(stream: IO[bytes], target: Path, size: int | None, budget=None) -> None:
    """Copy a member, of ``size`` bytes if that is known, to where it belongs."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name[:200]}.part")
    done = 0
    try:
        with open(part, "wb") as file:
            while chunk := stream.read(_CHUNK):
                done += len(chunk)
                if budget is not None:
                    budget.check(done)
                file.write(chunk)
        if size is not None and done != size:
            raise RuntimeError(f"{target}: {done} of {size} bytes are in the archive")
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _damaged(source: str, error: Exception) -> RuntimeError:
    return RuntimeError(f"{source}: the archive is damaged: {error}")


def extract_tar(source: str, folder: Path, compression: str | None) -> None:
    """Extract a tar file; ``compression`` is a key of :data:`OPENERS` or ``None``."""
    budget = _Budget(source)
    opener = OPENERS[compression] if compression else open
    try:
        with opener(source, "rb") as raw:
            stream = _Bounded(raw, budget)
            with tarfile.open(fileobj=stream, mode="r:") as archive:
                for member in archive:
                    _extract_member(source, folder, archive, member, budget)
                    # Kept by tarfile for later: a million of them fill the memory.
                    archive.members = []  # type: ignore[attr-defined]
            while stream.read(_CHUNK):
                pass  # the checksum comes after the padding
    except (*_DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise _damaged(source, error) from error


def _extract_member(source, folder, archive, member, budget) -> None:
    target = _target(source, folder, member.name)
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    if not member.isreg() or member.issparse():
        kind = "a link" if member.issym() or member.islnk() else "no file or folder"
        raise RuntimeError(
            f"{source}: the member {member.name!r} is {kind}: not extracted"
        )
    budget.check(member.offset_data + member.size)
    stream = archive.extractfile(member)
    assert stream is not None
    _write(stream, target, member.size)


def extract_zip(source: str, folder: Path, compression: str | None) -> None:
    """Extract a zip file; nothing is written when a member of it is refused."""
    budget = _Budget(source)
    if compression is not None:
        with tempfile.TemporaryDirectory() as place:  # x.zip.gz
            plain = Path(place, os.path.basename(source)).with_suffix("")
            decompress(source, plain, compression)
            extract_zip(str(plain), folder, None)
        return
    try:
        with zipfile.ZipFile(source) as archive:
            total = 0
            for member in archive.infolist():
                _target(source, folder, member.filename)
                mode = member.external_attr >> 16
                if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                    raise RuntimeError(
                        f"{source}: the member {member.filename!r} is a link or a "
                        "device: not extracted"
                    )
                total += member.file_size
                budget.check(total)
            for member in archive.infolist():
                target = _target(source, folder, member.filename)
                if member.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                with archive.open(member) as stream:
                    _write(stream, target, member.file_size)
    except _DAMAGED as error:
        raise _damaged(source, error) from error


def decompress(source: str, target: Path, compression: str) -> None:
    """Decompress one file."""
    budget = _Budget(source)
    try:
        with OPENERS[compression](source, "rb") as stream:
            _write(stream, target, None, budget)
    except (*_DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise _damaged(source, error) from error
