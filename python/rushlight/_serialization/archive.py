"""The zip files of PyTorch's checkpoints: stored records, aligned to 64 bytes.

Formats from PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 (records) and 4.4 (fields).
"""

from __future__ import annotations

import struct
import zlib

from rushlight._serialization.errors import corrupt

ALIGNMENT = 64
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_LOCAL_SIGN, _CENTRAL_SIGN, _END_SIGN = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_END64_SIGN, _LOCATOR_SIGN = b"PK\6\6", b"PK\6\7"
_MAX16, _MAX32 = 0xFFFF, 0xFFFFFFFF
_UTF8 = 0x800
_ENCRYPTED = 0x1
# The padding's extra field, as PyTorch names it.
_PAD_ID = b"FB"
_CHUNK = 1 << 24


class ArchiveWriter:
    """Writes records one after the other to anything with ``write``.

    Args:
        stream: the file to write to.
        folder: the name every record's path starts with.
    """

    def __init__(self, stream, folder) -> None:
        self._stream = stream
        self._folder = folder
        self._at = 0
        self._entries: list[bytes] = []

    def add(self, name, data) -> None:
        """Write a record of bytes or of a memoryview."""
        path = f"{self._folder}/{name}".encode()
        size, crc = len(data), zlib.crc32(data)
        large = size >= _MAX32
        header_at = self._at
        sizes = struct.pack("<HHQQ", 1, 16, size, size) if large else b""
        start = header_at + _LOCAL.size + len(path) + len(sizes) + 4
        padding = -start % ALIGNMENT
        extra = sizes + _PAD_ID + struct.pack("<H", padding) + b"Z" * padding
        shown = _MAX32 if large else size
        version = 45 if large else 20
        self._write(
            _LOCAL.pack(
                _LOCAL_SIGN,
                version,
                _UTF8,
                0,
                0,
                _DATE,
                crc,
                shown,
                shown,
                len(path),
                len(extra),
            )
            + path
            + extra
        )
        self._write(data)
        far = header_at >= _MAX32
        wide = ([size, size] if large else []) + ([header_at] if far else [])
        extra = (
            struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
        )
        self._entries.append(
            _CENTRAL.pack(
                _CENTRAL_SIGN,
                45,
                45 if wide else 20,
                _UTF8,
                0,
                0,
                _DATE,
                crc,
                shown,
                shown,
                len(path),
                len(extra),
                0,
                0,
                0,
                0,
                _MAX32 if far else header_at,
            )
            + path
            + extra
        )

    def finish(self) -> None:
        """Write the directory; the archive is complete then."""
        start, count = self._at, len(self._entries)
        for entry in self._entries:
            self._write(entry)
        size = self._at - start
        if count >= _MAX16 or start >= _MAX32 or size >= _MAX32:
            end64 = self._at
            self._write(
                _END64.pack(_END64_SIGN, 44, 45, 45, 0, 0, count, count, size, start)
                + _LOCATOR.pack(_LOCATOR_SIGN, 0, end64, 1)
            )
        self._write(
            _END.pack(
                _END_SIGN,
                0,
                0,
                min(count, _MAX16),
                min(count, _MAX16),
                min(size, _MAX32),
                min(start, _MAX32),
                0,
            )
        )

    def _write(self, data) -> None:
        # Not every stream takes a buffer of gigabytes at once, or any buffer at all.
        for at in range(0, len(data), _CHUNK):
            self._stream.write(bytes(data[at : at + _CHUNK]))
        self._at += len(data)


# 1980-01-01, zip's first day: the same content gives the same file.
_DATE = 0x21


