"""CIFAR, ImageNet and COCO: their files, hostile ones too."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import struct
import tarfile

import numpy as np
import pytest

import rushlight
from local_server import local_site
from rushlight.vision import datasets
from rushlight.vision.datasets import imagenet


@pytest.fixture
def image():
    return pytest.importorskip("PIL.Image", reason="Pillow is not installed")


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def relative(samples, root):
    return [(os.path.relpath(path, root), target) for path, target in samples]


# CIFAR


PIXELS = (np.arange(4 * 3072) % 253).astype("u1").reshape(4, 3072)


def old_pickle(entry):
    """A pickle as Python 2 and the NumPy of that time wrote it: CIFAR's files."""

    def text(value):
        if len(value) < 256:
            return b"U" + bytes([len(value)]) + value
        return b"T" + struct.pack("<i", len(value)) + value

    def number(value):
        return b"K" + bytes([value]) if value < 256 else b"M" + struct.pack("<H", value)

    out = b"\x80\x02}q\x01("
    for key, value in entry.items():
        out += text(key.encode())
        if isinstance(value, np.ndarray):
            rows, columns = map(number, value.shape)
            out += (
                b"cnumpy.core.multiarray\n_reconstruct\nq\x05cnumpy\nndarray\nq\x06"
                b"K\x00\x85U\x01b\x87Rq\x07(K\x01" + rows + columns + b"\x86"
                b"cnumpy\ndtype\nq\x08U\x02u1K\x00K\x01\x87Rq\x09(K\x03U\x01|NNN"
                b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
                + text(value.tobytes())
                + b"tb"
            )
        elif isinstance(value, list):
            out += b"]q\x0a("
            for item in value:
                out += number(item) if isinstance(item, int) else text(item.encode())
            out += b"e"
        else:
            out += text(value.encode())
    return out + b"u."


def new_pickle(protocol):
    return lambda entry: pickle.dumps(entry, protocol)


DUMPS = {
    "python2": old_pickle,
    "protocol2": new_pickle(2),
    "protocol4": new_pickle(4),
}


def cifar(root, dumps, kind=datasets.CIFAR10, labels="labels", members=None):
    """A class of ``kind`` with four images in two files below the folder."""
    batches = [
        {
            "batch_label": f"batch {part + 1} of 2",
            labels: [part, 9 - part],
            "data": PIXELS[2 * part : 2 * part + 2],
            "filenames": ["a.png", "b.png"],
        }
        for part in range(2)
    ]
    files = {f"batch_{at}": dumps(batch) for at, batch in enumerate(batches)}
    files["names"] = dumps({kind.meta["key"]: list("abcdefghij")})
    files.update(members or {})
    listed = []
    for name, data in files.items():
        write(root / kind.base_folder / name, data)
        listed.append([name, hashlib.md5(data).hexdigest()])
    return type(
        kind.__name__,
        (kind,),
        dict(
            train_list=listed[:2],
            test_list=[],
            meta=dict(kind.meta, filename="names", md5=listed[2][1]),
        ),
    )


@pytest.mark.parametrize("name", DUMPS)
def test_cifar(tmp_path, image, name):
    kind = cifar(tmp_path, DUMPS[name])
    found = kind(tmp_path, transform=np.asarray)
    expected = PIXELS.reshape(4, 3, 32, 32).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(found.data, expected)
    assert found.data.flags.writeable
    assert found.targets == [0, 9, 1, 8]
    np.testing.assert_array_equal(found[3][0], expected[3])
    assert found[3][1] == 8
    assert found.classes == list("abcdefghij") and found.class_to_idx["d"] == 3
    assert datasets.CIFAR10.__getitem__(kind(tmp_path), 0)[0].mode == "RGB"
    assert repr(kind(tmp_path)).splitlines()[-1] == "    Split: Train"


def test_cifar100(tmp_path, image):
    kind = cifar(tmp_path, old_pickle, datasets.CIFAR100, "fine_labels")
    assert kind(tmp_path).targets == [0, 9, 1, 8]


