"""Checkpoints with flipped bits, on a full disk, and zip files that lie about sizes."""

from __future__ import annotations

import io
import os
import pickle
import random
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib

import pytest

import rushlight
from rushlight import nn, safetensors


def saved(obj):
    stream = io.BytesIO()
    rushlight.save(obj, stream)
    return stream.getvalue()


def checkpoint():
    """A model and its optimizer after a step, a view, and plain values."""
    rushlight.manual_seed(0)
    net = nn.Linear(9, 7)
    optimizer = rushlight.optim.Adam(net.parameters(), lr=0.1)
    net(rushlight.randn(4, 9)).square().sum().backward()
    optimizer.step()
    base = rushlight.arange(50, dtype=rushlight.int16)
    return {
        "net": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "part": base[5:20:3],
        "flags": rushlight.tensor([True, False]),
        "notes": ("epoch", 3, 2.5, None, [True, {"a": 1j}]),
    }


def facts(value):
    """All of a value, to the bit."""
    if isinstance(value, rushlight.Tensor):
        data = value.contiguous().reshape(-1).view(rushlight.uint8).tolist()
        place = (value.stride(), value.storage_offset(), value.requires_grad)
        return str(value.dtype), tuple(value.shape), place, data
    if isinstance(value, dict):
        return type(value), [(facts(k), facts(v)) for k, v in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value), [facts(item) for item in value]
    return type(value), value


def test_ten_thousand_flips_change_nothing_unnoticed():
    data = saved(checkpoint())
    expected = facts(rushlight.load(io.BytesIO(data)))
    rng = random.Random(0)
    noticed = 0
    for _ in range(10_000):
        at, bit = rng.randrange(len(data)), rng.randrange(8)
        damaged = bytearray(data)
        damaged[at] ^= 1 << bit
        try:
            got = rushlight.load(io.BytesIO(bytes(damaged)))
        except (RuntimeError, pickle.UnpicklingError):
            noticed += 1
            continue
        assert facts(got) == expected, f"bit {bit} of byte {at}"
    # What remains lies in headers and padding that carry no data.
    assert noticed > 5000


def test_two_flips_that_keep_the_length():
    data = saved({"x": rushlight.arange(400.0)})
    expected = facts(rushlight.load(io.BytesIO(data)))
    rng = random.Random(1)
    for _ in range(1000):
        damaged = bytearray(data)
        for _ in range(rng.randrange(2, 6)):
            damaged[rng.randrange(len(data))] = rng.randrange(256)
        try:
            got = rushlight.load(io.BytesIO(bytes(damaged)))
        except (RuntimeError, pickle.UnpicklingError):
            continue
        assert facts(got) == expected


FULL_DISK = """
import os, resource, signal, sys
import rushlight
from rushlight import safetensors

kind, path = sys.argv[1:]
save = rushlight.save if kind == "pt" else safetensors.save_file
old = {"x": rushlight.zeros(300), "y": rushlight.zeros(30)}
new = {"x": rushlight.ones(300), "y": rushlight.ones(30)}
save(old, path)
size = os.path.getsize(path)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
for limit in [*range(0, size, 61), size - 1]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        save(new, path)
    except OSError as error:
        assert error.errno == 27, error
    else:
        raise SystemExit(f"{size} bytes were written below a limit of {limit}")
    assert rushlight.load(path)["x"].sum().item() == 0
    assert rushlight.load(path)["y"].sum().item() == 0
    assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]
resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
save(new, path)
assert rushlight.load(path)["x"].sum().item() == 300
print("well")
"""


@pytest.mark.parametrize("kind", ["pt", "safetensors"])
def test_a_full_disk_keeps_the_old_checkpoint(tmp_path, kind):
    pytest.importorskip("resource", reason="needs limits of file sizes")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, kind, str(tmp_path / f"a.{kind}")],
        capture_output=True,
        text=True,
    )
    assert done.stdout == "well\n", done.stderr


def test_a_stream_that_fails_is_reported():
    class Full(io.BytesIO):
        def write(self, data):
            if self.tell() > 100:
                raise OSError(28, "No space left on device")
            return super().write(data)

    with pytest.raises(OSError, match="No space left"):
        rushlight.save({"x": rushlight.zeros(100)}, Full())


# Zip files that lie


def parts(raw):
    """Where the directory's entries and the end record are."""
    end = raw.rfind(b"PK\x05\x06")
    entries, at = [], raw.find(b"PK\x01\x02")
    while 0 <= at < end:
        entries.append(at)
        at = raw.find(b"PK\x01\x02", at + 4)
    return entries, end


