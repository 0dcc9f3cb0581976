"""MNIST and the datasets in its format: IDX files of images and labels."""

from __future__ import annotations

import os
import shutil
import string
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError

import rushlight
from rushlight.vision._pillow import pillow
from rushlight.vision.datasets.utils import (
    check_integrity,
    download_and_extract_archive,
    extract_archive,
    verify_str_arg,
)
from rushlight.vision.datasets.vision import VisionDataset

__all__ = [
    "EMNIST",
    "KMNIST",
    "MNIST",
    "QMNIST",
    "FashionMNIST",
    "get_int",
    "read_image_file",
    "read_label_file",
    "read_sn3_pascalvincent_tensor",
]

_DIGITS = "zero one two three four five six seven eight nine".split()
# The third byte of an IDX file: NumPy's name of the elements, the most significant byte
# first.
_IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


class MNIST(VisionDataset):
    """Handwritten digits (LeCun 1998): 60,000 to train with, 10,000 to test, 28 x 28.

    Args:
        root: the folder that has ``MNIST/raw`` with the IDX files.
        train: the training images, not the test images. Default: ``True``.
        transform: called with the image, a ``PIL.Image.Image`` of mode L.
        target_transform: called with the digit.
        download: fetch the files that are not there, from :attr:`mirrors` and those of
            ``RUSHLIGHT_MIRRORS`` (see :mod:`rushlight.vision.datasets.utils`). Default:
            ``False``.

    Attributes:
        data: all images, shape ``(N, 28, 28)``, ``uint8``.
        targets: the digits, shape ``(N,)``, ``int64``.
        classes: the names of the classes.
        class_to_idx: from names to digits.
        mirrors: of the class; the addresses that have the files. The first that has
            the right one is taken.
        resources: of the class; the files' names and MD5 digests.

    Raises:
        RuntimeError: the files are not there, cannot be downloaded or are damaged.
    """

    mirrors = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ]
    resources: Any = [
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ]
    training_file = "training.pt"
    test_file = "test.pt"
    classes = [f"{digit} - {name}" for digit, name in enumerate(_DIGITS)]

    data: rushlight.Tensor
    targets: rushlight.Tensor

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if self._has_legacy_files():
            name = self.training_file if train else self.test_file
            path = os.path.join(self.processed_folder, name)
            self.data, self.targets = rushlight.load(path, weights_only=True)
            return
        if download:
            self.download()
        if not self._check_exists():
            raise RuntimeError(
                "Dataset not found. You can use download=True to download it"
            )
        self.data, self.targets = self._load_data()

    def _has_legacy_files(self) -> bool:
        """Whether the tensors are there that older versions of torchvision wrote."""
        return all(
            check_integrity(os.path.join(self.processed_folder, name))
            for name in (self.training_file, self.test_file)
        )

    def _load_data(self) -> tuple[rushlight.Tensor, rushlight.Tensor]:
        part = "train" if self.train else "t10k"
        return (
            read_image_file(os.path.join(self.raw_folder, f"{part}-images-idx3-ubyte")),
            read_label_file(os.path.join(self.raw_folder, f"{part}-labels-idx1-ubyte")),
        )

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(self._image(index), int(self.targets[index]))

    def _image(self, index: int) -> Any:
        image = pillow("Image", type(self).__name__)
        return image.fromarray(self.data[index].numpy())

    def __len__(self) -> int:
        return len(self.data)

    @property
    def raw_folder(self) -> str:
        """The folder of the files as published."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def processed_folder(self) -> str:
        """The folder of the tensors that older versions of torchvision wrote."""
        return os.path.join(self.root, type(self).__name__, "processed")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """From the names of the classes to their indices."""
        return {name: index for index, name in enumerate(self.classes)}

    @property
    def train_labels(self) -> rushlight.Tensor:
        """Former name of :attr:`targets`."""
        return self._formerly("train_labels", "targets")

    @property
    def test_labels(self) -> rushlight.Tensor:
        """Former name of :attr:`targets`."""
        return self._formerly("test_labels", "targets")

    @property
    def train_data(self) -> rushlight.Tensor:
        """Former name of :attr:`data`."""
        return self._formerly("train_data", "data")

    @property
    def test_data(self) -> rushlight.Tensor:
        """Former name of :attr:`data`."""
        return self._formerly("test_data", "data")

    def _formerly(self, old: str, new: str) -> rushlight.Tensor:
        warnings.warn(f"{old} has been renamed {new}", stacklevel=3)
        return getattr(self, new)

    def _files(self) -> list[str]:
        """The names of the files, extracted."""
        return [os.path.splitext(name)[0] for name, _ in self.resources]

    def _check_exists(self) -> bool:
        return all(
            check_integrity(os.path.join(self.raw_folder, name))
            for name in self._files()
        )

    def download(self) -> None:
        """Fetch the files that are not there.

        Raises:
            RuntimeError: no mirror has the right file.
        """
        if self._check_exists():
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        for filename, md5 in self.resources:
            problems = []
            for mirror in self.mirrors:
                try:
                    download_and_extract_archive(
                        mirror + filename, self.raw_folder, filename=filename, md5=md5
                    )
                    break
                except (URLError, RuntimeError) as error:
                    problems.append(f"Tried {mirror}, got:\n{error}\n")
            else:
                raise RuntimeError(
                    f"Error downloading {filename}:\n{''.join(problems)}"
                )

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train is True else 'Test'}"


class FashionMNIST(MNIST):
    """Zalando's articles of clothing (Xiao 2017), in MNIST's format; its arguments."""

    mirrors = ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"]
    resources = [
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ]
    classes = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]


class KMNIST(MNIST):
    """Handwritten hiragana (Clanuwat 2018), in MNIST's format; its arguments."""

    mirrors = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"]
    resources = [
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    ]
    classes = "o ki su tsu na ha ma ya re wo".split()


