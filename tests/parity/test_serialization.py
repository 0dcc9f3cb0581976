"""Files written by one library and read by the other."""

from __future__ import annotations

import fractions
import io
import os
import pickle
import random
import zipfile

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import numpy as np  # noqa: E402

import rushlight  # noqa: E402
from rushlight import nn, optim  # noqa: E402

DTYPES = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
    "uint16",
    "uint32",
    "uint64",
]


def between(source, target, obj, **options):
    stream = io.BytesIO()
    source.save(obj, stream)
    stream.seek(0)
    return target.load(stream, **options)


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 4)])
def test_dtypes(name, shape):
    values = np.arange(6)[: int(np.prod(shape))].reshape(shape).astype(name)
    values = np.asarray(values, dtype=name)
    got = between(torch, rushlight, {"a": torch.from_numpy(values.copy())})["a"]
    np.testing.assert_array_equal(got.numpy(), values)
    assert got.numpy().dtype == name
    got = between(rushlight, torch, {"a": rushlight.from_numpy(values.copy())})["a"]
    np.testing.assert_array_equal(got.numpy(), values)
    assert got.numpy().dtype == name


def test_bfloat16():
    got = between(torch, rushlight, torch.tensor([1.5, -2.0], dtype=torch.bfloat16))
    assert got.dtype == rushlight.bfloat16
    assert got.tolist() == [1.5, -2.0]
    ours = rushlight.tensor([1.5, -2.0], dtype=rushlight.bfloat16)
    got = between(rushlight, torch, ours)
    assert got.dtype == torch.bfloat16
    assert got.tolist() == [1.5, -2.0]


@pytest.mark.parametrize(
    ("source", "target"),
    [(torch, rushlight), (rushlight, torch)],
    ids=["read", "write"],
)
def test_views_and_containers(source, target):
    base = source.arange(12.0).reshape(3, 4)
    obj = {
        "views": [base, base[1:, ::2], base.t(), base[0, 0].expand(3)],
        "size": base.shape,
        "dtype": source.float16,
        "device": source.device("cpu"),
        "plain": (1, 2.5, "x", None, True, b"\xff\x00", 2**70),
    }
    got = between(source, target, obj)
    for part, original in zip(got["views"], obj["views"], strict=True):
        assert part.tolist() == original.tolist()
        assert tuple(part.stride()) == tuple(original.stride())
    got["views"][0][1, 0] = -5.0
    assert got["views"][1][0, 0].item() == -5.0
    assert isinstance(got["size"], target.Size)
    assert tuple(got["size"]) == (3, 4)
    assert got["dtype"] == target.float16
    assert got["device"] == target.device("cpu")
    assert got["plain"] == obj["plain"]


def models():
    theirs = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Linear(4, 5))
    ours = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(4, 5))
    return ours, theirs


def test_state_dicts_and_optimizers():
    ours, theirs = models()
    ours.load_state_dict(between(torch, rushlight, theirs.state_dict()))
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    with rushlight.no_grad():
        for a in ours.parameters():
            a.add_(1.0)
    theirs.load_state_dict(between(rushlight, torch, ours.state_dict()))
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    mine = optim.Adam(ours.parameters())
    other = torch.optim.Adam(theirs.parameters())
    for a in ours.parameters():
        a.grad = rushlight.ones(a.shape)
    mine.step()
    other.load_state_dict(between(rushlight, torch, mine.state_dict()))
    assert other.state_dict()["state"][3]["step"].item() == 1
    mine.load_state_dict(between(torch, rushlight, other.state_dict()))


def test_parameters_and_flags():
    got = between(torch, rushlight, torch.nn.Linear(2, 2).weight)
    assert isinstance(got, nn.Parameter)
    got = between(rushlight, torch, nn.Linear(2, 2).weight)
    assert isinstance(got, torch.nn.Parameter)
    got = between(rushlight, torch, rushlight.ones(2, requires_grad=True))
    assert got.requires_grad


