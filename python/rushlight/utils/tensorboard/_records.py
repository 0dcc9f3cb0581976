"""TensorFlow's record files: each record between checks of its length and bytes.

A record is its length (8 bytes, little-endian), a check of these 8 bytes, its bytes,
and a check of them. A check is a CRC-32C (RFC 3720, appendix B.4), rotated and with a
constant added, so that a record that holds records does not check itself.
"""

from __future__ import annotations

import os
import struct


def _make_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return tuple(table)


_TABLE = _make_table()


def crc32c(data: bytes) -> int:
    """The CRC of Castagnoli's polynomial.

    Example::

        >>> from rushlight.utils.tensorboard._records import crc32c
        >>> hex(crc32c(b"123456789"))
        '0xe3069283'
    """
    crc = 0xFFFFFFFF
    table = _TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def masked_crc(data: bytes) -> int:
    """The check that stands in a file."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


class RecordWriter:
    """Writes records to a new file.

    Args:
        path (str): the file.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = os.fspath(path)
        self._file = open(path, "xb")  # noqa: SIM115

    def write(self, data: bytes) -> None:
        """Adds a record; :meth:`flush` hands it to readers."""
        length = struct.pack("<Q", len(data))
        self._file.write(length + struct.pack("<I", masked_crc(length)))
        self._file.write(data)
        self._file.write(struct.pack("<I", masked_crc(data)))

    def flush(self) -> None:
        """Hands everything to the system."""
        self._file.flush()

    def close(self) -> None:
        """Flushes and closes the file."""
        self._file.close()