def lied(field, layout, *values, entry=0):
    raw = bytearray(saved([rushlight.zeros(9), 1]))
    entries, end = parts(raw)
    at = end if entry is None else entries[entry]
    struct.pack_into(layout, raw, at + field, *values)
    return bytes(raw)


# APPNOTE.TXT 6.3.9, sections 4.3.12 and 4.3.16: where the fields are.
LIES = {
    "size past the file": lied(24, "<I", 1 << 31),
    "packed size past the file": lied(20, "<I", 1 << 31),
    "both sizes past the file": lied(20, "<II", 1 << 31, 1 << 31),
    "offset past the file": lied(42, "<I", 1 << 31),
    "offset of another record": lied(42, "<I", 1),
    "zip64 without its field": lied(24, "<I", 0xFFFFFFFF),
    "a name past the directory": lied(28, "<H", 0xFFFF),
    "an extra field past the directory": lied(30, "<H", 0xFFFF),
    "compressed": lied(10, "<H", 8),
    "encrypted": lied(8, "<H", 1),
    "another checksum": lied(16, "<I", 12345),
    "65535 records": lied(10, "<H", 0xFFFE, entry=None),
    "a directory past the file": lied(12, "<I", 1 << 31, entry=None),
    "a directory elsewhere": lied(16, "<I", 1 << 31, entry=None),
    "an empty directory": lied(10, "<H", 0, entry=None),
}


REFUSED = (RuntimeError, pickle.UnpicklingError, safetensors.SafetensorError)


def refused_cheaply(load, raw, most=1 << 20):
    tracemalloc.start()
    try:
        with pytest.raises(REFUSED) as caught:
            load(raw)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < len(raw) + most
    return str(caught.value)


@pytest.mark.parametrize("name", LIES)
def test_zip_files_that_lie(tmp_path, name):
    raw = LIES[name]
    assert "<BytesIO>" in refused_cheaply(
        lambda data: rushlight.load(io.BytesIO(data)), raw
    )
    path = tmp_path / "a.pt"
    path.write_bytes(raw)
    for mmap in (False, True):
        text = refused_cheaply(
            lambda data, mmap=mmap: rushlight.load(path, mmap=mmap), raw
        )
        assert "a.pt" in text


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("record", ["data.pkl", "data/0"])
def test_compression_bombs_are_not_opened(method, record):
    content = dict.fromkeys(("data.pkl", "data/0", "version"), b"N.")
    with zipfile.ZipFile(io.BytesIO(saved([rushlight.zeros(2)]))) as honest:
        content["data.pkl"] = honest.read("archive/data.pkl")
    content[record] = bytes(1 << 26)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in content.items():
            archive.writestr(f"archive/{name}", data)
    raw = stream.getvalue()
    assert len(raw) < 1 << 20
    text = refused_cheaply(lambda data: rushlight.load(io.BytesIO(data)), raw)
    assert "compressed" in text


def test_storages_of_the_same_record_cost_their_size_once():
    """A pickle that names one record a thousand times gets one storage."""
    x = rushlight.zeros(100_000)
    raw = saved([x] * 1000)
    got = rushlight.load(io.BytesIO(raw))
    assert len({part.data_ptr() for part in got}) == 1
    assert len(raw) < 500_000


def test_checksums_are_those_of_the_format():
    """CRC-32 by zlib, over each record as the zip format has it."""
    raw = saved(checkpoint())
    entries, _ = parts(raw)
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        infos = archive.infolist()
        assert len(infos) == len(entries)
        for info in infos:
            assert info.compress_type == zipfile.ZIP_STORED
            assert zlib.crc32(archive.read(info)) == info.CRC


def test_a_safetensors_header_is_bounded_by_the_file():
    for size in (1 << 20, 1 << 40, (1 << 64) - 1):
        raw = struct.pack("<Q", size) + b"{}"
        text = refused_cheaply(safetensors.load, raw)
        assert "load()" in text


def test_leftovers_of_a_killed_save_do_not_hinder(tmp_path):
    path = tmp_path / "a.pt"
    rushlight.save([1], path)
    (tmp_path / ".a.pt.0123456789ab.tmp").write_bytes(b"part")
    rushlight.save([2], path)
    assert rushlight.load(path) == [2]
    assert len(os.listdir(tmp_path)) == 2