_CHARACTERS = list(string.digits + string.ascii_uppercase + string.ascii_lowercase)
# Lower case letters that look like their upper case ones share a class with them.
_MERGED = [c for c in _CHARACTERS if c not in "cijklmopsuvwxyz"]


class EMNIST(MNIST):
    """Handwritten letters and digits (Cohen 2017), in MNIST's format.

    Args:
        root: the folder that has ``EMNIST/raw`` with the IDX files.
        split: ``'byclass'``, ``'bymerge'``, ``'balanced'``, ``'letters'``,
            ``'digits'`` or ``'mnist'``.
        **kwargs: as of :class:`MNIST`.

    Raises:
        ValueError: another split.
        RuntimeError: the files are not there.
    """

    url = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
    md5 = "58c8d27c78d21e728a6bc7b3cc06412e"
    splits = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")
    classes_split_dict = {
        "byclass": _CHARACTERS,
        "bymerge": _MERGED,
        "balanced": _MERGED,
        "letters": ["N/A", *string.ascii_lowercase],
        "digits": list(string.digits),
        "mnist": list(string.digits),
    }

    def __init__(self, root: str | Path, split: str, **kwargs: Any) -> None:
        self.split = verify_str_arg(split, "split", self.splits)
        self.training_file = f"training_{split}.pt"
        self.test_file = f"test_{split}.pt"
        super().__init__(root, **kwargs)
        self.classes = self.classes_split_dict[self.split]

    @property
    def _file_prefix(self) -> str:
        return f"emnist-{self.split}-{'train' if self.train else 'test'}"

    @property
    def images_file(self) -> str:
        """The IDX file of the images."""
        return os.path.join(self.raw_folder, f"{self._file_prefix}-images-idx3-ubyte")

    @property
    def labels_file(self) -> str:
        """The IDX file of the labels."""
        return os.path.join(self.raw_folder, f"{self._file_prefix}-labels-idx1-ubyte")

    def _load_data(self) -> tuple[rushlight.Tensor, rushlight.Tensor]:
        return read_image_file(self.images_file), read_label_file(self.labels_file)

    def _check_exists(self) -> bool:
        return check_integrity(self.images_file) and check_integrity(self.labels_file)

    def download(self) -> None:
        """Fetch the archive of all splits if the files are not there."""
        if self._check_exists():
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        download_and_extract_archive(self.url, self.raw_folder, md5=self.md5)
        folder = os.path.join(self.raw_folder, "gzip")
        for name in sorted(os.listdir(folder)):
            if name.endswith(".gz"):
                extract_archive(os.path.join(folder, name), self.raw_folder)
        shutil.rmtree(folder)


_QMNIST_AT = "https://raw.githubusercontent.com/facebookresearch/qmnist/master/"


