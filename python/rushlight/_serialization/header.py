"""The header of a safetensors file: what it says, checked in full before any use.

Format from the safetensors project's README: eight bytes with the header's length,
little-endian; the header, a JSON object from names to dtype, shape and place; the data.
The parser knows that one form only. It neither recurses nor builds more than the
header's own size in objects, so a hostile header costs no more than an honest one.
"""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]

# name in the file -> name of the dtype. In the order of the data: aligned without gaps.
DTYPES = {
    "U64": "uint64",
    "I64": "int64",
    "F64": "float64",
    "C64": "complex64",
    "F32": "float32",
    "U32": "uint32",
    "I32": "int32",
    "BF16": "bfloat16",
    "F16": "float16",
    "U16": "uint16",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}
ITEM_SIZES = dict(zip(DTYPES, (8, 8, 8, 8, 4, 4, 4, 2, 2, 2, 2, 1, 1, 1), strict=True))
METADATA = "__metadata__"
MAX_HEADER = 100_000_000
LENGTH_BYTES = 8
_MAX_BYTES = 2**63 - 1
_SPACE = re.compile(r"[ \t\n\r]*")
# As many sizes as a tensor can have: an endless list is not even read.
_INTS = re.compile(
    r"\[[ \t\n\r]*((?:0|[1-9][0-9]{0,19})"
    r"(?:[ \t\n\r]*,[ \t\n\r]*(?:0|[1-9][0-9]{0,19})){0,63})?[ \t\n\r]*\]"
)
_ENTRY_KEYS = ("dtype", "shape", "data_offsets")


class SafetensorError(Exception):
    """A safetensors file is damaged, hostile or lacks what is asked of it."""


class Entry:
    """One tensor of a header.

    Args:
        dtype: the dtype's name in the file, such as ``"F32"``.
        shape: a list of sizes.
        start: where the tensor's bytes start, counted from the end of the header.
        stop: where they end.
    """

    __slots__ = ("dtype", "shape", "start", "stop")

    def __init__(self, dtype, shape, start, stop) -> None:
        self.dtype = dtype
        self.shape = shape
        self.start = start
        self.stop = stop


def byte_count(dtype, shape):
    """Return the bytes that a tensor takes, or ``None`` when no memory could hold it.

    Args:
        dtype: the dtype's name in the file.
        shape: a list of sizes.
    """
    # Sizes of 0 left out: what the others come to must fit too, as strides hold it.
    count = ITEM_SIZES[dtype]
    for size in shape:
        count *= max(size, 1)
        if count > _MAX_BYTES:
            return None
    return 0 if 0 in shape else count


def build_header(entries, metadata):
    """Return the bytes that come before the data.

    Args:
        entries: a dict from names to :class:`Entry`.
        metadata: a dict of strings or ``None``.
    """
    content: dict[str, object] = {}
    if metadata is not None:
        content[METADATA] = metadata
    for name, entry in entries.items():
        content[name] = {
            "dtype": entry.dtype,
            "shape": entry.shape,
            "data_offsets": [entry.start, entry.stop],
        }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % LENGTH_BYTES)
    if len(text) > MAX_HEADER:
        raise SafetensorError(
            f"save(): the header has {len(text)} bytes; readers refuse more than "
            f"{MAX_HEADER}"
        )
    return len(text).to_bytes(LENGTH_BYTES, "little") + text


def read_header(buffer, where):
    """Return ``(entries, metadata, start of the data)`` of a whole file.

    Args:
        buffer: a memoryview of the file's bytes.
        where: the function and file for error texts.

    Raises:
        SafetensorError: the header breaks a rule of the format.
    """
    total = len(buffer)
    if total < LENGTH_BYTES:
        raise SafetensorError(f"{where}: a file of {total} bytes holds no header")
    length = int.from_bytes(buffer[:LENGTH_BYTES], "little")
    if length > MAX_HEADER:
        raise SafetensorError(
            f"{where}: the header claims {length} bytes; more than {MAX_HEADER} are "
            "refused"
        )
    data_at = LENGTH_BYTES + length
    if data_at > total:
        raise SafetensorError(
            f"{where}: the header claims {length} bytes of a file of {total}"
        )
    try:
        text = bytes(buffer[LENGTH_BYTES:data_at]).decode("utf-8")
        entries, metadata = _Parser(text).run()
        _check_places(entries, total - data_at)
    except ValueError as error:
        raise SafetensorError(f"{where}: the header is refused: {error}") from None
    return entries, metadata, data_at


