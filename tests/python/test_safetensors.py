"""Safetensors files: layout, round trips, laziness, and files made to do harm."""

from __future__ import annotations

import json
import os
import random
import struct
import tracemalloc

import numpy as np
import pytest

import rushlight
from rushlight import nn, safetensors
from rushlight.safetensors import SafetensorError

DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "U16": "uint16",
    "U32": "uint32",
    "U64": "uint64",
    "BOOL": "bool",
    "C64": "complex64",
}


def file_of(header, data=b""):
    if not isinstance(header, (str, bytes)):
        header = json.dumps(header)
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header)) + header + data


def entry(dtype, shape, start, stop):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


def test_layout_is_exact():
    tensors = {
        "b": rushlight.tensor([1, 2, 3], dtype=rushlight.int8),
        "a": rushlight.tensor([[1.0, 2.0], [3.0, 4.0]]),
        "flag": rushlight.tensor(True),
        "none": rushlight.zeros(0, 3),
        "d": rushlight.tensor([0.5], dtype=rushlight.float64),
    }
    header = (
        '{"__metadata__":{"é\\"":"\\n\\u001f"},'
        '"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},'
        '"a":{"dtype":"F32","shape":[2,2],"data_offsets":[8,24]},'
        '"none":{"dtype":"F32","shape":[0,3],"data_offsets":[24,24]},'
        '"b":{"dtype":"I8","shape":[3],"data_offsets":[24,27]},'
        '"flag":{"dtype":"BOOL","shape":[],"data_offsets":[27,28]}}'
    ).encode()
    header += b" " * (-len(header) % 8)
    data = struct.pack("<d4f3b?", 0.5, 1, 2, 3, 4, 1, 2, 3, True)
    got = safetensors.save(tensors, {'é"': "\n\x1f"})
    assert got == file_of(header, data)
    assert safetensors.save({}) == b"\x08" + bytes(7) + b"{}      "


@pytest.mark.parametrize(("code", "name"), DTYPES.items())
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 4), (1,)])
def test_every_dtype_goes_round(tmp_path, code, name, shape):
    count = int(np.prod(shape))
    values = (rushlight.arange(count) % 3).to(getattr(rushlight, name)).view(shape)
    path = tmp_path / "x.safetensors"
    safetensors.save_file({"x": values, "y": rushlight.zeros(1)}, path)
    for got in (
        safetensors.load_file(path)["x"],
        safetensors.load(path.read_bytes())["x"],
    ):
        assert got.dtype == values.dtype
        assert got.shape == values.shape
        assert got.tolist() == values.tolist()
    with safetensors.safe_open(path) as file:
        assert file.get_slice("x").get_dtype() == code
        assert file.get_slice("x").get_shape() == list(shape)


def test_a_file_made_by_hand():
    header = (
        '{ "x" : {"data_offsets":[2 , 10], "shape":[ 2,1 ],"dtype":"F32"} ,\n'
        '"\\u00e9":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},'
        '"__metadata__":{}}\n '
    )
    got = safetensors.load(file_of(header, struct.pack("<2B2f", 7, 8, 1.5, -2)))
    assert list(got) == ["x", "é"]
    assert got["é"].tolist() == [7, 8]
    assert got["x"].tolist() == [[1.5], [-2.0]]


def test_unaligned_tensors_are_read_from_a_file(tmp_path):
    header = {"a": entry("U8", [1], 0, 1), "b": entry("F64", [2], 1, 17)}
    path = tmp_path / "x.safetensors"
    path.write_bytes(file_of(header, struct.pack("<B2d", 3, 0.25, 4)))
    got = safetensors.load_file(path)
    assert got["b"].tolist() == [0.25, 4.0]
    assert got["b"].data_ptr() % 8 == 0