class ArchiveReader:
    """Reads the records of an archive, checking every size against the file's.

    Args:
        stream: a seekable binary file.
        name: the file's name for error texts.

    Raises:
        RuntimeError: the file is no archive of stored records, or is damaged.
    """

    def __init__(self, stream, name) -> None:
        self._stream = stream
        self.name = name
        self._base = stream.tell()
        self._length = stream.seek(0, 2) - self._base
        self._entries: dict[str, tuple[int, int, int]] = {}
        self._limits: dict[str, int] = {}
        self._read_directory()

    def __contains__(self, record) -> bool:
        return record in self._entries

    def size(self, record) -> int:
        """Return a record's number of bytes."""
        return self._entry(record)[1]

    def read(self, record) -> bytes:
        """Return a record's bytes, verified by its checksum."""
        buffer = bytearray(self.size(record))
        self.read_into(record, memoryview(buffer))
        return bytes(buffer)

    def read_into(self, record, buffer) -> None:
        """Read a record into a buffer of exactly its size."""
        where = self._where(record)
        start, size, crc = self._place(record)
        if len(buffer) != size:
            raise corrupt(where, f"holds {size} bytes where {len(buffer)} are needed")
        self._stream.seek(start)
        got = 0
        for at in range(0, size, _CHUNK):
            stop = min(at + _CHUNK, size)
            data = self._stream.read(stop - at)
            if len(data) != stop - at:
                raise corrupt(where, "ends early")
            buffer[at:stop] = data
            got = zlib.crc32(data, got)
        _check_sum(where, got, crc)

    def place_in(self, memory, record) -> int:
        """Return where a record starts in a map of the file, its checksum verified.

        Args:
            memory: the whole file, mapped.
            record: the record's name.
        """
        start, size, crc = self._place(record)
        got = 0
        with memoryview(memory) as view:
            if start + size > len(view):
                raise corrupt(self._where(record), "ends early")
            for at in range(start, start + size, _CHUNK):
                with view[at : min(at + _CHUNK, start + size)] as part:
                    got = zlib.crc32(part, got)
        _check_sum(self._where(record), got, crc)
        return start

    def _place(self, record):
        """Return a record's start in the file, its size and its checksum."""
        header_at, size, crc = self._entry(record)
        where = self._where(record)
        header = self._read_at(header_at, _LOCAL.size, where)
        fields = _LOCAL.unpack(header)
        if fields[0] != _LOCAL_SIGN:
            raise corrupt(where, "its header is not where the directory says")
        start = header_at + _LOCAL.size + fields[9] + fields[10]
        if start + size > self._limits[record]:
            raise corrupt(where, f"its {size} bytes overlap what comes next")
        return self._base + start, size, crc

    def _entry(self, record):
        try:
            return self._entries[record]
        except KeyError:
            raise corrupt(self.name, f"there is no record '{record}'") from None

    def _where(self, record) -> str:
        return f"{self.name}, record '{record}'"

    def _read_at(self, at, count, where) -> bytes:
        if at < 0 or at + count > self._length:
            raise corrupt(where, f"needs bytes {at} to {at + count} of {self._length}")
        self._stream.seek(self._base + at)
        data = self._stream.read(count)
        if len(data) != count:
            raise corrupt(where, "the file ends early")
        return data

    def _read_directory(self) -> None:
        start, size, count = self._find_directory()
        data = self._read_at(start, size, f"{self.name}, directory")
        at, total = 0, 0
        for _ in range(count):
            if at + _CENTRAL.size > len(data):
                raise corrupt(self.name, "its directory ends early")
            fields = _CENTRAL.unpack_from(data, at)
            at += _CENTRAL.size
            if fields[0] != _CENTRAL_SIGN:
                raise corrupt(self.name, "its directory is damaged")
            path_size, extra_size, comment_size = fields[10:13]
            stop = at + path_size + extra_size + comment_size
            if stop > len(data):
                raise corrupt(self.name, "its directory ends early")
            path = data[at : at + path_size].decode("utf-8", "replace")
            extra = data[at + path_size : at + path_size + extra_size]
            at = stop
            total += self._add_entry(path, fields, extra)
        if total > self._length:
            raise corrupt(
                self.name, f"its records claim {total} bytes of {self._length}"
            )
        self._find_limits(start)

    def _find_limits(self, directory_at) -> None:
        """Find where each record must end: at the next one's header."""
        limit = directory_at
        for record, (header_at, size, _) in sorted(
            self._entries.items(), key=lambda item: item[1][0], reverse=True
        ):
            if header_at + _LOCAL.size + size > limit:
                raise corrupt(
                    self._where(record), f"its {size} bytes overlap what comes next"
                )
            self._limits[record] = limit
            limit = header_at

    def _add_entry(self, path, fields, extra) -> int:
        flags, method = fields[3], fields[4]
        crc, packed, size = fields[7:10]
        header_at = fields[16]
        wide = _wide_fields(extra)
        values = []
        for value in (size, packed, header_at):
            if value == _MAX32:
                if not wide:
                    raise corrupt(self.name, f"record '{path}' has no size")
                value = wide.pop(0)
            values.append(value)
        size, packed, header_at = values
        record = path.partition("/")[2]
        if flags & _ENCRYPTED or method != 0 or packed != size:
            raise RuntimeError(
                f"load(): {self._where(path)} is compressed or encrypted; checkpoints "
                "hold plain records"
            )
        if record in self._entries:
            raise corrupt(self.name, f"record '{path}' is there twice")
        if header_at + _LOCAL.size + size > self._length:
            raise corrupt(
                self._where(path), f"its {size} bytes reach past the end of the file"
            )
        self._entries[record] = (header_at, size, crc)
        return size

    def _find_directory(self):
        # A comment of up to 65,535 bytes can follow the end record.
        tail_size = min(self._length, _END.size + _MAX16)
        tail_at = self._length - tail_size
        tail = self._read_at(tail_at, tail_size, self.name)
        found = tail.rfind(_END_SIGN)
        while found >= 0:
            if found + _END.size <= len(tail):
                fields = _END.unpack_from(tail, found)
                if found + _END.size + fields[7] == len(tail):
                    break
            found = tail.rfind(_END_SIGN, 0, found)
        if found < 0:
            raise corrupt(self.name, "there is no zip directory at its end")
        count, size, start = fields[4], fields[5], fields[6]
        end_at = tail_at + found
        if _MAX16 in (count,) or _MAX32 in (size, start):
            count, size, start = self._read_end64(end_at)
        if start + size > end_at:
            raise corrupt(self.name, "its directory reaches past its end")
        return start, size, count

    def _read_end64(self, end_at):
        where = f"{self.name}, directory"
        locator = _LOCATOR.unpack(
            self._read_at(end_at - _LOCATOR.size, _LOCATOR.size, where)
        )
        if locator[0] != _LOCATOR_SIGN:
            raise corrupt(where, "its 64-bit part is missing")
        fields = _END64.unpack(self._read_at(locator[2], _END64.size, where))
        if fields[0] != _END64_SIGN:
            raise corrupt(where, "its 64-bit part is missing")
        return fields[7], fields[8], fields[9]


def _check_sum(where, got, wanted) -> None:
    if got != wanted and wanted == 0:
        raise RuntimeError(
            f"load(): {where}: it has no checksum, so that damage could not be seen; "
            "save the file with torch.serialization.set_crc32_options(True)"
        )
    if got != wanted:
        raise corrupt(where, f"its checksum is {got:#010x}, not {wanted:#010x}")


def _wide_fields(extra):
    """Return the 64-bit numbers of an extra field, in the order they stand."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        at += 4
        if kind == 1 and at + size <= len(extra):
            return list(struct.unpack_from(f"<{size // 8}Q", extra, at))
        at += size
    return []
