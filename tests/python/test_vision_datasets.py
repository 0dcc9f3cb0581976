"""The datasets' files, hostile ones too, and what the datasets return."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import pathlib
import pickle
import struct
import subprocess
import sys

import numpy as np
import pytest

import rushlight
from local_server import local_site
from rushlight.vision import datasets
from rushlight.vision.datasets import folder, mnist, utils
from rushlight.vision.datasets.vision import StandardTransform

_PLACES = [up / "shared" / "data" / "mnist10k" for up in pathlib.Path(__file__).parents]
PUBLISHED = next((place for place in _PLACES if place.is_dir()), None)


@pytest.fixture
def image():
    return pytest.importorskip("PIL.Image", reason="Pillow is not installed")


class Block:
    """A transform whose description has several lines."""

    def __call__(self, *args):
        return args if len(args) > 1 else args[0]

    def __repr__(self):
        return "Block(\n    one\n)"


class Three(datasets.VisionDataset):
    def __len__(self):
        return 3

    def extra_repr(self):
        return "Split: odd\nMore: 1"


def test_descriptions():
    head = "Dataset Three\n    Number of datapoints: 3\n"
    extra = "    Split: odd\n    More: 1"
    assert repr(Three()) == head + extra
    root = "    Root location: /r\n"
    assert repr(Three("/r")) == head + root + extra
    assert repr(Three("/r", Block())) == f"{head}{root}{extra}\n    {Block()!r}"
    one = Three("/r", transform=Block(), target_transform=Block())
    assert repr(one) == (
        f"{head}{root}{extra}\n    StandardTransform\nTransform: Block(\n"
        "               one\n           )\n"
        "Target transform: Block(\n                      one\n                  )"
    )
    assert isinstance(one.transforms, StandardTransform)
    assert one.transforms(1, 2) == (1, 2)


def test_base_class():
    assert Three("~").root == os.path.expanduser("~")
    with pytest.raises(ValueError, match="Only transforms or transform/target"):
        Three("/r", transforms=Block(), transform=Block())
    base = datasets.VisionDataset()
    with pytest.raises(NotImplementedError, match="__len__"):
        len(base)
    with pytest.raises(NotImplementedError, match="__getitem__"):
        base[0]


# Files in folders of classes


@pytest.fixture
def tree(tmp_path):
    for name in ("dog/b.PNG", "dog/a.jpg", "dog/sub/c.jpg", "cat/x.txt", "cat/1.webp"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "ant").mkdir()
    (tmp_path / "readme.txt").touch()
    return tmp_path


def relative(samples, root):
    return [(os.path.relpath(path, root), target) for path, target in samples]


def test_dataset_folder(tree):
    def read(path):
        return pathlib.Path(path).read_bytes()

    found = datasets.DatasetFolder(
        tree,
        read,
        (".jpg", ".png"),
        transform=len,
        target_transform=str,
        allow_empty=True,
    )
    assert found.classes == ["ant", "cat", "dog"]
    assert found.class_to_idx == {"ant": 0, "cat": 1, "dog": 2}
    expected = [("dog/a.jpg", 2), ("dog/b.PNG", 2), ("dog/sub/c.jpg", 2)]
    assert relative(found.samples, tree) == expected
    assert found.targets == [2, 2, 2]
    assert list(found) == [(9, "2"), (9, "2"), (13, "2")]
    named = datasets.DatasetFolder(
        tree, read, is_valid_file=lambda path: "x" in path[-5:], allow_empty=True
    )
    assert relative(named.samples, tree) == [("cat/x.txt", 1)]
    assert named.extensions is None


def test_dataset_folder_errors(tree):
    missing = (
        r"no valid file for the classes ant, dog\. Supported extensions are: \.txt"
    )
    with pytest.raises(FileNotFoundError, match=missing):
        datasets.DatasetFolder(tree, str, (".txt",))
    for options in ({}, dict(extensions=(".txt",), is_valid_file=bool)):
        with pytest.raises(ValueError, match="Both extensions and is_valid_file"):
            datasets.DatasetFolder(tree, str, **options)
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder"):
        datasets.DatasetFolder(tree / "ant", str, (".txt",))
    with pytest.raises(ValueError, match="at least one entry"):
        folder.make_dataset(tree, {}, ".txt")
    with pytest.raises(FileNotFoundError, match=r"extensions are: \.gif"):
        folder.make_dataset(tree, {"dog": 0}, ".gif")
    with pytest.raises(ValueError, match="class_to_idx parameter cannot be None"):
        datasets.DatasetFolder.make_dataset(tree, None, (".txt",))
    assert relative(folder.make_dataset(tree, {"cat": 7}, ".TXT".lower()), tree) == [
        ("cat/x.txt", 7)
    ]


def test_classes_of_a_subclass(tree):
    class Pets(datasets.DatasetFolder):
        def find_classes(self, directory):
            return ["dog"], {"dog": 5}

    found = Pets(tree, os.path.basename, (".jpg",))
    assert list(found) == [("a.jpg", 5), ("c.jpg", 5)]


def test_linked_folders_are_followed(tree):
    (tree / "ant" / "link").symlink_to(tree / "dog")
    found = folder.make_dataset(tree, {"ant": 0}, ".jpg")
    assert relative(found, tree) == [("ant/link/a.jpg", 0), ("ant/link/sub/c.jpg", 0)]


def test_image_folder(tmp_path, image):
    for name, mode, colour in (("a", "L", 7), ("b", "RGBA", (1, 2, 3, 255))):
        (tmp_path / name).mkdir()
        image.new(mode, (3, 2), colour).save(tmp_path / name / "1.png")
    found = datasets.ImageFolder(tmp_path)
    assert found.imgs is found.samples
    (first, zero), (second, one) = list(found)
    assert (zero, one) == (0, 1)
    assert first.mode == second.mode == "RGB"
    assert first.size == (3, 2)
    assert first.getpixel((0, 0)) == (7, 7, 7)
    assert second.getpixel((2, 1)) == (1, 2, 3)
    (tmp_path / "c").mkdir()
    with pytest.raises(FileNotFoundError, match=r"classes c\. .*\.jpg, .*\.webp$"):
        datasets.ImageFolder(tmp_path)
    assert len(datasets.ImageFolder(tmp_path, allow_empty=True)) == 2
    loaded = datasets.ImageFolder(tmp_path, len, str, len, lambda p: p[-1] == "g", True)
    assert [target for _, target in loaded.samples] == [0, 1]


def test_images_need_pillow(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").touch()
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'rushlight\[vision\]'"):
        datasets.ImageFolder(tmp_path)[0]


def test_pillow_is_not_imported_by_the_package():
    code = (
        "import sys, rushlight.vision.datasets, rushlight.vision.io;"
        "print('PIL' in sys.modules, 'numpy' in sys.modules, 'scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False", "False"], done.stderr


def test_datasets_can_be_pickled_and_loaded_in_batches(tmp_path, image):
    write_mnist(tmp_path)
    for name in ("a", "b"):
        (tmp_path / "images" / name).mkdir(parents=True)
        image.new("RGB", (3, 2), (9, 8, 7)).save(tmp_path / "images" / name / "1.png")
    for found in (
        datasets.MNIST(tmp_path, transform=np.asarray),
        datasets.ImageFolder(tmp_path / "images", np.asarray),
    ):
        again = pickle.loads(pickle.dumps(found))
        assert repr(again) == repr(found)
        loader = rushlight.utils.data.DataLoader(again, batch_size=2)
        images, labels = next(iter(loader))
        np.testing.assert_array_equal(images[1].numpy(), found[1][0])
        assert labels.dtype is rushlight.int64 and labels[1] == found[1][1]


# IDX files


def idx(array, kind=8):
    head = bytes([0, 0, kind, array.ndim])
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return head + sizes + array.tobytes()


IMAGES = (np.arange(5 * 28 * 28) % 251).astype("u1").reshape(5, 28, 28)
LABELS = np.array([3, 1, 4, 1, 5], "u1")


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.mark.parametrize(
    "kind, name", [(8, "u1"), (9, "i1"), (11, ">i2"), (12, ">i4"), (13, ">f4")]
)
def test_idx_files(tmp_path, kind, name):
    array = np.arange(-3, 9).astype(name).reshape(2, 3, 2)
    (tmp_path / "f").write_bytes(idx(array, kind))
    tensor = mnist.read_sn3_pascalvincent_tensor(str(tmp_path / "f"))
    np.testing.assert_array_equal(tensor.numpy(), array)
    assert str(tensor.dtype).split(".")[1] == array.dtype.newbyteorder("=").name


DAMAGED = {
    "empty": b"",
    "short head": b"\0\0\x08",
    "not an IDX file": b"\x1f\x8b\x08\x01" + bytes(20),
    "unknown type": b"\0\0\x0a\x01" + bytes(4),
    "no dimensions": b"\0\0\x08\x00",
    "sizes cut": b"\0\0\x08\x03" + bytes(8),
    "a terabyte": b"\0\0\x08\x02" + struct.pack(">II", 1 << 20, 1 << 20) + bytes(99),
    "more than a word": b"\0\0\x0e\x08" + b"\xff" * 32 + bytes(99),
    "elements cut": idx(IMAGES)[:-1],
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_idx_files(tmp_path, name):
    path = str(tmp_path / "f")
    pathlib.Path(path).write_bytes(DAMAGED[name])
    for read in (
        mnist.read_sn3_pascalvincent_tensor,
        mnist.read_image_file,
        mnist.read_label_file,
    ):
        with pytest.raises(RuntimeError, match=r"not as an IDX file|truncated or dam"):
            read(path)


def test_idx_files_of_something_else(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(idx(IMAGES) + b"more")
    assert mnist.read_image_file(str(path)).shape == (5, 28, 28)
    with pytest.raises(RuntimeError, match="truncated or damaged"):
        mnist.read_sn3_pascalvincent_tensor(str(path))
    with pytest.raises(RuntimeError, match=r"1 dimensions of rushlight\.uint8"):
        mnist.read_label_file(str(path))
    assert mnist.get_int(b"\0\0\1\2") == 258


def write_mnist(root, name="MNIST"):
    for part in ("train", "t10k"):
        raw = root / name / "raw"
        write(raw / f"{part}-images-idx3-ubyte", idx(IMAGES))
        write(raw / f"{part}-labels-idx1-ubyte", idx(LABELS))


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "KMNIST"])
def test_mnist(tmp_path, image, name):
    kind = getattr(datasets, name)
    with pytest.raises(RuntimeError, match=r"Dataset not found\. You can use"):
        kind(tmp_path)
    write_mnist(tmp_path, name)
    found = kind(tmp_path, train=False, target_transform=lambda label: -label)
    assert found.data.dtype is rushlight.uint8 and found.data.shape == (5, 28, 28)
    assert found.targets.dtype is rushlight.int64
    picture, label = found[2]
    assert isinstance(picture, image.Image) and picture.mode == "L"
    np.testing.assert_array_equal(np.asarray(picture), IMAGES[2])
    assert label == -4 and type(label) is int
    assert len(list(found)) == len(found) == 5
    assert len(found.classes) == 10 and found.class_to_idx[found.classes[9]] == 9
    assert repr(found).splitlines()[3:] == [
        "    Split: Test",
        "    StandardTransform",
        f"Target transform: {found.target_transform}",
    ]
    with pytest.warns(UserWarning, match="test_labels has been renamed targets"):
        assert found.test_labels is found.targets


def test_mnist_as_older_versions_wrote_it(tmp_path):
    for name in ("training.pt", "test.pt"):
        place = tmp_path / "MNIST" / "processed" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        data = rushlight.from_numpy(IMAGES.copy()), rushlight.tensor([5, 4, 3, 2, 1])
        rushlight.save(data, place)
    assert datasets.MNIST(tmp_path).targets.tolist() == [5, 4, 3, 2, 1]


@pytest.fixture
def small_mnist(monkeypatch):
    """MNIST of five images on a server: the class and the server."""
    with local_site() as site:

        class MNIST(datasets.MNIST):
            mirrors = [site.url + "gone/", site.url + "damaged/", site.url + "good/"]
            resources = []

        for part in ("train", "t10k"):
            for name, array in (
                ("images-idx3-ubyte.gz", IMAGES),
                ("labels-idx1-ubyte.gz", LABELS),
            ):
                data = gzip.compress(idx(array))
                entry = (f"{part}-{name}", hashlib.md5(data).hexdigest())
                MNIST.resources.append(entry)
                site.files[f"damaged/{entry[0]}"] = data[:-1] + b"x"
                site.files[f"good/{entry[0]}"] = data
        yield MNIST, site


def test_mnist_from_the_first_mirror_that_has_it(small_mnist, tmp_path):
    kind, site = small_mnist
    found = kind(tmp_path, download=True)
    np.testing.assert_array_equal(found.data.numpy(), IMAGES)
    assert len(site.log) == 12
    kind(tmp_path, download=True)
    assert len(site.log) == 12
    raw = sorted(os.listdir(tmp_path / "MNIST" / "raw"))
    assert raw == sorted(
        name + end
        for name, _ in kind.resources
        for end in ("",)
        for name in (name, name[:-3])
    )


def test_mnist_that_no_mirror_has(small_mnist, tmp_path):
    kind = small_mnist[0]
    kind.mirrors = kind.mirrors[:2]
    with pytest.raises(
        RuntimeError, match=r"(?s)Error downloading train-images.*Tried "
    ):
        kind(tmp_path, download=True)
    assert os.listdir(tmp_path / "MNIST" / "raw") == []


def test_mnist_by_the_mirror_setting(small_mnist, tmp_path, monkeypatch):
    kind, site = small_mnist
    kind.mirrors = ["https://nowhere.invalid/mnist/"]
    monkeypatch.setenv("RUSHLIGHT_MIRRORS", f"{kind.mirrors[0]}={site.url}good/")
    assert len(kind(tmp_path, download=True)) == 5


@pytest.mark.skipif(PUBLISHED is None, reason="MNIST's files are not there")
def test_published_mnist(tmp_path, image):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, md5 in datasets.MNIST.resources[2:]:
        assert utils.check_integrity(PUBLISHED / name, md5)
        utils.extract_archive(PUBLISHED / name, raw)
    for name in ("images-idx3", "labels-idx1"):  # of which there is no copy
        os.link(raw / f"t10k-{name}-ubyte", raw / f"train-{name}-ubyte")
    found = datasets.MNIST(tmp_path, train=False)
    assert found.data.shape == (10000, 28, 28)
    counts = rushlight.bincount(found.targets).tolist()
    assert counts == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert found[0][1] == 7 and found[9999][1] == 6
    # The published images' mean is 0.1325 of the full value.
    assert found.data.double().mean().item() / 255 == pytest.approx(0.1325, abs=1e-4)


def test_emnist(tmp_path, image):
    with local_site() as site:
        members = {}
        for split in datasets.EMNIST.splits:
            for part in ("train", "test"):
                prefix = f"gzip/emnist-{split}-{part}"
                members[f"{prefix}-images-idx3-ubyte.gz"] = gzip.compress(idx(IMAGES))
                members[f"{prefix}-labels-idx1-ubyte.gz"] = gzip.compress(idx(LABELS))
        site.files["gzip.zip"] = data = zipped(members)

        class EMNIST(datasets.EMNIST):
            url = site.url + "gzip.zip"
            md5 = hashlib.md5(data).hexdigest()

        found = EMNIST(tmp_path, "letters", train=False, download=True)
    assert found[0][1] == 3 and found.classes[3] == "c"
    assert len(EMNIST(tmp_path, split="byclass").classes) == 62
    assert len(EMNIST(tmp_path, split="bymerge").classes) == 47
    assert not (tmp_path / "EMNIST" / "raw" / "gzip").exists()
    with pytest.raises(ValueError, match="Unknown value 'x' for argument split"):
        EMNIST(tmp_path, "x")


def zipped(members):
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_qmnist(tmp_path, image):
    notes = np.stack([LABELS + column for column in range(8)], 1).astype(">i4")
    for name in ("qmnist-train", "qmnist-test", "xnist"):
        raw = tmp_path / "QMNIST" / "raw"
        write(raw / f"{name}-images-idx3-ubyte", idx(IMAGES))
        write(raw / f"{name}-labels-idx2-int", idx(notes, 12))
    assert datasets.QMNIST(tmp_path)[0][1] == 3
    assert datasets.QMNIST(tmp_path, train=False).what == "test"
    assert repr(datasets.QMNIST(tmp_path, "nist")).endswith("    Split: nist")
    assert len(datasets.QMNIST(tmp_path, "test50k")) == 0
    target = datasets.QMNIST(tmp_path, "test10k", compat=False)[1][1]
    assert target.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    with pytest.raises(ValueError, match="for argument what"):
        datasets.QMNIST(tmp_path, "other")


# Made up


def test_fake_data(image):
    before = rushlight.get_rng_state()
    found = datasets.FakeData(4, (3, 5, 6), num_classes=7, random_offset=2)
    picture, target = found[1]
    assert bool((rushlight.get_rng_state() == before).all())
    assert picture.size == (6, 5) and picture.mode == "RGB"
    assert type(target) is int and 0 <= target < 7
    again = datasets.FakeData(4, (3, 5, 6), num_classes=7, random_offset=1)[2]
    np.testing.assert_array_equal(np.asarray(again[0]), np.asarray(picture))
    assert again[1] == target
    assert len(list(found)) == 4
    with pytest.raises(IndexError, match="FakeData index out of range"):
        found[4]
