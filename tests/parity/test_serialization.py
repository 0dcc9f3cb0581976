"""Files written by one library and read by the other."""

from __future__ import annotations

import io

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
    with pytest.raises(Exception, match=r"torch\.nn\.modules\.rnn\.LSTM") as caught:
        between(torch, rushlight, torch.nn.LSTM(1, 1), weights_only=False)
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


def test_files_on_disk(tmp_path):
    torch.save({"a": torch.ones(3)}, tmp_path / "theirs.pt")
    assert rushlight.load(tmp_path / "theirs.pt")["a"].tolist() == [1.0] * 3
    rushlight.save({"a": rushlight.ones(3)}, str(tmp_path / "ours.pt"))
    assert torch.load(tmp_path / "ours.pt")["a"].tolist() == [1.0] * 3
    assert torch.load(tmp_path / "ours.pt", mmap=True)["a"].tolist() == [1.0] * 3
