"""The example's IDX reader, its errors, and its whole run on a few made-up images."""

from __future__ import annotations

import gzip
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "train_digits.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("train_digits", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def idx(array: np.ndarray) -> bytes:
    header = np.array([2048 + array.ndim, *array.shape], ">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def write_pair(folder: Path, prefix: str, count: int, size: int = 8, packed=False):
    """Images whose bright row is their label: learnable in two epochs."""
    labels = np.arange(count) % 10
    images = np.random.RandomState(0).randint(0, 60, (count, 12, size))
    images[np.arange(count), labels] = 255
    for name, array in (("images-idx3", images), ("labels-idx1", labels)):
        path, data = folder / f"{prefix}-{name}-ubyte", idx(array)
        if packed:
            path, data = path.with_name(path.name + ".gz"), gzip.compress(data)
        path.write_bytes(data)
    return images, labels


@pytest.mark.parametrize("packed", [False, True])
def test_reads_idx_files_raw_and_packed(example, tmp_path, packed):
    images, labels = write_pair(tmp_path, "t10k", 20, packed=packed)
    found, found_labels = example.read_mnist_pair(tmp_path, "t10k")
    np.testing.assert_array_equal(found, images)
    np.testing.assert_array_equal(found_labels, labels)


def test_one_half_is_split_four_to_one(example, tmp_path):
    write_pair(tmp_path, "t10k", 50)
    digits = example.load_digits(tmp_path, seed=3)
    assert digits.train_x.shape == (40, 1, 12, 8)
    assert digits.test_x.shape == (10, 1, 12, 8)
    assert digits.train_x.dtype == np.float32
    assert digits.train_y.dtype == np.int64
    assert abs(digits.train_x.mean()) < 1e-5
    again = example.load_digits(tmp_path, seed=3)
    np.testing.assert_array_equal(digits.test_x, again.test_x)
    other = example.load_digits(tmp_path, seed=4)
    assert not np.array_equal(digits.test_y, other.test_y)


def test_both_halves_keep_their_split(example, tmp_path):
    write_pair(tmp_path, "train", 30)
    _, labels = write_pair(tmp_path, "t10k", 12)
    digits = example.load_digits(tmp_path, seed=0)
    assert len(digits.train_y) == 30
    np.testing.assert_array_equal(digits.test_y, labels)


def damage(folder: Path, kind: str) -> None:
    images = folder / "t10k-images-idx3-ubyte"
    labels = folder / "t10k-labels-idx1-ubyte"
    data = images.read_bytes()
    if kind == "short body":
        images.write_bytes(data[:-1])
    elif kind == "trailing bytes":
        images.write_bytes(data + b"\0")
    elif kind == "short header":
        images.write_bytes(data[:10])
    elif kind == "empty":
        images.write_bytes(b"")
    elif kind == "magic":
        images.write_bytes(b"\x89PNG" + data[4:])
    elif kind == "huge header":
        images.write_bytes(data[:4] + b"\xff" * 12 + data[16:])
    elif kind == "no labels":
        labels.unlink()
    elif kind == "fewer labels":
        labels.write_bytes(idx(np.zeros(3)))
    elif kind == "label":
        labels.write_bytes(idx(np.full(20, 11)))
    elif kind == "gzip":
        images.unlink()
        packed = gzip.compress(data)
        (folder / "t10k-images-idx3-ubyte.gz").write_bytes(packed[:-30])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("short body", "truncated"),
        ("trailing bytes", "the file has"),
        ("short header", "too short"),
        ("empty", "0 bytes"),
        ("magic", "magic number"),
        ("huge header", "4294967295"),
        ("no labels", "labels-idx1-ubyte.*missing"),
        ("fewer labels", "20 images but 3 labels"),
        ("label", "label 11 is not a digit"),
        ("gzip", "truncated gzip"),
    ],
)
def test_damaged_files_are_named(example, tmp_path, capsys, kind, text):
    write_pair(tmp_path, "t10k", 20)
    damage(tmp_path, kind)
    with pytest.raises(example.DataError, match=text):
        example.load_digits(tmp_path, seed=0)
    assert example.main(["--data", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("train_digits.py: ")


def test_folder_without_files(example, tmp_path):
    with pytest.raises(example.DataError, match="no MNIST files here"):
        example.load_digits(tmp_path, seed=0)
    with pytest.raises(example.DataError, match="no such folder"):
        example.load_digits(tmp_path / "nowhere", seed=0)


def test_trains_draws_saves_and_reloads(example, tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="the example draws with matplotlib")
    pytest.importorskip("tqdm", reason="the example shows its progress with tqdm")
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    write_pair(data, "t10k", 500)
    assert example.main(["--data", str(data), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "(100 of 100 read correctly): the same" in printed
    for name in ("curves.png", "misread.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    weights = out / "digits.pt"
    assert weights.stat().st_size > 10_000

    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(RuntimeError):
        example.main(["--data", str(data), "--check", str(weights)])