def test_cifar_of_arrays_by_columns(tmp_path):
    def dumps(entry):
        if "data" in entry:
            entry["data"] = np.asfortranarray(entry["data"])
        return pickle.dumps(entry, 2)

    found = cifar(tmp_path, dumps)(tmp_path)
    np.testing.assert_array_equal(
        found.data, PIXELS.reshape(4, 3, 32, 32).transpose(0, 2, 3, 1)
    )


def test_cifar_that_is_not_there(tmp_path):
    with pytest.raises(RuntimeError, match=r"not found or corrupted\. You can"):
        datasets.CIFAR10(tmp_path)
    kind = cifar(tmp_path, old_pickle)
    (tmp_path / kind.base_folder / "batch_1").write_bytes(b"damaged")
    with pytest.raises(RuntimeError, match=r"not found or corrupted\. You can"):
        kind(tmp_path)
    kind = cifar(tmp_path, old_pickle)
    (tmp_path / kind.base_folder / "names").unlink()
    with pytest.raises(RuntimeError, match="metadata file not found or corrupted"):
        kind(tmp_path)


def test_cifar_is_downloaded(tmp_path):
    kind = cifar(tmp_path / "made", old_pickle)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        archive.add(tmp_path / "made" / kind.base_folder, kind.base_folder)
    with local_site() as site:
        site.files[kind.filename] = stream.getvalue()
        kind.url = site.url + kind.filename
        kind.tgz_md5 = "00"
        with pytest.raises(RuntimeError, match="File not found or corrupted"):
            kind(tmp_path / "new", download=True)
        kind.tgz_md5 = hashlib.md5(stream.getvalue()).hexdigest()
        kind(tmp_path / "new", download=True)
        assert len(site.log) == 2
        found = kind(tmp_path / "new", download=True)
        assert len(site.log) == 2
    assert found.targets == [0, 9, 1, 8]


class _Evil:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def array_pickle(state, dtype=b"U\x02u1K\x00K\x01\x87"):
    """A pickle of ``{'data': array}`` with a state of one's own."""
    return (
        b"\x80\x02}U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
        b"K\x00\x85U\x01b\x87R(K\x01" + state + b"cnumpy\ndtype\n" + dtype + b"R\x89"
        b"U\x03abctbs."
    )


HOSTILE = {
    "a shell": lambda mark: pickle.dumps(_Evil(os.system, f"touch {mark}")),
    "a file": lambda mark: pickle.dumps(_Evil(open, str(mark), "w"), 2),
    "an import": lambda mark: b"cantigravity\ngeohash\n.",
    "eval": lambda mark: pickle.dumps({"data": _Evil(eval, "1")}, 2),
    "load": lambda mark: b"cnumpy\nload\nX\x01\x00\x00\x00x\x85R.",
    "another method": lambda mark: b"cnumpy\nndarray.tofile\n.",
    "an array of objects": lambda mark: pickle.dumps(
        {"data": np.array([None, _Evil(os.getcwd)], dtype=object)}, 2
    ),
    "a huge array": lambda mark: array_pickle(
        b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86"
    ),
    "a negative size": lambda mark: array_pickle(
        b"J\xff\xff\xff\xffJ\xfd\xff\xff\xff\x86"
    ),
    "other elements": lambda mark: array_pickle(b"K\x03\x85", b"U\x01OK\x00K\x01\x87"),
    "no array": lambda mark: array_pickle(b"N"),
    "a list": lambda mark: pickle.dumps([1]),
    "nothing": lambda mark: b"",
    "a memo of 16 GB": lambda mark: b"\x80\x02}r\xff\xff\xff\x7f",
    "ten million lists": lambda mark: b"\x80\x02" + b"]" * 100 + b"(" * 100,
    "a persistent id": lambda mark: b"\x80\x02U\x01aQ.",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_cifar_files_run_nothing(tmp_path, name):
    mark = tmp_path / "it ran".replace(" ", "_")
    kind = cifar(tmp_path, old_pickle, members={"batch_1": HOSTILE[name](mark)})
    with pytest.raises(pickle.UnpicklingError, match="batch_1"):
        kind(tmp_path)
    assert not mark.exists()


def test_cifar_files_without_images(tmp_path):
    for entry in ({"data": PIXELS}, {"labels": [1] * 4}, {"data": PIXELS[:, :5]}):
        dumped = pickle.dumps({"labels": [1] * 3, **entry}, 2)
        kind = cifar(tmp_path, old_pickle, members={"batch_1": dumped})
        with pytest.raises(RuntimeError, match="batch_1: has no images with labels"):
            kind(tmp_path)


# ImageNet


def jpeg(image, colour):
    stream = io.BytesIO()
    image.new("RGB", (4, 4), colour).save(stream, "JPEG")
    return stream.getvalue()


def tarred(members, mode="w"):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


@pytest.fixture
def archives(tmp_path, image, monkeypatch):
    """ImageNet's archives with two classes of two images."""
    tables = pytest.importorskip("scipy.io", reason="SciPy is not installed")
    kinds = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("gloss", "O")]
    kinds.append(("num_children", "O"))
    rows = [
        (1, "n02", "dog, hound", "barks", 0),
        (2, "n01", "cat", "purrs", 0),
        (3, "n00", "animal", "lives", 2),
    ]
    stream = io.BytesIO()
    tables.savemat(stream, {"synsets": np.array(rows, dtype=kinds)})
    inner = {
        f"{wnid}.tar": tarred({f"{wnid}_{at}.JPEG": jpeg(image, at) for at in range(2)})
        for wnid in ("n01", "n02")
    }
    validation = {f"val_{at}.JPEG": jpeg(image, at) for at in range(3)}
    data = "ILSVRC2012_devkit_t12/data/"
    files = {
        "train": tarred(inner),
        "val": tarred(validation),
        "devkit": tarred(
            {
                f"{data}meta.mat": stream.getvalue(),
                f"{data}ILSVRC2012_validation_ground_truth.txt": b"1\n2\n1\n",
            },
            "w:gz",
        ),
    }
    for key, content in files.items():
        name = imagenet.ARCHIVE_META[key][0]
        (tmp_path / name).write_bytes(content)
        entry = (name, hashlib.md5(content).hexdigest())
        monkeypatch.setitem(imagenet.ARCHIVE_META, key, entry)
    return tmp_path