def test_whole_modules():
    ours, theirs = models()
    got = between(rushlight, torch, ours, weights_only=False)
    assert repr(got) == repr(theirs)
    assert type(got[0]) is torch.nn.Conv2d
    got = between(torch, rushlight, theirs, weights_only=False)
    assert repr(got) == repr(ours)
    assert type(got[0]) is nn.Conv2d
    np.testing.assert_array_equal(
        got[1].weight.detach().numpy(), theirs[1].weight.detach().numpy()
    )


def test_module_without_a_counterpart_is_named():
    observer = torch.ao.quantization.MinMaxObserver()
    with pytest.raises(Exception, match=r"torch\.ao\..*MinMaxObserver") as caught:
        between(torch, rushlight, observer, weights_only=False)
    assert caught.typename == "UnpicklingError"


@pytest.mark.parametrize("damage", ["short", "flip"])
def test_pytorch_files_that_are_damaged(damage):
    stream = io.BytesIO()
    torch.save(torch.arange(1000.0), stream)
    data = bytearray(stream.getvalue())
    if damage == "short":
        del data[2000:]
    else:
        data[2000] ^= 1
    with pytest.raises(RuntimeError, match="<BytesIO>"):
        rushlight.load(io.BytesIO(bytes(data)))


def sample(library):
    base = library.arange(12.0).view(3, 4)
    return {
        "base": base,
        "view": base[1:, ::2],
        "ints": library.tensor([1, 2]),
        "plain": [1, (2.5, None, True), "text", 2**40],
        "parameter": library.nn.Parameter(library.ones(2)),
        "bfloat16": library.ones(3, dtype=library.bfloat16),
        "state": library.nn.BatchNorm1d(2).state_dict(),
    }


@pytest.mark.parametrize("protocol", [2, 4])
def test_records_are_the_same_bytes(protocol):
    found = []
    for library in (torch, rushlight):
        stream = io.BytesIO()
        library.save(sample(library), stream, pickle_protocol=protocol)
        with zipfile.ZipFile(stream) as archive:
            found.append({name: archive.read(name) for name in archive.namelist()})
    theirs, ours = found
    # A hash of the content, which PyTorch does not read.
    assert theirs.pop("archive/.data/serialization_id")
    assert list(ours) == list(theirs)
    assert ours == theirs


def test_files_on_disk(tmp_path):
    torch.save({"a": torch.ones(3)}, tmp_path / "theirs.pt")
    assert rushlight.load(tmp_path / "theirs.pt")["a"].tolist() == [1.0] * 3
    rushlight.save({"a": rushlight.ones(3)}, str(tmp_path / "ours.pt"))
    assert torch.load(tmp_path / "ours.pt")["a"].tolist() == [1.0] * 3
    assert torch.load(tmp_path / "ours.pt", mmap=True)["a"].tolist() == [1.0] * 3


def legacy(obj):
    stream = io.BytesIO()
    torch.save(obj, stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


@pytest.mark.parametrize("name", [*DTYPES, "bfloat16"])
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 4)])
def test_legacy_dtypes(name, shape):
    theirs = (torch.arange(6)[: int(np.prod(shape))] % 2).reshape(shape)
    theirs = theirs.to(getattr(torch, name))
    got = rushlight.load(io.BytesIO(legacy({"a": theirs})))["a"]
    assert str(got.dtype).split(".")[1] == name
    assert tuple(got.shape) == shape
    assert got.tolist() == theirs.tolist()


@pytest.mark.parametrize("weights_only", [True, False])
def test_legacy_views_and_state(weights_only):
    base = torch.arange(10.0)
    model = torch.nn.Linear(2, 3)
    obj = [base, base[2:5], base[::3], {"m": model.state_dict(), "n": (1, "a")}]
    data = legacy(obj) + legacy(7)
    stream = io.BytesIO(b"head" + data)
    stream.seek(4)
    got = rushlight.load(stream, weights_only=weights_only)
    # The stream stands at the next object, as PyTorch leaves it.
    assert rushlight.load(stream, weights_only=weights_only) == 7
    assert [g.tolist() for g in got[:3]] == [t.tolist() for t in obj[:3]]
    got[0][2] = 50
    assert got[1][0].item() == 50
    assert got[3]["n"] == (1, "a")
    assert got[3]["m"]["weight"].tolist() == model.weight.tolist()


