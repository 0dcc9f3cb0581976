"""The datasets against torchvision's, on the same files."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pickle

import numpy as np
import pytest

from torchvision_oracle import torch  # first: it makes torchvision importable

torchvision = pytest.importorskip("torchvision", reason="compares with torchvision")
image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

from torchvision import datasets as theirs  # noqa: E402

import rushlight  # noqa: E402
from rushlight.vision import datasets as ours  # noqa: E402

LIBRARIES = {"ours": ours, "theirs": theirs}


def plain(value):
    """A value in terms that both libraries share."""
    if isinstance(value, image.Image):
        return value.mode, value.size, value.tobytes()
    if isinstance(value, (torch.Tensor, rushlight.Tensor)):
        return str(value.dtype).split(".")[1], value.numpy().tolist()
    if isinstance(value, np.ndarray):
        return value.dtype.name, value.strides, value.tolist()
    if isinstance(value, (tuple, list)):
        return type(value).__name__, [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return type(value).__name__, value


def word(target):
    return f"<{target}>"


def next_one(target):
    return target + 1


def outcome(run):
    """What a function returns, or the error it raises."""
    try:
        return plain(run())
    except Exception as error:
        return type(error).__name__, str(error)


ATTRIBUTES = (
    "classes class_to_idx targets data samples imgs train split ids what compat root "
    "raw_folder images_file labels_file extensions wnids wnid_to_idx split_folder "
    "base_folder filename url tgz_md5 md5 mirrors resources splits train_list test_list"
).split()


def facts(dataset):
    found = {"repr": repr(dataset), "length": len(dataset)}
    found["items"] = [plain(dataset[at]) for at in range(min(4, len(dataset)))]
    for name in ATTRIBUTES:
        if hasattr(dataset, name):
            found[name] = plain(getattr(dataset, name))
    return found


def same(name, *args, **kwargs):
    """Make the dataset of both and compare all that can be seen of it."""
    got = facts(getattr(ours, name)(*args, **kwargs))
    expected = facts(getattr(theirs, name)(*args, **kwargs))
    assert got == expected
    return got


def same_error(name, *args, **kwargs):
    got = outcome(lambda: getattr(ours, name)(*args, **kwargs))
    expected = outcome(lambda: getattr(theirs, name)(*args, **kwargs))
    assert got == expected
    assert got[0].endswith("Error")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def idx(path, array, kind=8):
    path.parent.mkdir(parents=True, exist_ok=True)
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(bytes([0, 0, kind, array.ndim]) + sizes + array.tobytes())


IMAGES = (np.arange(5 * 28 * 28) % 251).astype("u1").reshape(5, 28, 28)
LABELS = np.array([3, 1, 4, 1, 5], "u1")


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "KMNIST"])
def test_mnist(here, name):
    same_error(name, ".")
    for part in ("train", "t10k"):
        idx(here / name / "raw" / f"{part}-images-idx3-ubyte", IMAGES)
        idx(here / name / "raw" / f"{part}-labels-idx1-ubyte", LABELS)
    same(name, ".")
    same(name, str(here), train=False, target_transform=word)
    same(name, here)


def test_emnist(here):
    same_error("EMNIST", ".", "letters")
    for split in theirs.EMNIST.splits:
        for part in ("train", "test"):
            prefix = f"emnist-{split}-{part}"
            idx(here / "EMNIST" / "raw" / f"{prefix}-images-idx3-ubyte", IMAGES)
            idx(here / "EMNIST" / "raw" / f"{prefix}-labels-idx1-ubyte", LABELS)
        same("EMNIST", ".", split)
        same("EMNIST", ".", split=split, train=False)


def test_qmnist(here):
    same_error("QMNIST", ".")
    notes = np.stack([LABELS + column for column in range(8)], 1).astype(">i4")
    for name in ("qmnist-train", "qmnist-test", "xnist"):
        idx(here / "QMNIST" / "raw" / f"{name}-images-idx3-ubyte", IMAGES)
        idx(here / "QMNIST" / "raw" / f"{name}-labels-idx2-int", notes, 12)
    for what in theirs.QMNIST.subsets:
        same("QMNIST", ".", what)
    same("QMNIST", ".", compat=False, train=False)


@pytest.mark.parametrize("name", ["CIFAR10", "CIFAR100"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_cifar(here, monkeypatch, name, protocol):
    same_error(name, ".")
    kind = getattr(theirs, name)
    labels = "labels" if name == "CIFAR10" else "fine_labels"
    pixels = (np.arange(3 * 3072) % 253).astype("u1").reshape(3, 3072)
    files = {
        "one": {"data": pixels[:2], labels: [4, 2]},
        "two": {"data": pixels[2:], labels: [1]},
        "names": {kind.meta["key"]: list("abcde")},
    }
    listed = []
    for file, entry in files.items():
        path = here / kind.base_folder / file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(pickle.dumps(entry, protocol))
        listed.append([file, hashlib.md5(path.read_bytes()).hexdigest()])
    meta = dict(kind.meta, filename="names", md5=listed[2][1])
    for library in LIBRARIES.values():
        monkeypatch.setattr(getattr(library, name), "train_list", listed[:2])
        monkeypatch.setattr(getattr(library, name), "test_list", listed[1:2])
        monkeypatch.setattr(getattr(library, name), "meta", meta)
    same(name, ".")
    same(name, ".", train=False, download=True)
    (here / kind.base_folder / "names").write_bytes(b"damaged")
    same_error(name, ".")


@pytest.fixture
def tree(here):
    for at, name in enumerate(
        ("dog/b.PNG", "dog/x/a.png", "cat/1.bmp", "cat/note.txt")
    ):
        path = here / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("txt"):
            path.touch()
        else:
            picture = image.fromarray(
                np.random.default_rng(at).integers(0, 256, (5, 7, 3), "u1")
            )
            picture.convert("L" if at else "RGB").save(path)
    return here


def test_image_folder(tree):
    same("ImageFolder", "root")
    same("ImageFolder", tree / "root", target_transform=word, loader=len)
    same("ImageFolder", "root", is_valid_file=lambda path: "b" in path[-6:])
    same_error("ImageFolder", "root", is_valid_file=lambda path: path[-1] == "t")
    same_error("ImageFolder", "none")
    same_error("ImageFolder", "root/dog/x")
    (tree / "root" / "ant").mkdir()
    same_error("ImageFolder", "root")
    same("ImageFolder", "root", allow_empty=True)
    same("DatasetFolder", "root", len, (".txt", ".bmp"), allow_empty=True)
    same_error("DatasetFolder", "root", len, (".txt", ".bmp"))
    same_error("DatasetFolder", "root", len)
    same_error("DatasetFolder", "root", len, (".a",), is_valid_file=len)


def test_functions_of_folders(tree):
    for run in (
        lambda m: m.folder.find_classes("root"),
        lambda m: m.folder.make_dataset("root", None, ".bmp", allow_empty=True),
        lambda m: m.folder.make_dataset("root", {"dog": 3}, (".png", ".txt")),
        lambda m: m.folder.make_dataset("root", {}),
        lambda m: m.folder.make_dataset("root"),
        lambda m: m.folder.make_dataset("root", {"no": 0}, ".bmp"),
        lambda m: m.folder.is_image_file("a.TIFF"),
        lambda m: m.folder.has_file_allowed_extension("a.X", (".x", ".y")),
        lambda m: m.folder.default_loader("root/dog/b.PNG"),
        lambda m: m.folder.IMG_EXTENSIONS,
        lambda m: m.utils.list_dir("root", prefix=True),
        lambda m: sorted(m.utils.list_files("root/cat", (".txt", ".bmp"))),
        lambda m: m.utils.calculate_md5("root/cat/1.bmp"),
        lambda m: m.utils.check_integrity("root/cat/1.bmp", "00"),
        lambda m: m.utils.iterable_to_str([1, "b"]),
        lambda m: m.utils.verify_str_arg("c", "name", ("a", "b")),
        lambda m: m.utils.verify_str_arg("c", "name", ("a", "b"), "another text"),
        lambda m: m.utils.verify_str_arg(1, "name"),
        lambda m: m.utils.verify_str_arg(1),
        lambda m: m.utils.extract_archive("no_suffix"),
        lambda m: m.utils.extract_archive("a.foo"),
        lambda m: m.utils.extract_archive("a.zip.foo"),
        lambda m: m.mnist.get_int(b"\1\2\3\4"),
    ):
        assert outcome(lambda run=run: run(ours)) == outcome(
            lambda run=run: run(theirs)
        )


@pytest.mark.parametrize(
    "name", ["x.tar.gz", "x.zip", "x.txt.gz", "x.tbz2", "x.txt.xz"]
)
def test_archives(tmp_path, name):
    import bz2
    import lzma
    import shutil

    source = tmp_path / "source"
    (source / "a").mkdir(parents=True)
    (source / "a" / "b.txt").write_bytes(b"text" * 99)
    if name.startswith("x.txt"):
        module = {"gz": gzip, "bz2": bz2, "xz": lzma}[name.rpartition(".")[2]]
        (tmp_path / name).write_bytes(module.compress(b"text" * 99))
    else:
        kind = {"x.tar.gz": "gztar", "x.zip": "zip", "x.tbz2": "bztar"}[name]
        made = shutil.make_archive(str(tmp_path / "made"), kind, source)
        os.rename(made, tmp_path / name)
    found = {}
    for key, library in LIBRARIES.items():
        to = tmp_path / key
        to.mkdir()
        result = library.utils.extract_archive(tmp_path / name, to)
        files = {
            str(path.relative_to(to)): path.read_bytes()
            for path in to.rglob("*")
            if path.is_file()
        }
        found[key] = os.path.relpath(result, to), files
    assert found["ours"] == found["theirs"]
    assert found["ours"][1]


def test_imagenet(here):
    pytest.importorskip("scipy", reason="torchvision imports it first")
    same_error("ImageNet", ".")
    same_error("ImageNet", ".", "test")
    names = {"n01": ("cat",), "n02": ("dog", "hound")}
    for save in (torch.save, rushlight.save):
        save((names, ["n02", "n01"]), "meta.bin")
        for split in ("train", "val"):
            for wnid in names:
                (here / split / wnid).mkdir(parents=True, exist_ok=True)
                image.new("RGB", (4, 4), 77).save(here / split / wnid / "1.png")
        same("ImageNet", ".", "val")
        same("ImageNet", here, target_transform=word)
        assert plain(ours.imagenet.load_meta_file(".")) == plain(
            theirs.imagenet.load_meta_file(".")
        )
    for function in ("parse_train_archive", "parse_val_archive"):
        calls = [getattr(m.imagenet, function) for m in (ours, theirs)]
        got, expected = (outcome(lambda call=call: call(".")) for call in calls)
        assert got == expected
    os.unlink("meta.bin")
    calls = [m.imagenet.load_meta_file for m in (ours, theirs)]
    got, expected = (outcome(lambda call=call: call(".")) for call in calls)
    assert got == expected and got[0] == "RuntimeError"


def test_fake_data():
    same("FakeData", 3, (3, 9, 8))
    same("FakeData", 2, (1, 5, 4), 7, random_offset=12, target_transform=next_one)
    for library in LIBRARIES.values():
        with pytest.raises(IndexError, match="FakeData index out of range"):
            library.FakeData(2)[2]


def test_coco(here):
    """torchvision asks pycocotools, which is not here: a stand-in answers it."""
    rows = {
        "images": [{"id": 4, "file_name": "a.png"}, {"id": 1, "file_name": "b.png"}],
        "annotations": [{"id": 8, "image_id": 4, "caption": "c"}],
    }
    (here / "a.json").write_text(json.dumps(rows))
    image.new("L", (3, 2), 5).save("a.png")

    class Index:
        """What torchvision asks of pycocotools' index."""

        def __init__(self, path):
            self.imgs = {row["id"]: row for row in rows["images"]}

        def loadImgs(self, id):
            return [self.imgs[id]]

        def getAnnIds(self, id):
            return [row["id"] for row in rows["annotations"] if row["image_id"] == id]

        def loadAnns(self, ids):
            return [row for row in rows["annotations"] if row["id"] in ids]

    import sys
    import types

    package = types.ModuleType("pycocotools")
    inner = types.ModuleType("pycocotools.coco")
    inner.COCO = Index
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "pycocotools", package)
        patch.setitem(sys.modules, "pycocotools.coco", inner)
        for name in ("CocoDetection", "CocoCaptions"):
            got, expected = (
                getattr(m, name)(".", "a.json", target_transform=word)
                for m in (ours, theirs)
            )
            assert got.ids == expected.ids == [1, 4]
            assert plain(got[1]) == plain(expected[1])
            assert str(got).splitlines()[:3] == str(expected).splitlines()[:3]
            assert outcome(lambda got=got: got["a"]) == outcome(
                lambda expected=expected: expected["a"]
            )


def test_descriptions():
    class Block:
        def __repr__(self):
            return "Block(\n    one\n)"

    def shown(library, **options):
        class Three(library.VisionDataset):
            def __len__(self):
                return 3

            def extra_repr(self):
                return "Split: a\nMore: 1"

        return repr(Three(**options))

    for options in (
        {},
        dict(root="/r"),
        dict(root="~/r", transform=Block()),
        dict(target_transform=Block()),
        dict(root="/r", transform=Block(), target_transform=Block()),
        dict(transforms=Block()),
    ):
        assert shown(ours, **options) == shown(theirs, **options)
