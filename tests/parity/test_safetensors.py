"""Safetensors files written by one library and read by the other."""

from __future__ import annotations

import itertools
import struct

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")
theirs = pytest.importorskip(
    "safetensors.torch", reason="these tests compare with the safetensors package"
)

import safetensors  # noqa: E402

import rushlight  # noqa: E402
from rushlight import safetensors as ours  # noqa: E402

DTYPES = (
    "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 uint16 uint32 "
    "uint64 bool complex64"
).split()


def samples(library):
    """The same tensors, of every dtype and of several shapes, made by a library."""
    result = {}
    for name, shape in itertools.product(DTYPES, [(2, 3), (), (0, 4), (5,)]):
        values = np.arange(int(np.prod(shape)), dtype="float32").reshape(shape) % 3
        dtype = getattr(library, name)
        result[f"{name} {shape}"] = (
            library.tensor(values.tolist()).reshape(shape).to(dtype)
        )
    return result


def test_same_bytes(tmp_path):
    for metadata in (None, {}, {'é"': "\n\x00\x1f\\/\x7f"}):
        expected = theirs.save(samples(torch), metadata)
        assert ours.save(samples(rushlight), metadata) == expected
        ours.save_file(samples(rushlight), tmp_path / "ours", metadata)
        assert (tmp_path / "ours").read_bytes() == expected


def test_their_files_here_and_ours_there(tmp_path):
    path = tmp_path / "x.safetensors"
    expected = samples(torch)
    theirs.save_file(expected, path, {"a": "b"})
    with ours.safe_open(path, "pt") as mine, safetensors.safe_open(path, "pt") as other:
        assert mine.keys() == other.keys()
        assert mine.offset_keys() == other.offset_keys()
        assert mine.metadata() == other.metadata()
        for name in other.offset_keys():
            a, b = mine.get_tensor(name), other.get_tensor(name)
            assert str(a.dtype).split(".")[1] == str(b.dtype).split(".")[1]
            assert tuple(a.shape) == tuple(b.shape)
            assert a.tolist() == b.tolist()
            assert mine.get_slice(name).get_shape() == other.get_slice(name).get_shape()
            assert mine.get_slice(name).get_dtype() == other.get_slice(name).get_dtype()
            if b.dim() == 2:
                for index in ((slice(None), 1), (..., slice(1, 3)), (slice(0, 1),)):
                    got = mine.get_slice(name)[index].tolist()
                    assert got == other.get_slice(name)[index].tolist()
    ours.save_file(samples(rushlight), path)
    got = theirs.load_file(path)
    assert {k: v.tolist() for k, v in got.items()} == {
        k: v.tolist() for k, v in expected.items()
    }


BROKEN = [
    b"{",
    b"[]",
    b"{}x",
    b'{"\xff":1}',
    b'{"__metadata__":{"a":1}}',
    b'{"a":1}',
    b'{"a":{"dtype":"Q","shape":[1],"data_offsets":[0,4]}}',
    b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}',
    b'{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}',
    b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}',
    b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}',
    b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
    b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}',
    b'{"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,0]}}',
    b'{"a":{"shape":[1],"data_offsets":[0,4]}}',
]


@pytest.mark.parametrize("header", BROKEN)
def test_both_refuse(header):
    raw = struct.pack("<Q", len(header)) + header + bytes(4)
    with pytest.raises(safetensors.SafetensorError):
        theirs.load(raw)
    with pytest.raises(ours.SafetensorError):
        ours.load(raw)


def test_both_refuse_to_save():
    for kind, make in [
        (RuntimeError, lambda x: {"a": x, "b": x[:1]}),
        (ValueError, lambda x: {"a": x.t()}),
        (ValueError, lambda x: {"a": 1}),
        (ValueError, lambda x: [x]),
        (TypeError, lambda x: {1: x}),
    ]:
        with pytest.raises(kind):
            theirs.save(make(torch.ones(2, 3)))
        with pytest.raises(kind):
            ours.save(make(rushlight.ones(2, 3)))


def tied(library):
    class Tied(library.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = library.nn.Linear(3, 3, bias=False)
            self.second = library.nn.Linear(3, 3, bias=False)
            self.second.weight = self.first.weight
            library.nn.init.constant_(self.first.weight, 2.0)

    return Tied()


def test_models_with_shared_weights(tmp_path):
    theirs.save_model(tied(torch), tmp_path / "theirs")
    ours.save_model(tied(rushlight), tmp_path / "ours")
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
    model = tied(rushlight)
    rushlight.nn.init.zeros_(model.first.weight)
    assert ours.load_model(model, tmp_path / "theirs") == ([], [])
    assert model.second.weight.sum().item() == 18
    # Both names there, or another one: both libraries report the same.
    both = {"first.weight": torch.ones(3, 3), "second.weight": torch.ones(3, 3)}
    for state in (both, {"third": torch.ones(1)}):
        theirs.save_file(state, tmp_path / "x")
        expected = theirs.load_model(tied(torch), tmp_path / "x", strict=False)
        got = ours.load_model(tied(rushlight), tmp_path / "x", strict=False)
        assert tuple(map(list, got)) == tuple(map(list, expected))
        texts = []
        for library, module in ((torch, theirs), (rushlight, ours)):
            with pytest.raises(RuntimeError) as caught:
                module.load_model(tied(library), tmp_path / "x")
            texts.append(str(caught.value))
        assert texts[0] == texts[1]