def _check_places(entries, held) -> None:
    """Check that the tensors fill the data without gap or overlap.

    Raises:
        ValueError: they do not, or one has another size than its shape and dtype say.
    """
    at = 0
    for name, entry in sorted(
        entries.items(), key=lambda item: (item[1].start, item[1].stop)
    ):
        shown = _shown(name)
        needed = byte_count(entry.dtype, entry.shape)
        if needed is None:
            raise ValueError(f"tensor {shown} of shape {entry.shape} overflows")
        if entry.stop - entry.start != needed:
            raise ValueError(
                f"tensor {shown} has the offsets {[entry.start, entry.stop]}, but "
                f"{entry.dtype} of shape {entry.shape} takes {needed} bytes"
            )
        if entry.start != at:
            problem = "overlaps the one before" if entry.start < at else "leaves a gap"
            raise ValueError(f"tensor {shown} at byte {entry.start} {problem}")
        if entry.stop > held:
            raise ValueError(
                f"tensor {shown} ends at byte {entry.stop}, but there are {held} bytes "
                "of data"
            )
        at = entry.stop
    if at != held:
        raise ValueError(f"the tensors cover {at} of {held} bytes of data")


def _shown(name) -> str:
    """Return a name as an error text shows it: quoted, and never long."""
    return repr(name if len(name) <= 80 else name[:80] + "...")


class _Parser:
    """Reads a header's JSON.

    Args:
        text: the header.
    """

    def __init__(self, text) -> None:
        self._text = text
        self._at = 0

    def run(self):
        """Return the entries and the metadata (or ``None``).

        Raises:
            ValueError: the text is not the JSON of a header.
        """
        if not self._text.startswith("{"):
            raise ValueError("it does not start with '{'")
        entries: dict[str, Entry] = {}
        metadata = None
        for name in self._keys():
            if name == METADATA:
                metadata = {key: self._string() for key in self._keys()}
            else:
                entries[name] = self._entry(name)
        self._skip()
        if self._at != len(self._text):
            raise ValueError(f"there is more after its end, at character {self._at}")
        return entries, metadata

    def _entry(self, name):
        found: dict[str, object] = {}
        for key in self._keys():
            if key == "dtype":
                found[key] = self._string()
            elif key in _ENTRY_KEYS:
                found[key] = self._ints()
            else:
                raise ValueError(f"tensor {_shown(name)} has the field {_shown(key)}")
        for key in _ENTRY_KEYS:
            if key not in found:
                raise ValueError(f"tensor {_shown(name)} has no {key}")
        dtype, shape, places = (found[key] for key in _ENTRY_KEYS)
        if dtype not in DTYPES:
            raise ValueError(
                f"tensor {_shown(name)} has the dtype {_shown(dtype)}, which is none "
                f"of {', '.join(DTYPES)}"
            )
        if len(places) != 2 or places[0] > places[1]:
            raise ValueError(
                f"tensor {_shown(name)} has the offsets {places[:4]}, not a start and "
                "an end"
            )
        return Entry(dtype, shape, *places)

    def _keys(self):
        """Yield the keys of the object that comes next; the caller reads the values."""
        self._expect("{")
        if self._take("}"):
            return
        seen = set()
        while True:
            key = self._string()
            if key in seen:
                raise ValueError(f"the key {_shown(key)} is there twice")
            seen.add(key)
            self._expect(":")
            yield key
            if self._take("}"):
                return
            self._expect(",")

    def _string(self):
        self._expect('"')
        value, self._at = scanstring(self._text, self._at, True)
        # Half a surrogate pair, written as an escape, is no character.
        value.encode("utf-8")
        return value

    def _ints(self):
        self._skip()
        match = _INTS.match(self._text, self._at)
        if match is None:
            raise ValueError(
                f"there is no list of at most 64 sizes at character {self._at}: "
                f"{self._text[self._at : self._at + 20]!r}"
            )
        self._at = match.end()
        values = [int(part) for part in match[1].split(",")] if match[1] else []
        if any(value > _MAX_BYTES for value in values):
            raise ValueError(f"a size of {max(values)} overflows")
        return values

    def _skip(self) -> None:
        self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]

    def _take(self, character) -> bool:
        self._skip()
        if self._text.startswith(character, self._at):
            self._at += 1
            return True
        return False

    def _expect(self, character) -> None:
        if not self._take(character):
            found = self._text[self._at : self._at + 1]
            raise ValueError(
                f"{character!r} is expected at character {self._at}, not {found!r}"
            )