def test_legacy_modules():
    ours, theirs = models()
    data = legacy(theirs)
    with pytest.raises(pickle.UnpicklingError):
        rushlight.load(io.BytesIO(data))
    got = rushlight.load(io.BytesIO(data), weights_only=False)
    assert repr(got) == repr(ours)
    assert got[1].weight.tolist() == theirs[1].weight.tolist()


def test_legacy_files_that_are_damaged():
    data = legacy([torch.arange(5.0), {"a": 1}])
    for size in range(len(data)):
        with pytest.raises((RuntimeError, pickle.UnpicklingError, EOFError)):
            rushlight.load(io.BytesIO(data[:size]))
    rng = random.Random(0)
    for _ in range(1500):
        damaged = bytearray(data)
        damaged[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        try:
            rushlight.load(io.BytesIO(bytes(damaged)))
        except (RuntimeError, pickle.UnpicklingError):
            continue


def test_mmap_of_their_files(tmp_path):
    base = torch.arange(100.0)
    torch.save({"a": base, "b": base[10:20], "c": torch.tensor([True])}, tmp_path / "a")
    got = rushlight.load(tmp_path / "a", mmap=True)
    theirs = torch.load(tmp_path / "a", mmap=True)
    assert {k: v.tolist() for k, v in got.items()} == {
        k: v.tolist() for k, v in theirs.items()
    }


def test_arguments_that_both_refuse(tmp_path):
    torch.save(torch.ones(1), tmp_path / "a")
    (tmp_path / "old").write_bytes(legacy(torch.ones(1)))
    for library in (torch, rushlight):
        with pytest.raises(ValueError, match="f must be a file path"):
            library.load(io.BytesIO((tmp_path / "a").read_bytes()), mmap=True)
        with pytest.raises(RuntimeError, match="mmap can only be used with files"):
            library.load(tmp_path / "old", mmap=True)
        with pytest.raises(RuntimeError, match="explicit pickle_module is specified"):
            library.load(tmp_path / "a", pickle_module=pickle, weights_only=True)
        with pytest.warns(UserWarning, match="pickle_load_args only works"):
            library.load(tmp_path / "a", encoding="latin1")
        assert library.load(tmp_path / "a", pickle_module=pickle).tolist() == [1.0]


def test_safe_globals_alike():
    for library in (torch, rushlight):
        module = library.serialization
        first, second = fractions.Fraction, (fractions.Fraction, "a.b")
        before = set(module.get_safe_globals())
        module.add_safe_globals([first])
        with module.safe_globals([first, second]):
            assert set(module.get_safe_globals()) - before == {first, second}
        assert set(module.get_safe_globals()) == before
        stream = io.BytesIO()
        library.save(os.getcwd, stream)
        stream.seek(0)
        with (
            module.safe_globals([os.getcwd, (os.getcwd, "posix.getcwd")]),
            pytest.raises(pickle.UnpicklingError, match=r"whose module .* is blocked"),
        ):
            library.load(stream)


@pytest.mark.parametrize("protocol", [2, 4])
def test_unsafe_globals_alike(protocol):
    obj = [fractions.Fraction(1, 3), fractions.Fraction(1, 2), io.StringIO, "text"]
    for library in (torch, rushlight):
        stream = io.BytesIO()
        library.save([*obj, library.ones(2)], stream, pickle_protocol=protocol)
        stream.seek(0)
        module = library.serialization
        if protocol == 4:
            # PyTorch's function reads protocol 2 only: ours reads its file.
            module = rushlight.serialization
        find = module.get_unsafe_globals_in_checkpoint
        assert sorted(find(stream)) == ["_io.StringIO", "fractions.Fraction"]
        stream.seek(0)
        with module.safe_globals([fractions.Fraction]):
            assert find(stream) == ["_io.StringIO"]
        with pytest.raises(ValueError, match="Expected input to be a checkpoint"):
            find(io.BytesIO(b"hello"))


def test_their_files_without_checksums_are_refused():
    stream = io.BytesIO()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(torch.ones(3), stream)
    finally:
        torch.serialization.set_crc32_options(True)
    stream.seek(0)
    with pytest.raises(RuntimeError, match=r"no checksum.*set_crc32_options\(True\)"):
        rushlight.load(stream)