def test_safe_open(tmp_path):
    path = tmp_path / "x.safetensors"
    x = rushlight.arange(12.0).view(3, 4)
    safetensors.save_file(
        {"x": x, "i": rushlight.tensor([5])}, path, metadata={"format": "pt"}
    )
    with safetensors.safe_open(path, framework="pt", device="cpu") as file:
        assert file.keys() == ["i", "x"]
        assert file.offset_keys() == ["i", "x"]
        assert file.metadata() == {"format": "pt"}
        assert rushlight.equal(file.get_tensor("x"), x)
        part = file.get_slice("x")
        assert rushlight.equal(part[1:, ::2], x[1:, ::2])
        assert rushlight.equal(part[..., 0], x[..., 0])
        with pytest.raises(IndexError):
            part[7]
        with pytest.raises(SafetensorError, match="does not contain tensor no"):
            file.get_tensor("no")
        kept = file.get_tensor("x")
    assert rushlight.equal(kept, x)
    for use in (file.keys, file.metadata, lambda: file.get_tensor("x")):
        with pytest.raises(SafetensorError, match="closed"):
            use()
    with pytest.raises(SafetensorError, match="closed"):
        part[0]
    with pytest.raises(FileNotFoundError):
        safetensors.safe_open(tmp_path / "none")
    with pytest.raises(SafetensorError, match="framework 'jax' is invalid"):
        safetensors.safe_open(path, "jax")


def test_writing_to_a_mapped_tensor_leaves_the_file(tmp_path):
    path = tmp_path / "x.safetensors"
    safetensors.save_file({"x": rushlight.zeros(1000)}, path)
    before = path.read_bytes()
    x = safetensors.load_file(path)["x"]
    x.fill_(1)
    assert x.sum().item() == 1000
    assert path.read_bytes() == before
    assert safetensors.load_file(path)["x"].sum().item() == 0
    # Saved over, the tensor keeps what it had.
    safetensors.save_file({"x": x + 1}, path)
    assert x.sum().item() == 1000
    assert safetensors.load_file(path)["x"].sum().item() == 2000
    assert os.listdir(tmp_path) == ["x.safetensors"]


