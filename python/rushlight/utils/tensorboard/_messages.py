"""The messages in an event file, in Protocol Buffers' wire format.

Numbers of fields are those of TensorFlow's ``event.proto``, ``summary.proto`` and
``tensor.proto``.
"""

from __future__ import annotations

import struct
import zlib

_DT_FLOAT, _DT_DOUBLE, _DT_STRING = 1, 2, 7


def _varint(value):
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def integer(field: int, value: int) -> bytes:
    """A field of an integer or of an enum."""
    return _varint(field << 3) + _varint(value)


def double(field: int, value: float) -> bytes:
    """A field of a double."""
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def single(field: int, value: float) -> bytes:
    """A field of a float."""
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def data(field: int, value: bytes | str) -> bytes:
    """A field of bytes, of a string or of a message."""
    value = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def doubles(field: int, values) -> bytes:
    """A packed field of doubles."""
    return data(field, struct.pack(f"<{len(values)}d", *values))


def event(wall_time: float, step: int | None, content: bytes) -> bytes:
    """An event; ``content`` is one of the fields that say what it is."""
    at = b"" if step is None else integer(2, int(step))
    return double(1, wall_time) + at + content


def version() -> bytes:
    """The content of a file's first event."""
    return data(3, "brain.Event:2")


def session_start() -> bytes:
    """The content of an event that makes readers forget later steps."""
    return data(7, integer(1, 1))


def summary(tag: str, value: bytes) -> bytes:
    """The content of an event of one named value."""
    return data(5, data(1, data(1, tag) + value))


def _plugin(name):
    return data(9, data(1, data(1, name)))


def scalar(value: float, new_style: bool, double_precision: bool) -> bytes:
    """A number, as a float or in a tensor."""
    if double_precision:
        number = integer(1, _DT_DOUBLE) + data(2, b"") + doubles(6, [value])
        return data(8, number) + _plugin("scalars")
    if new_style:
        number = data(5, struct.pack("<f", value))
        number = integer(1, _DT_FLOAT) + data(2, b"") + number
        return data(8, number) + _plugin("scalars")
    return single(2, value)


def text(value: str) -> bytes:
    """A text, in a tensor of one string."""
    shape = data(2, integer(1, 1))
    tensor = integer(1, _DT_STRING) + data(2, shape) + data(8, value)
    return data(8, tensor) + _plugin("text")


def histogram(least, most, count, total, squares, limits, counts) -> bytes:
    """How values are spread: ``counts[i]`` of them up to ``limits[i]``."""
    numbers = (least, most, count, total, squares)
    head = b"".join(double(i + 1, v) for i, v in enumerate(numbers))
    return data(5, head + doubles(6, limits) + doubles(7, counts))


def image(height: int, width: int, channels: int, pixels: bytes) -> bytes:
    """A picture of 1 (gray), 3 (RGB) or 4 channels, a byte each."""
    head = integer(1, height) + integer(2, width) + integer(3, channels)
    return data(4, head + data(4, png(height, width, channels, pixels)))


def png(height: int, width: int, channels: int, pixels: bytes) -> bytes:
    """A PNG file (RFC 2083) of rows of pixels, no filter."""

    def chunk(kind, content):
        body = kind + content
        return (
            struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
        )

    color = {1: 0, 3: 2, 4: 6}[channels]
    size = width * channels
    rows = b"".join(b"\0" + pixels[i * size : (i + 1) * size] for i in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