def test_imagenet(archives):
    found = datasets.ImageNet(archives, "val")
    assert found.wnids == ["n01", "n02"]
    assert found.wnid_to_idx == {"n01": 0, "n02": 1}
    assert found.classes == [("cat",), ("dog", "hound")]
    assert found.class_to_idx == {"cat": 0, "dog": 1, "hound": 1}
    assert relative(found.samples, archives) == [
        ("val/n01/val_1.JPEG", 0),
        ("val/n02/val_0.JPEG", 1),
        ("val/n02/val_2.JPEG", 1),
    ]
    assert repr(found).splitlines() == [
        "Dataset ImageNet",
        "    Number of datapoints: 3",
        f"    Root location: {archives}",
        "    Split: val",
    ]
    train = datasets.ImageNet(archives, transform=np.asarray)
    assert len(train) == 4 and train[3][0].shape == (4, 4, 3)
    assert sorted(os.listdir(archives / "train")) == ["n01", "n02"]
    assert rushlight.load(archives / "meta.bin")[1] == ["n02", "n01", "n02"]


def test_imagenet_extraction_that_is_stopped(archives):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imagenet.os, "rename", _stop)
        with pytest.raises(KeyboardInterrupt):
            datasets.ImageNet(archives)
    assert not (archives / "train").exists()
    assert len(datasets.ImageNet(archives)) == 4


def _stop(*args):
    raise KeyboardInterrupt


def test_imagenet_without_archives(tmp_path):
    text = (
        "The archive ILSVRC2012_devkit_t12.tar.gz is not present in the root "
        "directory or is corrupted. You need to download it externally and place it in "
        f"{tmp_path}."
    )
    with pytest.raises(RuntimeError) as raised:
        datasets.ImageNet(tmp_path)
    assert str(raised.value) == text
    with pytest.raises(RuntimeError, match=r"meta file .*meta\.bin is not present"):
        imagenet.load_meta_file(tmp_path)
    with pytest.raises(ValueError, match="for argument split"):
        datasets.ImageNet(tmp_path, "test")


# COCO