def resident():
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(
    not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc"
)
def test_loading_reads_nothing_until_it_is_used(tmp_path):
    path = tmp_path / "x.safetensors"
    size = 256 << 20
    header = {"x": entry("F32", [size // 4], 0, size)}
    raw = file_of(header)
    path.write_bytes(raw)
    os.truncate(path, len(raw) + size)
    before = resident()
    with safetensors.safe_open(path) as file:
        x = file.get_tensor("x")
        assert file.get_slice("x")[-5:].tolist() == [0.0] * 5
    assert x.numel() == size // 4
    assert resident() - before < size // 8


def test_what_cannot_be_saved(tmp_path):
    x = rushlight.ones(4, 4)
    cases = [
        ({"a": x, "b": x}, None, RuntimeError, r"share memory: \[\['a', 'b'\]\]"),
        ({"a": x[:2], "b": x[1:]}, None, RuntimeError, "share memory"),
        ({"a": x, "b": x.t()}, None, RuntimeError, "share memory"),
        ({"a": x.t()[1:]}, None, ValueError, "non contiguous"),
        ({1: x}, None, TypeError, "the name 1 is no str"),
        ({"a": 3}, None, ValueError, "key 'a' is invalid"),
        ([x], None, ValueError, "expected a dict"),
        ({"a": x.to(rushlight.complex128)}, None, ValueError, "complex128"),
        ({"__metadata__": x}, None, ValueError, "that of the metadata"),
        ({"a": x}, {"a": 1}, TypeError, "must be strings"),
        ({"a": x}, [], TypeError, "must be a dict"),
        ({"\ud800": x}, None, ValueError, "surrogates"),
    ]
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"old")
    for tensors, metadata, kind, text in cases:
        with pytest.raises(kind, match=text):
            safetensors.save(tensors, metadata)
        with pytest.raises(kind, match=text):
            safetensors.save_file(tensors, path, metadata)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x.safetensors"]
    # Parts of one storage that do not overlap are no copies of each other.
    got = safetensors.load(safetensors.save({"a": x[:2], "b": x[2:], "c": x[:0]}))
    assert got["b"].shape == (2, 4)


ONE = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
TWO = '{"dtype":"F32","shape":[1],"data_offsets":[4,8]}'
HOSTILE = [
    (b"", "holds no header"),
    (b"\x01" * 7, "holds no header"),
    (bytes(8), "does not start"),
    (struct.pack("<Q", 3) + b"{}", "claims 3 bytes of a file of 10"),
    (struct.pack("<Q", 2**64 - 1) + b"{}", "more than 100000000 are refused"),
    (struct.pack("<Q", 100_000_001) + b"{}", "more than 100000000 are refused"),
    (file_of(" {}"), "does not start"),
    (file_of("[]"), "does not start"),
    (file_of("{"), "is expected at character 1"),
    (file_of("{}x"), "more after its end"),
    (file_of("{}{}"), "more after its end"),
    (file_of(b'{"\xff":1}'), "utf-8"),
    (file_of('{"\\ud800":' + ONE + "}", bytes(4)), "surrogates"),
    (file_of('{"a\n":' + ONE + "}", bytes(4)), "control character"),
    (file_of('{"a":' + ONE + ',"a":' + TWO + "}", bytes(8)), "'a' is there twice"),
    (
        file_of('{"a":' + ONE + ',"\\u0061":' + TWO + "}", bytes(8)),
        "'a' is there twice",
    ),
    (file_of('{"__metadata__":{},"__metadata__":{}}'), "there twice"),
    (file_of('{"__metadata__":{"a":"1","a":"2"}}'), "there twice"),
    (file_of('{"__metadata__":{"a":1}}'), "expected"),
    (file_of('{"__metadata__":{"a":{}}}'), "expected"),
    (file_of('{"__metadata__":null}'), "expected"),
    (file_of('{"a":1}'), "expected"),
    (file_of('{"a":' + ONE + ",}", bytes(4)), "expected"),
    (file_of('{"a":{"dtype":"F32","dtype":"F32"}}'), "there twice"),
    (file_of('{"a":{"dtype":"F32","shape":[1]}}'), "has no data_offsets"),
    (file_of('{"a":{"dtype":"F32","x":[]}}'), "has the field 'x'"),
    (file_of({"a": entry("Q8", [1], 0, 4)}, bytes(4)), "dtype 'Q8'"),
    (file_of({"a": entry("F32", [-1], 0, 4)}, bytes(4)), "no list of at most 64 sizes"),
    (
        file_of({"a": entry("F32", [1.0], 0, 4)}, bytes(4)),
        "no list of at most 64 sizes",
    ),
    (
        file_of({"a": entry("F32", ["1"], 0, 4)}, bytes(4)),
        "no list of at most 64 sizes",
    ),
    (
        file_of({"a": entry("F32", [True], 0, 4)}, bytes(4)),
        "no list of at most 64 sizes",
    ),
    (
        file_of({"a": entry("F32", [10**30], 0, 4)}, bytes(4)),
        "no list of at most 64 sizes",
    ),
    (file_of({"a": entry("F32", [2**63], 0, 4)}, bytes(4)), "overflows"),
    (file_of({"a": entry("F32", [2**62, 4], 0, 0)}), "overflows"),
    (file_of({"a": entry("F32", [2**32, 2**32], 0, 0)}), "overflows"),
    (file_of({"a": entry("F32", [0, 2**40, 2**40], 0, 0)}), "overflows"),
    (
        file_of({"a": entry("F32", [1] * 65, 0, 4)}, bytes(4)),
        "no list of at most 64 sizes",
    ),
    (file_of({"a": entry("F32", [1], 0, 8)}, bytes(8)), "takes 4 bytes"),
    (file_of({"a": entry("F32", [3], 0, 8)}, bytes(8)), "takes 12 bytes"),
    (file_of({"a": entry("F32", [1], 8, 4)}, bytes(8)), "not a start and an end"),
    (file_of({"a": entry("F32", [1], 4, 8)}, bytes(8)), "leaves a gap"),
    (file_of({"a": entry("F32", [1], 0, 4)}, bytes(8)), "cover 4 of 8"),
    (file_of({"a": entry("F32", [2], 0, 8)}, bytes(4)), "there are 4 bytes"),
    (file_of('{"a":' + ONE + ',"b":' + ONE + "}", bytes(4)), "overlaps"),
    (
        file_of(
            {"a": entry("F32", [2], 0, 8), "b": entry("F32", [2], 4, 12)}, bytes(12)
        ),
        "overlaps",
    ),
    (
        file_of(
            {"a": entry("F32", [1], 0, 4), "b": entry("F32", [1], 8, 12)}, bytes(12)
        ),
        "leaves a gap",
    ),
    (file_of({"a": entry("BOOL", [2], 0, 2)}, b"\x01\x02"), "other than 0 and 1"),
    (file_of('{"a":' + "[" * 200_000), "expected"),
    (file_of('{"a":{"shape":' + "[" * 200_000), "no list of at most 64 sizes"),
    (file_of('{"a":' * 200_000), "expected|field"),
]


@pytest.mark.parametrize(("raw", "text"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_files_are_refused(tmp_path, raw, text):
    with pytest.raises(SafetensorError, match=text) as caught:
        safetensors.load(raw)
    assert len(str(caught.value)) < 500
    path = tmp_path / "x.safetensors"
    path.write_bytes(raw)
    with pytest.raises(SafetensorError, match=r"x\.safetensors"):
        safetensors.load_file(path)


@pytest.mark.parametrize("unit", ["[],", '{"a":', "0,", '"a",', '{"dtype":"F32",'])
def test_a_large_hostile_header_costs_its_own_size(unit):
    size = 4 << 20
    raw = file_of('{"a":{"shape":[' + unit * (size // len(unit)))
    tracemalloc.start()
    try:
        with pytest.raises(SafetensorError):
            safetensors.load(raw)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * size


def sample():
    return safetensors.save(
        {
            "weight": rushlight.arange(30.0).view(5, 6),
            "mask": rushlight.tensor([True, False]),
            "steps": rushlight.tensor([3, 4]),
        },
        {"format": "pt"},
    )


def test_every_truncation_is_refused():
    raw = sample()
    for size in range(len(raw)):
        with pytest.raises(SafetensorError, match=r"load\(\)"):
            safetensors.load(raw[:size])


def test_flipped_bits_crash_nothing():
    raw = sample()
    size = struct.unpack_from("<Q", raw)[0] + 8
    rng = random.Random(0)
    for _ in range(3000):
        damaged = bytearray(raw)
        for _ in range(rng.randrange(1, 4)):
            damaged[rng.randrange(size)] ^= 1 << rng.randrange(8)
        try:
            got = safetensors.load(bytes(damaged))
        except SafetensorError:
            continue
        # What still parses lies inside the file: as many bytes as there were.
        assert sum(t.numel() * t.itemsize for t in got.values()) == len(raw) - size


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 3, bias=False)
        self.second = nn.Linear(3, 3, bias=False)
        self.second.weight = self.first.weight


def test_modules_with_shared_weights(tmp_path):
    path = tmp_path / "x.safetensors"
    model, other = Tied(), Tied()
    with pytest.raises(RuntimeError, match="share memory"):
        safetensors.save_file(model.state_dict(), path)
    safetensors.save_model(model, path, {"a": "b"})
    with safetensors.safe_open(path) as file:
        assert file.keys() == ["first.weight"]
        assert file.metadata() == {"a": "b", "second.weight": "first.weight"}
    assert safetensors.load_model(other, path) == ([], [])
    assert rushlight.equal(other.second.weight, model.first.weight)
    # A file with the other name of the two does as well.
    safetensors.save_file({"second.weight": rushlight.ones(3, 3)}, path)
    assert safetensors.load_model(other, path) == ([], [])
    assert other.first.weight.sum().item() == 9
    safetensors.save_file({"third": rushlight.ones(1)}, path)
    with pytest.raises(RuntimeError, match=r'Missing key.*\n.*Unexpected.*"third"'):
        safetensors.load_model(other, path)
    missing, unexpected = safetensors.load_model(other, path, strict=False)
    assert (missing, unexpected) == (["first.weight"], ["third"])
    half = nn.Module()
    base = rushlight.ones(4)
    half.a, half.b = nn.Parameter(base[:3]), nn.Parameter(base[1:])
    with pytest.raises(RuntimeError, match="none of them covers"):
        safetensors.save_model(half, path)