class QMNIST(MNIST):
    """MNIST made anew from NIST's files (Yadav 2019), with all of their annotations.

    Args:
        root: the folder that has ``QMNIST/raw`` with the IDX files.
        what: ``'train'``, ``'test'``, ``'test10k'``, ``'test50k'`` or ``'nist'``, which
            has all images. Default: by ``train``.
        compat: the target is the digit; else all annotations, shape ``(8,)``,
            ``int64``. Default: ``True``.
        train: ``what`` is ``'train'`` or ``'test'`` where it is not said. Default:
            ``True``.
        **kwargs: as of :class:`MNIST`.

    Raises:
        ValueError: another ``what``.
        RuntimeError: the files are not there.
    """

    subsets = {
        "train": "train",
        "test": "test",
        "test10k": "test",
        "test50k": "test",
        "nist": "nist",
    }
    resources = {
        "train": [
            (
                _QMNIST_AT + "qmnist-train-images-idx3-ubyte.gz",
                "ed72d4157d28c017586c42bc6afe6370",
            ),
            (
                _QMNIST_AT + "qmnist-train-labels-idx2-int.gz",
                "0058f8dd561b90ffdd0f734c6a30e5e4",
            ),
        ],
        "test": [
            (
                _QMNIST_AT + "qmnist-test-images-idx3-ubyte.gz",
                "1394631089c404de565df7b7aeaf9412",
            ),
            (
                _QMNIST_AT + "qmnist-test-labels-idx2-int.gz",
                "5b5b05890a5e13444e108efe57b788aa",
            ),
        ],
        "nist": [
            (
                _QMNIST_AT + "xnist-images-idx3-ubyte.xz",
                "7f124b3b8ab81486c9d8c2749c17f834",
            ),
            (
                _QMNIST_AT + "xnist-labels-idx2-int.xz",
                "5ed0e788978e45d4a8bd4b7caec3d79d",
            ),
        ],
    }

    def __init__(
        self,
        root: str | Path,
        what: str | None = None,
        compat: bool = True,
        train: bool = True,
        **kwargs: Any,
    ) -> None:
        if what is None:
            what = "train" if train else "test"
        self.what = verify_str_arg(what, "what", tuple(self.subsets))
        self.compat = compat
        self.data_file = self.training_file = self.test_file = f"{what}.pt"
        super().__init__(root, train, **kwargs)

    def _files(self) -> list[str]:
        pairs = self.resources[self.subsets[self.what]]
        return [os.path.splitext(os.path.basename(url))[0] for url, _ in pairs]

    @property
    def images_file(self) -> str:
        """The IDX file of the images."""
        return os.path.join(self.raw_folder, self._files()[0])

    @property
    def labels_file(self) -> str:
        """The IDX file of the annotations."""
        return os.path.join(self.raw_folder, self._files()[1])

    def _load_data(self) -> tuple[rushlight.Tensor, rushlight.Tensor]:
        data = read_sn3_pascalvincent_tensor(self.images_file)
        targets = read_sn3_pascalvincent_tensor(self.labels_file).long()
        _expect(data, rushlight.uint8, 3, self.images_file)
        _expect(targets, rushlight.int64, 2, self.labels_file)
        if self.what == "test10k":
            return data[:10000].clone(), targets[:10000].clone()
        if self.what == "test50k":
            return data[10000:].clone(), targets[10000:].clone()
        return data, targets

    def download(self) -> None:
        """Fetch the files that are not there."""
        if self._check_exists():
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        for url, md5 in self.resources[self.subsets[self.what]]:
            download_and_extract_archive(url, self.raw_folder, md5=md5)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        target: Any = self.targets[index]
        if self.compat:
            target = int(target[0])
        return self._transformed(self._image(index), target)

    def extra_repr(self) -> str:
        return f"Split: {self.what}"


def get_int(b: bytes) -> int:
    """The number of which these are the bytes, the most significant first.

    Args:
        b: the bytes.
    """
    return int.from_bytes(b, "big")


def read_sn3_pascalvincent_tensor(path: str, strict: bool = True) -> rushlight.Tensor:
    """The tensor in an IDX file, of its shape and dtype.

    No more memory is taken than the file has bytes.

    Args:
        path: the file.
        strict: let nothing follow the elements. Default: ``True``.

    Raises:
        RuntimeError: it is no such file, or does not have the size that it says.
    """
    import numpy as np

    size = os.stat(path).st_size
    with open(path, "rb") as file:
        head = file.read(4)
        kind = _IDX_TYPES.get(head[2]) if len(head) == 4 else None
        if kind is None or head[:2] != b"\0\0" or not 1 <= head[3] <= 8:
            raise RuntimeError(f"{path}: starts with {head!r}, not as an IDX file")
        sizes = file.read(4 * head[3])
        shape = [get_int(sizes[at : at + 4]) for at in range(0, len(sizes), 4)]
        start = file.tell()
        count = 1
        for extent in shape:
            count *= extent
        expected = start + count * np.dtype(kind).itemsize
        if len(sizes) != 4 * head[3] or size < expected or (strict and size > expected):
            raise RuntimeError(
                f"{path}: has {size} bytes, where a tensor of shape {tuple(shape)} "
                f"takes {expected}: the file is truncated or damaged"
            )
        array = np.fromfile(file, kind, count)
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return rushlight.from_numpy(native).view(*shape)


def _expect(tensor, dtype, ndim, path) -> None:
    if tensor.dtype is not dtype or tensor.ndim != ndim:
        raise RuntimeError(
            f"{path}: expected {ndim} dimensions of {dtype}, found {tensor.ndim} of "
            f"{tensor.dtype}"
        )


def read_label_file(path: str) -> rushlight.Tensor:
    """The labels in an IDX file, shape ``(N,)``, ``int64``.

    Args:
        path: the file, of bytes.

    Raises:
        RuntimeError: the file has something else.
    """
    labels = read_sn3_pascalvincent_tensor(path, strict=False)
    _expect(labels, rushlight.uint8, 1, path)
    return labels.long()


def read_image_file(path: str) -> rushlight.Tensor:
    """The images in an IDX file, shape ``(N, H, W)``, ``uint8``.

    Args:
        path: the file, of bytes.

    Raises:
        RuntimeError: the file has something else.
    """
    images = read_sn3_pascalvincent_tensor(path, strict=False)
    _expect(images, rushlight.uint8, 3, path)
    return images