ANNOTATIONS = {
    "info": {"year": 2014},
    "images": [
        {"id": 9, "file_name": "b.png", "height": 4, "width": 6},
        {"id": 2, "file_name": "a.png", "height": 2, "width": 3},
    ],
    "annotations": [
        {"id": 5, "image_id": 9, "category_id": 1, "area": 4.0, "iscrowd": 0},
        {"id": 7, "image_id": 9, "category_id": 3, "area": 9.0, "iscrowd": 1},
        {"id": 1, "image_id": 2, "category_id": 3, "area": 1.0, "iscrowd": 0},
    ],
    "categories": [
        {"id": 1, "name": "cat", "supercategory": "animal"},
        {"id": 3, "name": "cup", "supercategory": "kitchen"},
    ],
}


@pytest.fixture
def coco(tmp_path, image):
    for row in ANNOTATIONS["images"]:
        size = (row["width"], row["height"])
        image.new("L", size, row["id"]).save(tmp_path / row["file_name"])
    (tmp_path / "objects.json").write_text(json.dumps(ANNOTATIONS))
    return tmp_path


def test_coco(coco):
    found = datasets.CocoDetection(coco, str(coco / "objects.json"))
    assert found.ids == [2, 9] and len(found) == 2
    picture, target = found[1]
    assert picture.size == (6, 4) and picture.mode == "RGB"
    assert picture.getpixel((0, 0)) == (9, 9, 9)
    assert target == ANNOTATIONS["annotations"][:2]
    both = datasets.CocoDetection(
        coco, coco / "objects.json", transforms=lambda i, t: (i.size, len(t))
    )
    assert both[0] == ((3, 2), 1)
    each = datasets.CocoDetection(coco, coco / "objects.json", np.asarray, len)
    assert each[1][0].shape == (4, 6, 3) and each[1][1] == 2
    with pytest.raises(ValueError, match="Index must be of type integer, got"):
        found["a"]
    assert repr(found).splitlines()[:2] == [
        "Dataset CocoDetection",
        "    Number of datapoints: 2",
    ]


def test_coco_annotations(coco, capsys):
    api = datasets.CocoDetection(coco, coco / "objects.json").coco
    assert api.getAnnIds() == [5, 7, 1]
    assert api.getAnnIds(imgIds=[2, 9]) == [1, 5, 7]
    assert api.getAnnIds(imgIds=9, catIds=3) == [7]
    assert api.getAnnIds(catIds=[3], iscrowd=0) == [1]
    assert api.getAnnIds(areaRng=[1, 9]) == [5]
    assert api.getAnnIds(imgIds=1234) == []
    assert api.getCatIds(catNms="cup") == [3]
    assert api.getCatIds(supNms=["animal", "kitchen"], catIds=[1]) == [1]
    assert sorted(api.getImgIds()) == [2, 9]
    assert api.getImgIds(catIds=[1, 3]) == [9]
    assert api.loadCats([1, 3]) == ANNOTATIONS["categories"]
    assert api.loadImgs(9) == ANNOTATIONS["images"][:1]
    api.info()
    assert capsys.readouterr().out == "year: 2014\n"


def test_coco_captions(coco):
    rows = [
        {"id": 1, "image_id": 9, "caption": "a cat"},
        {"id": 2, "image_id": 9, "caption": "a cup"},
    ]
    (coco / "captions.json").write_text(json.dumps(dict(ANNOTATIONS, annotations=rows)))
    found = datasets.CocoCaptions(coco, str(coco / "captions.json"))
    assert found[0][1] == [] and found[1][1] == ["a cat", "a cup"]


@pytest.mark.parametrize(
    "text, problem",
    [
        ("{", "no JSON"),
        ("[" * 200000, "no JSON"),
        ("[]", "expected an object"),
        ('{"images": 1}', "'images' is no list"),
        ('{"images": [1]}', r"images\[0\] is no object"),
        ('{"images": [{}]}', r"images\[0\] has no 'id'"),
        ('{"annotations": [{"id": 1}]}', r"annotations\[0\] has no 'image_id'"),
    ],
)
def test_damaged_annotations(tmp_path, text, problem):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=rf"a\.json: {problem}"):
        datasets.CocoDetection(tmp_path, str(tmp_path / "a.json"))
